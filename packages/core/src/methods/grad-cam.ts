/** @file grad-cam: a layer's channels weighted by their mean gradient. */
import { elementCount } from '@ascribe/onnx'
import type { Evaluator } from '../evaluator.js'
import { spatialLayer } from '../layers.js'
import type { Method } from './method.js'

/**
 * With A the target layer's values [channels, ...space] and G = d f / d A: w_c = mean over space of G_c, map = sum_c w_c A_c,
 * clipped at zero unless `relu=false`. The map has the layer's own resolution, [1, ...space], raw.
 * Peers: pytorch-grad-cam clips, scales to [0, 1] and resizes; Captum's LayerGradCam does none of these by default.
 */
export const gradCam: Method = {
  name: 'grad-cam',
  aliases: ['gradcam'],
  summary: "a layer's channels weighted by their mean gradient: where the network looked, coarsely",
  formula: 'L = relu(sum_c w_c A_c), w_c = mean over space of d f / d A_c',
  citation: 'Selvaraju et al.: Grad-CAM, ICCV 2017',
  options: {
    layer: { kind: 'text', default: '', describe: 'tensor name of the layer (default: the last spatial one)' },
    relu: { kind: 'flag', default: true, describe: 'clip negative values' },
  },
  needs: ['gradient', 'spatial layer'],
  promises: [],
  signed: false,
  cost: () => ({ forwards: 1, gradients: 1 }),
  async run(evaluator, { layer, relu }) {
    const { name, values, space } = await classActivation(evaluator, layer, relu)
    return { maps: { [name]: { values, dims: [1, ...space] } }, settled: { layer: name } }
  },
}

/** The map at a layer (default: the last spatial one), and the layer's name and spatial dimensions. */
export async function classActivation(evaluator: Evaluator, layer: string, relu: boolean) {
  const name = layer || spatialLayer(evaluator.graph, evaluator.at, evaluator.target.output)
  const { values, gradient, dims } = await evaluator.layer(name)
  const [channels, ...space] = dims.slice(1) as [number, ...number[]]
  const size = elementCount(space)
  const map = new Float64Array(size)
  for (let c = 0; c < channels; c++) {
    let weight = 0
    for (let i = 0; i < size; i++) weight += gradient[c * size + i]!
    weight /= size
    for (let i = 0; i < size; i++) map[i]! += weight * values[c * size + i]!
  }
  return { name, space, values: Float32Array.from(map, value => (relu ? Math.max(0, value) : value)) }
}
