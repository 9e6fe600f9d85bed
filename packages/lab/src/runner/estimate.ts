/** @file Time left, from what cells of the same sort took. */
import type { Cell } from './plan.js'

/** A gradient costs about as much as three forward passes. A cell of unknown cost weighs 1. */
export const weightOf = ({ cost }: Cell): number => (cost ? Math.max(1, cost.forwards + 3 * cost.gradients) : 1)

/** Cells that take about the same time for the same weight. */
const sortOf = ({ identity: { kind, model, method } }: Cell): string => JSON.stringify([kind, model, method])

interface Pace {
  weight: number
  seconds: number
}

const rate = (pace: Pace | undefined): number | undefined => (pace && pace.weight > 0 ? pace.seconds / pace.weight : undefined)

export class TimeEstimate {
  /** Paces by sort of cell; '' is all sorts together. */
  readonly #now = new Map<string, Pace>()
  /** Of earlier runs, and of cells that were not warm. */
  readonly #earlier = new Map<string, Pace>()
  /** Weight to do by sort. */
  readonly #todo = new Map<string, number>()

  constructor(todo: Iterable<Cell>) {
    for (const cell of todo) this.#shift(cell, weightOf(cell))
  }

  /** A cell that an earlier run finished. */
  learn(cell: Cell, seconds: number): void {
    add(this.#earlier, cell, seconds)
  }

  /** A cell that this run finished. @param warm false where the time holds that of starting, which says little about the rest */
  finish(cell: Cell, seconds: number, warm = true): void {
    add(warm ? this.#now : this.#earlier, cell, seconds)
    this.drop(cell)
  }

  /** A cell that will not be finished. */
  drop(cell: Cell): void {
    this.#shift(cell, -weightOf(cell))
  }

  /**
   * Seconds left, sum over sorts of (weight left) x (seconds per weight) / slots. A sort's pace is this run's, else an earlier run's,
   * else that of all sorts together; undefined where nothing was ever finished.
   *
   * @param running cells in work, with the share of each that is done
   */
  left(slots: number, running: Iterable<readonly [Cell, number]> = []): number | undefined {
    const common = rate(this.#now.get('')) ?? rate(this.#earlier.get(''))
    if (common === undefined) return undefined
    const pace = (sort: string): number => rate(this.#now.get(sort)) ?? rate(this.#earlier.get(sort)) ?? common
    let seconds = 0
    let busy = 0
    for (const [sort, weight] of this.#todo) {
      seconds += weight * pace(sort)
      busy += weight
    }
    for (const [cell, share] of running) seconds -= share * weightOf(cell) * pace(sortOf(cell))
    return busy > 0 ? Math.max(0, seconds) / slots : 0
  }

  #shift(cell: Cell, weight: number): void {
    const sort = sortOf(cell)
    this.#todo.set(sort, (this.#todo.get(sort) ?? 0) + weight)
  }
}

function add(paces: Map<string, Pace>, cell: Cell, seconds: number): void {
  for (const sort of [sortOf(cell), '']) {
    const pace = paces.get(sort) ?? { weight: 0, seconds: 0 }
    pace.weight += weightOf(cell)
    pace.seconds += seconds
    paces.set(sort, pace)
  }
}
