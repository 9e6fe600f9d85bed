/** @file A made-up report of realistic shape: 2 architectures, 14 methods, 4 metrics, 3 forms of the map, 6 examples; seeded. */
import { Random } from '@ascribe/core'
import type { BamReport, ScoreRow } from '../src/bam/report/data.js'
import type { BamPicture } from '../src/bam/source.js'
import { lineChart, scatter } from '../src/charts/index.js'
import { exampleRow } from '../src/report/index.js'

const architectures = ['resnet', 'vit']

const methods: readonly { name: string; method?: string; control?: true; level: number }[] = [
  { name: 'grad-cam', level: 0.31 },
  { name: 'gradient', level: 0.13 },
  { name: 'smooth-grad', method: 'smooth-grad:samples=25,noise=0.15', level: 0.17 },
  { name: 'smooth-grad-squared', method: 'smooth-grad:samples=25,noise=0.15,aggregate=squared', level: 0.19 },
  { name: 'integrated-gradients', method: 'integrated-gradients:points=25', level: 0.12 },
  { name: 'integrated-gradients-smooth-squared', method: 'integrated-gradients:points=25,noise-tunnel=squared', level: 0.16 },
  { name: 'input-x-gradient', level: 0.1 },
  { name: 'guided-backprop', level: 0.012 },
  { name: 'guided-grad-cam', level: 0.02 },
  { name: 'occlusion', method: 'occlusion:window=8,stride=4', level: 0.24 },
  { name: 'random', control: true, level: 0 },
  { name: 'uniform', control: true, level: 0 },
  { name: 'edges', control: true, level: 0.004 },
  { name: 'centre', control: true, level: 0 },
]

function fakeScores(): ScoreRow[] {
  const random = new Random(7)
  const shift: Readonly<Record<string, number>> = { mcs: 0, idr: 0.45, iir: 0.3, 'functional-change': 0.5 }
  const rows: ScoreRow[] = []
  for (const metric of Object.keys(shift))
    for (const architecture of architectures)
      for (const { name, method = name, control = false, level } of methods)
        for (const variant of ['positive', 'signed', 'absolute']) {
          const valid = metric === 'mcs' ? 880 + random.integer(90) : 90 + random.integer(10)
          const half = metric === 'mcs' ? 0.006 + 0.006 * random.uniform() : 0.05 + 0.04 * random.uniform()
          const value = Math.min(0.98, level + shift[metric]! + 0.05 * random.normal() * (metric === 'mcs' ? 0.4 : 2))
          rows.push({
            architecture,
            method,
            name,
            control,
            metric,
            variant,
            score: { value, low: value - half, high: Math.min(1, value + half) },
            count: metric === 'mcs' ? 1000 : 100,
            valid,
            detectable: half * 1.43,
          })
        }
  return rows
}

/** A striped scene with a disc, and maps that look at the disc more or less. */
function fakeExample(index: number) {
  const size = 64
  const random = new Random(11, index)
  const [cx, cy, radius] = [18 + random.integer(28), 18 + random.integer(28), 9 + random.integer(8)]
  const pixels = new Uint8Array(size * size * 3)
  const mask = new Uint8Array(size * size)
  for (let i = 0; i < mask.length; i++) {
    const [x, y] = [i % size, Math.floor(i / size)]
    const within = Math.hypot(x - cx, y - cy) < radius
    mask[i] = within ? 255 : 0
    const stripe = 110 + 50 * Math.sin((x * (index + 1) + y * 2) / 6)
    const object = [220 - 20 * index, 60 + 25 * index, 40 + ((x * y) % 60)]
    for (let c = 0; c < 3; c++)
      pixels[i * 3 + c] = Math.max(0, Math.min(255, (within ? object[c]! : stripe + 14 * c) + 8 * random.normal()))
  }
  const picture: BamPicture = {
    pixels,
    mask,
    box: { rowMin: cy - radius, rowMax: cy + radius, columnMin: cx - radius, columnMax: cx + radius },
  }
  const noisy = (share: number, sign: boolean): Float32Array =>
    Float32Array.from({ length: 3 * size * size }, (_, i) => {
      const value = (mask[i % mask.length]! / 255) * share + 0.4 * random.normal()
      return sign ? value : Math.abs(value)
    })
  const coarse = Float32Array.from({ length: 64 }, (_, i) =>
    Math.max(0, 1 - Math.hypot((i % 8) * 8 + 4 - cx, Math.floor(i / 8) * 8 + 4 - cy) / 24),
  )
  const maps = methods.map(({ name }, i) =>
    name.endsWith('grad-cam')
      ? { label: name, values: coarse, dims: [1, 1, 8, 8] }
      : { label: name, values: noisy(1 - i / 16, i % 3 !== 2), dims: [1, 3, size, size] },
  )
  return exampleRow({ title: `${architectures[index % 2]}: object ${index} on striped ground`, picture, maps })
}

const findings: BamReport['findings'] = architectures.flatMap((architecture, a) => [
  {
    architecture,
    id: 'grad-cam-top-two',
    statement: "Grad-CAM is first or second on MCS among the paper's eight methods",
    verdict: 'confirmed' as const,
    numbers: [
      {
        name: 'Grad-CAM minus the second best of the others',
        value: 0.121,
        low: 0.112,
        high: 0.131,
        valid: 902,
        detectable: 0.014,
      },
      { name: 'Grad-CAM', value: 0.312, low: 0.304, high: 0.32, valid: 902, detectable: 0.012 },
    ],
  },
  {
    architecture,
    id: 'smooth-grad-raises-gradient-positive',
    statement: 'SmoothGrad raises the MCS of the gradient',
    verdict: a === 0 ? ('confirmed' as const) : ('not resolved' as const),
    numbers: [
      {
        name: 'difference',
        value: a ? 0.004 : 0.041,
        low: a ? -0.005 : 0.03,
        high: a ? 0.013 : 0.052,
        valid: 913,
        detectable: 0.013,
      },
      { name: 'with SmoothGrad', value: 0.171, low: 0.163, high: 0.179, valid: 913, detectable: 0.011 },
      { name: 'without', value: 0.13, low: 0.121, high: 0.139, valid: 913, detectable: 0.012 },
    ],
    p: a ? 0.38 : 0.0002,
    adjusted: a ? 0.76 : 0.0012,
  },
  {
    architecture,
    id: 'guided-backprop-contrast',
    statement: 'the MCS of guided backprop is near 0 (within 0.02)',
    verdict: a === 0 ? ('not confirmed' as const) : ('confirmed' as const),
    numbers: [
      { name: 'MCS', value: a ? 0.003 : 0.051, low: a ? -0.004 : 0.04, high: a ? 0.01 : 0.062, valid: 921, detectable: 0.01 },
    ],
  },
  {
    architecture,
    id: 'integrated-gradients-smooth-raises-integrated-gradients-positive',
    statement: 'SmoothGrad raises the MCS of IG',
    verdict: 'not tested' as const,
    numbers: [],
    missing: ['mcs of integrated-gradients-smooth (positive)'],
  },
])

export function fakeReport(): BamReport {
  const random = new Random(3)
  const losses = (start: number) =>
    Array.from(
      { length: 60 },
      (_, i) => [(i + 1) * 20, start * Math.exp(-i / 18) + 0.04 + 0.02 * Math.abs(random.normal())] as const,
    )
  const rungs = (slope: number) =>
    Array.from({ length: 9 }, (_, i) => {
      const x = 6 - 0.6 * i + 0.3 * random.normal()
      const y = slope * x + 0.015 * random.normal()
      return { x, y, low: y - 0.02, high: y + 0.02, label: String(i + 1) }
    })
  return {
    title: 'BAM: attribution methods on models with known relative importance',
    facts: [
      'Data: generated, 64 px, seed 0, 10 objects on 10 scenes, 1,000 validation pictures (digest 3f9ab2)',
      'Command: ascribe bam score --preset quick',
      'Plan 81c0ffee, ascribe 0.1.0',
    ],
    models: architectures.flatMap((architecture, a) =>
      ['obj', 'scene', 'scene_only'].map((set, s) => ({
        architecture,
        set,
        file: `${architecture}-${set}.onnx`,
        parameters: a ? 482_314 : 344_906,
        accuracy: 0.987 - 0.012 * s - 0.02 * a,
        count: 1000,
        ...(a && s === 2 ? { note: 'seed 1' } : {}),
      })),
    ),
    scores: fakeScores(),
    findings,
    tables: [
      {
        title: 'Shortcut audit',
        caption: 'Accuracy of simple classifiers on simple features, in per cent; chance is 10.',
        columns: ['Features', 'Labels', 'Logistic regression', '5-nearest neighbours'],
        rows: [
          ['colour histogram', 'object', 14.2, 12.9],
          ['colour histogram', 'scene', 27.3, 24],
          ['radial spectrum', 'object', 12.5, 11.8],
          ['mask area, box and position', 'object', 29.1, 26.4],
        ],
      },
      {
        title: 'Cost',
        caption: 'Per picture, on two cores.',
        columns: ['Method', 'Forward passes', 'Gradients', 'Milliseconds'],
        rows: methods.map(({ name }, i) => [name, i * 7, i, 1.372 * (i + 1)]),
      },
    ],
    examples: Array.from({ length: 6 }, (_, i) => fakeExample(i)),
    figures: [
      {
        title: 'Training',
        caption: 'Loss of the training steps, means of 20, and on the validation pictures after each epoch.',
        svg: lineChart({
          title: 'resnet on obj',
          xLabel: 'step',
          yLabel: 'loss (nats)',
          yScale: 'log',
          series: [
            { label: 'training, mean of 20 steps', points: losses(2.2) },
            { label: 'validation', points: losses(2.1).filter((_, i) => i % 10 === 9) },
          ],
        }),
      },
      {
        title: 'Ladder',
        caption: 'Each point is a rung: in how many scene classes the dog appears.',
        svg: scatter({
          title: 'Relative MCS against measured dependence',
          xLabel: 'log-odds lost without the dog, minus that of scene10',
          yLabel: 'relative MCS',
          series: [
            { label: 'grad-cam', points: rungs(0.05) },
            { label: 'gradient', points: rungs(0.02) },
            { label: 'guided-backprop', points: rungs(0.001) },
          ],
        }),
      },
    ],
  }
}
