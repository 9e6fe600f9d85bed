/** @file d-rise: random coarse masks, weighted by how much of one detection is left under each. */
import { UsageError } from '../../errors.js'
import { pictureStrides } from '../../picture.js'
import { repeated } from '../../tensor-value.js'
import type { Method, Options } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import {
  type Box,
  boxFormats,
  cosineSimilarity,
  type Detection,
  detectorOf,
  detectorOptions,
  intersectionOverUnion,
} from './detections.js'
import { rise } from './rise.js'
import { MaskSum, riseMasks } from './rise-masks.js'

/**
 * Of a detection t with a box, a score for every class and an objectness, what is left under mask k is the most that any proposal j of the masked
 * picture keeps: s_k = max_j IoU(box_t, box_j) cos(scores_t, scores_j) objectness_j, and the map is sum_k s_k m_k / (n p), with the masks of RISE.
 * t is the model's own: the `detection` of this number, or the one with the highest objectness times score (of `class`, if
 * given; an explained box must have some area). Or it is given: `box` in the format and the units of the model's boxes, with `class`.
 * The target is not read: the value reported is s of the whole picture. Models that suppress overlapping boxes themselves may give any number of
 * them, one after another; better are the outputs before that. IoU does not change with the units, so boxes may be in
 * pixels or normalised.
 * Peers: XAITK's D-RISE, whose published version takes the cosine distance for the similarity; here it is the similarity.
 */
export const dRise: Method = {
  name: 'd-rise',
  summary:
    "what a detector's box and class rest on: random masks weighted by how much of the detection is left; needs no gradient",
  formula: 'A_i = 1 / (n p) sum_k max_j [IoU(t, d_kj) cos(P_t, P_kj) O_kj] m_k,i',
  citation: 'Petsiuk et al.: Black-box Explanation of Object Detectors via Saliency Maps, CVPR 2021',
  options: {
    ...detectorOptions,
    detection: { kind: 'text', default: 'best', describe: 'number of the explained proposal; best: the highest' },
    class: { kind: 'text', default: 'any', describe: 'class of the best detection, or of the given box' },
    box: {
      kind: 'text',
      default: 'none',
      describe: "four numbers with commas between, in the model's format: explain this box, with class",
    },
    masks: { kind: 'number', default: 5000, minimum: 1, maximum: 10_000_000, integer: true, describe: 'number of masks' },
    cells: {
      kind: 'number',
      default: 16,
      minimum: 1,
      maximum: 1000,
      integer: true,
      describe: 'cells along each side of the coarse mask',
    },
    probability: rise.options['probability']!,
    baseline: rise.options['baseline']!,
  },
  needs: ['picture', 'detector'],
  promises: [],
  signed: false,
  cost: options => ({ forwards: options['masks'] + 1, gradients: 0 }),
  async run(evaluator, options, seed) {
    const [name, ...more] = evaluator.at.filter(one => evaluator.pictureAxes(one))
    if (name === undefined || more.length > 0)
      throw new UsageError('d-rise needs exactly one explained picture [1, channels, height, width]; name one with --at')
    const detector = detectorOf(evaluator, options, 'd-rise')
    const whole = detector.read(
      Object.fromEntries(detector.outputs.map(output => [output, evaluator.outputs[output]!.data as Float32Array])),
    )
    const target = explainedDetection(whole, options)
    const left = (found: readonly Detection[]): number =>
      found.reduce((most, { box, scores, objectness }) => {
        const overlap = intersectionOverUnion(target.box, box)
        return overlap > 0 ? Math.max(most, overlap * cosineSimilarity(target.scores, scores) * objectness) : most
      }, 0)

    const { dims, data } = evaluator.inputs[name]!
    const { channels, height, width, places, channelStep, placeStep } = pictureStrides(dims, evaluator.pictureAxes(name)!)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)[name]!
    const { masks, cells, probability } = options as { masks: number; cells: number; probability: number }
    const drawn = riseMasks(cells, probability, height, width, seed)
    const total = new MaskSum(drawn)
    const make = (start: number, used: number): Record<string, Float32Array> => {
      const points = Object.fromEntries(evaluator.at.map(other => [other, repeated(evaluator.inputs[other]!.data, used)]))
      const out = points[name]!
      for (let row = 0; row < used; row++) {
        const one = new MaskSum(drawn)
        one.add(drawn.draw(start + row), 1)
        const mask = one.total()
        for (let c = 0; c < channels; c++)
          for (let i = 0; i < places; i++) {
            const at = c * channelStep + i * placeStep
            out[row * data.length + at] = baseline[at]! + mask[i]! * (data[at]! - baseline[at]!)
          }
      }
      return points
    }
    await evaluator.sweepValues(
      detector.outputs,
      masks,
      make,
      (row, values) => total.add(drawn.draw(row), left(detector.read(values))),
      'masks',
    )
    const values = Float32Array.from(total.total(), sum => sum / (masks * probability))
    return { maps: { [name]: { values, dims: [1, height, width] } }, value: left(whole), settled: { box: target.box.join() } }
  },
}

/** The explained detection: given, by number, or the best. */
function explainedDetection(found: readonly Detection[], options: Options): Detection {
  const classes = found[0]?.scores.length ?? 0
  const index = options['class'] === 'any' ? undefined : Number(options['class'])
  if (index !== undefined && !(Number.isInteger(index) && index >= 0 && index < classes))
    throw new UsageError(`d-rise: class "${options['class']}" must be one of the ${classes} classes (0 to ${classes - 1})`)
  if (options['box'] !== 'none') {
    const numbers = String(options['box']).split(/[x,]/).map(Number)
    if (numbers.length !== 4 || numbers.some(Number.isNaN) || index === undefined)
      throw new UsageError(`d-rise: box "${options['box']}" must be four numbers with commas between, given with class=INDEX`)
    const box: Box = boxFormats[options['format']]!(numbers[0]!, numbers[1]!, numbers[2]!, numbers[3]!)
    return { box, scores: new Float64Array(classes).fill(1, index, index + 1), objectness: 1 }
  }
  if (options['detection'] !== 'best') {
    const one = found[Number(options['detection'])]
    if (one) return one
    throw new UsageError(
      `d-rise: there is no detection "${options['detection']}"; the model makes ${found.length} (0 to ${found.length - 1})`,
    )
  }
  const worth = ({ box, scores, objectness }: Detection): number =>
    intersectionOverUnion(box, box) > 0
      ? objectness * (index === undefined ? Math.max(...scores) : scores[index]!)
      : Number.NEGATIVE_INFINITY
  const best = found.reduce<Detection | undefined>((most, one) => (!most || worth(one) > worth(most) ? one : most), undefined)
  if (best && worth(best) > Number.NEGATIVE_INFINITY) return best
  throw new UsageError(
    'd-rise: the model finds no box with any area in this picture; give box=X,Y,X,Y and class=INDEX, or check format',
  )
}
