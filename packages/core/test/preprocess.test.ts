/** @file Resampling and preprocessing against numbers from Pillow 12.3 and NumPy 2.4; configuration files of Hugging Face. */
import { describe, expect, it } from 'vitest'
import {
  centerCrop,
  fitPicture,
  overridePreprocessing,
  type Pixels,
  parsePreprocessorConfig,
  pictureToTensor,
  plainPreprocessing,
  preprocess,
  type Resampling,
  resamplingCodes,
  resize,
  resizedSize,
  resizeMap,
  tensorToPicture,
  toGrey,
  toRgb,
} from '../src/io/index.js'

/** A picture by formula: (37 x + 91 y + 53 c + 11 x y) mod 256. */
function formulaPicture(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = (x * 37 + y * 91 + c * 53 + x * y * 11) % 256
    }
  }
  return { width, height, channels: 3, data }
}

const pixel = ({ width, data, channels }: Pixels, y: number, x: number): number[] => [
  ...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels),
]

const total = (data: ArrayLike<number>): number => Array.from(data).reduce((sum, v) => sum + v, 0)

describe('resize gives Pillow’s bytes', () => {
  // Image.fromarray(formula picture of 23 x 17).resize(size, code): sum of all samples, the pixel at (3, 4), the last pixel.
  it.each<[Resampling, number, number, number, number[], number[]]>([
    ['nearest', 9, 7, 25020, [55, 108, 161], [231, 28, 81]],
    ['lanczos', 9, 7, 24087, [129, 127, 146], [141, 104, 109]],
    ['bilinear', 9, 7, 24110, [123, 133, 136], [143, 114, 109]],
    ['bicubic', 9, 7, 24098, [128, 131, 141], [145, 108, 107]],
    ['box', 9, 7, 24215, [140, 136, 133], [136, 104, 114]],
    ['hamming', 9, 7, 24154, [120, 139, 130], [152, 108, 101]],
    ['nearest', 31, 40, 469344, [235, 32, 85], [254, 51, 104]],
    ['lanczos', 31, 40, 474097, [248, 57, 68], [255, 16, 122]],
    ['bilinear', 31, 40, 474508, [225, 67, 79], [254, 51, 104]],
    ['bicubic', 31, 40, 473998, [242, 54, 74], [255, 30, 110]],
    ['box', 31, 40, 469344, [235, 32, 85], [254, 51, 104]],
    ['hamming', 31, 40, 473182, [234, 38, 84], [254, 51, 104]],
  ])('%s to %i x %i', (resampling, width, height, sum, inner, last) => {
    const out = resize(formulaPicture(23, 17), height, width, resampling)
    expect([total(out.data), pixel(out, 3, 4), pixel(out, height - 1, width - 1)]).toEqual([sum, inner, last])
  })

  it('orders filters by PIL’s codes', () => {
    expect(resamplingCodes).toEqual(['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'])
  })

  it('leaves its input alone and returns a picture of the right size as it is', () => {
    const picture = formulaPicture(5, 4)
    const before = picture.data.slice()
    resize(picture, 9, 3, 'lanczos')
    expect(picture.data).toEqual(before)
    expect(resize(picture, 4, 5, 'bicubic')).toBe(picture)
  })
})

describe('resizeMap', () => {
  it('interpolates between pixel centres with constant edges', () => {
    const out = resizeMap([0, 4], { width: 2, height: 1 }, { width: 4, height: 2 }, 'bilinear')
    expect([...out]).toEqual([0, 1, 3, 4, 0, 1, 3, 4])
  })

  it('keeps blocks with nearest, and averages when shrinking with box', () => {
    expect([...resizeMap([1, -2], { width: 2, height: 1 }, { width: 4, height: 1 }, 'nearest')]).toEqual([1, 1, -2, -2])
    expect([...resizeMap([1, 3, 5, 7], { width: 4, height: 1 }, { width: 2, height: 1 }, 'box')]).toEqual([2, 6])
  })
})

describe('pixels', () => {
  it('turns RGB to grey as PIL’s convert("L") does', () => {
    const grey = toGrey(formulaPicture(23, 17))
    expect([grey.data[3 * 23 + 5], grey.data[16 * 23 + 22], total(grey.data)]).toEqual([154, 118, 49857])
  })

  it('lays alpha over white and repeats grey', () => {
    expect([...toRgb({ width: 2, height: 1, channels: 4, data: Uint8Array.of(200, 0, 10, 255, 200, 0, 10, 51) }).data]).toEqual([
      200, 0, 10, 244, 204, 206,
    ])
    expect([...toRgb({ width: 1, height: 1, channels: 1, data: Uint8Array.of(7) }).data]).toEqual([7, 7, 7])
  })

  it('crops the middle, the odd pixel left over at the end, and pads with black', () => {
    const row: Pixels = { width: 5, height: 1, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5) }
    expect([...centerCrop(row, 1, 2).data]).toEqual([2, 3])
    expect([...centerCrop(row, 3, 8).data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  })
})

const config = {
  image_processor_type: 'ViTImageProcessor',
  do_resize: true,
  size: { shortest_edge: 12 },
  resample: 3,
  do_center_crop: true,
  crop_size: { height: 10, width: 13 },
  do_rescale: true,
  rescale_factor: 1 / 255,
  do_normalize: true,
  image_mean: [0.485, 0.456, 0.406],
  image_std: [0.229, 0.224, 0.225],
}

describe('preprocess', () => {
  const preprocessing = parsePreprocessorConfig(config)

  it('gives the values of Pillow and NumPy, NCHW', () => {
    const { dims, data } = preprocess(formulaPicture(23, 17), preprocessing)
    expect(dims).toEqual([1, 3, 10, 13])
    expect([data[0], data[130 + 4 * 13 + 7], data[260 + 9 * 13 + 12]]).toEqual([
      0.45080918073654175, -0.23249296844005585, 1.4199565649032593,
    ])
    expect(total(data)).toBeCloseTo(92.23783804755658, 10)
  })

  it('gives the same values in layout NHWC and in order BGR', () => {
    const picture = fitPicture(formulaPicture(23, 17), preprocessing)
    const nchw = pictureToTensor(picture, preprocessing).data
    const nhwc = pictureToTensor(picture, { ...preprocessing, layout: 'NHWC' })
    expect(nhwc.dims).toEqual([1, 10, 13, 3])
    expect([nhwc.data[3 * 57], nhwc.data[3 * 57 + 2]]).toEqual([nchw[57], nchw[260 + 57]])
    const plain = { ...preprocessing, normalize: null }
    const bgr = pictureToTensor(picture, { ...plain, channels: 'BGR' }).data
    expect([bgr[57], bgr[260 + 57]]).toEqual([
      pictureToTensor(picture, plain).data[260 + 57],
      pictureToTensor(picture, plain).data[57],
    ])
  })

  it.each(['NCHW', 'NHWC'] as const)('comes back from the tensor exactly, %s, every channel order', layout => {
    const full = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => Math.floor(i / 3) ^ ((i % 3) * 85))
    for (const channels of ['RGB', 'BGR', 'grey'] as const) {
      const own = {
        ...preprocessing,
        resize: null,
        crop: null,
        layout,
        channels,
        normalize: channels === 'grey' ? null : preprocessing.normalize,
      }
      const picture = fitPicture({ width: 16, height: 16, channels: 3, data: full }, own)
      const { data, dims } = pictureToTensor(picture, own)
      expect([...tensorToPicture(data, dims, own).data]).toEqual([...picture.data])
    }
    expect(() => tensorToPicture(new Float32Array(8), [2, 2, 2], preprocessing)).toThrow(/not one 3-channel picture/)
  })
})

describe('sizes', () => {
  const picture = { width: 500, height: 333 }
  it.each([
    [{ kind: 'shortest', edge: 256 }, 384, 256],
    [{ kind: 'shortest', edge: 800, longest: 1000 }, 1000, 666],
    [{ kind: 'longest', edge: 100 }, 100, 66],
    [{ kind: 'exact', height: 10, width: 20 }, 20, 10],
    [{ kind: 'within', height: 100, width: 1000 }, 150, 100],
    [null, 500, 333],
  ] as const)('%j', (rule, width, height) => {
    expect(resizedSize(picture, rule)).toEqual({ width, height })
  })

  it('refuses to enlarge a sliver without bound', () => {
    expect(() => resizedSize({ width: 1, height: 5000 }, { kind: 'shortest', edge: 224 })).toThrow(
      /224 x 1120000; sides of at most 16384/,
    )
  })
})

describe('parsePreprocessorConfig', () => {
  it('reads every key', () => {
    expect(parsePreprocessorConfig(config)).toEqual({
      resize: { kind: 'shortest', edge: 12 },
      resample: 'bicubic',
      crop: { height: 10, width: 13 },
      scale: 1 / 255,
      offset: 0,
      normalize: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
      channels: 'RGB',
      layout: 'NCHW',
    })
  })

  it('takes a bare number as the processor does', () => {
    expect(parsePreprocessorConfig({ feature_extractor_type: 'ViTFeatureExtractor', size: 224 }).resize).toEqual({
      kind: 'exact',
      height: 224,
      width: 224,
    })
    const clip = parsePreprocessorConfig({ feature_extractor_type: 'CLIPFeatureExtractor', size: 224, crop_size: 224 })
    expect([clip.resize, clip.resample, clip.crop]).toEqual([
      { kind: 'shortest', edge: 224 },
      'bicubic',
      { height: 224, width: 224 },
    ])
  })

  it('follows ConvNeXT: crop_pct below 384, a square from there on', () => {
    const small = parsePreprocessorConfig({
      image_processor_type: 'ConvNextImageProcessor',
      size: { shortest_edge: 224 },
      crop_pct: 0.95,
    })
    expect([small.resize, small.crop]).toEqual([
      { kind: 'shortest', edge: 235 },
      { height: 224, width: 224 },
    ])
    const usual = parsePreprocessorConfig({ image_processor_type: 'ConvNextImageProcessorFast', size: { shortest_edge: 224 } })
    expect(usual.resize).toEqual({ kind: 'shortest', edge: 256 })
    const large = parsePreprocessorConfig({ image_processor_type: 'ConvNextImageProcessor', size: { shortest_edge: 384 } })
    expect([large.resize, large.crop]).toEqual([{ kind: 'exact', height: 384, width: 384 }, null])
  })

  it('follows LeViT, MobileViT and EfficientNet', () => {
    expect(
      parsePreprocessorConfig({ feature_extractor_type: 'LevitFeatureExtractor', size: 224, crop_size: 224 }).resize,
    ).toEqual({ kind: 'shortest', edge: 256 })
    expect(parsePreprocessorConfig({ image_processor_type: 'MobileViTImageProcessor', size: 288 }).channels).toBe('BGR')
    const twice = {
      image_processor_type: 'EfficientNetImageProcessor',
      include_top: true,
      image_mean: [0, 0, 0],
      image_std: [0.5, 0.5, 0.25],
    }
    expect(parsePreprocessorConfig(twice)).toMatchObject({ resample: 'nearest', normalize: { std: [0.25, 0.25, 0.0625] } })
  })

  it('leaves steps out, offsets, flips, greys', () => {
    expect(
      parsePreprocessorConfig({ do_resize: false, do_center_crop: false, do_rescale: false, do_normalize: false, size: 3 }),
    ).toEqual({
      ...plainPreprocessing,
      scale: 1,
    })
    expect(parsePreprocessorConfig({ rescale_factor: 1 / 127.5, rescale_offset: true })).toMatchObject({
      scale: 1 / 127.5,
      offset: -1,
    })
    expect(parsePreprocessorConfig({ do_flip_channel_order: true }).channels).toBe('BGR')
    expect(parsePreprocessorConfig({ image_mean: [0.13], image_std: [0.3] })).toMatchObject({
      channels: 'grey',
      normalize: { mean: [0.13], std: [0.3] },
    })
    expect(parsePreprocessorConfig({ image_mean: 0.5, image_std: 0.5 }).normalize).toEqual({
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    })
    expect(parsePreprocessorConfig({ image_processor: { size: { longest_edge: 9 } } }).resize).toEqual({
      kind: 'longest',
      edge: 9,
    })
  })

  it.each<[string, unknown]>([
    ['size', { do_resize: true }],
    ['size', { size: { edge: 3 } }],
    ['size', { size: 'big' }],
    ['size.height', { size: { height: 'x', width: 3 } }],
    ['size.shortest_edge', { size: { shortest_edge: -1 } }],
    ['size', { size: 2.5 }],
    ['crop_size', { crop_size: 'x' }],
    ['crop_size.width', { crop_size: { height: 3, width: 1e9 } }],
    ['resample', { resample: 9 }],
    ['resample', { resample: 'spline' }],
    ['do_normalize', { do_normalize: 'yes' }],
    ['image_mean', { do_normalize: true }],
    ['image_mean', { image_mean: [1, 2], image_std: [1, 1] }],
    ['image_std', { image_mean: [0, 0, 0], image_std: [1, 0, 1] }],
    ['rescale_factor', { rescale_factor: 0 }],
    ['crop_pct', { crop_pct: 'x' }],
    ['pad_size', { do_pad: true, pad_size: { height: 3, width: 3 } }],
  ])('names the bad key %s', (key, json) => {
    expect(() => parsePreprocessorConfig(json, 'p.json')).toThrow(expect.objectContaining({ name: 'InputError' }))
    expect(() => parsePreprocessorConfig(json, 'p.json')).toThrow(`p.json: '${key}': `)
  })

  it('refuses what is no object', () => {
    for (const json of [null, 3, [], 'x'])
      expect(() => parsePreprocessorConfig(json)).toThrow('preprocessor_config.json: not a JSON object')
  })
})

it('overrides parts; size asks for exactly that and drops the crop', () => {
  const base = parsePreprocessorConfig(config)
  expect(overridePreprocessing(base, { layout: 'NHWC', resample: undefined })).toEqual({ ...base, layout: 'NHWC' })
  expect(overridePreprocessing(base, { size: { height: 32, width: 48 }, channels: 'BGR' })).toEqual({
    ...base,
    resize: { kind: 'exact', height: 32, width: 48 },
    crop: null,
    channels: 'BGR',
  })
})
