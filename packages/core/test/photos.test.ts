/** @file Real photos through a real network, where the data lies beside the project: every image method runs, faithful ones beat chance. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Evaluator, explain, type Model, measure, methods, prepare, type TensorValue, UsageError } from '../src/index.js'
import { load, readModelPicture } from '../src/node.js'
import { testRuntime } from './support/models.js'

const data = fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const file = join(data, 'mobilenet_v1_0.25_224', 'model.onnx')
const names = ['n01440764_tench', 'n01980166_fiddler_crab', 'n06874185_traffic_light']
const photos = names.map(name => join(data, 'photos', `${name}.jpg`))
const present = [file, ...photos].every(path => existsSync(path))

/** Small settings: whether a method runs does not depend on its samples. */
const light: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'integrated-gradients': { points: 8 },
  'expected-gradients': { samples: 6 },
  'blur-ig': { points: 4 },
  conductance: { points: 4 },
  'neuron-conductance': { points: 4 },
  'guided-ig': { points: 8 },
  idg: { points: 8 },
  'ts-saliency': { points: 4, directions: 4 },
  'smooth-grad': { samples: 6 },
  'noise-tunnel': { samples: 6 },
  'deeplift-shap': { samples: 2 },
  rise: { masks: 60 },
  sobol: { samples: 2, segments: 'grid:4' },
  hsic: { samples: 60, segments: 'grid:4' },
  'feature-ablation': { segments: 'grid:4' },
  'kernel-shap': { segments: 'grid:4', samples: 80 },
  'exact-shapley': { segments: 'grid:2' },
  'permutation-shapley': { segments: 'grid:4', orders: 2 },
  'sampling-shapley': { segments: 'grid:4', samples: 3 },
  owen: { segments: 'grid:4', samples: 100 },
  lime: { segments: 'grid:4', samples: 80 },
}

/** Too many rows for a quick test. */
const slow: ReadonlySet<string> = new Set([
  'sequential-ig',
  'xrai',
  'meaningful-perturbation',
  'extremal-perturbation',
  'glime',
  'norm-lime',
  'linear-shap',
  'additive-shap',
  'greedy-pig',
  'greedy-gain',
])

describe.skipIf(!present)(`real photos${present ? '' : ' (skipped: ../shared/data is not there)'}`, () => {
  let model: Model
  const rows: Record<string, TensorValue>[] = []
  const evaluators: Evaluator[] = []

  beforeAll(async () => {
    model = await load(file, { runtime: testRuntime() })
    for (const photo of photos) {
      const row = { [model.graph.inputs[0]!.name]: (await readModelPicture(photo, model.preprocessing!)).tensor }
      rows.push(row)
      evaluators.push(await prepare(model, row))
    }
  }, 120_000)
  afterAll(async () => {
    await model?.dispose()
    await testRuntime().dispose()
  })

  it.each(
    methods
      .filter(({ needs, name }) => !needs.includes('trees') && !slow.has(name))
      .map(method => [method.name, method] as const),
  )(
    '%s explains one with finite values, or says what it needs',
    async (name, method) => {
      const found = await explain(model, rows[0]!, method, { options: light[name] ?? {} }).catch(cause => {
        // Methods of tokens, attention, boxes, linear models or data sets.
        expect(cause).toBeInstanceOf(UsageError)
        return undefined
      })
      expect(found?.values.every(Number.isFinite) ?? true).toBe(true)
    },
    120_000,
  )

  it.each(['integrated-gradients', 'input-x-gradient'])(
    '%s is above random on deletion and on insertion',
    async name => {
      const means = { deletion: [0, 0], insertion: [0, 0] }
      for (const [k, row] of rows.entries()) {
        const evaluator = evaluators[k]!
        for (const [side, method] of [name, 'random'].entries()) {
          const { maps } = await explain(model, row, method, { options: light[method] ?? {}, seed: k })
          for (const metric of ['deletion', 'insertion'] as const)
            means[metric][side]! += (await measure(metric, { evaluator, maps }, { steps: '6' })).value / rows.length
        }
      }
      expect(means.deletion[0]!).toBeLessThan(means.deletion[1]!)
      expect(means.insertion[0]!).toBeGreaterThan(means.insertion[1]!)
    },
    120_000,
  )
})
