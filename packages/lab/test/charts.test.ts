import { describe, expect, it } from 'vitest'
import { barChart, lineChart, scatter } from '../src/charts/index.js'
import { scaleOf } from '../src/charts/scale.js'

describe('scales', () => {
  it('takes round ends and ticks', () => {
    const scale = scaleOf([0.13, 0.87])
    expect(scale.ends).toEqual([0, 1])
    expect(scale.ticks.map(scale.tickLabel)).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0'])
    expect(scale.place(0.25)).toBeCloseTo(0.25, 12)
  })

  it('places logarithms', () => {
    const scale = scaleOf([0.01, 10], { kind: 'log' })
    expect(scale.ends).toEqual([0.01, 10])
    expect(scale.place(0.1)).toBeCloseTo(1 / 3, 12)
  })
})

describe('barChart', () => {
  const bars = [
    { label: 'a <b>', value: 0.5, low: 0.25, high: 1 },
    { label: 'control', value: -1, low: -1, high: -0.5, muted: true },
  ]
  const svg = barChart({ title: 'scores & more', xLabel: 'score', groups: [{ label: '', bars }], width: 428 })

  it('draws bars and intervals at their places', () => {
    // The axis runs from -1 to 1 between x = 14 and 414: 200 px per unit around 214.
    expect(svg).toContain('<rect x="214" y="48" width="100" height="8" rx="1.5" fill="#4a7fb5"/>')
    expect(svg).toContain('<line x1="264" y1="52" x2="414" y2="52"')
    expect(svg).toContain('<rect x="14" y="79" width="200" height="8" rx="1.5" fill="#8d949c"/>')
    expect(svg).toContain('<line x1="14" y1="83" x2="114" y2="83"')
  })

  it('escapes, describes and says numbers', () => {
    expect(svg).toContain('<title>scores &amp; more</title>')
    expect(svg).not.toContain('<b>')
    expect(svg).toContain('>0.500</text>')
    expect(svg).toContain('>−1.000</text>')
  })

  it('says so where there is nothing', () => {
    expect(barChart({ title: 't', xLabel: 'x', groups: [] })).toContain('no values to draw')
    expect(
      barChart({ title: 't', xLabel: 'x', groups: [{ label: '', bars: [{ label: 'a', value: Number.NaN }] }] }),
    ).not.toContain('<rect')
  })
})

describe('lineChart and scatter', () => {
  it('joins points and breaks at gaps', () => {
    const points = [
      [0, 0],
      [1, 1],
      [2, Number.NaN],
      [3, 0],
      [4, 1],
    ] as const
    const svg = lineChart({ title: 't', xLabel: 'x', yLabel: 'y', series: [{ label: 's', points }] })
    // x: 64 to 544 over 0..4; the plot lies below the legend's line: y from 58 (1) to 292 (0).
    expect(svg).toContain('<path d="M64 292L184 58"')
    expect(svg).toContain('<path d="M424 292L544 58"')
    expect(svg).not.toContain('NaN')
  })

  it('leaves out what a logarithm does not have', () => {
    const svg = lineChart({
      title: 't',
      xLabel: 'x',
      yLabel: 'y',
      yScale: 'log',
      series: [
        {
          label: 's',
          points: [
            [0, 0],
            [1, 1],
            [2, 10],
          ],
        },
      ],
    })
    expect(svg).not.toMatch(/NaN|Infinity/)
  })

  it('places points', () => {
    const series = [
      {
        label: 's',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1, label: '9' },
        ],
      },
    ]
    const svg = scatter({ title: 't', xLabel: 'x', yLabel: 'y', series })
    expect(svg).toContain('M60 294a4 4')
    expect(svg).toContain('M456 40a4 4')
    expect(scatter({ title: 't', xLabel: 'x', yLabel: 'y', series: [] })).toContain('no values to draw')
  })
})
