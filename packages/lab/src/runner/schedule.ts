/** @file Which cell is next: groups stay in one slot, failed cells come again when everything else has had its turn. */
import type { Cell } from './plan.js'

export interface Turn {
  readonly cell: Cell
  /** From 1. */
  readonly attempt: number
}

interface Group {
  readonly id: string
  readonly cells: Cell[]
  /** Slots that are at it now. */
  slots: number
}

const groupOf = (cell: Cell): string => cell.group ?? cell.identity.model ?? ''

export class Schedule {
  /** Groups of the first attempt, of the second, and so on. */
  readonly #rounds: Map<string, Group>[] = []
  readonly #held = new Map<number, Group>()

  constructor(cells: Iterable<Cell>) {
    for (const cell of cells) this.add({ cell, attempt: 1 })
  }

  add({ cell, attempt }: Turn): void {
    while (this.#rounds.length < attempt) this.#rounds.push(new Map())
    const round = this.#rounds[attempt - 1]!
    const id = groupOf(cell)
    const group = round.get(id)
    if (group) group.cells.push(cell)
    else round.set(id, { id, cells: [cell], slots: 0 })
  }

  /**
   * The next cell for a slot, in the plan's order within a group: from the slot's own group, else from the first group that nobody is at,
   * else from the one with the most cells left per slot.
   */
  next(slot: number): Turn | undefined {
    for (const [index, round] of this.#rounds.entries()) {
      const group = this.#pick(slot, round)
      if (!group) continue
      const cell = group.cells.shift()!
      return { cell, attempt: index + 1 }
    }
    this.#move(slot, undefined)
    return undefined
  }

  #pick(slot: number, round: ReadonlyMap<string, Group>): Group | undefined {
    const held = this.#held.get(slot)
    const own = held && round.get(held.id)
    if (own && own.cells.length > 0) return this.#move(slot, own)
    let best: Group | undefined
    const room = ({ cells, slots }: Group): number => (slots === 0 ? Number.POSITIVE_INFINITY : cells.length / slots)
    for (const group of round.values()) if (group.cells.length > 0 && (!best || room(group) > room(best))) best = group
    return best && this.#move(slot, best)
  }

  #move(slot: number, group: Group | undefined): Group | undefined {
    const held = this.#held.get(slot)
    if (held === group) return group
    if (held) held.slots--
    if (group) {
      group.slots++
      this.#held.set(slot, group)
    } else this.#held.delete(slot)
    return group
  }
}
