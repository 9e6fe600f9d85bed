/** @file Pond ripples: rings around one place in the picture. */

import type { SceneClass } from '../scene.js'

export const pondRipples: SceneClass = {
  name: 'pond ripples',
  spacing: 0.7,
  draw(draws, [u0, v0], span) {
    const distance = draws.between(0, 0.35) * span
    const angle = draws.free(0, 2 * Math.PI)
    const left = u0 + distance * Math.cos(angle)
    const top = v0 + distance * Math.sin(angle)
    const stretch = draws.between(0.85, 1.15)
    const growth = draws.between(-0.02, 0.05)
    const phase = draws.free(0, 1)
    return (u, v) => {
      const radius = Math.hypot((u - left) * stretch, v - top)
      return Math.cos(2 * Math.PI * (radius * (1 + growth * radius) * 0.8 + phase))
    }
  },
}
