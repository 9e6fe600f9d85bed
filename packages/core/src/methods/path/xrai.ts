/** @file xrai: an attribution gathered over regions of the picture, the best ones first. */
import type { AttributionMap } from '../../attribution.js'
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { pictureStrides, toPlanes } from '../../picture.js'
import { featuresOf } from '../../segments/index.js'
import { extent, float32 } from '../../tensor-value.js'
import { innerMethod, settledInside } from '../inner-method.js'
import type { Method, MethodResult, Options } from '../method.js'
import { dilated, pyramidRegions, type Region, regionsOf, xraiMap, xraiOrders } from './xrai-regions.js'

/** Two baselines in turn: the lowest value of the input everywhere, and the highest. */
const blackAndWhite = 'black-and-white'
const pyramid = 'pyramid'

function scalesOf(text: string): number[] {
  const scales = text.split(',').map(Number)
  if (scales.some(scale => !(scale > 0))) throw new UsageError(`xrai: scales must be positive numbers with commas, not "${text}"`)
  return scales
}

const both = (options: Options): boolean => options['baseline'] === blackAndWhite

/** Maps of the wrapped method, averaged over the baselines. */
async function attributed(evaluator: Evaluator, method: Method, options: Options, seed: number): Promise<MethodResult> {
  if (!both(options)) return method.run(evaluator, options, seed)
  const ends = [0, 1].map(end => ({
    ...options,
    baseline: Object.fromEntries(
      Object.entries(evaluator.inputs).map(([name, { dims, data }]) => [
        name,
        float32(dims, new Float32Array(data.length).fill(extent(data)[end]!)),
      ]),
    ),
  }))
  const [black, white] = [await method.run(evaluator, ends[0]!, seed), await method.run(evaluator, ends[1]!, seed)]
  const maps = Object.entries(black.maps).map(([name, { dims, values }]): [string, AttributionMap] => [
    name,
    { dims, values: values.map((value, i) => (value + white.maps[name]!.values[i]!) / 2) },
  ])
  return { ...black, maps: Object.fromEntries(maps) }
}

/**
 * Regions are Felzenszwalb's segments at six scales, dilated, so that they overlap and nest. M is the map of the method `of` (options as
 * `of.NAME`; integrated gradients with 100 points, averaged over a black and a white baseline), its largest channel at each place. From
 * nothing on, `mode=full` adds the region whose not yet covered places have the highest mean of M, and these places get that mean; regions
 * that add fewer than `difference` places are dropped; what stays uncovered gets its own mean, so that the sum is M's. `mode=fast`
 * takes regions in the order of their whole means. The map is [1, height, width]. As PAIR's saliency, with two differences: the
 * picture is segmented at its own size (`size=224` is PAIR's, there for every picture), and the quadrature is unbiased.
 * `segments` puts a partition, or labels, in place of the scales.
 */
export const xrai = (methodNamed: (name: string) => Method): Method => {
  const method: Method = {
    name: 'xrai',
    summary: 'integrated gradients (or any map) gathered over regions of the picture, the best ones first',
    formula: 'A_i = mean of M over the places that the region of i added, regions taken by highest mean gain',
    citation: 'Kapishnikov, Bolukbasi, Viegas, Terry: XRAI, ICCV 2019',
    options: {
      of: { kind: 'text', default: 'integrated-gradients', describe: 'the method whose map is gathered' },
      mode: { kind: 'choice', default: 'full', values: Object.keys(xraiOrders), describe: 'regions by gain, or by whole mean' },
      segments: { kind: 'segments', default: pyramid, describe: 'pyramid: every scale below; or one partition, or labels' },
      scales: { kind: 'text', default: '50,100,150,250,500,1200', describe: 'scales of the segmentation' },
      sigma: { kind: 'number', default: 0.8, minimum: 0, describe: 'blur before segmentation' },
      least: { kind: 'number', default: 150, minimum: 1, integer: true, describe: 'fewest places of a segment' },
      dilation: { kind: 'number', default: 5, minimum: 0, describe: 'radius by which segments are widened' },
      difference: { kind: 'number', default: 50, minimum: 1, integer: true, describe: 'fewest places that a region must add' },
      size: { kind: 'number', default: 0, minimum: 0, integer: true, describe: 'side at which to segment (0: as it is)' },
    },
    wraps: { option: 'of', methodNamed, defaults: { points: 100, baseline: blackAndWhite } },
    needs: ['gradient', 'picture'],
    promises: [],
    signed: true,
    cost: (options, evaluator) => {
      const inner = innerMethod(method, options)
      const { forwards, gradients } = inner.method.cost(inner.options, evaluator)
      const runs = both(inner.options) ? 2 : 1
      return { forwards: 1 + runs * (forwards - 1), gradients: runs * gradients }
    },
    async run(evaluator, options, seed) {
      const inner = innerMethod(method, options)
      const scales = scalesOf(options['scales'])
      const { sigma, least, dilation, size, difference, mode, segments } = options
      const features = segments === pyramid ? undefined : featuresOf(evaluator, segments)
      const { maps, settled } = await attributed(evaluator, inner.method, inner.options, seed)
      const order: Record<string, Int32Array> = {}
      const found = Object.entries(evaluator.inputs).map(([name, { dims, data }]): [string, AttributionMap] => {
        const axes = evaluator.pictureAxes(name)
        if (!axes)
          throw new UsageError(
            `xrai needs pictures [1, channels, height, width]; "${name}" has dims [${dims}]; name one with --at`,
          )
        if (maps[name]?.values.length !== data.length)
          throw new UsageError(`xrai gathers a map of the picture itself, and ${inner.method.name} gives none of "${name}"`)
        const { channels, height, width, places } = pictureStrides(dims, axes)
        const planes = toPlanes(maps[name].values, dims, axes)
        const largest = Float64Array.from({ length: places }, (_, i) => {
          let most = Number.NEGATIVE_INFINITY
          for (let c = 0; c < channels; c++) most = Math.max(most, planes[c * places + i]!)
          return most
        })
        const picture = { planes: toPlanes(data, dims, axes), channels, height, width }
        const regions: Region[] = features
          ? regionsOf(toPlanes(features.labels[name]!, dims, axes).subarray(0, places)).map(one =>
              dilated(one, height, width, dilation),
            )
          : pyramidRegions(picture, { scales, sigma, least, dilation, size })
        const { map, ranks } = xraiMap(largest, regions, mode, difference)
        order[name] = ranks
        return [name, { dims: [1, height, width], values: Float32Array.from(map) }]
      })
      return { maps: Object.fromEntries(found), order, settled: settledInside(settled) }
    },
  }
  return method
}
