/** @file The report: self-contained, safe against any text, the same for the same results, warnings where they belong. */
import { describe, expect, it } from 'vitest'
import { encodePng, type ReportData, type ReportResult, renderReport } from '../src/render/index.js'

const png = encodePng({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) })

const result: ReportResult = {
  method: 'integrated-gradients',
  options: { points: 50, baseline: 'constant 0' },
  overlay: png,
  map: png,
  legend: { range: { kind: 'diverging', low: -0.25, high: 0.25, percentile: 99 }, colormap: 'blue-white-red' },
  stats: { min: -0.5, max: 0.75, sum: 8.4, positive: 0.512 },
  residual: { absolute: 0.0031, relative: 0.0004, expected: 8.42, state: 'ok' },
  cost: { forwards: 1, gradients: 50, milliseconds: 812 },
  files: ['photo.integrated-gradients.npy'],
}

const report: ReportData = {
  title: 'Explanation',
  version: '0.1.0',
  model: {
    file: 'model.onnx',
    digest: 'sha256:00ff',
    inputs: [{ name: 'input', dtype: 'float32', dims: ['batch', 3, 224, 224] }],
    outputs: [{ name: 'logits', dtype: 'float32', dims: ['batch', 1000] }],
    facts: { seed: 0 },
  },
  entries: [
    {
      name: 'photo.jpg',
      picture: png,
      predictions: [
        { label: 'tench', index: 0, value: 0.934 },
        { label: 'goldfish', index: 1, value: 0.00001 },
      ],
      target: 'the score of tench (class 0)',
      results: [result],
    },
  ],
}

const withResult = (changes: Partial<ReportResult>): ReportData => ({
  ...report,
  entries: [{ ...report.entries[0]!, results: [{ ...result, ...changes }] }],
})

/** Every text of a report replaced by one that would break out of any place in the markup. */
function poisoned<T>(value: T, text: string): T {
  if (typeof value === 'string') return text as T
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => poisoned(item, text)) as T
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, poisoned(item, text)])) as T
}

describe('renderReport', () => {
  it('holds the numbers, the pictures and the words', () => {
    const html = renderReport(report)
    for (const text of [
      'tench',
      '93.4%',
      '&lt; 0.01%',
      'the score of tench (class 0)',
      'Adds up: residual 0.04%',
      'of a change of 8.42',
      '−0.25',
      'points 50 · baseline constant 0',
      '1 forward pass, 50 gradients · 812 ms · photo.integrated-gradients.npy',
      '<code>input</code> float32 [batch, 3, 224, 224]',
      'sha256:00ff',
      '51.2%',
      'The residual is what is missing',
      'ascribe 0.1.0',
    ])
      expect(html).toContain(text)
    expect(html.match(/<img /g)?.length).toBe(3)
    expect(html).toContain(`src="data:image/png;base64,${btoa(String.fromCharCode(...png))}"`)
    expect(html).toContain('linear-gradient(to right,rgb(8 40 104),')
  })

  it('needs nothing from anywhere: no script, no link, no address', () => {
    const html = renderReport(report)
    expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:|\son\w+=/i)
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`)
    expect([...html.matchAll(/src="(.{5})/g)].every(([, start]) => start === 'data:')).toBe(true)
  })

  it('lets no text become markup', () => {
    for (const attack of [
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onload='x",
      '</style><b>',
      '</title><b>',
      '\u0000&lt;',
    ]) {
      const { legend, ...others } = result
      const entry = report.entries[0]!
      const full: ReportData = {
        ...report,
        date: 'd',
        warnings: ['w'],
        failures: [{ name: 'n', message: 'm' }],
        entries: [{ ...entry, warnings: ['w'], results: [{ ...others, warnings: ['w'], bars: { labels: ['a'], values: [1] } }] }],
      }
      const plain = renderReport(poisoned(full, 'x'))
      const html = renderReport({
        ...poisoned(full, attack),
        model: { ...poisoned(full.model, attack), facts: { [attack]: attack } },
      })
      // The same markup as with a harmless text: not one tag more.
      const tags = (text: string): number => text.match(/<[a-z!/]/gi)?.length ?? 0
      expect(
        tags(html) - tags(renderReport({ ...poisoned(full, 'x'), model: { ...poisoned(full.model, 'x'), facts: { x: 'x' } } })),
      ).toBe(0)
      expect(plain).not.toContain(attack)
      if (/[<"']/.test(attack)) expect(html).not.toContain(attack)
    }
  })

  it('warns in words where the values do not add up', () => {
    const html = renderReport(withResult({ residual: { absolute: -1.31, relative: 0.156, expected: 8.42, state: 'warn' } }))
    expect(html).toContain('<span class="badge warn">Does not add up: residual 15.6%</span>')
    expect(html).toContain('That is more than the tolerance')
    expect(html).not.toContain('Adds up:')
  })

  it('shows warnings and inputs that failed, without naming the file twice', () => {
    const html = renderReport({
      ...withResult({ warnings: ['too few points'] }),
      warnings: ['batch fixed at 1'],
      failures: [{ name: 'broken.jpg', message: 'broken.jpg: the picture is damaged' }],
    })
    expect(html).toContain('<strong>Warning:</strong> too few points')
    expect(html).toContain('<strong>Warning:</strong> batch fixed at 1')
    expect(html).toContain('<strong>broken.jpg was not explained:</strong> the picture is damaged')
  })

  it('leaves out what a method has not: residual, cost, pictures', () => {
    const { residual, cost, overlay, map, legend, options, ...bare } = result
    const html = renderReport({
      ...report,
      entries: [
        { ...report.entries[0]!, predictions: [], results: [{ ...bare, bars: { labels: ['age', 'income'], values: [1, -2] } }] },
      ],
    })
    expect(html.slice(html.indexOf('<main>'))).not.toMatch(/residual|undefined|NaN|\[object/i)
    expect(html).toContain('<svg')
  })

  it('writes scores as scores', () => {
    const html = renderReport({ ...report, entries: [{ ...report.entries[0]!, predictionKind: 'score' }] })
    expect(html).toContain('Prediction (scores)')
    expect(html).toContain('<span class="number">0.934</span>')
  })

  it('depends on its argument alone', () => {
    expect(renderReport(report)).toBe(renderReport(structuredClone(report)))
    expect(renderReport(report)).not.toMatch(/20\d\d-\d\d/)
    expect(renderReport({ ...report, date: '21 November 2026' })).toContain('21 November 2026')
  })
})
