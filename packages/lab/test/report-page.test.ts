import { createHash } from 'node:crypto'
import { InputError } from '@ascribe/core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { BamReport, ScoreRow } from '../src/bam/report/data.js'
import { agreementWithPaper, marginOf, orderAgreement, rankRows, renderBamReport } from '../src/bam/report/index.js'
import { exampleRow } from '../src/report/index.js'
import { sortScript, sortScriptHash } from '../src/report/table.js'
import { fakeReport } from './report-fake.js'

const row = (method: string, value: number, half: number, control = false): ScoreRow => ({
  architecture: 'resnet',
  method,
  control,
  metric: 'mcs',
  variant: 'positive',
  score: { value, low: value - half, high: value + half },
  count: 1000,
  valid: 912,
  detectable: 1.4 * half,
})

/** The page without its script and its pictures' bytes. */
const words = (page: string): string => page.replace(sortScript, '').replace(/data:image[^"]*/g, 'data:')

const empty: BamReport = { title: 'T', facts: [], models: [], scores: [], findings: [], tables: [], examples: [] }

describe('ranking', () => {
  const rows = [
    row('gradient', 0.1, 0.02),
    row('grad-cam', 0.3, 0.02),
    row('guided-backprop', 0.12, 0.02),
    row('edges', 0.05, 0.01, true),
  ]

  it('gives places and the places that ties allow', () => {
    const ranked = rankRows(rows).map(({ row: { method }, rank, best, worst }) => [method, rank, best, worst])
    expect(ranked.slice(0, 3)).toEqual([
      ['grad-cam', 1, 1, 1],
      ['guided-backprop', 2, 2, 3],
      ['gradient', 3, 2, 3],
    ])
    expect(ranked[3]!.slice(0, 2)).toEqual(['edges', null])
  })

  it('measures the distance from the best control', () => {
    const margin = marginOf(rows[1]!, rows)!
    expect(margin.control).toBe('edges')
    expect(margin.difference.value).toBeCloseTo(0.25, 12)
    expect(margin.difference.low).toBeCloseTo(0.25 - Math.hypot(0.02, 0.01), 12)
    expect(margin.resolved).toBe(true)
    expect(marginOf(row('gradient', 0.06, 0.02), rows)!.resolved).toBe(false)
    expect(marginOf(rows[3]!, rows)).toBeUndefined()
  })

  it("compares with the paper's order and between orders", () => {
    const agreement = agreementWithPaper(rows)
    expect(agreement.agreeing).toEqual([
      ['grad-cam', 'gradient'],
      ['grad-cam', 'guided-backprop'],
    ])
    expect(agreement.tied).toEqual([['gradient', 'guided-backprop']])
    expect(agreement.kendall).toBeCloseTo(1 / 3, 12)
    expect(orderAgreement(rows, rows)).toEqual({ count: 3, kendall: 1, spearman: 1 })
  })
})

describe('page', () => {
  it('holds the numbers as given, sorted', () => {
    const page = renderBamReport({ ...empty, scores: [row('gradient', 0.1234, 0.01), row('grad-cam', 0.3456, 0.02)] })
    expect(page).toContain('<strong>0.346</strong>')
    expect(page).toContain('[0.113, 0.133]')
    expect(page).toContain('912 / 1,000')
    expect(page.indexOf('data-sort="grad-cam"')).toBeLessThan(page.indexOf('data-sort="gradient"'))
  })

  it('escapes every text and reaches for nothing outside', () => {
    const bad = '<img src=x onerror="alert(1)">'
    const page = renderBamReport({
      ...empty,
      title: bad,
      facts: [bad],
      models: [{ architecture: bad, set: bad, file: bad, parameters: 1, accuracy: 1, count: 1, note: bad }],
      scores: [row(bad, 0.1, 0.01)],
      findings: [{ architecture: bad, id: bad, statement: bad, verdict: 'not tested', numbers: [], missing: [bad] }],
      tables: [{ title: bad, caption: bad, columns: [bad], rows: [[bad]] }],
      examples: [{ title: bad, pictures: [{ label: bad, url: 'data:,' }] }],
    })
    expect(page).not.toContain('<img src=x')
    const whole = renderBamReport(fakeReport())
    expect(whole.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|src="(?!data:)|url\(/)
    expect(words(whole)).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('allows its own script alone', () => {
    expect(createHash('sha256').update(sortScript).digest('base64')).toBe(sortScriptHash)
  })

  it('says so where parts are missing', () => {
    const page = renderBamReport(empty)
    expect(page).toContain('Nothing was scored')
    expect(page).toContain('No finding of the paper was tested')
    expect(words(renderBamReport({ ...empty, scores: [{ ...row('gradient', Number.NaN, 0), valid: 0 }] }))).not.toContain('NaN')
  })
})

describe('exampleRow', () => {
  const mask = Uint8Array.from({ length: 16 }, (_, i) => (i === 5 ? 255 : 0))
  const picture = { pixels: new Uint8Array(48).fill(100), mask, box: null }

  it('enlarges with square pixels and outlines the mask', async () => {
    const made = exampleRow({ title: 't', picture, maps: [{ label: 'm', values: [0, 0, 0, 1], dims: [1, 2, 2] }], side: 16 })
    expect(made.pictures.map(({ label }) => label)).toEqual(['input', 'm'])
    const { data, info } = await sharp(Buffer.from(made.pictures[0]!.url.split(',')[1]!, 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height]).toEqual([16, 16])
    const at = (x: number, y: number): number => data[(y * 16 + x) * info.channels]!
    expect([at(4, 4), at(3, 4), at(5, 5), at(10, 10)]).toEqual([255, 0, 100, 100])
  })

  it('refuses what does not fit', () => {
    expect(() => exampleRow({ title: 't', picture: { ...picture, pixels: new Uint8Array(47) }, maps: [] })).toThrow(InputError)
    expect(() => exampleRow({ title: 't', picture, maps: [{ label: 'm', values: [1], dims: [1, 2, 2] }] })).toThrow(InputError)
  })
})
