import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const run = (example: string): unknown => {
  const file = fileURLToPath(new URL(`../../../examples/${example}`, import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [file, '--json'], { encoding: 'utf8' }))
}

interface Ranked {
  readonly method: string
  readonly values: number[]
  readonly ranking: string[]
  readonly worthOfTwo: number
}

interface Bounded {
  readonly attribution: number
  readonly gain: number
  readonly difference: number
  readonly bound: number
}

const softplus = (z: number): number => Math.log1p(Math.exp(z))

describe('examples', () => {
  it('a cue that stands there three times: integrated gradients spends both picks on it, a greedy selection one', () => {
    const rows = run('greedy/duplicated-cue.mjs') as Ranked[]
    const of = (method: string): Ranked => rows.find(row => row.method === method)!
    expect(of('integrated-gradients')).toMatchObject({ values: [0.3333, 0.3333, 0.3333, 0.2], worthOfTwo: 1 })
    expect(of('exact-shapley').values).toEqual([0.3333, 0.3333, 0.3333, 0.2])
    expect(of('greedy-pig')).toMatchObject({ ranking: ['x1', 'x4', 'x2', 'x3'], worthOfTwo: 1.2 })
    expect(of('greedy-gain')).toMatchObject({ values: [1, 0, 0, 0.2], ranking: ['x1', 'x4', 'x2', 'x3'] })
  })

  it('the Hessian bounds |a - D| of a smooth net, and not of one with a kink', () => {
    const { softplus: smooth, relu } = run('greedy/hessian-bound.mjs') as { softplus: Bounded[]; relu: Bounded[] }
    // D of the first feature by hand: softplus(0.5) - softplus(-1) - 0.75 (softplus(-0.5) - softplus(0.5)).
    expect(smooth[0]!.gain).toBeCloseTo(softplus(0.5) - softplus(-1) - 0.75 * (softplus(-0.5) - softplus(0.5)), 5)
    // Half of the sum over the other three of |w_i w_j| / 4 for both units, each steepest at 0 within the cube.
    expect(smooth[0]!.bound).toBeCloseTo(0.5 * 0.25 * (1.5 * (1 + 0.5 + 0.25) + 0.75 * (2 + 0.5 + 1)), 10)
    for (const { difference, bound } of smooth) expect(difference).toBeLessThanOrEqual(bound)
    expect(smooth[0]!.difference).toBeGreaterThan(0.3)
    for (const { attribution, gain, bound } of relu) {
      expect(attribution).toBeCloseTo(0.5, 6)
      expect(gain).toBe(0)
      expect(bound).toBe(0)
    }
  })
})
