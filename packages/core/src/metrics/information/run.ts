/** @file The pictures of a performance information curve, what each is predicted and how many bytes it has: the same for sic and aic. */
import { UsageError } from '../../errors.js'
import type { Options } from '../../methods/method.js'
import { Random } from '../../random.js'
import { argmax } from '../../targets/request.js'
import { linkReader, readRows, targetRow } from '../curves/reading.js'
import { randomSubset } from '../faithfulness/subsets.js'
import type { MetricSubject } from '../metric.js'
import { sortedQuantile } from '../order.js'
import { onlyMap, planeOf, resizedPlane, signed } from '../places.js'
import type { Shown } from './curve.js'
import { interpolated } from './interpolation.js'

/** Below this side, sizes of files are mostly headers. */
const smallestSide = 128

export interface InformationRun {
  readonly bytes: Shown
  /** Softmax of the class. */
  readonly probability: Shown
  /** 1 where the class is predicted, else 0. */
  readonly correct: Shown
}

/** Places of the random mask: by seed and size of the picture only, so that all methods share it. */
export function randomMask(height: number, width: number, share: number, seed: number): Uint8Array {
  const mask = new Uint8Array(height * width)
  const count = Math.trunc(height * width * share)
  for (const place of randomSubset(mask.length, count, new Random(seed, 0x51c))) mask[place] = 1
  return mask
}

interface Kept {
  readonly key: string
  readonly values: Float64Array
  readonly run: Promise<InformationRun>
}

/** The last run of each subject: sic and aic of one subject cost what one of them does. */
const kept = new WeakMap<MetricSubject, Kept>()

const same = (a: Float64Array, b: Float64Array): boolean => a.length === b.length && a.every((value, i) => value === b[i])

/**
 * Pictures that show the random mask and the places at or above the map's (1 - t) quantile, everything else interpolated. Ties reveal more.
 * A subject that was run with the same settings, seed and map is not run again.
 * @param settings `sign`, `thresholds` and `random` are read
 * @throws UsageError for a picture below 128 pixels a side, several explained tensors or maps, thresholds that are no ascending shares
 */
export function informationRun(name: string, subject: MetricSubject, settings: Options, seed: number): Promise<InformationRun> {
  const { height, width } = subject.picture!.picture
  if (Math.min(height, width) < smallestSide)
    throw new UsageError(`${name} needs pictures of at least ${smallestSide} pixels a side; this one has ${width} x ${height}`)
  const [input, second] = subject.evaluator!.at
  if (input === undefined || second !== undefined) throw new UsageError(`${name} needs exactly one explained picture`)
  const plane = planeOf(onlyMap(subject.maps, name), subject.evaluator!.pictureAxes(input)?.layout)
  if (!plane) throw new UsageError(`${name} needs a map of a picture`)
  const values = signed(resizedPlane(plane, { height, width }).values, settings['sign'])
  const shares = sharesOf(settings['thresholds'], name)
  const share: number = settings['random']
  const key = JSON.stringify([shares, share, seed])
  const last = kept.get(subject)
  if (last?.key === key && same(last.values, values)) return last.run
  const run = runOf(name, subject, { input, values, shares, mask: randomMask(height, width, share, seed) })
  kept.set(subject, { key, values, run })
  run.catch(() => kept.delete(subject))
  return run
}

interface Steps {
  readonly input: string
  readonly values: Float64Array
  readonly shares: readonly number[]
  readonly mask: Uint8Array
}

async function runOf(name: string, subject: MetricSubject, { input, values, shares, mask }: Steps): Promise<InformationRun> {
  const evaluator = subject.evaluator!
  const { picture, toInput, encodedBytes } = subject.picture!
  const { scores, own } = targetRow(evaluator, name)
  const softmax = linkReader(evaluator, 'softmax')
  const sorted = values.slice().sort()
  const shown = shares.map(share => {
    const limit = sortedQuantile(sorted, 1 - share)
    return mask.map((one, i) => (one || values[i]! >= limit ? 1 : 0))
  })
  const pictures = [picture, ...interpolated(picture, [mask, ...shown])]
  const bytes = await encodedBytes(pictures)
  const { length } = evaluator.inputs[input]!.data
  const make = (start: number, used: number) => {
    const out = new Float32Array(used * length)
    for (let row = 0; row < used; row++) out.set(toInput(pictures[start + row]!).data, row * length)
    return { [input]: out }
  }
  const correct = new Float64Array(pictures.length)
  const read = (outputs: Float32Array, row: number): number => {
    correct[row] = Number(argmax(scores(outputs)) === own)
    return softmax(outputs)
  }
  const probability = await readRows(evaluator, pictures.length, make, read, 'thresholds')
  return { bytes: split(bytes), probability: split(probability), correct: split(correct) }
}

const split = (list: ArrayLike<number>): Shown => {
  const [whole, hidden, ...steps] = Array.from(list)
  return { whole: whole!, hidden: hidden!, steps }
}

function sharesOf(text: string, name: string): number[] {
  const list = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  if (list.some((value, i) => !(value > 0 && value <= 1) || (i > 0 && value <= list[i - 1]!)))
    throw new UsageError(`${name}: thresholds "${text}" must be shares from 0 to 1, ascending, with commas between`)
  return list
}
