/** @file A target with its classes known, and its value: in a graph, and in double precision. */
import type { Graph, GraphBuilder } from '@ascribe/onnx'
import { elementCount } from '@ascribe/onnx'
import { UsageError } from '../errors.js'
import type { BoundFunction } from './function.js'
import { type Link, links } from './links.js'

/** A target with its classes known: sum over elements of weight times link, or a function of outputs. */
export interface ResolvedTarget {
  readonly output: string
  /** `function` where `custom` says what is explained. */
  readonly link: Link | 'function'
  /** Weight of each element of the output in the sum that is explained: +1 the class, -1 the class it is compared with. */
  readonly classes: readonly { readonly index: number; readonly weight: number }[]
  /** Classes of one row of the output, where the target names rows: the link is over those. */
  readonly rowClasses?: number
  /** How far apart the classes of one row lie: the size of the axes after theirs; default 1, the last axis. */
  readonly rowStep?: number
  readonly custom?: BoundFunction
  /** In words: `logit of 207 (golden retriever)`. */
  readonly description: string
}

/** What programs need to know of a target: the elements' weights are fed. */
export type TargetShape = Pick<ResolvedTarget, 'output' | 'link' | 'rowClasses' | 'rowStep' | 'custom'>

export const targetShape = ({ output, link, rowClasses, rowStep, custom }: TargetShape): TargetShape => ({
  output,
  link,
  ...(rowClasses === undefined ? {} : { rowClasses }),
  ...(rowStep === undefined ? {} : { rowStep }),
  ...(custom ? { custom } : {}),
})

/** Tells apart programs that make their targets differently. */
export const targetShapeKey = ({ output, link, rowClasses, rowStep, custom }: TargetShape): string =>
  JSON.stringify([output, link, rowClasses ?? null, rowStep ?? 1, custom?.key ?? null])

/** The model's outputs that the target reads. */
export const targetOutputs = ({ output, custom }: TargetShape): readonly string[] => custom?.outputs ?? [output]

/**
 * Adds the target to a graph of `rows` rows: one number per row, as a value of dims [rows].
 * @param weights value of dims [1, elements]: the weight of each element; not read by a function of outputs
 */
export function appendTarget(builder: GraphBuilder, graph: Graph, target: TargetShape, weights: string, rows: number): string {
  const { output, link, rowClasses, rowStep = 1, custom } = target
  if (custom) return custom.build(builder, graph, rows)
  const { scores } = links[link as Link]
  const dims = graph.dims(output)!
  const count = elementCount(dims) / rows
  if (rowClasses !== undefined) {
    const split = [count / rowClasses / rowStep, rowClasses, rowStep]
    const inner = rowStep === 1 ? split.slice(0, 2) : split
    const parts = builder.emit('Reshape', [output, builder.ints([rows, ...inner])])
    const each = builder.emit('Reshape', [weights, builder.ints([1, ...inner])])
    const product = builder.emit('Mul', [scores(builder, parts, each, 2), each])
    return builder.emit('ReduceSum', [product, builder.ints(inner.map((_, i) => i + 1))], { keepdims: 0 })
  }
  const flat = dims.length === 2 && dims[0] === rows ? output : builder.emit('Reshape', [output, builder.ints([rows, count])])
  return builder.emit('ReduceSum', [builder.emit('Mul', [scores(builder, flat, weights), weights]), builder.ints([1])], {
    keepdims: 0,
  })
}

/** One row's values of the outputs that a target reads: by name, or of its only output. */
type RowOutputs = ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>>

const isList = (outputs: RowOutputs): outputs is ArrayLike<number> => Array.isArray(outputs) || ArrayBuffer.isView(outputs)

/**
 * The target's value for one row of the outputs, in double precision.
 * @throws UsageError where one output is given and the target reads several
 */
export function targetValue(target: TargetShape & Pick<ResolvedTarget, 'classes'>, outputs: RowOutputs): number {
  const { output, link, classes, rowClasses, rowStep = 1, custom } = target
  if (custom) {
    if (isList(outputs) && custom.outputs.length > 1)
      throw new UsageError(
        `the target reads several outputs (${custom.outputs.join(', ')}), and this method reads one alone; use another method`,
      )
    return custom.value(isList(outputs) ? { [custom.outputs[0]!]: outputs } : outputs)
  }
  const list = isList(outputs) ? outputs : outputs[output]!
  const { scorer } = links[link as Link]
  let sum = 0
  if (rowClasses === undefined || link === 'logit') {
    const score = scorer(list)
    for (const { index, weight } of classes) sum += weight * score(index)
    return sum
  }
  const scorers = new Map<number, (index: number) => number>()
  for (const { index, weight } of classes) {
    const { at, start } = placeOf(index, rowClasses, rowStep)
    let score = scorers.get(start)
    if (!score) scorers.set(start, (score = scorer(rowScores(list, start, rowClasses, rowStep))))
    sum += weight * score(at)
  }
  return sum
}

/** The class that an element of the output stands for, and the first element of its row. */
export function placeOf(index: number, classes: number, step: number): { at: number; start: number } {
  const at = Math.floor(index / step) % classes
  return { at, start: index - at * step }
}

/** The scores of one row of classes. */
export const rowScores = (list: ArrayLike<number>, start: number, classes: number, step: number): Float64Array =>
  Float64Array.from({ length: classes }, (_, i) => list[start + i * step]!)
