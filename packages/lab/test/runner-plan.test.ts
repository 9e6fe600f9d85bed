/** @file Keys, plans, order of work, estimates and what progress says: pure parts of the runner. */
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../src/runner/canonical.js'
import { TimeEstimate } from '../src/runner/estimate.js'
import { type CellIdentity, cellKey, costOf, makeCell, makePlan } from '../src/runner/plan.js'
import { formatProgress, formatStart, type ProgressState, progressPrinter } from '../src/runner/progress.js'
import { Schedule } from '../src/runner/schedule.js'
import { duration } from '../src/runner/words.js'

const identity: CellIdentity = {
  kind: 'score',
  version: '1',
  model: 'ab'.repeat(32),
  method: 'integrated-gradients',
  options: { points: 50, rule: 'gauß', baseline: [0, -0.5, 1e-7], end: null },
  sample: 'obj/val/17',
  seed: 0,
}

describe('canonical JSON', () => {
  it('sorts members, writes numbers as ECMAScript does, and -0 as 0', () => {
    const value = { b: [1e21, 0.1, -0, true], a: { z: null, '€': 'x\n', A: undefined } }
    expect(canonicalJson(value)).toBe('{"a":{"z":null,"€":"x\\n"},"b":[1e+21,0.1,0,true]}')
    expect(canonicalJson(JSON.parse(canonicalJson(value)))).toBe(canonicalJson(value))
  })

  it.each([
    [{ a: [0, Number.NaN] }, /^value\.a\[1\]: NaN is no JSON value/],
    [Number.POSITIVE_INFINITY, /^value: Infinity/],
    [[undefined], /^value\[0\]: undefined/],
    [new Array(1), /^value\[0\]: undefined/],
    [{ a: new Float32Array(1) }, /^value\.a: Float32Array/],
    [new Map(), /Map/],
    [() => 1, /function/],
    [1n, /bigint/],
  ])('refuses what JSON cannot hold: %o', (value, message) => {
    expect(() => canonicalJson(value)).toThrow(message)
  })

  it('refuses a circular value', () => {
    const value: Record<string, unknown> = {}
    value['self'] = value
    expect(() => canonicalJson(value)).toThrow(/nesting/)
  })
})

describe('keys', () => {
  it('stay the same for ever', () => {
    expect(canonicalJson(identity)).toBe(
      '{"kind":"score","method":"integrated-gradients","model":"abababababababababababababababababababababababababababababababab",' +
        '"options":{"baseline":[0,-0.5,1e-7],"end":null,"points":50,"rule":"gauß"},"sample":"obj/val/17","seed":0,"version":"1"}',
    )
    expect(cellKey(identity)).toBe('1ea8c876af13313b9e13091587009fa47f9db9a0ea83e4e0a5bca9dd2d082b2c')
  })

  it('do not depend on the order of members, and differ with every member', () => {
    const { seed, sample, options, ...rest } = identity
    expect(cellKey({ options: { ...options }, sample, seed, ...rest })).toBe(cellKey(identity))
    const others: Partial<CellIdentity>[] = [
      { seed: 1 },
      { sample: 'obj/val/18' },
      { version: '2' },
      { kind: 'patch' },
      { method: 'gradient' },
      { model: 'cd'.repeat(32) },
      { options: {} },
    ]
    const keys = [identity, ...others.map(other => ({ ...identity, ...other }))].map(cellKey)
    expect(new Set(keys).size).toBe(8)
  })

  it('are refused for a seed that is none and for empty names', () => {
    expect(() => makeCell({ ...identity, seed: 0.5 })).toThrow(/cell\.seed: must be a whole number/)
    expect(() => makeCell({ ...identity, sample: '' })).toThrow(/cell\.sample/)
  })
})

const cells = (samples: readonly string[], group?: string) =>
  samples.map(sample =>
    makeCell({ kind: 'k', version: '1', sample, seed: 0 }, { ...(group ? { group } : {}), cost: { forwards: 1, gradients: 2 } }),
  )

describe('plans', () => {
  const plan = (samples: readonly string[], version = '1') => makePlan({ study: 'demo', version, cells: cells(samples) })

  it('hold each cell once, in the order given, and hash as sets', () => {
    expect(plan(['b', 'a', 'b']).cells.map(({ identity: { sample } }) => sample)).toEqual(['b', 'a'])
    expect(plan(['b', 'a']).digest).toBe(plan(['a', 'b']).digest)
    const digests = [
      plan(['a']),
      plan(['a', 'b']),
      plan(['a'], '2'),
      makePlan({ study: 'demo', version: '1', cells: cells(['a']), protocol: 3 }),
    ]
    expect(new Set(digests.map(({ digest }) => digest)).size).toBe(4)
    expect(costOf(plan(['a', 'b']).cells)).toEqual({ forwards: 2, gradients: 4 })
  })
})

describe('the schedule', () => {
  const take = (schedule: Schedule, slot: number) => schedule.next(slot)?.cell.identity.sample

  it('keeps a slot in its group, gives each slot another one, and shares the largest at the end', () => {
    const schedule = new Schedule([...cells(['a1', 'a2', 'a3', 'a4', 'a5'], 'a'), ...cells(['b1', 'b2'], 'b')])
    expect([0, 1, 0, 1].map(slot => take(schedule, slot))).toEqual(['a1', 'b1', 'a2', 'b2'])
    expect([1, 0, 1, 0].map(slot => take(schedule, slot))).toEqual(['a3', 'a4', 'a5', undefined])
  })

  it('gives failed cells again after all others', () => {
    const schedule = new Schedule(cells(['1', '2', '3']))
    const first = schedule.next(0)!
    schedule.add({ cell: first.cell, attempt: 2 })
    expect([0, 0].map(slot => take(schedule, slot))).toEqual(['2', '3'])
    expect(schedule.next(0)).toEqual({ cell: first.cell, attempt: 2 })
    expect(schedule.next(0)).toBeUndefined()
  })
})

describe('the estimate', () => {
  const cell = (method: string, forwards: number) =>
    makeCell({ kind: 'k', version: '1', sample: `${method}${forwards}`, seed: 0, method }, { cost: { forwards, gradients: 0 } })
  const [fast, slow] = [cell('fast', 10), cell('slow', 10)]
  const [moreFast, moreSlow] = [cell('fast', 30), cell('slow', 20)]

  it('knows nothing at first, then weighs each sort by its own pace', () => {
    const estimate = new TimeEstimate([fast, slow, moreFast, moreSlow])
    expect(estimate.left(2)).toBeUndefined()
    estimate.finish(fast, 1)
    // 60 of weight left, 0.1 s each.
    expect(estimate.left(2)).toBeCloseTo(3, 12)
    estimate.finish(slow, 20)
    // 30 at 0.1 s and 20 at 2 s, two at a time.
    expect(estimate.left(2)).toBeCloseTo(21.5, 12)
    expect(estimate.left(2, [[moreSlow, 0.5]])).toBeCloseTo(11.5, 12)
    estimate.drop(moreSlow)
    expect(estimate.left(2)).toBeCloseTo(1.5, 12)
  })

  it('uses earlier runs until this one has its own pace', () => {
    const estimate = new TimeEstimate([fast, moreFast])
    estimate.learn(slow, 5)
    expect(estimate.left(1)).toBeCloseTo(20, 12)
    estimate.finish(fast, 1)
    expect(estimate.left(1)).toBeCloseTo(3, 12)
  })

  it('forgets what starting took as soon as it knows better', () => {
    const again = cell('fast', 40)
    const estimate = new TimeEstimate([fast, moreFast, again])
    estimate.finish(fast, 10, false)
    expect(estimate.left(1)).toBeCloseTo(70, 12)
    estimate.finish(moreFast, 3)
    expect(estimate.left(1)).toBeCloseTo(4, 12)
  })
})

describe('what a run says', () => {
  const state: ProgressState = {
    study: 'bam',
    total: 6000,
    done: 1204,
    reused: 200,
    failed: 3,
    running: ['score, gradient, obj/val/17, seed 0'],
    share: 0.2049,
    elapsed: 100,
    left: 720,
  }

  it('before the start', () => {
    const start = { study: 'bam', total: 6000, reused: 4800, cost: { forwards: 12_000, gradients: 1 }, concurrency: 2 }
    expect(formatStart(start)).toBe(
      'bam: 6,000 cells, 4,800 done before; to do: 1,200 cells, about 1 gradient and 12,000 forward passes, 2 at a time',
    )
    expect(formatStart({ ...start, expected: 4000 })).toMatch(/, about 1 h 7 min at the pace of earlier runs$/)
    expect(formatStart({ ...start, reused: 6000 })).toBe('bam: 6,000 cells, all done before')
    expect(formatStart({ ...start, reused: 0, cost: { forwards: 0, gradients: 0 } })).toBe(
      'bam: 6,000 cells; to do: 6,000 cells, 2 at a time',
    )
  })

  it('in between', () => {
    expect(formatProgress(state)).toBe('bam: 1,204 of 6,000 cells, 20%, 3 failed, 12 min left')
    expect(formatProgress(state, true)).toBe(
      '[#####-------------------]   20%  12 min left  3 failed  bam: 1,204 of 6,000 cells  score, gradient, obj/val/17, seed 0',
    )
    expect([0.2, 59.4, 59.6, 3599, 7260].map(duration)).toEqual(['under 1 s', '59 s', '1 min', '1 h 0 min', '2 h 1 min'])
  })

  it('not too often', () => {
    let time = 0
    const [bars, notes]: [string[], string[]] = [[], []]
    const target = { bar: (text: string) => bars.push(text), note: (line: string) => notes.push(line) }
    const printers = [true, false].map(live => progressPrinter({ ...target, live }, () => time))
    for (; time <= 20_000; time += 50) for (const print of printers) print(state)
    expect([bars.length, notes.length]).toEqual([201, 2])
  })
})
