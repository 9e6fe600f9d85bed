/** @file How picture files become the model's tensor: the model's own settings, flags, or what its input's shape says. */
import {
  type ChannelOrder,
  InputError,
  type Layout,
  type Model,
  overridePreprocessing,
  type Preprocessing,
  plainPreprocessing,
  type Resampling,
  resamplingCodes,
  UsageError,
} from '@ascribe/core'
import type { Dimension, Port } from '@ascribe/onnx'
import type { Flag } from '../command.js'
import { numbers, size } from '../options.js'

export interface PictureFlags {
  readonly size?: { readonly height: number; readonly width: number }
  readonly mean?: readonly number[]
  readonly std?: readonly number[]
  readonly scale?: number
  readonly offset?: number
  readonly layout?: Layout
  readonly channels?: ChannelOrder
  readonly resample?: Resampling
  /** False under --no-crop. */
  readonly crop: boolean
}

const one =
  (what: string) =>
  (text: string): number => {
    const [value, ...more] = numbers(what)(text)
    if (more.length > 0) throw new UsageError(`${what} must be one number, not "${text}"`)
    return value!
  }

export const pictureFlags: readonly Flag[] = [
  { flags: '--labels <file>', describe: 'class names: config.json, or one per line (default: config.json beside the model)' },
  { flags: '--preprocess <file>', describe: 'a preprocessor_config.json (default: the one beside the model)' },
  { flags: '--size <size>', describe: 'resize pictures to exactly HEIGHTxWIDTH', parse: size },
  { flags: '--no-crop', describe: 'squeeze the whole picture to the size instead of cutting out its middle' },
  { flags: '--scale <number>', describe: 'factor on the levels 0 to 255', parse: one('--scale') },
  { flags: '--offset <number>', describe: 'added after --scale', parse: one('--offset') },
  { flags: '--mean <list>', describe: 'subtracted, one per channel, after scaling', parse: numbers('--mean') },
  { flags: '--std <list>', describe: 'divided by, one per channel', parse: numbers('--std') },
  { flags: '--layout <layout>', describe: "order of the tensor's axes", choices: ['NCHW', 'NHWC'] },
  { flags: '--channels <order>', describe: 'order of the channels', choices: ['RGB', 'BGR', 'grey'] },
  {
    flags: '--resample <filter>',
    describe: 'filter of resizing',
    choices: [...new Set(resamplingCodes)],
  },
]

/** A model input that takes a picture, as far as its shape tells. */
export interface PictureInput {
  readonly name: string
  readonly layout: Layout
  readonly channels: 1 | 3
  readonly height: number | undefined
  readonly width: number | undefined
}

const isColourCount = (dim: Dimension | undefined): dim is 1 | 3 => dim === 1 || dim === 3
const known = (dim: Dimension | undefined): number | undefined => (typeof dim === 'number' ? dim : undefined)

/** The first input with dims [N, C, H, W] or [N, H, W, C], C being 1 or 3 (3 where it is not known). */
export function pictureInput(inputs: readonly Port[]): PictureInput | undefined {
  for (const { name, type } of inputs) {
    const shape = type.shape
    if (shape?.length !== 4) continue
    if (isColourCount(shape[1]) || typeof shape[1] !== 'number')
      if (isColourCount(shape[1]) || !isColourCount(shape[3]))
        return {
          name,
          layout: 'NCHW',
          channels: isColourCount(shape[1]) ? shape[1] : 3,
          height: known(shape[2]),
          width: known(shape[3]),
        }
    if (isColourCount(shape[3]))
      return { name, layout: 'NHWC', channels: shape[3], height: known(shape[1]), width: known(shape[2]) }
  }
  return undefined
}

export interface PicturePlan {
  readonly input: PictureInput
  readonly preprocessing: Preprocessing
  readonly warnings: readonly string[]
}

/**
 * What is done to pictures. The layout and the number of channels follow the model's input where no flag says otherwise.
 * @throws InputError where the model takes no picture, or no size is known; UsageError where flags do not fit together
 */
export function picturePlan(model: Model, flags: PictureFlags): PicturePlan {
  const input = pictureInput(model.graph.inputs)
  if (!input)
    throw new InputError(
      `the model takes no picture: its input is ${model.graph.inputs.map(({ name, type }) => `${name} [${type.shape ?? '?'}]`).join(', ')}; give .npy or .npz tensors`,
    )
  const { preprocessing: given } = model
  const warnings: string[] = []
  const own: Partial<Preprocessing> = { layout: input.layout, ...(input.channels === 1 ? { channels: 'grey' } : {}) }
  const natural = input.height && input.width ? { height: input.height, width: input.width } : undefined
  let base: Preprocessing = { ...(given ?? plainPreprocessing), ...own }
  if (!given) {
    if (!natural && !flags.size)
      throw new InputError(
        `the model does not say how large its pictures are (input ${input.name} [${model.graph.inputs.find(({ name }) => name === input.name)!.type.shape}]); pass --size HEIGHTxWIDTH`,
      )
    if (natural) base = { ...base, resize: { kind: 'exact', ...natural } }
    if (!flags.mean && flags.scale === undefined)
      warnings.push(
        'no preprocessor_config.json beside the model: pictures are only scaled to 0..1; if the model was trained with mean and std, pass --mean and --std',
      )
  }
  if (!flags.crop) base = uncropped(base, natural)
  const { mean, std } = flags
  if (std && !mean) throw new UsageError('--std needs --mean')
  const preprocessing = overridePreprocessing(base, {
    ...pick(flags, ['layout', 'channels', 'resample', 'scale', 'offset']),
    ...(flags.size ? { size: flags.size } : {}),
    ...(mean ? { normalize: { mean, std: std ?? mean.map(() => 1) } } : {}),
  })
  const count = preprocessing.channels === 'grey' ? 1 : 3
  for (const [name, list] of Object.entries(preprocessing.normalize ?? {}))
    if (list.length !== count) throw new UsageError(`--${name} must have ${count} numbers, one per channel, not ${list.length}`)
  if (preprocessing.normalize?.std.some(value => value === 0)) throw new UsageError('--std must not be zero')
  return { input, preprocessing, warnings }
}

function uncropped(base: Preprocessing, natural: { height: number; width: number } | undefined): Preprocessing {
  const target = base.crop ?? natural
  if (!target) throw new UsageError('--no-crop needs --size HEIGHTxWIDTH: the model does not say how large its pictures are')
  return { ...base, resize: { kind: 'exact', ...target }, crop: null }
}

const pick = <T extends object, K extends keyof T>(from: T, keys: readonly K[]): Partial<Pick<T, K>> =>
  Object.fromEntries(keys.filter(key => from[key] !== undefined).map(key => [key, from[key]])) as Partial<Pick<T, K>>
