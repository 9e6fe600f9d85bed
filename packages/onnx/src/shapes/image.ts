/** @file Resizing, sampling and regions of interest. */
import type { Dimension } from '../graph.js'
import { axisOf, one, rules, unknownDims } from './common.js'
import { multiplyDims } from './dimension.js'
import type { ShapeContext, ShapeRule, ShapeRules } from './rule.js'

/** ONNX Runtime multiplies in float32 and rounds down. */
function scaled(dim: Dimension, scale: Dimension): Dimension {
  if (scale === 1) return dim
  if (typeof dim === 'number' && typeof scale === 'number') return Math.floor(Math.fround(dim * Math.fround(scale)))
  return typeof scale === 'number' && Number.isInteger(scale) ? multiplyDims(dim, scale) : null
}

function keepRatio(c: ShapeContext, dims: readonly Dimension[], sizes: readonly Dimension[]): readonly Dimension[] {
  const policy = c.string('keep_aspect_ratio_policy', 'stretch')
  if (policy === 'stretch') return sizes
  if ([...dims, ...sizes].some(dim => typeof dim !== 'number')) return sizes.map(() => null)
  const ratios = sizes.map((size, i) => (size as number) / (dims[i] as number))
  const ratio = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return dims.map(dim => Math.floor((dim as number) * ratio + 0.5))
}

const resize: ShapeRule = c => {
  const from = c.shape(0)
  if (!from) return one(c.dtype(0), null)
  const axes = (c.ints('axes') ?? from.map((_, i) => i)).map(axis => axisOf(c, axis, from.length, 'axes entry'))
  const useSizes = c.has(3) && c.shape(3)?.[0] !== 0
  const given = c.elements(useSizes ? 3 : 2)
  if (!given)
    return one(
      c.dtype(0),
      from.map((dim, i) => (axes.includes(i) ? null : dim)),
    )
  if (given.length !== axes.length)
    c.fail(`${useSizes ? 'sizes' : 'scales'} has ${given.length} entries for ${axes.length} dimensions`)
  const own = axes.map(axis => from[axis]!)
  const sizes = useSizes ? keepRatio(c, own, given) : own.map((dim, i) => scaled(dim, given[i]!))
  return one(
    c.dtype(0),
    from.map((dim, i) => (axes.includes(i) ? sizes[axes.indexOf(i)]! : dim)),
  )
}

const gridSample: ShapeRule = c => {
  const x = c.shape(0)
  const grid = c.shape(1)
  if (!x || !grid) return one(c.dtype(0), x && unknownDims(x.length))
  if (x.length !== grid.length) c.fail('input and grid have different numbers of dimensions')
  return one(c.dtype(0), [x[0]!, x[1]!, ...grid.slice(1, -1)])
}

const affineGrid: ShapeRule = c => {
  const size = c.elements(1)
  const rank = c.shape(1)?.[0]
  if (!size) return one(c.dtype(0), typeof rank === 'number' ? unknownDims(rank) : null)
  return one(c.dtype(0), [size[0]!, ...size.slice(2), size.length - 2])
}

const roiAlign: ShapeRule = c => {
  const height = c.int('output_height', 1)
  return one(c.dtype(0), [c.shape(1)?.[0] ?? null, c.shape(0)?.[1] ?? null, height, c.int('output_width', 1)])
}

const maxRoiPool: ShapeRule = c => {
  const pooled = c.ints('pooled_shape') ?? c.fail('it has no pooled_shape attribute')
  return one(c.dtype(0), [c.shape(1)?.[0] ?? null, c.shape(0)?.[1] ?? null, ...pooled])
}

const upsample: ShapeRule = c => {
  const from = c.shape(0)
  const given = c.elements(1)
  return one(c.dtype(0), from ? from.map((dim, i) => scaled(dim, given?.[i] ?? null)) : null)
}

export const imageRules: ShapeRules = {
  Resize: resize,
  ...rules(['Upsample'], upsample),
  GridSample: gridSample,
  AffineGrid: affineGrid,
  RoiAlign: roiAlign,
  MaxRoiPool: maxRoiPool,
  ImageDecoder: c => one('uint8', [null, null, c.string('pixel_format', 'RGB') === 'Grayscale' ? 1 : 3]),
}
