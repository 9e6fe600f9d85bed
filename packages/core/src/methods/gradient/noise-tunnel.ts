/** @file noise-tunnel: any method averaged over noisy copies of the input. */
import type { AttributionMap } from '../../attribution.js'
import type { Baseline } from '../../baseline.js'
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import { Random } from '../../random.js'
import { float32 } from '../../tensor-value.js'
import { type Background, backgroundOf } from '../background.js'
import { innerOptions, type Method, type MethodResult, type Options, optionSpecs, resolveOptions } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'
import { pathMaps } from '../path/path.js'
import { noiseForms, noiseOptions, noiseSettings, noisyCopies } from './noise.js'

/** First stream of the seeds that inner methods get, away from the streams of the noise. */
const seedStream = 2 ** 40

/** First stream of the choice of baselines. */
const drawStream = 2 ** 43

/** Sums of maps and of their squares, in double precision. */
class Moments {
  readonly #maps = new Map<string, { dims: readonly number[]; sum: Float64Array; squares: Float64Array }>()

  add(name: string, dims: readonly number[], values: ArrayLike<number>): void {
    let map = this.#maps.get(name)
    if (!map) {
      map = { dims, sum: new Float64Array(values.length), squares: new Float64Array(values.length) }
      this.#maps.set(name, map)
    }
    const { sum, squares } = map
    for (let i = 0; i < values.length; i++) {
      sum[i]! += values[i]!
      squares[i]! += values[i]! ** 2
    }
  }

  maps(form: string, samples: number): Record<string, AttributionMap> {
    const combine = noiseForms[form]!
    return Object.fromEntries(
      [...this.#maps].map(([name, { dims, sum, squares }]) => [
        name,
        { dims, values: Float32Array.from(sum, (total, i) => combine(total / samples, squares[i]! / samples, samples)) },
      ]),
    )
  }
}

/** Options with what `make` gives in place of each baseline. */
const withBaselines = (method: Method, options: Options, make: (value: Baseline, name: string) => Baseline): Options => {
  const specs = optionSpecs(method, options)
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, specs[name]?.kind === 'baseline' ? make(value, name) : value]),
  )
}

const asValues = (evaluator: Evaluator, points: Points): Baseline =>
  Object.fromEntries(evaluator.at.map(at => [at, float32(evaluator.inputs[at]!.dims, points[at]!)]))

/** Baselines by name become values, made from the input itself, so that they are the same for every noisy copy. */
const fixedBaselines = (evaluator: Evaluator, method: Method, options: Options, seed: number): Options =>
  withBaselines(method, options, value =>
    typeof value === 'string' ? asValues(evaluator, baselinePoints(evaluator, value, seed)) : value,
  )

/**
 * The inner method's options at noisy copy k: every baseline is a row of those given, or a fresh draw.
 * @throws UsageError where there is nothing to draw from
 */
function drawnBaselines(
  evaluator: Evaluator,
  method: Method,
  options: Options,
  samples: number,
  seed: number,
): (k: number) => Options {
  const backgrounds = new Map<string, Background>()
  withBaselines(method, options, (value, name) => {
    backgrounds.set(name, backgroundOf(evaluator, value, samples, seed))
    return value
  })
  if (![...backgrounds.values()].some(({ count }) => count > 1 || samples === 1))
    throw new UsageError(
      `noise-tunnel: draw=true needs baselines of ${method.name} to draw from: of.baseline=uniform, or a file of several rows`,
    )
  return k =>
    withBaselines(method, options, (value, name) => {
      const { count, row } = backgrounds.get(name)!
      return asValues(evaluator, row(typeof value === 'string' ? k % count : new Random(seed, drawStream + k).integer(count)))
    })
}

/**
 * With M(x) the map of the method `of` at x: mean (1/n) sum_k M(x + e_k), squared (1/n) sum_k M(x + e_k)^2, variance of M(x + e_k).
 * Noise, forms and variants are those of smooth-grad, which this is for `of=gradient`. The target is fixed by the input itself: no
 * class is predicted anew from a noisy copy; nor is a baseline made from one. With `draw` the inner method's baselines are drawn anew for each
 * copy: a random row of those that are given, or fresh noise where it is `uniform`. Random choices of the inner method differ from copy to copy.
 * Options of the inner method are given as `of.NAME`: `noise-tunnel:of=integrated-gradients,of.points=25`.
 * Peers: Captum's NoiseTunnel (`draw_baseline_from_distrib` is `draw`); PAIR's GetSmoothedMask (mean, or squared by default).
 */
export const noiseTunnel = (methodNamed: (name: string) => Method): Method => {
  const inner = (options: Options) => {
    const method = methodNamed(options['of'])
    return { method, options: resolveOptions(method, innerOptions(tunnel, options)) }
  }
  const tunnel: Method = {
    name: 'noise-tunnel',
    summary: 'any method averaged over noisy copies of the input; its options are written of.NAME',
    formula: 'A_i = (1/n) sum_k M_i(x + e_k), e_k ~ N(0, sigma^2)',
    citation: 'Smilkov et al.: SmoothGrad, 2017; squared: Hooker et al., NeurIPS 2019; variance: Adebayo et al., 2018',
    options: {
      of: { kind: 'text', default: 'gradient', describe: 'the method to average' },
      draw: {
        kind: 'flag',
        default: false,
        describe: "draw the method's baseline anew for each copy, from rows or uniform noise",
      },
      ...noiseOptions,
    },
    wraps: { option: 'of', methodNamed },
    needs: ['gradient'],
    promises: [],
    signed: true,
    cost: (options, evaluator) => {
      const { method, options: settings } = inner(options)
      const { samples } = noiseSettings(options)
      const rule = method.path?.(settings)
      if (rule && !rule.adaptive && !options['draw']) return { forwards: 1, gradients: samples * rule.positions.length }
      const { forwards, gradients } = method.cost(settings, evaluator)
      return { forwards: 1 + samples * forwards, gradients: samples * gradients }
    },
    async run(evaluator, options, seed) {
      const { method, options: given } = inner(options)
      const settings = noiseSettings(options)
      const { samples, form } = settings
      const copies = noisyCopies(evaluator, settings, seed)
      const draw: boolean = options['draw']
      const fixed = draw ? given : fixedBaselines(evaluator, method, given, seed)
      const optionsAt = draw ? drawnBaselines(evaluator, method, given, samples, seed) : () => fixed
      const moments = new Moments()
      const rule = method.path?.(fixed)
      if (rule && !rule.adaptive && !draw) {
        const baseline = baselinePoints(evaluator, rule.baseline, seed)
        const use = (_: number, maps: Readonly<Record<string, Float64Array>>): void => {
          for (const name of evaluator.at) moments.add(name, evaluator.inputs[name]!.dims, maps[name]!)
        }
        await pathMaps(evaluator, rule, k => copies(k, 1), baseline, samples, use, 'noisy copies')
        return { maps: moments.maps(form, samples) }
      }
      const warned: string[] = []
      const one = async (k: number): Promise<MethodResult> => {
        const moved = await evaluator.moved(copies(k, 1))
        const result = await method.run(moved, optionsAt(k), new Random(seed, seedStream + k).integer(2 ** 31))
        warned.push(...moved.warnings.slice(0, 1))
        return result
      }
      let settled: Readonly<Record<string, unknown>> = {}
      const abreast = evaluator.model.runtime.processes ?? 1
      for (let start = 0; start < samples; start += abreast) {
        const wave = Array.from({ length: Math.min(abreast, samples - start) }, (_, i) => one(start + i))
        for (const result of await Promise.all(wave)) {
          for (const [name, { dims, values }] of Object.entries(result.maps)) moments.add(name, dims, values)
          settled = result.settled ?? {}
        }
        evaluator.progress(Math.min(samples, start + abreast), samples, 'noisy copies')
      }
      if (warned.length > 0) evaluator.warnings.push(`in ${warned.length} of ${samples} noisy copies: ${warned[0]}`)
      const named = Object.entries(settled).map(([name, value]) => [`of.${name}`, value])
      return { maps: moments.maps(form, samples), settled: Object.fromEntries(named) }
    },
  }
  return tunnel
}
