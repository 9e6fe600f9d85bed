/** @file What a run says while it goes: the cost before it starts, then where it stands and the time left. */
import type { CellCost } from './plan.js'
import { count, duration, roughly } from './words.js'

export interface ProgressState {
  readonly study: string
  /** Cells of the plan. */
  readonly total: number
  /** Finished cells, those of earlier runs included. */
  readonly done: number
  /** Finished by earlier runs. */
  readonly reused: number
  /** Given up in this run. */
  readonly failed: number
  /** What the cells in work are doing, in words. */
  readonly running: readonly string[]
  /** Done share of the plan by cost, 0 to 1. */
  readonly share: number
  /** Seconds since the start. */
  readonly elapsed: number
  /** Seconds; undefined before anything is known. */
  readonly left?: number
}

const barWidth = 24

/** One line without its end. @param live for redrawing in place: with a bar, and with what is in work */
export function formatProgress(state: ProgressState, live = false): string {
  const { study, total, done, failed, share, left, running } = state
  const parts = [
    `${study}: ${count(done)} of ${count(total, 'cell')}`,
    failed > 0 ? `${count(failed)} failed` : '',
    left === undefined || done + failed >= total ? '' : `${duration(left)} left`,
  ]
  const percent = `${Math.floor(share * 100)}%`
  if (!live) return [parts[0], percent, ...parts.slice(1)].filter(Boolean).join(', ')
  const filled = Math.round(Math.min(1, share) * barWidth)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`
  return [bar, percent.padStart(4), ...parts.slice(1).reverse(), parts[0], running[0] ?? ''].filter(Boolean).join('  ')
}

/** The lines before the first cell. */
export function formatStart(start: {
  readonly study: string
  readonly total: number
  readonly reused: number
  /** Of the cells to do. */
  readonly cost: CellCost
  readonly concurrency: number
  /** Expected seconds, where an earlier run tells. */
  readonly expected?: number
}): string {
  const { study, total, reused, cost, concurrency, expected } = start
  const todo = total - reused
  const head = `${study}: ${count(total, 'cell')}${reused > 0 ? `, ${reused === total ? 'all' : count(reused)} done before` : ''}`
  if (todo === 0) return head
  const price = [
    cost.gradients > 0 ? count(cost.gradients, 'gradient') : '',
    cost.forwards > 0 ? count(cost.forwards, 'forward pass', 'forward passes') : '',
  ].filter(Boolean)
  const parts = [
    ...(price.length > 0 ? [`about ${price.join(' and ')}`] : []),
    `${count(concurrency)} at a time`,
    ...(expected === undefined ? [] : [`${roughly(expected)} at the pace of earlier runs`]),
  ]
  return `${head}; to do: ${count(todo, 'cell')}, ${parts.join(', ')}`
}

/** Where progress goes; the command's terminal is one. */
export interface ProgressTarget {
  /** True where a line can be redrawn in place. */
  readonly live: boolean
  /** Redraws the line; an empty text removes it. */
  bar(text: string): void
  note(line: string): void
}

/** Milliseconds between two lines: redrawn in place, and one below the other. */
const pauses = { live: 100, plain: 10_000 } as const

/** An `onProgress` that writes not too often: a line in place on a terminal, to be removed by `bar('')`, otherwise one about every ten seconds. */
export function progressPrinter(
  target: ProgressTarget,
  now: () => number = () => performance.now(),
): (state: ProgressState) => void {
  let last = target.live ? Number.NEGATIVE_INFINITY : now()
  return state => {
    const pause = target.live ? pauses.live : pauses.plain
    if (now() - last < pause) return
    last = now()
    if (target.live) target.bar(formatProgress(state, true))
    else target.note(formatProgress(state))
  }
}
