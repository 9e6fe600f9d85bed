/** @file How far an explanation moves when its input moves a little. */
import type { Evaluator, Points } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import { Random } from '../../random.js'
import { extent } from '../../tensor-value.js'
import type { Maps, Metric, MetricSubject } from '../metric.js'

const norms: Readonly<Record<string, (values: Float64Array) => number>> = {
  l2: values => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0)),
  l1: values => values.reduce((sum, value) => sum + Math.abs(value), 0),
  max: values => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
}

const joined = (parts: readonly ArrayLike<number>[]): Float64Array => {
  const out = new Float64Array(parts.reduce((total, { length }) => total + length, 0))
  let start = 0
  for (const part of parts) {
    out.set(part, start)
    start += part.length
  }
  return out
}

const valuesOf = (maps: Maps): Float64Array =>
  joined(
    Object.keys(maps)
      .sort()
      .map(name => maps[name]!.values),
  )

/** |a - b| / |a| in this norm; |a - b| itself where a vanishes. */
export function relativeChange(before: ArrayLike<number>, after: ArrayLike<number>, norm: string): number {
  const measure = norms[norm]!
  const size = measure(Float64Array.from(before))
  return measure(Float64Array.from(before, (value, i) => value - after[i]!)) / (size > 0 ? size : 1)
}

const options = {
  samples: { kind: 'number', default: 10, minimum: 1, maximum: 100_000, integer: true, describe: 'points around the input' },
  radius: { kind: 'number', default: 0.02, minimum: 0, describe: 'most that an element moves' },
  scale: {
    kind: 'choice',
    default: 'absolute',
    values: ['absolute', 'range'],
    describe: "radius in units of the input, or of the input's range",
  },
  norm: { kind: 'choice', default: 'l2', values: Object.keys(norms), describe: 'norm of maps and of their differences' },
} as const satisfies Readonly<Record<string, OptionSpec>>

interface Neighbour {
  /** The explanation there against the one at the input. */
  readonly change: number
  /** How far away the point is, in the norm. */
  readonly distance: number
  readonly difference: number
}

/** Points uniform in a box around the input, each from seed and number only, and the explanations there. */
async function neighbours({ evaluator, explain, maps }: MetricSubject, settings: Options, seed: number): Promise<Neighbour[]> {
  const { samples, radius, scale, norm } = settings
  const before = valuesOf(maps)
  const found: Neighbour[] = []
  for (let k = 0; k < samples; k++) {
    const { points, moved } = moveAtRandom(evaluator!, radius, scale, new Random(seed, k))
    const after = valuesOf(await explain!(await evaluator!.moved(points)))
    found.push({
      change: relativeChange(before, after, norm),
      difference: norms[norm]!(before.map((value, i) => value - after[i]!)),
      distance: norms[norm]!(moved),
    })
  }
  return found
}

function moveAtRandom(
  evaluator: Evaluator,
  radius: number,
  scale: string,
  random: Random,
): { points: Points; moved: Float64Array } {
  const steps: Float64Array[] = []
  const points = Object.fromEntries(
    evaluator.at.map(name => {
      const { data } = evaluator.inputs[name]!
      const [low, high] = extent(data)
      const most = scale === 'range' ? radius * (high - low) : radius
      const step = Float64Array.from(data, () => most * (2 * random.uniform() - 1))
      steps.push(step)
      return [name, data.map((value, i) => value + step[i]!)]
    }),
  )
  return { points, moved: joined(steps) }
}

const citation = 'Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019'

/** Largest |A(x) - A(x~)| / |A(x)| over points x~ in a box; 0 / 0 counts with a denominator of 1, as in Captum. Maps are raw, never normalised. */
export const maxSensitivity: Metric = {
  name: 'max-sensitivity',
  summary: 'largest relative change of the map over points near the input',
  formula: 'max over |x~ - x| <= r of |A(x) - A(x~)| / |A(x)|',
  citation,
  options,
  needs: ['model', 'explainer'],
  higherIsBetter: false,
  async run(subject, settings, seed) {
    const changes = (await neighbours(subject, settings, seed)).map(({ change }) => change)
    return { value: Math.max(...changes), more: { mean: changes.reduce((sum, one) => sum + one, 0) / changes.length } }
  },
}

/** Mean instead of the maximum. */
export const avgSensitivity: Metric = {
  name: 'avg-sensitivity',
  summary: 'mean relative change of the map over points near the input',
  formula: 'mean over |x~ - x| <= r of |A(x) - A(x~)| / |A(x)|',
  citation,
  options,
  needs: ['model', 'explainer'],
  higherIsBetter: false,
  async run(subject, settings, seed) {
    const changes = (await neighbours(subject, settings, seed)).map(({ change }) => change)
    return { value: changes.reduce((sum, one) => sum + one, 0) / changes.length, more: { most: Math.max(...changes) } }
  },
}

/** max |A(x) - A(x~)| / |x - x~|, over points in a box. Peers: Quantus divides by distance + 1e-10, with normal noise. */
export const localLipschitz: Metric = {
  name: 'local-lipschitz',
  summary: 'largest change of the map per distance moved, near the input',
  formula: 'max over |x~ - x| <= r of |A(x) - A(x~)| / |x - x~|',
  citation: 'Alvarez-Melis, Jaakkola: On the Robustness of Interpretability Methods, 2018',
  options,
  needs: ['model', 'explainer'],
  higherIsBetter: false,
  async run(subject, settings, seed) {
    const found = await neighbours(subject, settings, seed)
    return { value: Math.max(...found.map(({ difference, distance }) => (distance > 0 ? difference / distance : 0))) }
  },
}
