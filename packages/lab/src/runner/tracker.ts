/** @file Where a run stands: weights done, cells in work, time left. */
import { TimeEstimate, weightOf } from './estimate.js'
import { type Cell, describeCell, type Plan } from './plan.js'
import type { ProgressState } from './progress.js'
import type { CellIndex } from './shard.js'

export class Tracker {
  readonly #plan: Plan
  readonly #slots: number
  readonly #estimate: TimeEstimate
  readonly #running = new Map<Cell, number>()
  readonly #warm = new Set<number>()
  readonly #started = performance.now()
  readonly #weight: number
  #weightDone = 0
  #reused = 0
  #computed = 0
  #failed = 0

  constructor(plan: Plan, { done }: CellIndex, slots: number) {
    this.#plan = plan
    this.#slots = slots
    this.#estimate = new TimeEstimate(plan.cells.filter(({ key }) => !done.has(key)))
    let weight = 0
    for (const cell of plan.cells) {
      weight += weightOf(cell)
      const record = done.get(cell.key)
      if (!record) continue
      this.#reused++
      this.#weightDone += weightOf(cell)
      this.#estimate.learn(cell, record.milliseconds / 1000)
    }
    this.#weight = weight
  }

  get reused(): number {
    return this.#reused
  }

  get computed(): number {
    return this.#computed
  }

  begin(cell: Cell): void {
    this.#running.set(cell, 0)
  }

  /** A part of a cell in work, 0 to 1. */
  share(cell: Cell, share: number): void {
    if (this.#running.has(cell)) this.#running.set(cell, Math.min(1, Math.max(0, share)))
  }

  /** @param slot where it was finished; the first cell of each also pays for processes and models to start */
  finish(cell: Cell, seconds: number, slot: number): void {
    this.#computed++
    this.#weightDone += weightOf(cell)
    this.#estimate.finish(cell, seconds, this.#warm.has(slot))
    this.#warm.add(slot)
  }

  giveUp(cell: Cell): void {
    this.#failed++
    this.#estimate.drop(cell)
  }

  /** Whatever came of it. */
  end(cell: Cell): void {
    this.#running.delete(cell)
  }

  /** Seconds; undefined before anything is known. */
  left(): number | undefined {
    return this.#estimate.left(this.#slots, this.#running)
  }

  state(): ProgressState {
    let done = this.#weightDone
    for (const [cell, share] of this.#running) done += share * weightOf(cell)
    const left = this.left()
    return {
      study: this.#plan.study,
      total: this.#plan.cells.length,
      done: this.#reused + this.#computed,
      reused: this.#reused,
      failed: this.#failed,
      running: Array.from(this.#running.keys(), ({ identity }) => describeCell(identity)),
      share: this.#weight > 0 ? done / this.#weight : 1,
      elapsed: (performance.now() - this.#started) / 1000,
      ...(left === undefined ? {} : { left }),
    }
  }
}
