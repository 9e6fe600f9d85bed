import { InputError, UsageError } from '@ascribe/core'
import { describe, expect, it } from 'vitest'
import {
  attributionInside,
  bamMetricNamed,
  bamMetrics,
  compareScores,
  type FindingDefinition,
  findings,
  insidePixels,
  ladderCorrelation,
  type MetricRecord,
  type MetricScore,
  metricOptions,
  paperMethods,
  paperOrder,
  paperStatements,
  rankMethods,
  rungs,
  type ScoreKey,
  scoreMetric,
  testFindings,
  verdictAboveZero,
  verdictWithin,
  visualMap,
} from '../src/bam/metrics/index.js'
import { bootstrapMean, rankAgreement } from '../src/statistics/index.js'

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const two = { height: 2, width: 2 }
const plane = (values: number[], variant: Parameters<typeof visualMap>[3] = 'positive') =>
  visualMap(values, [1, 2, 2], two, variant)

describe('the map of an attribution', () => {
  // Pixels 1, 2, 3, 4: P99 of the four is 3.97.
  it('keeps positive values, sums channels, and runs from the minimum to the 99th percentile', () => {
    const first = [1, -5, 2, 4, 0, 2, 1, -9]
    const map = visualMap(Float32Array.from(first), [1, 2, 2, 2], two, 'positive')
    expect(map.scale).toBe('usual')
    for (const [i, sum] of [1, 2, 3, 4].entries()) expect(map.values[i]).toBeCloseTo(Math.min(1, (sum - 1) / 2.97), 12)
    const last = visualMap([1, 0, -5, 2, 2, 1, 4, -9], [1, 2, 2, 2], two, 'positive', 'last')
    expect([...last.values]).toEqual([...map.values])
  })

  it('keeps the sign, or the magnitude, or the square', () => {
    // Sums of two channels: 4, -2, 0, 1; P99 of 4, 2, 1, 0 is 3.94.
    const values = [5, -1, 3, 0, -1, -1, -3, 1]
    const of = (variant: 'signed' | 'absolute' | 'squared') => [...visualMap(values, [1, 2, 2, 2], two, variant).values]
    for (const [i, sum] of [4, -2, 0, 1].entries()) expect(of('signed')[i]).toBeCloseTo(Math.min(1, sum / 3.94), 12)
    // Magnitudes 6, 2, 6, 1: P99 6. Squares 26, 2, 18, 1: P99 of them 25.76.
    for (const [i, sum] of [6, 2, 6, 1].entries()) expect(of('absolute')[i]).toBeCloseTo((sum - 1) / 5, 12)
    for (const [i, sum] of [26, 2, 18, 1].entries()) expect(of('squared')[i]).toBeCloseTo(Math.min(1, (sum - 1) / 24.76), 12)
  })

  it('clips strong evidence against at -1', () => {
    const values = new Float32Array(400).fill(1)
    values[7] = -50
    const map = visualMap(values, [1, 20, 20], { height: 20, width: 20 }, 'signed')
    expect([map.values[7], map.values[8]]).toEqual([-1, 1])
  })

  it('makes zeros of a constant map, and says so', () => {
    for (const map of [plane([3, 3, 3, 3]), plane([-1, -2, -3, 0]), plane([0, 0, 0, 0], 'signed')]) {
      expect(map.scale).toBe('constant')
      expect([...map.values]).toEqual([0, 0, 0, 0])
    }
    expect(plane([2, 2, 2, 2], 'signed')).toMatchObject({ scale: 'usual', values: Float64Array.from([1, 1, 1, 1]) })
  })

  it('takes the limit where 99 in 100 pixels share the minimum', () => {
    const values = new Float32Array(400)
    values[0] = 0.2
    values[9] = -0.5
    const size = { height: 20, width: 20 }
    const positive = visualMap(values, [1, 20, 20], size, 'positive')
    expect(positive.scale).toBe('sparse')
    expect(positive.values.filter(value => value === 1)).toHaveLength(1)
    expect([...visualMap(values, [1, 20, 20], size, 'signed').values.filter(value => value !== 0)]).toEqual([1, -1])
  })

  it('is resized between pixel centres first', () => {
    const map = visualMap([0, 4], [1, 1, 2], { height: 1, width: 4 }, 'positive')
    // 0, 1, 3, 4 before scaling; P99 is 3.97.
    for (const [i, value] of [0, 1, 3, 4].entries()) expect(map.values[i]).toBeCloseTo(Math.min(1, value / 3.97), 6)
    // Resizing comes before dropping negatives: -4 and 4 become -4, -2, 2, 4.
    const crossing = visualMap([-4, 4], [1, 1, 2], { height: 1, width: 4 }, 'positive')
    for (const [i, value] of [0, 0, 2, 4].entries()) expect(crossing.values[i]).toBeCloseTo(Math.min(1, value / 3.94), 6)
  })

  it('refuses other shapes and numbers', () => {
    expect(() => visualMap([1, 2], [2, 1, 1], two, 'positive')).toThrow(InputError)
    expect(() => visualMap([1, 2], [1, 2], two, 'positive')).toThrow(InputError)
    expect(() => visualMap([1, 2, 3], [1, 2, 2], two, 'positive')).toThrow(/3 values; 4/)
    expect(() => visualMap([1, 2, Number.NaN, 0], [1, 2, 2], two, 'positive')).toThrow(/NaN at element 2/)
  })
})

describe('the mean inside the mask', () => {
  it('counts pixels that the object covers by half or more', () => {
    expect([...insidePixels([127, 128, 255, 0])]).toEqual([1, 2])
    // Scaled: 0, 1/2.97, 2/2.97, 1.
    expect(attributionInside(plane([1, 2, 3, 4]), [127, 128, 255, 0])).toBeCloseTo(1.5 / 2.97, 12)
    expect(attributionInside(plane([1, 2, 3, 4]), [0, 0, 0, 200])).toBe(1)
  })

  it('needs a region, of the same size', () => {
    expect(() => attributionInside(plane([1, 2, 3, 4]), [0, 127, 0, 0])).toThrow(/mask is empty/)
    expect(() => attributionInside(plane([1, 2, 3, 4]), [255])).toThrow(InputError)
  })
})

const record = (
  source: number,
  a: number,
  b: number,
  correct = [true, true],
  more: Partial<MetricRecord> = {},
): MetricRecord => ({
  source,
  readings: [
    { g: a, correct: correct[0]! },
    { g: b, correct: correct[1]! },
  ],
  ...more,
})

describe('metrics', () => {
  it('are of one shape, named once, with views that say what to compute', () => {
    expect(bamMetrics.map(metric => metric.name)).toEqual([
      'mcs',
      'idr',
      'iir',
      'functional-change',
      'relative-mcs',
      'placebo-contrast',
    ])
    for (const metric of bamMetrics) {
      const views = metric.views(metricOptions(metric))
      expect(views).toHaveLength(2)
      expect(metric.summary.length * metric.formula.length * metric.citation.length).toBeGreaterThan(0)
      expect(Number.isFinite(metric.score([0.3, 0.2], metricOptions(metric)))).toBe(true)
    }
    expect(() => bamMetricNamed('msc')).toThrow(UsageError)
    expect(bamMetricNamed('relative-mcs').views({ rung: 4 })).toEqual([
      { model: 'scene4', picture: 'dog_bedroom', correct: true },
      { model: 'scene10', picture: 'dog_bedroom', correct: true },
    ])
    expect(rungs).toHaveLength(9)
  })

  it('MCS: mean difference over jointly correct, admitted images', () => {
    const records = [
      record(0, 0.5, 0.1),
      record(1, 0.4, 0.2),
      record(2, 0.9, 0, [true, false]),
      record(3, 0.9, 0, [false, true]),
      record(4, 0.9, 0, [true, true], { excluded: 'pair not admitted' }),
      record(5, 0.3, 0.3, [true, true], {
        readings: [
          { g: 0.3, correct: true },
          { g: 0.3, correct: true, constant: true },
        ],
      }),
    ]
    const score = scoreMetric(bamMetricNamed('mcs'), records)
    expect(score.estimate.value).toBeCloseTo(0.2, 12)
    expect([score.n, score.valid, score.constant]).toEqual([6, 3, 1])
    expect(score.left).toEqual({ misclassified: 2, 'pair not admitted': 1 })
    // Scores 0.4, 0.2, 0: standard deviation 0.2.
    expect(score.deviation).toBeCloseTo(0.2, 12)
    expect(score.detectable).toBeCloseTo((2.8 * 0.2) / Math.sqrt(3), 12)
    expect(score.resolved).toBe(false)
    expect(score.scores.map(value => value === null)).toEqual([false, false, true, true, true, false])
    expect([score.estimate.resamples, score.estimate.level, score.interval]).toEqual([2000, 0.95, 'percentile bootstrap'])
  })

  it('IDR: strictly more without the object', () => {
    const records = [record(0, 0.2, 0.3), record(1, 0.3, 0.2), record(2, 0.2, 0.2), record(3, 0.1, 0.9)]
    expect(scoreMetric(bamMetricNamed('idr'), records).estimate.value).toBe(0.5)
  })

  it('IIR: relative to the clean attribution, strictly, never for g = 0; the companion the other way', () => {
    const records = [
      record(0, 0.5, 0.525),
      record(1, 0.5, 0.4),
      record(2, 0, 0),
      record(3, 0.5, 0.5, [true, true], { excluded: 'patch not accepted' }),
      record(4, -0.5, -0.52),
    ]
    const at = (name: string, tolerance: number) =>
      scoreMetric(bamMetricNamed(name), records, { options: { tolerance } }).estimate.value
    expect(at('iir', 0.1)).toBe(0.5)
    expect(at('iir', 0.25)).toBe(0.75)
    expect(at('functional-change', 0.1)).toBe(0.25)
    expect(scoreMetric(bamMetricNamed('iir'), records).options).toEqual({ tolerance: 0.1 })
    expect(() => at('iir', 0.6)).toThrow(/one of 0.05/)
    expect(() => scoreMetric(bamMetricNamed('iir'), records, { options: { tolerence: 0.1 } })).toThrow(UsageError)
  })

  it('a functional patch may change the class, an accepted one may not', () => {
    const records = [record(0, 0.5, 0.1, [true, false]), record(1, 0.5, 0.1, [false, true])]
    expect(scoreMetric(bamMetricNamed('functional-change'), records).valid).toBe(1)
    expect(scoreMetric(bamMetricNamed('iir'), records).valid).toBe(0)
    expect(scoreMetric(bamMetricNamed('iir'), records).estimate.value).toBeNaN()
  })

  it('a share on which all agree has an exact interval, not none', () => {
    const records = upTo(100).map(i => record(i, 0.5, 0.5))
    const score = scoreMetric(bamMetricNamed('iir'), records)
    expect([score.estimate.value, score.estimate.high, score.interval]).toEqual([1, 1, 'exact'])
    expect(score.estimate.low).toBeCloseTo(0.9637833, 6)
    expect(score.detectable).toBeGreaterThan(0.03)
    expect(score.resolved).toBeNull()
    const paired = scoreMetric(
      bamMetricNamed('iir'),
      records.map((one, i) => ({ ...one, source: i % 10 })),
    )
    expect(paired.estimate.low).toBeCloseTo(1 - 0.3084971, 6)
  })

  it('a map that ignores everything scores 0 wherever it should', () => {
    const records = upTo(40).map(i => record(i, 0.4, 0.4))
    const value = (name: string): number => scoreMetric(bamMetricNamed(name), records).estimate.value
    expect(['mcs', 'idr', 'functional-change', 'placebo-contrast'].map(value)).toEqual([0, 0, 0, 0])
    expect(value('iir')).toBe(1)
    expect(scoreMetric(bamMetricNamed('mcs'), records).resolved).toBe(false)
  })

  it('refuses records that do not fit', () => {
    const metric = bamMetricNamed('mcs')
    expect(() => scoreMetric(metric, [{ source: 0, readings: [{ g: 1, correct: true }] }])).toThrow(/1 readings; one per view, 2/)
    expect(() => scoreMetric(metric, [record(0, Number.NaN, 1)])).toThrow(/g = NaN/)
  })
})

/** Scores of n images at a mean, spread evenly by +-0.1 in an order of its own. */
function scoresAt(value: number, n = 400, spread = 0.1, step = 1, metric: 'mcs' | 'iir' = 'mcs'): MetricScore {
  const wave = (i: number): number => spread * (((i * step) % n) / (n - 1) - 0.5) * 2
  const shares = metric === 'iir'
  return scoreMetric(
    bamMetricNamed(metric),
    upTo(n).map(i => (shares ? record(i, 1, i < value * n ? 1 : 0) : record(i, value + wave(i) + 0.5, 0.5))),
    { resamples: 400 },
  )
}

describe('comparison and ranks', () => {
  it('pair the images', () => {
    const { estimate, valid, resolved, p } = compareScores(scoresAt(0.31), scoresAt(0.3))
    expect(estimate.value).toBeCloseTo(0.01, 12)
    expect([valid, resolved]).toEqual([400, true])
    expect(p).toBeLessThan(0.01)
    const noisy = compareScores(scoresAt(0.301), scoresAt(0.3, 400, 0.1, 7))
    expect(noisy.resolved).toBe(false)
    expect(noisy.p).toBeGreaterThan(0.05)
    expect(() => compareScores(scoresAt(0.3), scoresAt(0.3, 200))).toThrow(InputError)
  })

  it('rank methods and name the ones that are tied', () => {
    const table = {
      low: scoresAt(0.1, 400, 0.1, 3),
      high: scoresAt(0.3),
      close: scoresAt(0.301, 400, 0.1, 7),
      same: scoresAt(0.3),
    }
    const ranked = rankMethods(table, { resamples: 300 })
    expect(ranked.map(({ method, rank }) => [method, rank])).toEqual([
      ['close', 1],
      ['high', 2.5],
      ['same', 2.5],
      ['low', 4],
    ])
    expect(ranked[0]!.tiedWith).toEqual(['high', 'same'])
    expect(ranked[3]!).toMatchObject({ tiedWith: [], low: 4, high: 4 })
    expect([ranked[0]!.low, ranked[0]!.high]).toEqual([1, 3])
    expect(() => rankMethods({})).toThrow(InputError)
  })
})

describe('the ladder', () => {
  const pictures = 60
  const rows = (dependence: number, wobble: number) =>
    upTo(pictures).map(i => ({
      source: i,
      dependence: dependence + wobble * Math.sin(i * dependence + i),
      accuracyChange: i < 6 * dependence ? 1 : 0,
    }))
  const last = rows(0, 0)
  const steps = (contrast: (rung: number) => number) =>
    rungs.map(rung => ({
      rung,
      rows: rows(10 - rung, 0.3),
      score: scoreMetric(
        bamMetricNamed('relative-mcs'),
        upTo(pictures).map(i => record(i, contrast(rung) + 0.02 * Math.cos(i * rung), 0, [i % 7 > 0, true])),
        { resamples: 10, options: { rung } },
      ),
    }))

  it('correlates the contrast with the measured dependence and the change of accuracy', () => {
    const falling = ladderCorrelation(
      steps(rung => 0.05 * (10 - rung)),
      last,
      { resamples: 200 },
    )
    expect(falling.points).toHaveLength(9)
    expect(falling.points[0]!.contrast).toBeCloseTo(0.45, 1)
    expect(falling.points[0]!.accuracyChange).toBeCloseTo(0.9, 12)
    expect(falling.dependence.spearman.value).toBeCloseTo(1, 12)
    expect(falling.dependence.pearson.value).toBeGreaterThan(0.99)
    expect(falling.dependence.pearson.low).toBeGreaterThan(0.95)
    expect(falling.accuracyChange.pearson.value).toBeGreaterThan(0.99)
    const rising = ladderCorrelation(
      steps(rung => 0.05 * rung),
      last,
      { resamples: 50 },
    )
    expect(rising.accuracyChange.spearman.value).toBeCloseTo(-1, 12)
  })

  it('needs three rungs on the same pictures', () => {
    const all = steps(rung => rung)
    expect(() => ladderCorrelation(all.slice(0, 2), last)).toThrow(InputError)
    expect(() => ladderCorrelation(all, last.slice(1))).toThrow(/rung 1/)
  })
})

describe("the paper's findings", () => {
  const key = ({ metric, method, variant }: ScoreKey): string => `${metric} ${method} ${variant}`
  const values: Record<string, MetricScore> = {
    'mcs grad-cam positive': scoresAt(0.4),
    'mcs gradient positive': scoresAt(0.1),
    'mcs gradient squared': scoresAt(0.2, 400, 0.1, 7),
    'mcs gradient absolute': scoresAt(0.2, 400, 0.01),
    'mcs smooth-grad positive': scoresAt(0.2),
    'mcs smooth-grad-squared positive': scoresAt(0.2, 400, 0.01),
    'mcs integrated-gradients positive': scoresAt(0.15),
    'mcs integrated-gradients-smooth-squared positive': scoresAt(0.45),
    'mcs input-x-gradient positive': scoresAt(0.1),
    'mcs guided-backprop positive': scoresAt(0.001, 400, 0.05),
    'mcs guided-grad-cam positive': scoresAt(0.39),
    'iir guided-backprop positive': scoresAt(0.1, 100, 0, 1, 'iir'),
  }
  const run = (table: Record<string, MetricScore>) =>
    Object.fromEntries(testFindings(asked => table[key(asked)], { resamples: 400 }).map(finding => [finding.id, finding]))

  it('are tested with intervals, corrected over the family, and never guessed', () => {
    const found = run(values)
    expect(found['grad-cam-top-two']!.verdict).toBe('confirmed')
    expect(found['grad-cam-top-two']!.numbers[0]!.value).toBeCloseTo(0.01, 12)
    expect(found['smooth-grad-raises-gradient-positive']!.verdict).toBe('confirmed')
    expect(found['smooth-grad-raises-gradient-positive']!.adjusted).toBeGreaterThan(
      found['smooth-grad-raises-gradient-positive']!.p!,
    )
    // Equal means: a difference of 0 with a detectable one below 0.02 is a result, above it is none.
    expect(found['smooth-grad-squared-raises-gradient-squared']!.verdict).toBe('not confirmed')
    expect(found['smooth-grad-squared-raises-gradient-squared']!.numbers[0]!.detectable).toBeLessThan(0.02)
    expect(found['integrated-gradients-smooth-raises-integrated-gradients-positive']).toMatchObject({
      verdict: 'not tested',
      missing: ['mcs of integrated-gradients-smooth (positive)'],
    })
    expect(found['guided-backprop-contrast']!.verdict).toBe('confirmed')
    expect(found['guided-backprop-independence']!.verdict).toBe('confirmed')
    expect(found['guided-backprop-independence']!.numbers[0]).toMatchObject({ value: 0.1, valid: 100 })
    expect(Object.keys(found)).toHaveLength(findings.length)
  })

  it('are not confirmed where the numbers say otherwise', () => {
    const found = run({
      ...values,
      'mcs grad-cam positive': scoresAt(0.3),
      'mcs smooth-grad positive': scoresAt(0.05),
      'mcs guided-backprop positive': scoresAt(0.1, 400, 0.05),
      'iir guided-backprop positive': scoresAt(0.8, 100, 0, 1, 'iir'),
    })
    expect(found['grad-cam-top-two']!.verdict).toBe('not confirmed')
    expect(found['smooth-grad-raises-gradient-positive']!.verdict).toBe('not confirmed')
    expect(found['guided-backprop-contrast']!.verdict).toBe('not confirmed')
    expect(found['guided-backprop-independence']!.verdict).toBe('not confirmed')
  })

  it('are not resolved where few images tell too little', () => {
    const few = (value: number, step: number) => scoresAt(value, 12, 0.5, step)
    const found = run({
      ...Object.fromEntries(
        Object.keys(values).map((name, i) => [name, few(0.2 + 0.01 * i, i === 0 ? 1 : [5, 7, 11][Math.floor(i / 2) % 3]!)]),
      ),
      'iir guided-backprop positive': scoresAt(0.25, 12, 0, 1, 'iir'),
    })
    expect(found['grad-cam-top-two']!.verdict).toBe('not resolved')
    expect(found['smooth-grad-raises-gradient-positive']!.verdict).toBe('not resolved')
    expect(found['guided-backprop-independence']!.verdict).toBe('not resolved')
  })

  it('lose a confirmation that does not survive the correction', () => {
    const estimate = bootstrapMean([0, 1], [0, 1], { resamples: 5 })
    const one = (id: string, p: number): FindingDefinition => ({
      id,
      statement: id,
      family: 'all',
      needs: [],
      test: () => ({ verdict: 'confirmed', numbers: [], p }),
    })
    const found = testFindings(() => undefined, {}, [one('a', 0.01), one('b', 0.03), one('c', 0.04)])
    expect(found.map(({ verdict }) => verdict)).toEqual(['confirmed', 'not resolved', 'not resolved'])
    expect(verdictAboveZero({ ...estimate, value: 0.01, low: 0.005, high: 0.015 }, 0.012)).toBe('not resolved')
    expect(verdictAboveZero({ ...estimate, value: 0.001, low: -0.005, high: 0.007 }, 0.03)).toBe('not resolved')
    expect(verdictWithin({ ...estimate, low: -0.03, high: 0.01 }, -0.02, 0.02)).toBe('not resolved')
    expect(verdictWithin({ ...estimate, low: Number.NaN, high: Number.NaN }, -0.02, 0.02)).toBe('not resolved')
  })

  it('stand beside what the paper reports', () => {
    expect(paperOrder).toEqual(paperMethods.map(({ name }) => name))
    expect(paperOrder).toHaveLength(8)
    expect(paperStatements.filter(({ metric }) => metric === 'mcs').length).toBeGreaterThan(2)
    expect(paperStatements.every(({ source, reliability }) => source.length > 0 && reliability.length > 0)).toBe(true)
    const ours = Object.fromEntries(paperOrder.map((name, i) => [name, -i]))
    expect(rankAgreement(ours, paperOrder).kendall).toBe(1)
  })
})
