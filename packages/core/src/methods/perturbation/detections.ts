/** @file What a detector found: boxes with a score for every class, read from its outputs. */
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { suggestion } from '../../suggest.js'
import type { OptionSpecs, Options } from '../method.js'

/** Corners of a box, left and top first, in the model's own units. */
export type Box = readonly [left: number, top: number, right: number, bottom: number]

export interface Detection {
  readonly box: Box
  /** A score for every class. */
  readonly scores: Float64Array
  /** How sure it is that there is any object; 1 where the model does not say. */
  readonly objectness: number
}

/** Corners from the four numbers that stand for a box. */
export const boxFormats: Readonly<Record<string, (a: number, b: number, c: number, d: number) => Box>> = {
  xyxy: (left, top, right, bottom) => [left, top, right, bottom],
  cxcywh: (x, y, width, height) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2],
  yxyx: (top, left, bottom, right) => [left, top, right, bottom],
}

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value))

/** Probabilities from scores. */
const activations: Readonly<Record<string, (scores: Float64Array) => Float64Array>> = {
  none: scores => scores,
  sigmoid: scores => scores.map(sigmoid),
  softmax: scores => {
    const most = Math.max(...scores)
    const powers = scores.map(score => Math.exp(score - most))
    const total = powers.reduce((sum, power) => sum + power, 0)
    return powers.map(power => power / total)
  },
}

/** Where a detector's boxes and scores are. */
export const detectorOptions = {
  boxes: { kind: 'text', default: 'auto', describe: 'output of boxes, [1, boxes, 4 or more]; auto: the only output' },
  scores: {
    kind: 'text',
    default: 'same',
    describe: 'output of class scores, [1, boxes, classes]; same: what follows the 4 numbers of a box',
  },
  objectness: {
    kind: 'text',
    default: 'none',
    describe: 'output of objectness, one number a box; fifth: the number after the 4; none: 1',
  },
  format: {
    kind: 'choice',
    default: 'xyxy',
    values: Object.keys(boxFormats),
    describe: 'what the 4 numbers are, in pixels or normalised',
  },
  order: {
    kind: 'choice',
    default: 'boxes-first',
    values: ['boxes-first', 'numbers-first'],
    describe: '[1, boxes, numbers], or [1, numbers, boxes]',
  },
  activation: {
    kind: 'choice',
    default: 'none',
    values: Object.keys(activations),
    describe: 'probabilities from scores; sigmoid is used on objectness too',
  },
} as const satisfies OptionSpecs

/** How to read detections from a row of outputs. */
export interface Detector {
  /** Outputs that are read. */
  readonly outputs: readonly string[]
  /** @throws UsageError where the outputs do not fit each other */
  read(values: Readonly<Record<string, Float32Array>>): Detection[]
}

/** @throws UsageError for an output that the model does not have, or that cannot hold what it is to hold */
export function detectorOf(evaluator: Evaluator, options: Options, method: string): Detector {
  const names = evaluator.model.graph.outputs.map(({ name }) => name)
  const output = (name: string, what: string): string => {
    if (names.includes(name)) return name
    throw new UsageError(
      `${method}: the model has no output "${name}" for ${what}${suggestion(name, names)} (it has ${names.join(', ')})`,
    )
  }
  if (options['boxes'] === 'auto' && names.length > 1)
    throw new UsageError(
      `${method}: say which output holds boxes and which scores: boxes=NAME,scores=NAME (the model has ${names.join(', ')})`,
    )
  const boxes = options['boxes'] === 'auto' ? names[0]! : output(options['boxes'], 'boxes')
  const scores = options['scores'] === 'same' ? boxes : output(options['scores'], 'scores')
  const fifth = options['objectness'] === 'fifth'
  const objectness = fifth || options['objectness'] === 'none' ? undefined : output(options['objectness'], 'objectness')
  const first = options['order'] === 'boxes-first'
  /** Numbers of each box in an output of the model. */
  const width = (name: string): number => {
    const dims = evaluator.outputs[name]!.dims
    const size = dims.length < 2 ? 1 : dims.at(first ? -1 : -2)!
    return size
  }
  const numbers = width(boxes)
  const before = scores === boxes ? (fifth ? 5 : 4) : 0
  if (numbers < (fifth ? 5 : 4) || (scores === boxes && numbers <= before))
    throw new UsageError(
      `${method}: "${boxes}" has dims [${evaluator.outputs[boxes]!.dims}], ${numbers} numbers a box where ${before || (fifth ? 5 : 4)}${scores === boxes ? ' and class scores' : ''} are needed; name scores=OUTPUT, or set order`,
    )
  const activate = activations[options['activation']]!
  const outputs = [...new Set([boxes, scores, ...(objectness === undefined ? [] : [objectness])])]
  return {
    outputs,
    read: values => {
      const count = values[boxes]!.length / numbers
      const classes = width(scores)
      if (values[scores]!.length !== count * classes || (objectness !== undefined && values[objectness]!.length !== count))
        throw new UsageError(
          `${method}: ${outputs.map(name => `"${name}" has dims [${evaluator.outputs[name]!.dims}]`).join(', ')}: not as many boxes in each`,
        )
      const at = (name: string, of: number, box: number, k: number): number =>
        values[name]![first ? box * of + k : k * count + box]!
      return Array.from({ length: count }, (_, box) => {
        const [a, b, c, d] = [0, 1, 2, 3].map(k => at(boxes, numbers, box, k)) as [number, number, number, number]
        const raw = fifth ? at(boxes, numbers, box, 4) : objectness === undefined ? undefined : values[objectness]![box]!
        const found = Float64Array.from({ length: classes - before }, (_, k) => at(scores, classes, box, before + k))
        return {
          box: boxFormats[options['format']]!(a, b, c, d),
          scores: activate(found),
          objectness: raw === undefined ? 1 : options['activation'] === 'sigmoid' ? sigmoid(raw) : raw,
        }
      })
    },
  }
}

const area = ([left, top, right, bottom]: Box): number => Math.max(0, right - left) * Math.max(0, bottom - top)

/** Area of the intersection over area of the union; 0 for boxes without area. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const shared = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])])
  const union = area(a) + area(b) - shared
  return union > 0 ? shared / union : 0
}

/** a . b / (|a| |b|): 1 for the same direction; 0 where one is zero. */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, first, second] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!
    first += a[i]! ** 2
    second += b[i]! ** 2
  }
  return first > 0 && second > 0 ? product / Math.sqrt(first * second) : 0
}
