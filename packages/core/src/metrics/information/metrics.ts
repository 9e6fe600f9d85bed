/** @file aic and sic: how much of the picture's information the prediction needs. */
import { UsageError } from '../../errors.js'
import type { OptionSpec } from '../../methods/method.js'
import { Random } from '../../random.js'
import { argmax } from '../../targets/request.js'
import { trapezoid } from '../curves/area.js'
import { linkReader, readRows, targetRow } from '../curves/reading.js'
import { randomSubset } from '../faithfulness/subsets.js'
import type { Metric } from '../metric.js'
import { quantileOf } from '../order.js'
import { onlyMap, planeOf, resizedPlane, signed, signOption } from '../places.js'
import { type InformationPoints, informationCurve, invalid } from './curve.js'
import { interpolated } from './interpolation.js'

/** Below this side, sizes of files are mostly headers. */
const smallestSide = 128

const options = {
  sign: signOption('absolute'),
  thresholds: {
    kind: 'text',
    default: '0.005,0.01,0.02,0.03,0.04,0.05,0.07,0.10,0.13,0.21,0.34,0.5,0.75',
    describe: 'shares of the pixels that are shown, ascending',
  },
  minimum: { kind: 'number', default: 0.8, minimum: 0, maximum: 1, describe: 'pictures predicted below this are left out' },
  random: { kind: 'number', default: 0.01, minimum: 0, maximum: 1, describe: 'share of pixels that are shown in any case' },
  monotonous: { kind: 'flag', default: true, describe: 'predictions as their running maximum' },
  points: { kind: 'number', default: 1000, minimum: 1, maximum: 100_000, integer: true, describe: 'steps of the curve' },
} as const satisfies Readonly<Record<string, OptionSpec>>

const peers =
  'Kapishnikov, Bolukbasi, Viegas, Terry: XRAI, ICCV 2019 (PIC); parity with the reference up to ties of the triangulation'

/** Places of the random mask: by seed and size of the picture only, so that all methods share it. */
export function randomMask(height: number, width: number, share: number, seed: number): Uint8Array {
  const mask = new Uint8Array(height * width)
  const count = Math.trunc(height * width * share)
  for (const place of randomSubset(mask.length, count, new Random(seed, 0x51c))) mask[place] = 1
  return mask
}

/**
 * Pictures that show the random mask and the places at or above the map's (1 - t) quantile, everything else interpolated; their size as
 * lossless files is the information, softmax of the class (sic) or whether it is predicted (aic) the performance. Ties reveal more.
 */
const informationMetric = (name: string, summary: string, accuracy: boolean): Metric => ({
  name,
  summary,
  formula: 'area under performance over information (bytes of the lossless file), both between hidden 0 and whole 1',
  citation: peers,
  options,
  needs: ['model', 'picture'],
  higherIsBetter: true,
  async run({ evaluator: given, maps, picture: access }, settings, seed) {
    const evaluator = given!
    const { picture, toInput, encodedBytes } = access!
    const { height, width } = picture
    if (Math.min(height, width) < smallestSide)
      throw new UsageError(`${name} needs pictures of at least ${smallestSide} pixels a side; this one has ${width} x ${height}`)
    const [input, second] = evaluator.at
    if (input === undefined || second !== undefined) throw new UsageError(`${name} needs exactly one explained picture`)
    const plane = planeOf(onlyMap(maps, name), evaluator.pictureAxes(input)?.layout)
    if (!plane) throw new UsageError(`${name} needs a map of a picture`)
    const values = signed(resizedPlane(plane, { height, width }).values, settings['sign'])
    const thresholds = thresholdsOf(settings['thresholds'], name)
    const mask = randomMask(height, width, settings['random'], seed)
    const shown = thresholds.map(share => {
      const limit = quantileOf(values, 1 - share)
      return interpolated(
        picture,
        mask.map((one, i) => (one || values[i]! >= limit ? 1 : 0)),
      )
    })
    const pictures = [picture, interpolated(picture, mask), ...shown]
    const sizes = await encodedBytes(pictures)
    const { scores, own } = targetRow(evaluator, name)
    const read = accuracy
      ? (outputs: Float32Array): number => Number(argmax(scores(outputs)) === own)
      : linkReader(evaluator, 'softmax')
    const { length } = evaluator.inputs[input]!.data
    const make = (start: number, used: number) => {
      const out = new Float32Array(used * length)
      for (let row = 0; row < used; row++) out.set(toInput(pictures[start + row]!).data, row * length)
      return { [input]: out }
    }
    const predictions = await readRows(evaluator, pictures.length, make, read, 'thresholds')
    const split = (list: ArrayLike<number>) => ({ whole: list[0]!, hidden: list[1]!, steps: Array.prototype.slice.call(list, 2) })
    const points: InformationPoints = { bytes: split(sizes), predictions: split(predictions) }
    const more = { bytes: sizes[0]!, hiddenBytes: sizes[1]!, prediction: predictions[0]! }
    const reason = invalid(points, settings['minimum'])
    if (reason !== undefined) return { value: Number.NaN, reason, more }
    const { minimum, monotonous, points: steps } = settings
    const curve = informationCurve(points, { minimum, monotonous, points: steps })
    return { value: trapezoid(curve), curve, more }
  },
})

function thresholdsOf(text: string, name: string): number[] {
  const list = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (list.some((value, i) => !(value > 0 && value <= 1) || (i > 0 && value <= list[i - 1]!)))
    throw new UsageError(`${name}: thresholds "${text}" must be shares from 0 to 1, ascending, with commas between`)
  return list
}

export const sic = informationMetric('sic', "area under the class's probability over the information shown", false)
export const aic = informationMetric('aic', 'area under top-1 accuracy over the information shown', true)
