/** @file Words on the colours of their values: an explanation of a text. */
import { InputError } from '../errors.js'
import { colorAt, colormapOf } from './colormaps.js'
import { displayRange, placeIn } from './range.js'
import { escapeHtml, formatNumber } from './text.js'

export interface TokenText {
  /** As people read them. */
  readonly tokens: readonly string[]
  /** One value per token. */
  readonly values: ArrayLike<number>
  /** Whether a space stands before each token; default true for all but the first. */
  readonly spaced?: readonly boolean[]
}

/** Relative luminance above which black text is read more easily than white. */
const bright = 0.4

/**
 * The tokens as HTML, each on the colour of its value: blue against, red for, white at zero (one sequence of colours where no value is
 * negative). The colours' ends are the 99th percentile of |v|. A token's title gives its value.
 * @throws InputError where tokens and values differ in number
 */
export function renderTokens({ tokens, values, spaced }: TokenText): string {
  if (tokens.length !== values.length) throw new InputError(`${tokens.length} tokens do not fit ${values.length} values`)
  const range = displayRange(values)
  const colormap = colormapOf(range.kind === 'diverging' ? 'blue-white-red' : 'viridis')
  const words = tokens.map((token, i) => {
    const color = colorAt(colormap, placeIn(range, values[i]!))
    const [r, g, b] = color.map(level => (level / 255) ** 2.2) as [number, number, number]
    const ink = 0.2126 * r + 0.7152 * g + 0.0722 * b > bright ? '#000' : '#fff'
    const gap = i > 0 && (spaced?.[i] ?? true) ? ' ' : ''
    return `${gap}<span style="background:rgb(${color.join(' ')});color:${ink}" title="${escapeHtml(formatNumber(values[i]!))}">${escapeHtml(token)}</span>`
  })
  return `<p class="tokens">${words.join('')}</p>`
}
