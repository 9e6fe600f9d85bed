/** @file What is explained: one number per row, made from the model's outputs by a small graph. */

import type { Graph, GraphBuilder } from '@ascribe/onnx'
import { elementCount } from '@ascribe/onnx'
import { UsageError } from './errors.js'
import type { Labels } from './io/labels.js'
import { suggestion } from './suggest.js'

/**
 * How class scores become one number, z being the model's output:
 * `logit` z_C as it is; `softmax` exp z_C / sum_j exp z_j; `log-softmax` its logarithm; `log-odds` z_C - log sum_{j != C} exp z_j.
 */
export type Link = 'logit' | 'softmax' | 'log-softmax' | 'log-odds'

/**
 * A target as asked for: `predicted`, `207`, `label:tench`, `207-208`, `softmax:207`, `log-odds:predicted`. All of one input's scores
 * are its classes, counted through where the output has several axes. `5/2`, `5/predicted`, `5/label:tench`, `5/2-3`,
 * `softmax:5/2` name a row first: the last axis holds the classes, the axes before it (nodes, tokens) count the rows, and a link and
 * `predicted` look at the classes of that row alone.
 */
export type Target = string | number

/** A target with its classes known. */
export interface ResolvedTarget {
  readonly output: string
  readonly link: Link
  /** Weight of each class in the sum that is explained: +1 the class, -1 the class it is compared with. */
  readonly classes: readonly { readonly index: number; readonly weight: number }[]
  /** Classes of one row of the output, where the target names a row: the link is over those. */
  readonly rowClasses?: number
  /** In words: `logit of 207 (golden retriever)`. */
  readonly description: string
}

interface LinkDefinition {
  readonly describe: string
  /** Emits scores [..., C] from outputs [..., C] whose weighted sum over classes is the target. `weights` is [..., C] too, or fits. */
  readonly scores: (builder: GraphBuilder, outputs: string, weights: string) => string
  /** The same in double precision, of one row: the score of class `index`. */
  readonly score: (outputs: ArrayLike<number>, index: number) => number
}

/** log sum_j exp z_j over the classes that `keep` lets through. */
function logSumExpOf(outputs: ArrayLike<number>, keep: (index: number) => boolean = () => true): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < outputs.length; i++) if (keep(i)) most = Math.max(most, outputs[i]!)
  let sum = 0
  for (let i = 0; i < outputs.length; i++) if (keep(i)) sum += Math.exp(outputs[i]! - most)
  return most + Math.log(sum)
}

/** logsumexp over classes, shifted by the maximum so that it cannot overflow. */
function logSumExp(builder: GraphBuilder, scores: string): string {
  return builder.emit('ReduceLogSumExp', [scores, builder.ints([-1])], { keepdims: 1 })
}

export const links: Readonly<Record<Link, LinkDefinition>> = {
  logit: { describe: 'logit', scores: (_, outputs) => outputs, score: (outputs, index) => outputs[index]! },
  softmax: {
    describe: 'probability',
    scores: (builder, outputs) => builder.emit('Softmax', [outputs], { axis: -1 }),
    score: (outputs, index) => Math.exp(outputs[index]! - logSumExpOf(outputs)),
  },
  'log-softmax': {
    describe: 'log probability',
    scores: (builder, outputs) => builder.emit('Sub', [outputs, logSumExp(builder, outputs)]),
    score: (outputs, index) => outputs[index]! - logSumExpOf(outputs),
  },
  'log-odds': {
    describe: 'log odds',
    scores: (builder, outputs, weights) => {
      const chosen = builder.emit('Greater', [weights, builder.float(0)])
      const others = builder.emit('Where', [chosen, builder.float(-1e30), outputs])
      return builder.emit('Sub', [outputs, logSumExp(builder, others)])
    },
    score: (outputs, index) => outputs[index]! - logSumExpOf(outputs, i => i !== index),
  },
}

const isLink = (text: string): text is Link => Object.hasOwn(links, text)

export interface TargetContext {
  readonly output: string
  readonly classCount: number
  /** Length of the output's last axis, for targets that name a row; default `classCount`. */
  readonly rowClasses?: number
  readonly labels?: Labels
  /** The model's scores for the input; needed only for `predicted`. */
  readonly scores: ArrayLike<number>
}

/** Index of the largest score, the first of equal ones. */
function argmax(scores: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i
  return best
}

/**
 * Turns what the user asked for into classes.
 * @throws UsageError for a class out of range, an unknown label (with a suggestion), or a form that does not exist
 */
export function resolveTarget(target: Target, context: TargetContext): ResolvedTarget {
  let text = String(target).trim()
  let link: Link = 'logit'
  const colon = text.indexOf(':')
  const head = text.slice(0, colon)
  if (colon > 0 && isLink(head)) {
    link = head
    text = text.slice(colon + 1)
  }
  const rowed = /^(\d+)\/(.*)$/.exec(text)
  const row = rowed && rowOf(Number(rowed[1]), context)
  const within = row ? row.context : context
  if (rowed) text = rowed[2]!
  const difference = /^(\d+)-(\d+)$/.exec(text)
  const classes = difference
    ? [
        { index: classIndex(difference[1]!, within), weight: 1 },
        { index: classIndex(difference[2]!, within), weight: -1 },
      ]
    : [{ index: classIndex(text, within), weight: 1 }]
  if (link === 'log-odds' && (difference || within.classCount < 2))
    throw new UsageError(`target "${target}": log-odds needs one class of at least two`)
  const names = classes.map(({ index }) => named(index, context.labels)).join(' minus ')
  const description = `${links[link].describe} of ${names}`
  const { output } = context
  if (!row) return { output, link, classes, description }
  return {
    output,
    link,
    classes: classes.map(({ index, weight }) => ({ index: row.start + index, weight })),
    rowClasses: within.classCount,
    description: `${description} at row ${rowed![1]}`,
  }
}

/** One row of the output: its first class, and what resolves classes in it. */
function rowOf(row: number, context: TargetContext): { start: number; context: TargetContext } {
  const { classCount, rowClasses = classCount, scores } = context
  const rows = classCount / rowClasses
  if (row >= rows)
    throw new UsageError(
      `row ${row} is out of range: the model's output has ${rows} row${rows > 1 ? `s (0 to ${rows - 1})` : ' (0)'}`,
    )
  const start = row * rowClasses
  return { start, context: { ...context, classCount: rowClasses, scores: part(scores, start, rowClasses) } }
}

const part = (list: ArrayLike<number>, start: number, length: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => list[start + i]!)

const named = (index: number, labels: Labels | undefined): string =>
  labels?.[index] === undefined ? `class ${index}` : `${index} (${labels[index]})`

function classIndex(text: string, { classCount, labels, scores }: TargetContext): number {
  if (text === 'predicted') return argmax(scores)
  if (text.startsWith('label:')) {
    const label = text.slice('label:'.length)
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
  if (!/^\d+$/.test(text))
    throw new UsageError(
      `target "${text}" is not understood; use predicted, a class index (207), label:NAME, a difference (207-208), a row's class (5/2), or softmax:207, log-softmax:207, log-odds:207`,
    )
  const index = Number(text)
  if (index >= classCount)
    throw new UsageError(`class ${index} is out of range: the model's output has ${classCount} classes (0 to ${classCount - 1})`)
  return index
}

/**
 * Adds the target to a graph of `rows` rows: one number per row, as a value of dims [rows].
 * @param weights value of dims [1, classes]: the weight of each class
 * @param rowClasses classes of one row of the output, where the link is over a row's classes and not over all
 */
export function appendTarget(
  builder: GraphBuilder,
  graph: Graph,
  output: string,
  link: Link,
  weights: string,
  rows: number,
  rowClasses?: number,
): string {
  const dims = graph.dims(output)!
  const classes = elementCount(dims) / rows
  if (rowClasses !== undefined) {
    const parts = builder.emit('Reshape', [output, builder.ints([rows, classes / rowClasses, rowClasses])])
    const each = builder.emit('Reshape', [weights, builder.ints([1, classes / rowClasses, rowClasses])])
    const product = builder.emit('Mul', [links[link].scores(builder, parts, each), each])
    return builder.emit('ReduceSum', [product, builder.ints([1, 2])], { keepdims: 0 })
  }
  const flat = dims.length === 2 && dims[0] === rows ? output : builder.emit('Reshape', [output, builder.ints([rows, classes])])
  const scores = links[link].scores(builder, flat, weights)
  return builder.emit('ReduceSum', [builder.emit('Mul', [scores, weights]), builder.ints([1])], { keepdims: 0 })
}

/** The target's value for one row of the explained output, in double precision. */
export const targetValue = (
  { link, classes, rowClasses }: Pick<ResolvedTarget, 'link' | 'classes' | 'rowClasses'>,
  outputs: ArrayLike<number>,
): number =>
  classes.reduce((sum, { index, weight }) => {
    const at = rowClasses === undefined ? index : index % rowClasses
    const scores = rowClasses === undefined ? outputs : part(outputs, index - at, rowClasses)
    return sum + weight * links[link].score(scores, at)
  }, 0)
