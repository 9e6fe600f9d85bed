/** @file The report of BAM: its data, the page, example maps, and orders of methods. */
export type {
  BamReport,
  ControlDifference,
  Interval,
  ModelRow,
  PlainTable,
  ScoreRow,
} from './data.js'
export { renderBamReport } from './html.js'
export {
  agreementWithPaper,
  isTied,
  type Margin,
  marginOf,
  type OrderAgreement,
  orderAgreement,
  type RankedRow,
  rankRows,
} from './ranking.js'
