/** @file What absent features show: the values of a baseline, or an imputation from what is left. */
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import { baselinePoints } from '../../methods/path/integrated-gradients.js'
import { fromPlanes, pictureStrides, toPlanes } from '../../picture.js'
import { Random } from '../../random.js'
import { imputation } from './imputation.js'

/** Overwrites the absent elements (non-zero in `absent`) of one row, which comes as the input. */
export type Fill = (name: string, row: Float32Array, absent: Uint8Array) => void

export const fillOption = (standard: string): OptionSpec => ({
  kind: 'baseline',
  default: standard,
  describe:
    'what absent features show: zeros, constant:V, mean, blur:SIGMA, uniform, values, or road:NOISE (imputed from what is left, with noise)',
})

/** `road` or `road:0.01`: the deviation of the noise on imputed pixels. */
const roadNoise = (fill: unknown): number | undefined => {
  if (typeof fill !== 'string' || !/^road(:|$)/.test(fill)) return undefined
  const noise = fill === 'road' ? 0.01 : Number(fill.slice('road:'.length))
  if (!(noise >= 0)) throw new UsageError(`fill "${fill}": the noise must be a number of at least 0`)
  return noise
}

/** @throws UsageError for an unknown fill, values that do not fit, or an imputation of something that is no picture */
export function fillOf(evaluator: Evaluator, fill: Options['fill'], seed: number): Fill {
  const noise = roadNoise(fill)
  if (noise === undefined) {
    const baseline = baselinePoints(evaluator, fill, seed)
    return (name, row, absent) => {
      const values = baseline[name]!
      for (let i = 0; i < row.length; i++) if (absent[i]) row[i] = values[i]!
    }
  }
  return (name, row, absent) => {
    const axes = evaluator.pictureAxes(name)
    const { dims } = evaluator.inputs[name]!
    if (!axes) throw new UsageError(`fill "road" imputes pictures; "${name}" has dims [${dims}]; use zeros, mean or values`)
    const { channels, height, width, places, placeStep } = pictureStrides(dims, axes)
    const planes = toPlanes(row, dims, axes)
    const missing = Uint8Array.from({ length: places }, (_, i) => absent[i * placeStep]!)
    const { fill: solve } = imputation(missing, height, width)
    for (let c = 0; c < channels; c++) {
      // One draw per place and channel, whatever else is missing.
      const random = new Random(seed, 0x0ad + evaluator.at.indexOf(name) * 0x10000 + c)
      const plane = planes.subarray(c * places, (c + 1) * places)
      solve(plane)
      for (let i = 0; i < places; i++) {
        const draw = noise > 0 ? noise * random.normal() : 0
        if (missing[i]) plane[i]! += draw
      }
    }
    const filled = fromPlanes(planes, dims, axes)
    for (let i = 0; i < row.length; i++) if (absent[i]) row[i] = filled[i]!
  }
}
