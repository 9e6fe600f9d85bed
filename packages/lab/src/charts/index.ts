/** @file Charts as SVG text, without dependencies: lines, bars with intervals, scatter plots. */
export { type Bar, type BarGroup, barChart, type IntervalBarChart } from './bars.js'
export { type LineChart, type LineSeries, lineChart } from './line.js'
export { type ScatterChart, type ScatterPoint, type ScatterSeries, scatter } from './scatter.js'
