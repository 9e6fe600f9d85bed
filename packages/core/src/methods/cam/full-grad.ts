/** @file full-grad: the input's part and the part of every bias along the way. */
import { type Graph, isFloat, type Node, type Tensor } from '@ascribe/onnx'
import { type Axes, placeCount, spaceOf } from '../../axes.js'
import { resizeMap } from '../../io/resample.js'
import { layerAxes, viewOf } from '../../layers.js'
import { toPlanes } from '../../picture.js'
import type { Method } from '../method.js'
import { pictureMaps } from '../pictures.js'

/** What a node adds, as numbers that broadcast to its output like an array of `dims`. */
interface Bias {
  readonly numbers: ArrayLike<number>
  readonly dims: readonly number[]
}

type Constant = (index: number) => Tensor | undefined

const whole = (tensor: Tensor | undefined): Bias | undefined => tensor && { numbers: tensor.numbers(), dims: tensor.dims }

/** One number per channel of [rows, channels, ...space] with `rank` axes. */
const perChannel = (numbers: ArrayLike<number> | undefined, rank: number): Bias | undefined =>
  numbers && { numbers, dims: [numbers.length, ...Array(rank - 2).fill(1)] }

/** By operator; undefined where the node adds none. */
const biases: Readonly<Record<string, (node: Node, constant: Constant, rank: number) => Bias | undefined>> = {
  Conv: (_, constant, rank) => perChannel(constant(2)?.numbers(), rank),
  ConvTranspose: (_, constant, rank) => perChannel(constant(2)?.numbers(), rank),
  LayerNormalization: (_, constant) => whole(constant(2)),
  Add: (_, constant) => whole(constant(0) ?? constant(1)),
  BatchNormalization: (node, constant, rank) => {
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map(index => constant(index)?.numbers())
    const epsilon = (node.attributes['epsilon']?.value as number | undefined) ?? 1e-5
    if (!scale || !shift || !mean || !variance) return undefined
    return perChannel(
      Float64Array.from(shift, (value, c) => value - (scale[c]! * mean[c]!) / Math.sqrt(variance[c]! + epsilon)),
      rank,
    )
  },
}

/** Every value with channels at places of two axes that a bias is added to. */
function biasTerms(graph: Graph, axes: ReadonlyMap<string, Axes>, output: string): { name: string; bias: Bias }[] {
  const leads = new Set([output])
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some(name => leads.has(name))) for (const name of node.inputs) leads.add(name)
  return graph.nodes.flatMap(node => {
    const name = node.outputs[0]!
    const own = axes.get(name)
    if (!own || !leads.has(name) || placeCount(own) === 0 || spaceOf(own).length !== 2 || !isFloat(graph.type(name)!.dtype))
      return []
    const bias = biases[node.operator]?.(node, index => graph.initializers.get(node.inputs[index] ?? ''), own.length)
    return bias ? [{ name, bias }] : []
  })
}

/** Bias at a flat index of an array of `dims`. */
function biasAt({ numbers, dims: own }: Bias, dims: readonly number[], flat: number): number {
  let [index, step, rest] = [0, 1, flat]
  for (let axis = dims.length - 1, k = own.length - 1; k >= 0; axis--, k--) {
    if (own[k]! > 1) index += (rest % dims[axis]!) * step
    step *= own[k]!
    rest = Math.floor(rest / dims[axis]!)
  }
  return numbers[index]!
}

/**
 * A = sum_colours |x grad f| + sum over layers of sum_c |b_c G_c| enlarged bilinearly to the picture, G the gradient where bias b is added. For a
 * network of linear layers and ReLU the same sum without magnitudes, over all biases, is f(x). Biases of convolutions (batch norm folded
 * in), of additions of constants and of normalisations count, at every value with places of two axes; dense ones have no place. Raw:
 * the paper's code scales every term to [0, 1] first, which `rescale` does. `absolute=false` keeps signs. There is no layer to choose.
 */
export const fullGrad: Method = {
  name: 'full-grad',
  aliases: ['fullgrad'],
  summary: 'input times gradient, and bias times gradient of every layer, enlarged to the picture',
  formula: 'A = sum_c |x_c grad_c f| + sum_l enlarged sum_c |b_lc d f / d b_lc|',
  citation: 'Srinivas, Fleuret: Full-Gradient Representation for Neural Network Visualization, NeurIPS 2019',
  options: {
    absolute: { kind: 'flag', default: true, describe: 'add magnitudes' },
    rescale: { kind: 'flag', default: false, describe: 'scale the values of every term to [0, 1] first' },
  },
  needs: ['gradient', 'picture'],
  promises: [],
  signed: false,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator, { absolute, rescale }) {
    const axes = layerAxes(evaluator)
    const terms = biasTerms(evaluator.graph, axes, evaluator.target.output)
    const found = await evaluator.layers([...evaluator.at, ...terms.map(({ name }) => name)])
    const scaled = (values: Float64Array): Float64Array => {
      const part = absolute ? values.map(Math.abs) : values
      if (!rescale) return part
      const low = part.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
      const high = part.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
      return part.map(value => (high > low ? (value - low) / (high - low) : 0))
    }
    const layers = terms.map(({ name, bias }) => {
      const { gradient, dims } = found[name]!
      const { channels, channelStep, places, space } = viewOf(axes.get(name)!, dims)
      const values = scaled(
        Float64Array.from({ length: channels * places.length }, (_, i) => {
          const flat = Math.floor(i / places.length) * channelStep + places[i % places.length]!
          return biasAt(bias, dims, flat) * gradient[flat]!
        }),
      )
      return { values: summed(values, places.length), size: { height: space[0]!, width: space[1]! } }
    })
    const planes = pictureMaps(evaluator, 'full-grad', (picture, name) => {
      const gradient = toPlanes(found[name]!.gradient, evaluator.inputs[name]!.dims, evaluator.pictureAxes(name)!)
      const total = summed(
        scaled(Float64Array.from(picture.planes, (value, i) => value * gradient[i]!)),
        picture.height * picture.width,
      )
      for (const { values, size } of layers)
        resizeMap(values, size, picture, 'bilinear').forEach((value, i) => {
          total[i]! += value
        })
      return total
    })
    const maps = Object.fromEntries(
      Object.entries(planes).map(([name, { values, dims }]) => {
        const picture = evaluator.pictureAxes(name)!
        const [height, width] = [dims[picture.height]!, dims[picture.width]!]
        return [name, { values: toPlanes(values, dims, picture).slice(0, height * width), dims: [1, height, width] }]
      }),
    )
    return { maps }
  },
}

/** Sum of planes of `size`. */
function summed(planes: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size)
  for (let i = 0; i < planes.length; i++) out[i % size]! += planes[i]!
  return out
}
