/** @file How relevance passes operators that are not layers: each entry says which of a few ways is its own. */
import { type Graph, type Node, operatorKey } from '@ascribe/onnx'
import { gradientTable } from '../../gradient/index.js'
import type { RuleContext, RuleEntry, RuleTable } from '../../rule.js'
import { single } from '../../rule.js'
import { isDivisor } from './divisors.js'
import { biasAfter } from './layer.js'
import { batchNormalised, normEntries } from './norms.js'
import { stabilised } from './share.js'

/** What an entry may ask beside the node. */
interface Surroundings {
  /** True for values that no layer has touched yet. */
  readonly beforeLayers: (name: string) => boolean
  readonly isLayer: (node: Node) => boolean
  /** True where attention weights and gates count as constants (CP-LRP). */
  readonly constantAttention: boolean
  /** Added to denominators of sums, means, residual additions, products and normalisation. */
  readonly stabiliser: number
}

type Way = (surroundings: Surroundings) => RuleEntry

const wantedCount = (c: RuleContext): number => c.node.inputs.filter((_, index) => c.wants(index)).length

/** All relevance to the wanted inputs, unchanged; half each to two. */
const handed = (relevance: string, c: RuleContext): (string | null)[] => {
  const count = wantedCount(c)
  const each = count === 1 ? relevance : c.emit('Mul', [relevance, c.scalar(1 / count)])
  const from = c.dims(c.output(0))
  return c.node.inputs.map((input, index) => (c.wants(index) ? c.reduceTo(each, from, c.dims(input)) : null))
}

/** In proportion to contributions: R_x = x Jᵀ(R / (n y)), J the Jacobian and n the number of factors that share. */
function proportional(relevance: string, c: RuleContext, stabiliser: number, factors = 1): (string | null)[] {
  const entry = gradientTable[operatorKey(c.node)]!
  if (entry.kind !== 'gradient') return c.unsupported('it has no Jacobian')
  const y = stabilised(c, c.output(0), stabiliser)
  const ratio = c.emit('Div', [relevance, factors === 1 ? y : c.emit('Mul', [y, c.scalar(factors)])])
  return entry.rule([ratio], c).map((gradient, index) => {
    if (gradient === null || !c.wants(index)) return null
    if (typeof gradient !== 'string') return c.unsupported('its Jacobian comes in blocks')
    return c.emit('Mul', [c.input(index), gradient])
  })
}

/** Elements move, or one of several is chosen: relevance takes the gradient's way. */
const routed =
  (operator: string): Way =>
  () =>
    gradientTable[operator]!

/** Elementwise functions and scales: R_x = R_y. */
const passed: Way = () => single(handed)

/** Sums and means: in proportion to what each input brought. */
const shared: Way = ({ stabiliser }) => single((relevance, c) => proportional(relevance, c, stabiliser))

/** A sum with a constant before the first layer only writes the input in other units; elsewhere the constant takes its share. */
const affine: Way = ({ beforeLayers, isLayer, stabiliser }) =>
  single((relevance, c) => {
    const index = c.node.inputs.findIndex((_, i) => c.wants(i))
    if (wantedCount(c) === 1 && beforeLayers(c.input(index))) return handed(relevance, c)
    const [producer] = c.node.inputs.flatMap(input => c.graph.producer(input) ?? [])
    if (producer && isLayer(producer) && biasAfter(producer, c.graph)?.add === c.node) return handed(relevance, c)
    return proportional(relevance, c, stabiliser)
  })

/** Affine with the statistics given; with the batch's own, as normalisation. */
const batchNorm: Way = surroundings => {
  const given = affine(surroundings)
  return single((relevance, c) => {
    const entry = c.int('training_mode', 0) ? batchNormalised(surroundings.stabiliser) : given
    return entry.kind === 'gradient' ? entry.rule([relevance], c) : []
  })
}

/** What is written over is gone, what is added shares in proportion, of extremes the winner gets all. */
const scattered =
  (operator: string): Way =>
  ({ stabiliser }) =>
    single((relevance, c) => {
      const reduction = c.string('reduction', 'none')
      if (reduction === 'add') return proportional(relevance, c, stabiliser)
      const entry = gradientTable[operator]!
      if (reduction === 'mul' || entry.kind !== 'gradient') return c.unsupported(`LRP has no rule for its reduction ${reduction}`)
      return entry.rule([relevance], c)
    })

/** Operators between a softmax and the product that reads it. */
const between: ReadonlySet<string> = new Set(['Cast', 'Dropout', 'Identity', 'Reshape'])

/** True for attention weights: a softmax's result. */
function isAttention(graph: Graph, name: string): boolean {
  const node = graph.producer(name)
  if (!node) return false
  return operatorKey(node) === 'Softmax' || (between.has(operatorKey(node)) && isAttention(graph, node.inputs[0]!))
}

/**
 * A product of two values that both depend on the input: half the relevance through each (Achtibat et al. 2024, proposition 3.3).
 * Where attention weights are constants, all goes to the other factor (Ali et al. 2022).
 */
const bilinear: Way = ({ constantAttention, stabiliser }) =>
  single((relevance, c) => {
    const kept = c.node.inputs.map((input, index) => c.wants(index) && !(constantAttention && isAttention(c.graph, input)))
    const count = kept.filter(Boolean).length
    return count === 0 ? [] : proportional(relevance, { ...c, wants: index => kept[index] ?? false }, stabiliser, count)
  })

/** A quotient's divisor counts as constant. */
const quotient: Way = () =>
  single((relevance, c) => {
    if (c.node.inputs.length < 2 || !c.wants(0)) return c.unsupported('its numerator is constant')
    return [c.reduceTo(relevance, c.dims(c.output(0)), c.dims(c.input(0))), null]
  })

/** Activations whose result opens or closes what it is multiplied with. */
const gates: ReadonlySet<string> = new Set(['Gelu', 'HardSigmoid', 'HardSwish', 'Sigmoid', 'com.microsoft:QuickGelu'])

/** True for a gate: an activation's result, x times its sigmoid included. */
function isGate(graph: Graph, name: string): boolean {
  const node = graph.producer(name)
  if (!node) return false
  const key = operatorKey(node)
  if (key === 'Mul') return node.inputs.some((input, i) => isGateOf(graph, input, node.inputs[1 - i]!))
  return gates.has(key) || (between.has(key) && isGate(graph, node.inputs[0]!))
}

const isGateOf = (graph: Graph, name: string, of: string): boolean => {
  const node = graph.producer(name)
  return node !== undefined && gates.has(operatorKey(node)) && node.inputs[0] === of
}

/**
 * Factors: constants pass, a divisor written as a factor counts as constant (root mean square normalisation), else half each. Where
 * gates are constants, all goes to what they are multiplied with.
 */
const factors: Way = ({ constantAttention }) =>
  single((relevance, c) => {
    const still = (is: (graph: Graph, name: string) => boolean): boolean[] => c.node.inputs.map(name => is(c.graph, name))
    const divisors = still(isDivisor)
    const gated = constantAttention ? still(isGate) : []
    const kept = c.node.inputs.map((_, index) => c.wants(index) && !divisors[index] && !gated[index])
    return handed(relevance, kept.includes(true) ? { ...c, wants: index => kept[index] ?? false } : c)
  })

/**
 * R_x = x (R - s sum R) (Achtibat et al. 2024, proposition 3.1): for relevance p_c at one class, x times the gradient of p_c. 0 where s
 * is 0: a masked score of minus infinity brought nothing.
 */
const softmax: Way = () =>
  single((relevance, c) => {
    const s = c.output(0)
    const axis = c.int('axis', -1)
    const rank = c.rank(s)
    const total = c.emit('ReduceSum', [relevance, c.ints64([axis < 0 ? axis + rank : axis])], { keepdims: 1 })
    const x = c.emit('Where', [c.emit('Equal', [s, c.scalar(0)]), c.scalar(0), c.input(0)])
    return [c.emit('Mul', [x, c.emit('Sub', [relevance, c.emit('Mul', [s, total])])])]
  })

/** Relevance goes to the winner; against a constant it is a rectifier, which passes. */
const extreme =
  (operator: string): Way =>
  () =>
    single((relevance, c) => {
      if (wantedCount(c) === 1) return handed(relevance, c)
      const entry = gradientTable[operator]!
      return entry.kind === 'gradient' ? entry.rule([relevance], c) : []
    })

/** Copies of the nearest element, or weighted sums. */
const resized: Way = ({ stabiliser }) =>
  single((relevance, c) => {
    const entry = gradientTable['Resize']!
    if (entry.kind === 'gradient' && c.string('mode', 'nearest') === 'nearest') return entry.rule([relevance], c)
    return proportional(relevance, c, stabiliser)
  })

const listed = (names: string, way: (operator: string) => Way): Record<string, Way> =>
  Object.fromEntries(
    names
      .split(/\s+/)
      .filter(Boolean)
      .map(name => [name, way(name)]),
  )

/** How each operator passes relevance on. */
const ways: Readonly<Record<string, Way>> = {
  ...listed(
    `Cast CastLike CenterCropPad Compress Concat DepthToSpace Dropout Expand Flatten Gather GatherElements GatherND GlobalMaxPool
    Identity MaxPool MaxUnpool Pad ReduceMax ReduceMin Reshape ReverseSequence Slice SpaceToDepth Split
    Squeeze Tile TopK Transpose Trilu Unsqueeze Where`,
    routed,
  ),
  ...listed(
    `Abs Celu Clip Elu Gelu HardSigmoid HardSwish LeakyRelu LRN Mish Neg PRelu Pow Relu Selu Shrink Sigmoid Softplus Softsign
    Sqrt Tanh ThresholdedRelu com.microsoft:QuickGelu`,
    () => passed,
  ),
  ...listed('AveragePool CumSum GlobalAveragePool Mean ReduceMean ReduceSum Sum', () => shared),
  ...listed('Add Sub', () => affine),
  ...listed('ScatterElements ScatterND', scattered),
  BatchNormalization: batchNorm,
  ...listed('Conv ConvTranspose Einsum Gemm MatMul', () => bilinear),
  ...listed('Max Min', extreme),
  Div: quotient,
  LogSoftmax: shared,
  Mul: factors,
  Reciprocal: quotient,
  Resize: resized,
  Softmax: softmax,
}

/** Entries of every operator but layers, in these surroundings; operators without one are not in it. */
export function operatorEntries(surroundings: Surroundings): RuleTable {
  const own = Object.entries(ways).map(([operator, way]) => [operator, way(surroundings)] as const)
  // Operators through which nothing flows let no relevance through either.
  const blocked = Object.entries(gradientTable).filter(([, entry]) => entry.kind !== 'gradient' && entry.kind !== 'none')
  return { ...Object.fromEntries([...blocked, ...own]), ...normEntries(surroundings.stabiliser) }
}
