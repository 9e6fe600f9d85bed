/** @file refine-cam: class activation maps of several layers, multiplied. */
import { isFloat } from '@ascribe/onnx'
import { placeCount, spaceOf } from '../../axes.js'
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { resizeMap } from '../../io/resample.js'
import { layerAxes, viewOf } from '../../layers.js'
import { innerMethod } from '../inner-method.js'
import type { Method, Options } from '../method.js'

/** Resolutions that are multiplied where no layers are named. */
const usualLayers = 3

/** The last tensor of each of the last resolutions on the way to the output, finest first. */
function layersByResolution(evaluator: Evaluator): string[] {
  const { graph, target } = evaluator
  const axes = layerAxes(evaluator)
  const leads = new Set([target.output])
  const last = new Map<string, string>()
  for (const node of [...graph.nodes].reverse()) {
    const name = node.outputs.find(output => leads.has(output))
    if (name === undefined) continue
    for (const input of node.inputs) leads.add(input)
    const own = axes.get(name)
    const dims = graph.dims(name)
    if (!own || !dims || name === target.output || !isFloat(graph.type(name)!.dtype)) continue
    if (placeCount(own) < 2 || spaceOf(own).length !== 2 || !own.includes('channel')) continue
    const resolution = viewOf(own, dims).space.join('x')
    if (!last.has(resolution)) last.set(resolution, name)
  }
  return [...last.values()].slice(0, usualLayers).reverse()
}

const namedLayers = (options: Options): string[] | undefined =>
  options['layers']
    ? String(options['layers'])
        .split(',')
        .map(name => name.trim())
    : undefined

/**
 * L = product over layers l of relu(M_l) / max relu(M_l), each enlarged bilinearly to the finest of them; M_l is the map of the method `of`
 * at the layer, its options given as `of.NAME`. Values lie in [0, 1]; a layer whose map is nowhere positive makes all zero. By
 * default the layers are the last tensor of each of the last three resolutions. pytorch-grad-cam's division by the maximum has no
 * effect, as it assigns to its loop variable; its maps are scaled to [0, 1] before that.
 */
export const refineCam = (methodNamed: (name: string) => Method): Method => {
  const method: Method = {
    name: 'refine-cam',
    aliases: ['refinecam'],
    summary: 'class activation maps of several layers multiplied: fine like the early ones, sure like the late ones',
    formula: 'L = prod_l relu(M_l) / max relu(M_l), enlarged to the finest layer',
    citation: 'RefineCAM, 2026 (arXiv 2605.14641), as in pytorch-grad-cam',
    options: {
      of: { kind: 'text', default: 'grad-cam-plus-plus', describe: 'the class activation map of each layer' },
      layers: {
        kind: 'text',
        default: '',
        describe: 'tensor names with commas between (default: the last tensor of each of the last three resolutions)',
      },
    },
    wraps: { option: 'of', methodNamed },
    needs: ['gradient', 'spatial layer'],
    promises: [],
    signed: false,
    cost: (options, evaluator) => {
      const inner = innerMethod(method, options)
      const named = namedLayers(options)
      const layers = named ?? (evaluator ? layersByResolution(evaluator) : Array<string>(usualLayers).fill(''))
      const costs = layers.map(layer => inner.method.cost({ ...inner.options, layer }, evaluator))
      return {
        forwards: costs.reduce((sum, { forwards }) => sum + forwards - 1, 1),
        gradients: costs.reduce((sum, { gradients }) => sum + gradients, 0),
      }
    },
    async run(evaluator, options, seed) {
      const inner = innerMethod(method, options)
      if (!('layer' in inner.method.options))
        throw new UsageError(`refine-cam multiplies maps of layers, and ${inner.method.name} has no option layer`)
      if (inner.options['layer']) throw new UsageError('refine-cam takes several layers: name them with layers, not of.layer')
      const names = namedLayers(options) ?? layersByResolution(evaluator)
      if (names.length === 0) throw new UsageError('refine-cam found no layer with height and width; name some with layers=A,B')
      const maps = []
      for (const layer of names) {
        const result = await inner.method.run(evaluator, { ...inner.options, layer }, seed)
        const { values, dims } = Object.values(result.maps)[0]!
        if (dims.length !== 3)
          throw new UsageError(`refine-cam multiplies maps of height and width; "${layer}" gave one of dims [${dims}]`)
        maps.push({ values, height: dims[1]!, width: dims[2]! })
      }
      const finest = maps.reduce((best, map) => (map.height * map.width > best.height * best.width ? map : best))
      const product = new Float64Array(finest.values.length).fill(1)
      for (const { values, height, width } of maps) {
        const positive = values.map(value => Math.max(0, value))
        const most = positive.reduce((a, b) => Math.max(a, b), 0)
        resizeMap(positive, { height, width }, finest, 'bilinear').forEach((value, i) => {
          product[i]! *= most > 0 ? value / most : 0
        })
      }
      const name = names[maps.indexOf(finest)]!
      const dims = [1, finest.height, finest.width]
      return { maps: { [name]: { values: Float32Array.from(product), dims } }, settled: { layers: names.join(',') } }
    },
  }
  return method
}
