/** @file Hugging Face's preprocessor_config.json: how its keys and its processors' defaults become a `Preprocessing`. */
import { InputError } from '../errors.js'
import { type ChannelOrder, type Preprocessing, plainPreprocessing, type ResizeRule } from './preprocessing.js'
import { type Resampling, resamplingCodes } from './resample.js'

/** What a processor does where its file says nothing, and its own ways of resizing. */
interface Processor {
  /** A bare number as `size` is the shorter side; else height and width. */
  readonly shortest?: boolean
  readonly resample?: Resampling
  /** `enlarge`: resize to edge / crop_pct, then the crop. `cut`: the same and crop to the edge itself; from 384 up resize to a square. */
  readonly cropPct?: { readonly default: number; readonly way: 'enlarge' | 'cut' }
  /** `include_top` divides by std a second time. */
  readonly stdTwice?: boolean
  /** BGR unless do_flip_channel_order says otherwise. */
  readonly flips?: boolean
}

/** Processors whose defaults differ from bilinear and square, by the name in `image_processor_type` without its ending. */
const processors: Readonly<Record<string, Processor>> = {
  Beit: { resample: 'bicubic' },
  Bit: { shortest: true, resample: 'bicubic' },
  ChineseCLIP: { shortest: true, resample: 'bicubic' },
  CLIP: { shortest: true, resample: 'bicubic' },
  ConvNext: { shortest: true, cropPct: { default: 224 / 256, way: 'cut' } },
  DeiT: { resample: 'bicubic' },
  EfficientNet: { resample: 'nearest', stdTwice: true },
  Levit: { shortest: true, resample: 'bicubic', cropPct: { default: 224 / 256, way: 'enlarge' } },
  MobileNetV1: { shortest: true },
  MobileNetV2: { shortest: true },
  MobileViT: { shortest: true, flips: true },
  PoolFormer: { shortest: true, resample: 'bicubic', cropPct: { default: 0.9, way: 'enlarge' } },
  Siglip: { resample: 'bicubic' },
  TextNet: { shortest: true },
  VideoMAE: { shortest: true },
}

const processorName = (config: Config): string =>
  String(config['image_processor_type'] ?? config['feature_extractor_type'] ?? '').replace(
    /(ImageProcessor|FeatureExtractor)(Fast)?$/,
    '',
  )

type Config = Readonly<Record<string, unknown>>

/**
 * Reads the object of a preprocessor_config.json. Keys: do_resize, size (number | {shortest_edge, longest_edge} | {height, width} |
 * {longest_edge} | {max_height, max_width}), resample (PIL's codes 0 to 5), do_center_crop, crop_size, crop_pct, do_rescale,
 * rescale_factor, rescale_offset, do_normalize, image_mean, image_std, do_flip_channel_order, do_convert_grayscale, include_top.
 * A step is done where its `do_` key says so, or where that is absent and its settings are there; rescaling is on by default. The
 * processor's name settles what a bare number as `size` means and the default filter. The layout is NCHW.
 *
 * @param name what to call the file in errors
 * @throws InputError naming the key whose value cannot be used
 */
export function parsePreprocessorConfig(json: unknown, name = 'preprocessor_config.json'): Preprocessing {
  const config = section(json, name)
  const read = reader(config, name)
  const processor = processors[processorName(config)] ?? {}
  if (config['do_pad'] === true && config['pad_size'] != null) read.fail('pad_size', 'padding to a fixed size is not supported')
  const grey = read.flag('do_convert_grayscale') ?? (Array.isArray(config['image_mean']) && config['image_mean'].length === 1)
  const channels: ChannelOrder = grey ? 'grey' : (read.flag('do_flip_channel_order') ?? processor.flips) ? 'BGR' : 'RGB'
  const rescale = read.flag('do_rescale') ?? true
  return {
    ...plainPreprocessing,
    ...parseSizes(config, read, processor),
    resample: parseResample(config['resample'], read) ?? processor.resample ?? 'bilinear',
    scale: rescale ? (read.positive('rescale_factor') ?? 1 / 255) : 1,
    offset: rescale && read.flag('rescale_offset') ? -1 : 0,
    normalize: parseNormalize(config, read, grey ? 1 : 3, (processor.stdTwice && read.flag('include_top')) ?? false),
    channels,
  }
}

/** The object that holds the image keys: the file's own, or the part of a processor_config.json named image_processor. */
function section(json: unknown, name: string): Config {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new InputError(`${name}: not a JSON object`)
  const inner = (json as Config)['image_processor']
  return typeof inner === 'object' && inner !== null ? (inner as Config) : (json as Config)
}

type Reader = ReturnType<typeof reader>

function reader(config: Config, name: string) {
  const fail = (key: string, problem: string): never => {
    throw new InputError(`${name}: '${key}': ${problem}`)
  }
  const positiveValue = (value: unknown, key: string): number =>
    typeof value === 'number' && Number.isFinite(value) && value > 0
      ? value
      : fail(key, `${JSON.stringify(value)} is not a positive number`)
  return {
    fail,
    flag(key: string): boolean | undefined {
      const value = config[key]
      if (value === undefined || value === null) return undefined
      return typeof value === 'boolean' ? value : fail(key, `${JSON.stringify(value)} is not true or false`)
    },
    positive: (key: string) => (config[key] == null ? undefined : positiveValue(config[key], key)),
    edge(value: unknown, key: string): number {
      const edge = positiveValue(value, key)
      return Number.isInteger(edge) && edge <= 16384 ? edge : fail(key, `${edge} is not a whole number of pixels up to 16384`)
    },
  }
}

function parseSizes(config: Config, read: Reader, processor: Processor): Pick<Preprocessing, 'resize' | 'crop'> {
  const wanted = read.flag('do_resize') ?? config['size'] != null
  const resize = wanted ? parseResize(config['size'], read, processor.shortest ?? false) : null
  const cropping = read.flag('do_center_crop') ?? config['crop_size'] != null
  if (cropping && config['crop_size'] == null && resize?.kind === 'longest') read.fail('crop_size', 'is missing')
  const crop = cropping ? parseCrop(config['crop_size'] ?? config['size'], read) : null
  const share = read.positive('crop_pct') ?? processor.cropPct?.default
  if (share === undefined || resize?.kind !== 'shortest') return { resize, crop }
  const enlarged: ResizeRule = { kind: 'shortest', edge: Math.floor(resize.edge / share) }
  const square = { height: resize.edge, width: resize.edge }
  if (crop || processor.cropPct?.way === 'enlarge') return { resize: enlarged, crop }
  return resize.edge < 384 ? { resize: enlarged, crop: square } : { resize: { kind: 'exact', ...square }, crop }
}

function parseResize(size: unknown, read: Reader, shortest: boolean): ResizeRule {
  if (size === undefined || size === null) return read.fail('size', 'is missing, but do_resize is true')
  if (typeof size === 'number') {
    const edge = read.edge(size, 'size')
    return shortest ? { kind: 'shortest', edge } : { kind: 'exact', height: edge, width: edge }
  }
  // Early feature extractors wrote [width, height], as PIL does.
  if (Array.isArray(size) && size.length === 2)
    return { kind: 'exact', height: read.edge(size[1], 'size'), width: read.edge(size[0], 'size') }
  const { height, width, shortest_edge, longest_edge, max_height, max_width } = size as Config
  if (height != null && width != null)
    return { kind: 'exact', height: read.edge(height, 'size.height'), width: read.edge(width, 'size.width') }
  if (shortest_edge != null) {
    const longest = longest_edge == null ? {} : { longest: read.edge(longest_edge, 'size.longest_edge') }
    return { kind: 'shortest', edge: read.edge(shortest_edge, 'size.shortest_edge'), ...longest }
  }
  if (longest_edge != null) return { kind: 'longest', edge: read.edge(longest_edge, 'size.longest_edge') }
  if (max_height != null && max_width != null)
    return { kind: 'within', height: read.edge(max_height, 'size.max_height'), width: read.edge(max_width, 'size.max_width') }
  return read.fail('size', `${JSON.stringify(size)} is neither a number, {shortest_edge}, {longest_edge} nor {height, width}`)
}

function parseCrop(size: unknown, read: Reader): { height: number; width: number } {
  if (typeof size === 'number') return { height: read.edge(size, 'crop_size'), width: read.edge(size, 'crop_size') }
  const { height, width, shortest_edge } = (size ?? {}) as Config
  if (height != null && width != null)
    return { height: read.edge(height, 'crop_size.height'), width: read.edge(width, 'crop_size.width') }
  if (shortest_edge != null) return parseCrop(shortest_edge, read)
  return read.fail('crop_size', `${JSON.stringify(size)} is neither a number nor {height, width}`)
}

function parseResample(code: unknown, read: Reader): Resampling | undefined {
  if (code === undefined || code === null) return undefined
  const filter = typeof code === 'number' ? resamplingCodes[code] : resamplingCodes.find(known => known === code)
  return (
    filter ?? read.fail('resample', `${JSON.stringify(code)} is not one of PIL's codes 0 to 5 (${resamplingCodes.join(', ')})`)
  )
}

function parseNormalize(config: Config, read: Reader, count: number, stdTwice: boolean): Preprocessing['normalize'] {
  if (!(read.flag('do_normalize') ?? config['image_mean'] != null)) return null
  const list = (key: string): number[] => {
    const value = config[key]
    if (value == null) return read.fail(key, 'is missing, but do_normalize is true')
    const values = Array.isArray(value) ? value : Array.from({ length: count }, () => value)
    if (values.length !== count || values.some(v => typeof v !== 'number' || !Number.isFinite(v)))
      return read.fail(key, `${JSON.stringify(value)} is not ${count} numbers`)
    return values
  }
  const [mean, std] = [list('image_mean'), list('image_std')]
  if (std.some(v => v === 0)) read.fail('image_std', 'a zero cannot be divided by')
  return { mean, std: stdTwice ? std.map(v => v * v) : std }
}
