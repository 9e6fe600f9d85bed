/** @file What is explained: one number per row, made from the model's outputs by a small graph. */
import type { Graph, GraphBuilder } from '@ascribe/onnx'
import { UsageError } from './errors.js'
import type { Labels } from './io/labels.js'
import { suggestion } from './suggest.js'

/**
 * How class scores become one number, z being the model's output:
 * `logit` z_C as it is; `softmax` exp z_C / sum_j exp z_j; `log-softmax` its logarithm; `log-odds` z_C - log sum_{j != C} exp z_j.
 */
export type Link = 'logit' | 'softmax' | 'log-softmax' | 'log-odds'

/** A target as asked for: `predicted`, `207`, `label:tench`, `207-208`, `softmax:207`, `log-odds:predicted`. */
export type Target = string | number

/** A target with its classes known. */
export interface ResolvedTarget {
  readonly output: string
  readonly link: Link
  /** Weight of each class in the sum that is explained: +1 the class, -1 the class it is compared with. */
  readonly classes: readonly { readonly index: number; readonly weight: number }[]
  /** In words: `logit of 207 (golden retriever)`. */
  readonly description: string
}

interface LinkDefinition {
  readonly describe: string
  /** Emits scores [K, C] from outputs [K, C] whose weighted sum over classes is the target. `weights` is [1, C]. */
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

/** Class probabilities: exp z_C / sum_j exp z_j, in double precision. */
export const softmax = (outputs: ArrayLike<number>): Float64Array => {
  const total = logSumExpOf(outputs)
  return Float64Array.from(outputs, value => Math.exp(value - total))
}

/** logsumexp over classes, shifted by the maximum so that it cannot overflow. */
function logSumExp(builder: GraphBuilder, scores: string): string {
  return builder.emit('ReduceLogSumExp', [scores, builder.ints([1])], { keepdims: 1 })
}

export const links: Readonly<Record<Link, LinkDefinition>> = {
  logit: { describe: 'logit', scores: (_, outputs) => outputs, score: (outputs, index) => outputs[index]! },
  softmax: {
    describe: 'probability',
    scores: (builder, outputs) => builder.emit('Softmax', [outputs], { axis: 1 }),
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
  readonly labels?: Labels
  /** The model's scores for the input; needed only for `predicted`. */
  readonly scores: ArrayLike<number>
}

/** Index of the largest score, the first of equal ones. */
export function argmax(scores: ArrayLike<number>): number {
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
  const difference = /^(\d+)-(\d+)$/.exec(text)
  const classes = difference
    ? [
        { index: classIndex(difference[1]!, context), weight: 1 },
        { index: classIndex(difference[2]!, context), weight: -1 },
      ]
    : [{ index: classIndex(text, context), weight: 1 }]
  if (link === 'log-odds' && (difference || context.classCount < 2))
    throw new UsageError(`target "${target}": log-odds needs one class of at least two`)
  const names = classes.map(({ index }) => named(index, context.labels)).join(' minus ')
  return { output: context.output, link, classes, description: `${links[link].describe} of ${names}` }
}

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
      `target "${text}" is not understood; use predicted, a class index (207), label:NAME, a difference (207-208), or softmax:207, log-softmax:207, log-odds:207`,
    )
  const index = Number(text)
  if (index >= classCount)
    throw new UsageError(`class ${index} is out of range: the model's output has ${classCount} classes (0 to ${classCount - 1})`)
  return index
}

/**
 * Adds the target to a graph of `rows` rows: one number per row, as a value of dims [rows].
 * @param weights value of dims [1, classes]: the weight of each class
 */
export function appendTarget(
  builder: GraphBuilder,
  graph: Graph,
  output: string,
  link: Link,
  weights: string,
  rows: number,
): string {
  const dims = graph.dims(output)!
  const classes = dims.length === 1 ? dims[0]! / rows : dims.slice(1).reduce((a, b) => a * b, 1)
  const flat = dims.length === 2 && dims[0] === rows ? output : builder.emit('Reshape', [output, builder.ints([rows, classes])])
  const scores = links[link].scores(builder, flat, weights)
  return builder.emit('ReduceSum', [builder.emit('Mul', [scores, weights]), builder.ints([1])], { keepdims: 0 })
}

/** The target's value for one row of the explained output, in double precision. */
export const targetValue = ({ link, classes }: Pick<ResolvedTarget, 'link' | 'classes'>, outputs: ArrayLike<number>): number =>
  classes.reduce((sum, { index, weight }) => sum + weight * links[link].score(outputs, index), 0)
