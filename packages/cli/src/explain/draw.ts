/** @file Pictures of one map: an overlay where the tensor is spatial, bars where it is a vector or tokens. */
import {
  type AttributionMap,
  type BarChart,
  colormapOf,
  displayRange,
  encodePng,
  heatMap,
  type Layout,
  type Pixels,
  type Preprocessing,
  type ReportResult,
  renderBars,
  renderMap,
  renderSeries,
  resize,
  type SeriesChart,
  sequence,
  type TensorValue,
  type TensorValues,
  type TokenText,
  tensorToPicture,
} from '@ascribe/core'
import type { Token } from './tokenizer.js'
import { type TextView, type Word, wordValues } from './words.js'

export interface Drawing {
  readonly overlay?: Uint8Array
  readonly map?: Uint8Array
  readonly legend?: NonNullable<ReportResult['legend']>
  readonly bars?: BarChart
  readonly words?: TokenText
  readonly series?: SeriesChart
  /** What is written beside the raw values. */
  readonly file?: { readonly extension: 'png' | 'svg'; readonly content: Uint8Array | string }
}

export interface DrawContext {
  /** What the model saw, where the input shows something. */
  readonly picture?: Pixels
  /** Layout of the explained tensors that are model inputs. */
  readonly layout: Layout
  /** Shape of a tensor inside the model, as far as it is known. */
  readonly shape: (tensor: string) => readonly unknown[] | undefined
  /** Names for positions of a sequence of this length. */
  readonly positions: (tensor: string, length: number, tokens: boolean) => readonly string[]
  /** Asked-for colormaps; each serves maps of its kind. */
  readonly colormaps: readonly string[]
  /** Whether the map is wanted without the picture under it as well. */
  readonly mapAlone: boolean
  /** Whether a map of the tensor has the model input's own axes. */
  readonly isInput: (tensor: string) => boolean
  /** A model input as it was given. */
  readonly input: (tensor: string) => TensorValue | undefined
  /** A text, and how it is shown. */
  readonly text?: { readonly tokens: readonly Token[]; readonly words: readonly Word[]; readonly view: TextView }
  /** Which axis of an input is time; 0 for none, undefined to guess. */
  readonly timeAxis?: number
}

/** Pictures smaller than this are enlarged without smoothing, so that a reader sees them. */
const smallSide = 160

/**
 * An order of selection as a map: 1 for what was selected first, falling in equal steps; 0 for what is no feature. Channels of a place
 * are drawn summed, and share one.
 */
export function selectionMap(order: Int32Array, dims: readonly number[], { layout }: DrawContext): AttributionMap {
  const last = order.reduce((most, rank) => Math.max(most, rank), 0) + 1
  const channels = dims.length === 4 ? dims[layout === 'NCHW' ? 1 : 3]! : 1
  return { dims, values: Float32Array.from(order, rank => (rank < 0 ? 0 : (last - rank) / last / channels)) }
}

export function draw(tensor: string, { values, dims }: AttributionMap, context: DrawContext): Drawing {
  const shape = context.shape(tensor)
  // Tokens of a picture as [1, height, width]: no map of the tensor's own elements.
  const tokens = shape?.length === 3 && context.picture && (shape[1] !== dims[1] || shape[2] !== dims[2])
  const spatial = dims[0] === 1 && (dims.length === 3 ? shape?.length === 4 || tokens : dims.length === 4 && shape?.length === 4)
  if (spatial) return drawMap(tensor, { values, dims }, context)
  const sums = textSums({ values, dims }, context)
  if (context.text && sums) return drawText(sums, context.text)
  const axis = timeAxisOf(tensor, dims, context)
  if (axis !== undefined) return drawSeries(tensor, { values, dims }, axis, context)
  if (dims.length <= 3) return drawBars(tensor, { values, dims }, context)
  return {}
}

function drawMap(tensor: string, { values, dims }: AttributionMap, context: DrawContext): Drawing {
  const layout = context.isInput(tensor) && dims.length === 4 ? context.layout : 'NCHW'
  const [height, width] = (layout === 'NCHW' ? dims.slice(-2) : dims.slice(1, 3)) as [number, number]
  const picture = enlarged(context.picture ?? blank(width, height))
  const { kind, from } = rangeOf(heatMap(values, dims, { layout }).values)
  const asked = context.colormaps.find(name => colormapOf(name).kind === kind)
  const drawn = renderMap(values, dims, picture, { layout, from, ...(asked ? { colormap: asked } : {}) })
  const overlay = context.picture && encodePng(drawn.overlay)
  const map = !overlay || context.mapAlone ? encodePng(drawn.map) : undefined
  return {
    ...(overlay ? { overlay } : {}),
    ...(map ? { map } : {}),
    legend: { range: drawn.range, colormap: drawn.colormap },
    file: { extension: 'png', content: overlay ?? map! },
  }
}

/**
 * The kind of range, and where a sequential one starts: at zero, or at the smallest value where that is above half of the largest, as in
 * maps of RISE, whose values are means of the target and differ little.
 */
function rangeOf(values: Float32Array): { kind: 'sequential' | 'diverging'; from: 'zero' | 'minimum' } {
  const { kind, low, high } = displayRange(values, { from: 'minimum' })
  return { kind, from: kind === 'sequential' && low > high / 2 ? 'minimum' : 'zero' }
}

interface TextSums {
  readonly tokens: readonly number[]
  readonly words: readonly number[]
}

/** One value per token and per word, where a map is over the tokens of a text. */
export function textSums({ values, dims }: AttributionMap, { text }: DrawContext): TextSums | undefined {
  if (!text || dims.length > 3 || dims[0] !== 1 || dims[1] !== text.tokens.length) return undefined
  const tokens = Array.from(sequence(values, dims))
  return { tokens, words: wordValues(text.words, tokens) }
}

function drawText(sums: TextSums, { tokens, words, view }: NonNullable<DrawContext['text']>): Drawing {
  const shown =
    view.unit === 'words'
      ? words.map(({ text, start }, i) => ({ text, spaced: tokens[start]!.spaced, value: sums.words[i]!, number: i }))
      : tokens
          .map(({ text, spaced, special }, i) => ({ text, spaced, special, value: sums.tokens[i]!, number: i }))
          .filter(({ special }) => view.special === 'keep' || !special)
  const heights = shown.map(({ value }) => value)
  const labels = shown.map(({ text, number }) => `${number}: ${text}`)
  const bars: BarChart = { labels, values: heights, order: 'position' }
  const drawn: TokenText = {
    tokens: shown.map(({ text }) => text),
    values: heights,
    spaced: shown.map(({ spaced }) => spaced),
  }
  return { bars, words: drawn, file: { extension: 'svg', content: renderBars(bars) } }
}

/** Most channels, and least steps per channel, of a [1, channels, time] or [1, time, channels] input that is taken for a series. */
const seriesShape = { channels: 12, ratio: 2 } as const

/**
 * The axis of time of a model input [1, channels, time] or [1, time, channels]: the one asked for, else the longer one where the other
 * is short enough to be channels. Vectors that are embeddings are no series.
 */
function timeAxisOf(tensor: string, dims: readonly number[], { timeAxis, isInput }: DrawContext): number | undefined {
  if (timeAxis === 0 || !isInput(tensor) || dims[0] !== 1) return undefined
  if (timeAxis !== undefined) return (dims.length === 3 || dims.length === 2) && timeAxis < dims.length ? timeAxis : undefined
  if (dims.length !== 3 || /embed/i.test(tensor)) return undefined
  const [short, long] = [Math.min(dims[1]!, dims[2]!), Math.max(dims[1]!, dims[2]!)]
  if (short > seriesShape.channels || long < seriesShape.ratio * short) return undefined
  return dims[1]! > dims[2]! ? 1 : 2
}

function drawSeries(tensor: string, { values, dims }: AttributionMap, axis: number, context: DrawContext): Drawing {
  const given = context.input(tensor)
  const steps = dims[axis]!
  const channels = values.length / steps
  const ordered = (list: ArrayLike<unknown>): Float64Array =>
    Float64Array.from({ length: values.length }, (_, i) => {
      const [channel, step] = [Math.floor(i / steps), i % steps]
      return Number(list[axis === dims.length - 1 ? channel * steps + step : step * channels + channel])
    })
  if (!given || given.data.length !== values.length) return {}
  const series: SeriesChart = { values: ordered(given.data), attributions: ordered(values), channels, steps }
  return { series, file: { extension: 'svg', content: renderSeries(series) } }
}

function drawBars(tensor: string, { values, dims }: AttributionMap, context: DrawContext): Drawing {
  const inner = dims.length > 1 && dims[0] === 1 ? dims.slice(1) : dims
  if (inner.length > 2) return {}
  const heights = sequence(values, dims)
  const bars: BarChart = {
    labels: context.positions(tensor, heights.length, inner.length === 2),
    values: heights,
    order: inner.length === 2 ? 'position' : 'strength',
  }
  return { bars, file: { extension: 'svg', content: renderBars(bars) } }
}

const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(128),
})

/** At least `smallSide` on the shorter side, by whole factors. */
export function enlarged(picture: Pixels): Pixels {
  const factor = Math.ceil(smallSide / Math.min(picture.width, picture.height))
  return factor > 1 ? resize(picture, picture.height * factor, picture.width * factor, 'nearest') : picture
}

/** What a tensor input shows: undone preprocessing where it fits, else its range stretched to black and white. */
export function pictureOfTensor(
  { dims, data }: TensorValue,
  preprocessing: Preprocessing | undefined,
  layout: Layout,
): Pixels | undefined {
  if (dims.length !== 4 || dims[0] !== 1) return undefined
  const channels = layout === 'NCHW' ? dims[1] : dims[3]
  if (channels !== 1 && channels !== 3) return undefined
  const values = Float32Array.from(data as ArrayLike<number>)
  const own = preprocessing && (preprocessing.channels === 'grey' ? 1 : 3) === channels ? preprocessing : undefined
  if (own) return tensorToPicture(values, dims, own)
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const scale = (high - low || 1) / 255
  return tensorToPicture(values, dims, {
    resize: null,
    resample: 'bilinear',
    crop: null,
    scale,
    offset: low,
    normalize: null,
    channels: channels === 1 ? 'grey' : 'RGB',
    layout,
  })
}

/** Labels of positions: the ids of an integer input of that length where there is one, else numbers. */
export function positionLabels(row: TensorValues, length: number, tokens: boolean): string[] {
  const ids = Object.values(row).find(({ dtype, dims }) => /^u?int/.test(dtype) && dims.length === 2 && dims[1] === length)
  return Array.from({ length }, (_, i) => (tokens ? `${i}${ids ? `: id ${ids.data[i]}` : ''}` : `feature ${i}`))
}
