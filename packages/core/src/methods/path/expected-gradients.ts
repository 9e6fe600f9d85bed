/** @file expected-gradients: integrated gradients averaged over baselines, by sampling (GradientSHAP). */
import { relativeResidual } from '../../attribution.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { Random, shuffled } from '../../random.js'
import { type Background, backgroundOf, backgroundSize } from '../background.js'
import { noisyCopies } from '../gradient/noise.js'
import { mapsOf } from '../maps.js'
import type { Method, Options } from '../method.js'
import { type LinePoint, linePoints, zeroSums } from './line.js'

/** Stream of the choice of baselines and positions. */
const planStream = 2 ** 41

/** A relative residual above this is a warning. */
const tolerance = 0.05

interface Settings {
  readonly samples: number
  readonly noise: number
  readonly scale: string
  readonly sampling: string
}

/** Defaults of other libraries. Both need baselines to be given. */
const variants: Readonly<Record<string, Settings | undefined>> = {
  captum: { samples: 5, noise: 0, scale: 'absolute', sampling: 'independent' },
  shap: { samples: 200, noise: 0, scale: 'absolute', sampling: 'independent' },
}

const settingsOf = (options: Options): Settings => variants[options['variant']] ?? (options as unknown as Settings)

/** Which baseline each sample starts from, and how far from it the gradient is taken. */
interface Plan {
  readonly baselines: readonly number[]
  readonly positions: readonly number[]
}

const samplings: Readonly<Record<string, (samples: number, baselines: number, random: Random) => Plan>> = {
  stratified: (samples, baselines, random) => {
    const plan: { baselines: number[]; positions: number[] } = { baselines: [], positions: [] }
    for (let start = 0; start < samples; start += baselines) {
      const size = Math.min(baselines, samples - start)
      plan.baselines.push(...shuffled(baselines, random).slice(0, size))
      for (const stratum of shuffled(size, random)) plan.positions.push((start + stratum + random.uniform()) / samples)
    }
    return plan
  },
  independent: (samples, baselines, random) => {
    const draws = Array.from({ length: samples }, () => [random.integer(baselines), random.uniform()] as const)
    return { baselines: draws.map(([baseline]) => baseline), positions: draws.map(([, position]) => position) }
  },
}

/**
 * A_i = (1/n) sum_k (x_i + e_ki - b_ki) d f(b_k + a_k (x + e_k - b_k)) / d x_i with a_k uniform in [0, 1] and b_k from the baselines:
 * rows that are given ([rows, ...] in a file or tensor), or a fresh draw each (`uniform`, the default).
 * `sampling=stratified` takes one position from each of n equal parts of [0, 1], uses every baseline equally often, and spreads each
 * baseline's positions over the whole line; without bias, and with one baseline its error falls as n^-1.5, where independent draws give
 * n^-0.5. `noise` adds normal noise e_k to the input, in shares of its range where scale is `range`. Draws depend on seed and k only.
 * Completeness holds in expectation: the values sum to f(x) minus the mean of f over the baselines used, and what is missing is the
 * residual (not measured with noise or without `multiply`).
 * Peers: Captum's GradientShap (5 samples, `stdevs` is absolute noise on the input), shap's GradientExplainer (200): independent draws.
 */
export const expectedGradients: Method = {
  name: 'expected-gradients',
  aliases: ['gradient-shap'],
  summary: 'integrated gradients averaged over many baselines, by sampling (GradientSHAP)',
  formula: 'A_i = E over b, a ~ U(0, 1) of (x_i - b_i) * d f(b + a (x - b)) / d x_i',
  citation:
    'Erion et al.: Improving performance of deep learning models with axiomatic attribution priors and expected gradients, 2021',
  options: {
    samples: {
      kind: 'number',
      default: 200,
      minimum: 1,
      maximum: 1_000_000,
      integer: true,
      describe: 'baselines and positions drawn',
    },
    baseline: {
      kind: 'baseline',
      default: 'uniform',
      describe: 'an .npy file of rows to draw from, uniform (fresh noise each), or one: zeros, constant:V, mean, blur:SIGMA',
    },
    sampling: {
      kind: 'choice',
      default: 'stratified',
      values: Object.keys(samplings),
      describe: 'positions and baselines spread evenly, or drawn independently',
    },
    noise: { kind: 'number', default: 0, minimum: 0, describe: 'standard deviation of noise on the input' },
    scale: {
      kind: 'choice',
      default: 'range',
      values: ['range', 'absolute'],
      describe: 'noise relative to max x - min x, or absolute',
    },
    multiply: { kind: 'flag', default: true, describe: 'multiply by x - b' },
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: ['ascribe', ...Object.keys(variants)],
      describe: "another library's samples, noise and sampling",
    },
  },
  needs: ['gradient'],
  promises: ['dummy', 'linearity'],
  signed: true,
  cost: options => {
    const { samples, noise } = settingsOf(options)
    const measured = options['multiply'] && noise === 0
    const baselines = measured ? Math.min(samples, backgroundSize(options['baseline'], samples)) : 0
    return { forwards: 1 + baselines, gradients: samples }
  },
  async run(evaluator, options, seed) {
    const settings = settingsOf(options)
    const { samples, noise } = settings
    const background = backgroundOf(evaluator, options['baseline'], samples, seed)
    const plan = samplings[settings.sampling]!(samples, background.count, new Random(seed, planStream))
    const copies = noise > 0 ? noisyCopies(evaluator, { ...settings, form: 'mean' }, seed) : undefined
    const sum = zeroSums(evaluator)
    const lines = new Map<number, LinePoint>()
    const line = (k: number): LinePoint => {
      const from = background.row(plan.baselines[k]!)
      const made = { from, to: copies ? copies(k, 1) : evaluator.point, position: plan.positions[k]! }
      lines.set(k, made)
      return made
    }
    const multiply: boolean = options['multiply']
    await evaluator.gradients(
      samples,
      (start, used) => linePoints(evaluator, used, row => line(start + row)),
      (k, _, gradients) => {
        const { from, to } = lines.get(k)!
        lines.delete(k)
        for (const name of evaluator.at) {
          const [total, gradient, b, x] = [sum[name]!, gradients[name]!, from[name]!, to[name]!]
          for (let i = 0; i < total.length; i++) total[i]! += multiply ? (x[i]! - b[i]!) * gradient[i]! : gradient[i]!
        }
      },
      'samples',
    )
    const maps = mapsOf(evaluator, (name, i) => sum[name]![i]! / samples)
    if (!multiply || copies) return { maps }
    const baselineValue = await meanAtBaselines(evaluator, background, plan)
    const total = Object.values(sum).reduce((all, values) => values.reduce((a, b) => a + b, all), 0) / samples
    const relative = relativeResidual({
      value: evaluator.value,
      baselineValue,
      residual: evaluator.value - baselineValue - total,
    })
    if (relative! > tolerance)
      evaluator.warnings.push(
        `expected gradients: ${samples} samples miss f(x) - mean f(baselines) by ${(100 * relative!).toPrecision(3)}%; use more samples`,
      )
    return { maps, baselineValue }
  },
}

/** Mean of f over the baselines of the samples; each is run once where they are fewer than the samples. */
async function meanAtBaselines(evaluator: Evaluator, { count, row }: Background, { baselines }: Plan): Promise<number> {
  const samples = baselines.length
  const each = count <= samples
  const uses = new Float64Array(count)
  for (const index of baselines) uses[index]! += 1
  let mean = 0
  await evaluator.sweep(
    Math.min(count, samples),
    (start, used) =>
      linePoints(evaluator, used, k => {
        const at: Points = row(each ? start + k : baselines[start + k]!)
        return { from: at, to: at, position: 1 }
      }),
    (start, values) => {
      values.forEach((value, k) => {
        mean += (value * (each ? uses[start + k]! : 1)) / samples
      })
    },
  )
  return mean
}
