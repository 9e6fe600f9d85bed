/** @file Colormaps (numbers from matplotlib 3.11), heat maps, PNG, bar charts: pictures checked sample by sample. */
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../src/io/index.js'
import {
  type ColormapName,
  colorAt,
  colorize,
  colormapOf,
  colormaps,
  displayRange,
  encodePng,
  formatNumber,
  formatShare,
  heatMap,
  overlay,
  percentileOf,
  placeIn,
  renderBars,
  renderMap,
  resizeHeatMap,
  sequence,
} from '../src/render/index.js'
import { crc32 } from '../src/render/png.js'

const solid = (width: number, height: number, color: readonly number[]): Pixels => ({
  width,
  height,
  channels: color.length as 1 | 3 | 4,
  data: Uint8Array.from({ length: width * height * color.length }, (_, i) => color[i % color.length]!),
})

describe('colormaps', () => {
  it.each<[ColormapName, number[], number[], number[], number[]]>([
    ['viridis', [68, 1, 84], [59, 82, 139], [33, 145, 140], [253, 231, 37]],
    ['magma', [0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 253, 191]],
    ['inferno', [0, 0, 4], [87, 16, 110], [188, 55, 84], [252, 255, 164]],
    ['cividis', [0, 34, 78], [67, 78, 108], [125, 124, 120], [254, 232, 56]],
    ['gray', [0, 0, 0], [64, 64, 64], [128, 128, 128], [255, 255, 255]],
  ])('%s at 0, 64, 128, 255', (name, ...expected) => {
    expect([0, 64, 128, 255].map(i => [...colorAt(colormaps[name], i / 255)])).toEqual(expected)
  })

  it('has 256 colours each, and limits the place', () => {
    for (const { table } of Object.values(colormaps)) expect(table.length).toBe(768)
    expect(colorAt(colormaps.gray, -3)).toEqual([0, 0, 0])
    expect(colorAt(colormaps.gray, 7)).toEqual([255, 255, 255])
    expect(colorAt(colormaps.gray, Number.NaN)).toEqual([0, 0, 0])
  })

  it.each(['blue-white-red', 'blue-grey-red'] as const)(
    '%s: blue, neutral, red; lighter towards the middle from both sides',
    name => {
      const map = colormaps[name]
      const luma = (i: number): number => {
        const [r, g, b] = colorAt(map, i / 255)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
      }
      for (let i = 1; i < 128; i++) {
        expect(luma(i)).toBeGreaterThanOrEqual(luma(i - 1) - 1)
        expect(luma(255 - i)).toBeGreaterThanOrEqual(luma(256 - i) - 1)
      }
      const [first, middle, last] = [colorAt(map, 0), colorAt(map, 0.5), colorAt(map, 1)]
      expect(first[2]).toBeGreaterThan(first[0] + 80)
      expect(last[0]).toBeGreaterThan(last[2] + 70)
      expect(Math.max(...middle) - Math.min(...middle)).toBeLessThanOrEqual(3)
    },
  )

  it('names those there are', () => {
    expect(() => colormapOf('jet')).toThrow("there is no colormap 'jet'; choose one of viridis, magma,")
    expect(() => colormapOf('constructor')).toThrow('no colormap')
  })
})

describe('heatMap', () => {
  const values = [1, 2, 3, 4, -1, -4, 0, 6]
  it('reduces channels in both layouts', () => {
    expect(heatMap(values, [1, 2, 2, 2])).toEqual({ width: 2, height: 2, values: Float32Array.of(0, -2, 3, 10) })
    expect([...heatMap(values, [2, 2, 2], { reduction: 'absolute-sum' }).values]).toEqual([2, 6, 3, 10])
    expect([...heatMap(values, [1, 2, 2, 2], { reduction: 'max-absolute' }).values]).toEqual([1, 4, 3, 6])
    expect([...heatMap(values, [1, 2, 2, 2], { layout: 'NHWC' }).values]).toEqual([3, 7, -5, 6])
    expect(heatMap([1, -2], [1, 2], { layout: 'NHWC' })).toEqual({ width: 2, height: 1, values: Float32Array.of(1, -2) })
    expect(heatMap([1, -2, 3], [1, 1, 3]).width).toBe(3)
  })

  it('sums in double precision', () => {
    expect(heatMap([1e8, 1, -1e8], [1, 3, 1, 1]).values[0]).toBe(1)
  })

  it('refuses batches and dims that do not fit', () => {
    expect(() => heatMap(values, [2, 1, 2, 2])).toThrow('take one row of a batch')
    expect(() => heatMap(values, [1, 3, 2, 2])).toThrow('dims [1,3,2,2] do not fit 8 values')
  })

  it('turns embeddings into one value per token', () => {
    expect([...sequence([1, -2, 3, 4], [1, 2, 2])]).toEqual([-1, 7])
    expect([...sequence([1, -2, 3, 4], [1, 2, 2], 'absolute-sum')]).toEqual([3, 7])
    expect([...sequence([1, -2], [1, 2], 'absolute-sum')]).toEqual([1, -2])
    expect([...sequence([1, -2], [2])]).toEqual([1, -2])
    expect(() => sequence([1, 2, 3, 4], [2, 2, 1])).toThrow('not one sequence')
  })

  it('enlarges between pixel centres, or in blocks', () => {
    const map = { width: 2, height: 1, values: Float32Array.of(0, 8) }
    expect([...resizeHeatMap(map, { width: 4, height: 1 }).values]).toEqual([0, 2, 6, 8])
    expect([...resizeHeatMap(map, { width: 4, height: 1 }, 'nearest').values]).toEqual([0, 0, 8, 8])
  })
})

describe('displayRange', () => {
  const ramp = Float32Array.from({ length: 101 }, (_, i) => i)
  it('takes percentiles as NumPy does', () => {
    expect(percentileOf([4, 1, 3, 2], 50)).toBe(2.5)
    expect(percentileOf(ramp, 99)).toBe(99)
    expect(percentileOf([Number.NaN, 5, Number.POSITIVE_INFINITY], 100)).toBe(5)
    expect(percentileOf([], 50)).toBe(0)
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), values => {
        expect(percentileOf(values, 100)).toBe(Math.max(...values))
      }),
      { numRuns: 50, seed: 0 },
    )
  })

  it('is symmetric about zero where a value is negative', () => {
    expect(displayRange(ramp.map(v => (v === 3 ? -3 : v)))).toEqual({ kind: 'diverging', low: -99, high: 99, percentile: 99 })
    expect(displayRange([-8, 2], { percentile: 100 })).toMatchObject({ low: -8, high: 8 })
    expect(displayRange([1, 2], { kind: 'diverging', percentile: 100 })).toMatchObject({ low: -2, high: 2 })
  })

  it('starts at zero or at the smallest value otherwise', () => {
    expect(displayRange(ramp)).toEqual({ kind: 'sequential', low: 0, high: 99, percentile: 99 })
    expect(displayRange([5, 7], { from: 'minimum', percentile: 100 })).toMatchObject({ low: 5, high: 7 })
  })

  it('shows a map with few values, and one of zeros', () => {
    const few = new Float32Array(1000)
    few[3] = 2
    expect(displayRange(few)).toMatchObject({ low: 0, high: 2 })
    few[3] = -2
    expect(displayRange(few)).toMatchObject({ low: -2, high: 2 })
    const nothing = displayRange(new Float32Array(4))
    expect(nothing).toMatchObject({ low: 0, high: 0 })
    expect(placeIn(nothing, 0)).toBe(0)
    expect(() => displayRange(few, { percentile: 0 })).toThrow('percentile 0')
  })

  it('places values between 0 and 1', () => {
    const range = displayRange([-2, 2], { percentile: 100 })
    expect([-9, -2, 0, 1, 9, Number.NaN].map(v => placeIn(range, v))).toEqual([0, 0, 0.5, 0.75, 1, 0.5])
  })
})

describe('pictures', () => {
  const map = { width: 2, height: 1, values: Float32Array.of(0, 4) }
  const range = { kind: 'sequential', low: 0, high: 4, percentile: 99 } as const

  it('colours a map', () => {
    expect([...colorize(map, range, colormaps.viridis).data]).toEqual([68, 1, 84, 253, 231, 37])
  })

  it('lets the photo show where a sequential map is weak', () => {
    // Grey 100 becomes 146; shares are 0.8·0.25 and 0.8·1.
    const out = overlay(solid(2, 1, [100, 100, 100]), map, range, colormaps.gray, { opacity: 0.8 })
    expect([...out.data]).toEqual([117, 117, 117, 233, 233, 233])
    const color = overlay(solid(2, 1, [10, 20, 30]), map, range, colormaps.gray, { opacity: 0.5, background: 'color' })
    expect([...color.data.subarray(0, 3)]).toEqual([9, 18, 26])
  })

  it('leaves the photo alone where a diverging map is zero, and tints it by sign', () => {
    const signed = { width: 3, height: 1, values: Float32Array.of(-1, 0, 1) }
    const photo = solid(3, 1, [120, 120, 120])
    const out = overlay(photo, signed, displayRange(signed.values), colormaps['blue-white-red'], {
      opacity: 1,
      background: 'color',
    })
    expect([...out.data.subarray(3, 6)]).toEqual([120, 120, 120])
    expect([...out.data.subarray(0, 3)]).toEqual([...colorAt(colormaps['blue-white-red'], 25 / 255)])
    expect([...out.data.subarray(6, 9)]).toEqual([...colorAt(colormaps['blue-white-red'], 230 / 255)])
  })

  it('refuses sizes that differ', () => {
    expect(() => overlay(solid(3, 1, [0, 0, 0]), map, range, colormaps.gray)).toThrow('the map is 2 x 1, the picture 3 x 1')
  })

  it('does everything in one call and changes no raw value', () => {
    const values = Float32Array.of(1, -2, 3, 4, 5, 6, 7, -8, 9, 10, 11, 12)
    const before = values.slice()
    const picture = solid(4, 6, [10, 200, 30])
    const seen = picture.data.slice()
    const { heat, range: limits, colormap, map: alone, overlay: over } = renderMap(values, [1, 3, 2, 2], picture)
    expect([...heat.values]).toEqual([15, 14, 21, 8])
    expect([limits.kind, colormap]).toEqual(['sequential', 'viridis'])
    expect([alone.width, alone.height, over.width, over.height]).toEqual([4, 6, 4, 6])
    expect([values, picture.data]).toEqual([before, seen])
    expect(
      renderMap(
        values.map(v => -v),
        [1, 3, 2, 2],
        picture,
      ).colormap,
    ).toBe('blue-white-red')
    expect(renderMap(values, [1, 2, 2, 3], picture, { layout: 'NHWC', colormap: 'magma' }).colormap).toBe('magma')
  })
})

describe('encodePng', () => {
  it('has the usual check value of CRC-32', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
  })

  it.each([1, 3, 4] as const)('is read back by another decoder, %i channels', async channels => {
    const data = Uint8Array.from({ length: 19 * 11 * channels }, (_, i) => (i * i * 7 + (i >> 3)) & 255)
    if (channels === 4) for (let i = 3; i < data.length; i += 4) data[i] = 255 - (i & 7)
    const png = encodePng({ width: 19, height: 11, channels, data })
    const image = sharp(png)
    expect(await image.metadata()).toMatchObject({ format: 'png', width: 19, height: 11, channels, depth: 'uchar' })
    const back = channels === 1 ? image.toColourspace('b-w') : image
    expect([...(await back.raw().toBuffer())]).toEqual([...data])
  })

  it('gives equal bytes for equal pixels and packs smooth pictures', () => {
    const data = Uint8Array.from({ length: 100 * 100 * 3 }, (_, i) => ((i / 3) % 100) + Math.floor(i / 300))
    const picture: Pixels = { width: 100, height: 100, channels: 3, data }
    expect(encodePng(picture)).toEqual(encodePng({ ...picture, data: data.slice() }))
    expect(encodePng(picture).length).toBeLessThan(1000)
  })
})

describe('renderBars', () => {
  it('escapes labels, draws both signs to one scale', () => {
    const svg = renderBars({ labels: ['<script>', 'b"&'], values: [2, -1] })
    expect(svg).toContain('&lt;script&gt;')
    expect(svg).toContain('b&quot;&amp;')
    expect(svg).not.toContain('<script')
    // Room for bars: 540 - 190 - 2·66 = 218 for the span of 3.
    const bars = [...svg.matchAll(/<rect x="([\d.]+)" .*?width="([\d.]+)"/g)].map(([, x, width]) => [Number(x), Number(width)])
    expect(bars[0]![1]! / bars[1]![1]!).toBeCloseTo(2, 3)
    expect(bars[0]![0]).toBeCloseTo(bars[1]![0]! + bars[1]![1]!, 1)
    expect(bars[0]![1]! + bars[1]![1]!).toBeCloseTo(218, 1)
  })

  it('shows the strongest, in order of strength or position, and sums the rest', () => {
    const values = [0.5, 3, -4, 0.25]
    const labels = ['a', 'b', 'c', 'd']
    const shown = (svg: string): string[] => [...svg.matchAll(/<g><title>(\w):/g)].map(match => match[1]!)
    expect(shown(renderBars({ labels, values, limit: 2 }))).toEqual(['b', 'c'])
    expect(shown(renderBars({ labels, values, limit: 3, order: 'strength' }))).toEqual(['c', 'b', 'a'])
    expect(renderBars({ labels, values, limit: 2 })).toContain('and 2 more, sum 0.75')
    expect(() => renderBars({ labels, values: [1] })).toThrow('4 labels do not fit 1 values')
  })

  it('draws zeros, NaN and nothing at all without NaN in the markup', () => {
    for (const values of [[], [0, 0], [Number.NaN, 1]]) {
      const svg = renderBars({ labels: values.map(String), values })
      expect(svg.replace(/<title>.*?<\/title>|>NaN</g, '')).not.toContain('NaN')
    }
  })
})

it('writes numbers for people', () => {
  expect([0, -0.00317, 12.345, 1234.5, 123456, 1e-7, -2.5e9, 0.1 + 0.2, Number.NaN].map(v => formatNumber(v))).toEqual([
    '0',
    '−0.00317',
    '12.3',
    '1235',
    '1.23e5',
    '1e−7',
    '−2.5e9',
    '0.3',
    'NaN',
  ])
  expect([0, 0.00001, 0.0005, 0.0156, 0.934, 0.9999, 1, Number.POSITIVE_INFINITY].map(formatShare)).toEqual([
    '0%',
    '< 0.01%',
    '0.05%',
    '1.6%',
    '93.4%',
    '100%',
    '100%',
    '—',
  ])
})
