/** @file One picture made ready: as the model takes it, its features, its fills. */
import {
  type Evaluator,
  InputError,
  type Model,
  makeBaseline,
  type Pixels,
  type Preprocessing,
  pictureToTensor,
  prepare,
  Random,
  segmentKinds,
  type TensorValue,
  UsageError,
} from '@ascribe/core'
import type { FillName } from './entry.js'

export interface Subject {
  readonly picture: Pixels
  /** Name of the model's input. */
  readonly name: string
  readonly input: TensorValue<'float32'>
  readonly preprocessing: Preprocessing
  /** Features, and the feature of each place, row by row. */
  readonly features: number
  readonly labels: Int32Array
  /** The labels as every method and metric takes them: [height, width]. */
  readonly segments: TensorValue
  readonly fills: Readonly<Record<FillName, TensorValue<'float32'>>>
  /** Sigma of the blurred fill. */
  readonly sigma: number
  /** The whole picture, for the target. @param model default the model that the subject was made for */
  evaluator(target: string, model?: Model): Promise<Evaluator>
}

/** The blurred fill has a sigma of 10 pixels at 224. */
const blurSigma = (side: number): number => Math.round((100 * side) / 224) / 10

/** Labels of a named partition (`slic:64`), counted from 0 in order of first appearance. */
function labelled(segments: string, evaluator: Evaluator, name: string, places: number, placeOf: (i: number) => number) {
  const [kindName, ...given] = segments.split(':') as [string, ...string[]]
  const kind = Object.hasOwn(segmentKinds, kindName) ? segmentKinds[kindName] : undefined
  if (!kind) throw new UsageError(`unknown segments "${segments}" (there are ${Object.keys(segmentKinds).join(', ')})`)
  const parameters = kind.parameters.map(({ default: standard }, i) => (given[i] === undefined ? standard : Number(given[i])))
  if (parameters.some(value => !Number.isFinite(value)))
    throw new UsageError(`segments "${segments}": give numbers after the name`)
  const { dims, data } = evaluator.inputs[name]!
  const axes = evaluator.pictureAxes(name)
  if (!axes) throw new InputError(`the model's input "${name}" has dims [${dims}], which are no picture`)
  const raw = kind.make({ name, dims, data, axes }, parameters)
  const labels = new Int32Array(places)
  raw.forEach((label, i) => {
    labels[placeOf(i)] = label
  })
  const numbers = new Map<number, number>()
  const own = labels.map(label => {
    if (!numbers.has(label)) numbers.set(label, numbers.size)
    return numbers.get(label)!
  })
  return { labels: own, features: numbers.size }
}

/** The place of an element of the input, row by row. */
export function placesOf({
  input,
  preprocessing,
  picture: { width, height },
}: Pick<Subject, 'input' | 'preprocessing' | 'picture'>) {
  const places = width * height
  const channels = input.data.length / places
  return preprocessing.layout === 'NCHW' ? (i: number) => i % places : (i: number) => Math.floor(i / channels)
}

/** @throws UsageError for a model without preprocessing, or segments that do not exist */
export async function makeSubject(model: Model, picture: Pixels, segments: string): Promise<Subject> {
  const { preprocessing } = model
  if (!preprocessing)
    throw new UsageError(`${model.name}: no preprocessing is known; put a preprocessor_config.json beside the model`)
  const name = model.floatInputs[0]!
  const input = pictureToTensor(picture, preprocessing)
  const evaluator = (target: string, other = model): Promise<Evaluator> => prepare(other, { [name]: input }, { target })
  const base = { picture, name, input, preprocessing, evaluator }
  const { width, height } = picture
  const sigma = blurSigma(Math.min(width, height))
  const found = labelled(segments, await evaluator('predicted'), name, width * height, placesOf(base))
  const dims = input.dims
  const made = (baseline: string): TensorValue<'float32'> => ({
    dtype: 'float32',
    dims,
    data: makeBaseline(baseline, name, input, 0, preprocessing.layout),
  })
  const black = pictureToTensor({ ...picture, data: new Uint8Array(picture.data.length) }, preprocessing)
  return {
    ...base,
    ...found,
    sigma,
    segments: { dtype: 'int32', dims: [height, width], data: found.labels },
    fills: { black, blur: made(`blur:${sigma}`), mean: made('mean') },
  }
}

/** Uniform noise of a picture's size, as the model takes it. */
export function noiseLike({ picture, preprocessing }: Subject, seed: number): TensorValue<'float32'> {
  const random = new Random(seed, 0x9015e)
  return pictureToTensor({ ...picture, data: Uint8Array.from(picture.data, () => random.integer(256)) }, preprocessing)
}
