/** @file What a report shows, as a plain object. */
import type { BarChart } from './bars.js'
import type { ColormapName } from './colormaps.js'
import type { DisplayRange } from './range.js'
import type { SeriesChart } from './series.js'
import type { TokenText } from './token-text.js'

export interface ReportData {
  readonly title: string
  /** Version of ascribe. */
  readonly version: string
  /** Shown as it is; leave it out for a report that depends on the results alone. */
  readonly date?: string
  readonly model: ReportModel
  readonly entries: readonly ReportEntry[]
  /** Warnings that concern everything. */
  readonly warnings?: readonly string[]
  /** Inputs that could not be explained. */
  readonly failures?: readonly { readonly name: string; readonly message: string }[]
}

export interface ReportModel {
  readonly file: string
  /** Digest of the file's bytes, with its kind: `sha256:...`. */
  readonly digest?: string
  readonly inputs: readonly ReportPort[]
  readonly outputs: readonly ReportPort[]
  /** Further facts: preprocessing, device, seed. */
  readonly facts?: Readonly<Record<string, string | number>>
}

export interface ReportPort {
  readonly name: string
  readonly dtype: string
  readonly dims: readonly (string | number)[]
}

/** One input and everything computed for it. */
export interface ReportEntry {
  readonly name: string
  /** PNG of what the model saw. */
  readonly picture?: Uint8Array
  readonly predictions: readonly ReportPrediction[]
  /** Whether `value` of the predictions is a probability (drawn as a bar of 0 to 1) or a score. */
  readonly predictionKind?: 'probability' | 'score'
  /** What is explained, in words: "the logit of tench (class 0), the predicted class". */
  readonly target: string
  readonly results: readonly ReportResult[]
  readonly warnings?: readonly string[]
}

export interface ReportPrediction {
  readonly label: string
  readonly index: number
  readonly value: number
}

/** One method's result for one input. */
export interface ReportResult {
  readonly method: string
  readonly options?: Readonly<Record<string, string | number | boolean>>
  /** PNGs: the map over the picture, and the map alone. */
  readonly overlay?: Uint8Array
  readonly map?: Uint8Array
  /** How the pictures were coloured. */
  readonly legend?: { readonly range: DisplayRange; readonly colormap: ColormapName | string }
  /** For inputs that are no pictures. */
  readonly bars?: BarChart
  /** For texts: the tokens on the colours of their values. */
  readonly words?: TokenText
  /** For time series. */
  readonly series?: SeriesChart
  /** Over the raw values; `positive` is the fraction above zero. */
  readonly stats: { readonly min: number; readonly max: number; readonly sum: number; readonly positive: number }
  /** Only for methods that promise that the values add up. */
  readonly residual?: ReportResidual
  readonly cost?: { readonly forwards: number; readonly gradients: number; readonly milliseconds?: number }
  readonly warnings?: readonly string[]
  /** Names of the files that hold the raw values and pictures. */
  readonly files?: readonly string[]
}

export interface ReportResidual {
  /** f(x) - f(baseline) - sum of the values. */
  readonly absolute: number
  /** |absolute| / |f(x) - f(baseline)|. */
  readonly relative: number
  /** f(x) - f(baseline). */
  readonly expected?: number
  readonly state: 'ok' | 'warn'
}
