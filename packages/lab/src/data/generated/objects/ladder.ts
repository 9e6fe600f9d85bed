/** @file Ladder: two rails joined by rungs. */

import { bar, mix, type ObjectClass } from '../object.js'

export const ladder: ObjectClass = {
  name: 'ladder',
  draw(draws) {
    const rungs = 3
    const taper = draws.between(0, 0.2)
    const wide = draws.between(0.7, 0.85)
    return fullness => {
      const rail = mix(0.08, 0.28, fullness)
      const rung = mix(0.08, 0.3, fullness)
      const holes: number[][] = []
      const step = 2 / rungs
      const edge = (y: number): number => wide - (taper * (1 - y)) / 2
      const detail: number[][] = []
      for (let i = 0; i <= rungs; i++) {
        const from = -1 + (i - 0.5) * step + rung / 2
        const to = Math.min(1, -1 + (i + 0.5) * step - rung / 2)
        const first = Math.max(-1, from)
        holes.push([-(edge(first) - rail), first, edge(first) - rail, first, edge(to) - rail, to, -(edge(to) - rail), to])
        if (i < rungs) detail.push(bar(-0.4, -1 + (i + 0.5) * step, 0.4, -1 + (i + 0.5) * step, rung * 0.35))
      }
      return { body: [[-edge(-1), -1, edge(-1), -1, edge(1), 1, -edge(1), 1], ...holes], detail }
    }
  },
}
