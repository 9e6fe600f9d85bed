/** @file Applies a preprocessing: picture to model-sized picture, to tensor values, and back for display. */
import { InputError } from '../errors.js'
import { float32, type TensorValue } from '../tensor-value.js'
import { centerCrop, type Pixels, toGrey, toRgb } from './pixels.js'
import { channelCount, type Preprocessing, type ResizeRule } from './preprocessing.js'
import { resize, type Size } from './resample.js'

/** Largest side a preprocessing may ask for. */
const sideLimit = 16384

/** The picture's size after the resize step and before the crop. */
export function resizedSize(picture: Size, rule: ResizeRule | null): Size {
  const { width, height } = picture
  if (!rule) return { width, height }
  const sized = sizers[rule.kind](picture, rule as never)
  const clamped = { width: Math.max(1, sized.width), height: Math.max(1, sized.height) }
  if (clamped.width > sideLimit || clamped.height > sideLimit)
    throw new InputError(
      `a ${width} x ${height} picture would be resized to ${clamped.width} x ${clamped.height}; sides of at most ${sideLimit} are taken`,
    )
  return clamped
}

const oriented = (picture: Size, short: number, long: number): Size =>
  picture.width <= picture.height ? { width: short, height: long } : { width: long, height: short }

const sizers: { readonly [K in ResizeRule['kind']]: (picture: Size, rule: Extract<ResizeRule, { kind: K }>) => Size } = {
  exact: (_, rule) => ({ width: rule.width, height: rule.height }),
  shortest(picture, { edge, longest }) {
    const [short, long] = [Math.min(picture.width, picture.height), Math.max(picture.width, picture.height)]
    const length = Math.floor((edge * long) / short)
    return longest !== undefined && length > longest
      ? oriented(picture, Math.floor((longest * edge) / length), longest)
      : oriented(picture, edge, length)
  },
  longest(picture, { edge }) {
    const [short, long] = [Math.min(picture.width, picture.height), Math.max(picture.width, picture.height)]
    return oriented(picture, Math.floor((edge * short) / long), edge)
  },
  within(picture, rule) {
    const ratio = Math.min(rule.height / picture.height, rule.width / picture.width)
    return { width: Math.floor(picture.width * ratio), height: Math.floor(picture.height * ratio) }
  },
}

/** The 8-bit picture that the model sees: channels (RGB or grey), resize, crop. Channel order BGR is applied with the values. */
export function fitPicture(picture: Pixels, preprocessing: Preprocessing): Pixels {
  if (picture.width < 1 || picture.height < 1) throw new InputError('the picture has no pixels')
  const plain = preprocessing.channels === 'grey' ? toGrey(picture) : toRgb(picture)
  const { width, height } = resizedSize(plain, preprocessing.resize)
  const resized = resize(plain, height, width, preprocessing.resample)
  return preprocessing.crop ? centerCrop(resized, preprocessing.crop.height, preprocessing.crop.width) : resized
}

/** Place of the model's channel among the picture's. */
const sourceChannel = (channel: number, { channels }: Preprocessing): number => (channels === 'BGR' ? 2 - channel : channel)

/**
 * Values of a model-sized picture (from `fitPicture`): ((v·scale + offset) - mean) / std, each step rounded to single precision as
 * the usual libraries do. Dims [1, C, H, W] or [1, H, W, C].
 */
export function pictureToTensor(picture: Pixels, preprocessing: Preprocessing): TensorValue<'float32'> {
  const { width, height, data } = picture
  const count = channelCount(preprocessing.channels)
  if (picture.channels !== count)
    throw new InputError(`the picture has ${picture.channels} channels, the preprocessing wants ${count}`)
  const tables = Array.from({ length: count }, (_, channel) => valueTable(preprocessing, channel))
  const out = new Float32Array(width * height * count)
  const nchw = preprocessing.layout === 'NCHW'
  for (let channel = 0; channel < count; channel++) {
    const table = tables[channel]!
    const source = sourceChannel(channel, preprocessing)
    for (let i = 0; i < width * height; i++)
      out[nchw ? channel * width * height + i : i * count + channel] = table[data[i * count + source]!]!
  }
  return float32(nchw ? [1, count, height, width] : [1, height, width, count], out)
}

/** The tensor value of each of the 256 levels of one channel. */
function valueTable({ scale, offset, normalize }: Preprocessing, channel: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) => {
    const value = Math.fround(level * scale + offset)
    if (!normalize) return value
    const mean = Math.fround(normalize.mean[channel]!)
    return Math.fround(value - mean) / Math.fround(normalize.std[channel]!)
  })
}

/** A picture straight to the model's tensor: `fitPicture`, then `pictureToTensor`. */
export const preprocess = (picture: Pixels, preprocessing: Preprocessing): TensorValue<'float32'> =>
  pictureToTensor(fitPicture(picture, preprocessing), preprocessing)

/**
 * The picture that one row of model input shows: v·std + mean, minus offset, over scale, rounded and limited to 0..255; RGB order.
 *
 * @param dims [1, C, H, W], [1, H, W, C] or without the leading 1, in the preprocessing's layout
 * @throws InputError where the dims are no picture of the preprocessing's channels
 */
export function tensorToPicture(values: ArrayLike<number>, dims: readonly number[], preprocessing: Preprocessing): Pixels {
  const count = channelCount(preprocessing.channels)
  const inner = dims.length === 4 && dims[0] === 1 ? dims.slice(1) : dims
  const nchw = preprocessing.layout === 'NCHW'
  const [height, width, channels] = nchw ? [inner[1]!, inner[2]!, inner[0]!] : [inner[0]!, inner[1]!, inner[2]!]
  if (inner.length !== 3 || channels !== count)
    throw new InputError(`dims [${dims}] are not one ${count}-channel picture in layout ${preprocessing.layout}`)
  const { scale, offset, normalize } = preprocessing
  const out = new Uint8ClampedArray(width * height * count)
  for (let channel = 0; channel < count; channel++) {
    const [mean, std] = normalize ? [normalize.mean[channel]!, normalize.std[channel]!] : [0, 1]
    const target = sourceChannel(channel, preprocessing)
    for (let i = 0; i < width * height; i++) {
      const value = values[nchw ? channel * width * height + i : i * count + channel]!
      out[i * count + target] = (value * std + mean - offset) / scale
    }
  }
  return { width, height, channels: count as 1 | 3, data: out }
}
