import { AbortedError, Random } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import { featureFamilies } from '../src/bam/audit/features/index.js'
import { auditSource } from '../src/bam/audit/index.js'
import { fitLogistic, predictLogistic, type Table } from '../src/bam/audit/logistic.js'
import { predictNearest } from '../src/bam/audit/nearest.js'
import { GeneratedSource } from '../src/bam/generated.js'
import type { BamSource } from '../src/bam/source.js'

const quick = featureFamilies.filter(({ name }) => !['all pixels', 'border of 4 pixels'].includes(name))

describe('the classifiers of the audit', () => {
  it('logistic regression stands where its gradient is zero', () => {
    const random = new Random(1)
    const rows = 200
    const columns = 3
    const labels = Uint8Array.from({ length: rows }, () => random.integer(3))
    const values = Float32Array.from(
      { length: rows * columns },
      (_, i) => random.normal() + (labels[Math.floor(i / columns)] === i % columns ? 1 : 0),
    )
    const table: Table = { rows, columns, values, labels }
    const penalty = 0.05
    const { weights } = fitLogistic(table, 3, { penalty, iterations: 200 })
    const gradient = new Float64Array(weights.length)
    for (let row = 0; row < rows; row++) {
      const x = [...values.subarray(row * columns, (row + 1) * columns), 1]
      const logits = [0, 1, 2].map(c => x.reduce((sum, value, j) => sum + value * weights[j * 3 + c]!, 0))
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0)
      for (let c = 0; c < 3; c++) {
        const error = Math.exp(logits[c]!) / total - (labels[row] === c ? 1 : 0)
        for (let j = 0; j < 4; j++) gradient[j * 3 + c] = gradient[j * 3 + c]! + (error * x[j]!) / rows
      }
    }
    for (let i = 0; i < 9; i++) gradient[i] = gradient[i]! + penalty * weights[i]!
    for (const entry of gradient) expect(Math.abs(entry)).toBeLessThan(1.1e-4)
    const right = predictLogistic({ weights, classes: 3 }, table).filter((label, i) => label === labels[i]).length
    expect(right / rows).toBeGreaterThan(0.55)
  })

  it('five neighbours vote, and a tie goes to the nearer', () => {
    const known: Table = {
      rows: 6,
      columns: 1,
      values: Float32Array.of(0, 1, 2, 10, 11, 12),
      labels: Uint8Array.of(0, 1, 1, 2, 2, 2),
    }
    const asked: Table = { rows: 3, columns: 1, values: Float32Array.of(1.2, 11, 5.9), labels: new Uint8Array(3) }
    expect([...predictNearest(known, asked, 3)]).toEqual([1, 2, 1])
    expect([...predictNearest(known, asked, 3, 1)]).toEqual([1, 2, 1])
    expect([...predictNearest(known, asked, 3, 2)]).toEqual([1, 2, 1])
  })
})

describe('the shortcut audit', () => {
  it('passes the generated data', { timeout: 60_000 }, async () => {
    const rows = await auditSource(new GeneratedSource({ validation: 10 }), { pictures: 800, test: 500, families: quick })
    expect(rows).toHaveLength(20)
    for (const row of rows) expect(row, `${row.labels} from ${row.features}`).toMatchObject({ passed: true })
    for (const { accuracy, interval } of rows) {
      expect(interval[0]).toBeLessThan(accuracy)
      expect(interval[1]).toBeGreaterThan(accuracy)
    }
  })

  it('catches colours that give the label away, in the object and in the scene', async () => {
    const honest = new GeneratedSource({ size: 32, train: 5, validation: 2 })
    const marked: BamSource = {
      ...honest,
      count: honest.count.bind(honest),
      entry: honest.entry.bind(honest),
      find: honest.find.bind(honest),
      objects: honest.objects,
      scenes: honest.scenes,
      picture(set, split, index) {
        const picture = honest.picture(set, split, index)
        const { scene } = honest.entry(set, split, index)
        return { ...picture, pixels: picture.pixels.map((value, i) => (i % 3 === 1 ? 25 * scene : value)) }
      },
    }
    const rows = await auditSource(marked, { pictures: 400, test: 200, families: quick })
    const of = (labels: string, features: string) => rows.filter(row => row.labels === labels && row.features === features)
    for (const row of [...of('scene', 'colour histogram'), ...of('scene', 'cut-out alone')]) {
      expect(row.passed).toBe(false)
      expect(row.accuracy).toBeGreaterThan(0.4)
    }
    for (const row of of('object', 'colour histogram')) expect(row.passed).toBe(true)
  })

  it('stops when asked to', async () => {
    const source = new GeneratedSource({ size: 32, train: 5, validation: 2 })
    await expect(auditSource(source, { pictures: 100, test: 50, signal: AbortSignal.abort() })).rejects.toThrow(AbortedError)
    await expect(auditSource(new GeneratedSource({ size: 32, validation: 0 }))).rejects.toThrow(/build both splits/)
  })
})
