/** @file Pictures out: colormaps, heat maps, PNG, bar charts, the report. Works in Node and in the browser. */
export { type BarChart, renderBars } from './bars.js'
export { type Colormap, type ColormapName, colorAt, colormapOf, colormaps, type Rgb } from './colormaps.js'
export {
  colorize,
  type HeatMap,
  heatMap,
  type OverlayOptions,
  overlay,
  type ReduceOptions,
  type Reduction,
  type RenderedMap,
  type RenderOptions,
  renderMap,
  resizeHeatMap,
  sequence,
} from './heatmap.js'
export { encodePng } from './png.js'
export { type DisplayRange, displayRange, percentileOf, placeIn, type RangeOptions } from './range.js'
export { renderReport } from './report.js'
export type {
  ReportData,
  ReportEntry,
  ReportModel,
  ReportPort,
  ReportPrediction,
  ReportResidual,
  ReportResult,
} from './report-data.js'
export { renderSeries, type SeriesChart } from './series.js'
export { escapeHtml, formatNumber, formatShare } from './text.js'
export { renderTokens, type TokenText } from './token-text.js'
