/** @file What a target is asked for with, and what there is to find its classes by. */
import { UsageError } from '../errors.js'
import type { Labels } from '../io/labels.js'
import { suggestion } from '../suggest.js'
import type { TensorValue } from '../tensor-value.js'
import type { TargetFunction } from './function.js'

/** A target in text, with the mask that its region `@mask` means. */
export interface MaskedTarget {
  readonly text: string
  /** A weight for each place of the output, row-major: 0 outside the region. */
  readonly mask: TensorValue
}

/** A target as asked for: text in one of the forms of `targetForms`, a class index, text with a mask, or a function of the outputs. */
export type Target = string | number | MaskedTarget | TargetFunction

export interface TargetContext {
  readonly output: string
  readonly classCount: number
  /** Length of the output's last axis, for targets that name a row; default `classCount`. */
  readonly rowClasses?: number
  /** Dimensions of one row of the output, for targets that name places; default [1, rows, row classes]. */
  readonly dims?: readonly number[]
  /** Dimensions of one row of every output, for functions of outputs. */
  readonly outputs?: Readonly<Record<string, readonly number[]>>
  readonly labels?: Labels
  /** The model's scores for the input; needed only by targets that look at them (`predicted`, `best`). */
  readonly scores?: ArrayLike<number>
}

/**
 * The scores of the input.
 * @throws UsageError where there are none, as in a compiled model
 */
export function scoresOf({ scores }: Pick<TargetContext, 'scores'>): ArrayLike<number> {
  if (!scores)
    throw new UsageError('this target looks at the scores of the input, which are not known here: name the class or box')
  return scores
}

/** Index of the largest score, the first of equal ones. */
export function argmax(scores: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i
  return best
}

/** A class and its weight. */
export interface WeightedClass {
  readonly index: number
  readonly weight: number
}

/** What a class text is read with. */
export interface ClassContext {
  readonly classCount: number
  readonly labels?: Labels | undefined
  /** What `predicted` stands for. */
  readonly predicted: () => number
}

const difference = /^(\d+)-(\d+)$/

/** Whether a class text compares two classes. */
export const isDifference = (text: string): boolean => difference.test(text)

/**
 * `predicted`, `207`, `label:tench` or `207-208` as weighted classes.
 * @param notUnderstood the message for a text of no such form
 */
export function classesOf(text: string, context: ClassContext, notUnderstood: () => string): WeightedClass[] {
  const two = difference.exec(text)
  if (!two) return [{ index: classIndex(text, context, notUnderstood), weight: 1 }]
  return [
    { index: classIndex(two[1]!, context, notUnderstood), weight: 1 },
    { index: classIndex(two[2]!, context, notUnderstood), weight: -1 },
  ]
}

function classIndex(text: string, { classCount, labels, predicted }: ClassContext, notUnderstood: () => string): number {
  if (text === 'predicted') return predicted()
  if (text.startsWith('label:')) return labelIndex(text.slice('label:'.length), labels)
  if (!/^\d+$/.test(text)) throw new UsageError(notUnderstood())
  const index = Number(text)
  if (index >= classCount)
    throw new UsageError(`class ${index} is out of range: the model's output has ${classCount} classes (0 to ${classCount - 1})`)
  return index
}

function labelIndex(label: string, labels: Labels | undefined): number {
  if (!labels) throw new UsageError(`target "label:${label}": the model comes without labels; pass --labels, or a class index`)
  const exact = labels.indexOf(label)
  if (exact >= 0) return exact
  const loose = labels.findIndex(name => name?.toLowerCase() === label.toLowerCase())
  if (loose >= 0) return loose
  throw new UsageError(
    `no class is labelled "${label}"${suggestion(
      label,
      labels.filter(name => name !== undefined),
    )}`,
  )
}

const named = (index: number, labels: Labels | undefined): string =>
  labels?.[index] === undefined ? `class ${index}` : `${index} (${labels[index]})`

/** Classes in words: `207 (golden retriever) minus 208 (Labrador)`. */
export const classNames = (classes: readonly WeightedClass[], labels: Labels | undefined): string =>
  classes.map(({ index }) => named(index, labels)).join(' minus ')
