/** @file What reports of studies show, as plain data (also written as report.json). */

export interface ReportCell {
  readonly text: string
  /** What it sorts by. */
  readonly sort?: number
  /** In small letters below, a line each. */
  readonly notes?: readonly string[]
  /** How a comparison ended: 'better', 'worse', 'not resolved'. */
  readonly badge?: string
  /** What was asked for is reached. */
  readonly good?: boolean
}

export interface ReportTable {
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly { readonly cells: readonly ReportCell[]; readonly muted?: boolean }[]
}

/** What a study was to show, and whether it does. */
export interface Statement {
  readonly text: string
  readonly verdict: 'holds' | 'does not hold' | 'not resolved'
  readonly details: readonly string[]
}

export interface ExampleRow {
  /** 'resnet: fish on tiled floor' */
  readonly title: string
  /** PNG files' bytes as data URLs; the first is the input with the mask outlined. */
  readonly pictures: readonly { readonly label: string; readonly url: string }[]
}

/** A chart as the functions of `charts/` make it: it goes into the page as it is. */
export interface Figure {
  readonly title: string
  readonly caption: string
  readonly svg: string
}
