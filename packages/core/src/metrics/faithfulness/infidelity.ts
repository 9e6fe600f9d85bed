/** @file infidelity: how far attributed values miss the change of the target under perturbations. */
import { baselinePoints } from '../../methods/path/integrated-gradients.js'
import { Random } from '../../random.js'
import { partitionOf, regionsOption } from '../curves/features.js'
import { linkOption, linkReader, outputsAtInput, readRows } from '../curves/reading.js'
import type { Metric } from '../metric.js'
import { elementValues } from '../places.js'

/**
 * mean_k (beta a_k - b_k)^2 of predicted changes a and measured changes b, with beta = 1, or the beta that makes it least:
 * sum a b / sum a^2 (0 where a vanishes).
 */
export function meanSquaredMiss(predicted: ArrayLike<number>, measured: ArrayLike<number>, scaled: boolean): number {
  const count = predicted.length
  let beta = 1
  if (scaled) {
    let [product, square] = [0, 0]
    for (let k = 0; k < count; k++) {
      product += predicted[k]! * measured[k]!
      square += predicted[k]! ** 2
    }
    beta = square > 0 ? product / square : 0
  }
  let sum = 0
  for (let k = 0; k < count; k++) sum += (beta * predicted[k]! - measured[k]!) ** 2
  return sum / count
}

/**
 * E (I . phi - (f(x) - f(x - I)))^2 over random perturbations I. `gaussian`: I_i normal with `deviation`. `regions`: I = x - b on
 * features that are each taken with probability `share`. `form` says what the map is: `contributions` (IG, Shapley, gradient x input)
 * count as phi_i per x_i - b_i, that is phi_i / (x_i - b_i), 0 where that is 0; `sensitivities` (gradients) as they are.
 * `scaled` multiplies the map by the factor that makes the value least, so that the map's units do not matter (Captum's normalize;
 * InterpretDL always). `more.scaled` is that value in any case, `more.relative` the same over E (f(x) - f(x - I))^2.
 * Peers: Quantus removes blocks one after the other and calls it samples; nothing there is random.
 */
export const infidelity: Metric = {
  name: 'infidelity',
  summary: 'mean squared miss of the change that the map predicts for random perturbations',
  formula: 'E_I (I . A - (f(x) - f(x - I)))^2',
  citation: 'Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations, NeurIPS 2019',
  options: {
    samples: { kind: 'number', default: 200, minimum: 1, maximum: 1_000_000, integer: true, describe: 'perturbations' },
    perturbation: {
      kind: 'choice',
      default: 'regions',
      values: ['regions', 'gaussian'],
      describe: 'regions removed, or noise added',
    },
    segments: regionsOption('auto'),
    share: { kind: 'number', default: 0.2, minimum: 0, maximum: 1, describe: 'chance that a region is removed' },
    deviation: { kind: 'number', default: 0.05, minimum: 0, describe: 'standard deviation of the noise, in units of the input' },
    baseline: {
      kind: 'baseline',
      default: 'zeros',
      describe: 'what removed regions show, and what contributions are measured from',
    },
    form: {
      kind: 'choice',
      default: 'contributions',
      values: ['contributions', 'sensitivities'],
      describe: 'values that add up to a change of the target, or slopes',
    },
    scaled: { kind: 'flag', default: false, describe: 'multiply the map by the factor that suits it best' },
    link: linkOption('target'),
  },
  needs: ['model'],
  higherIsBetter: false,
  async run({ evaluator: given, maps }, options, seed) {
    const evaluator = given!
    const values = elementValues(evaluator, maps)
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const regions = options['perturbation'] === 'regions'
    const features = regions ? partitionOf(evaluator, options['segments']) : undefined
    const difference = Object.fromEntries(
      evaluator.at.map(name => [name, evaluator.inputs[name]!.data.map((x, i) => x - baseline[name]![i]!)]),
    )
    const slopes = Object.fromEntries(
      evaluator.at.map(name => [
        name,
        options['form'] === 'sensitivities'
          ? values[name]!
          : values[name]!.map((value, i) => (difference[name]![i] === 0 ? 0 : value / difference[name]![i]!)),
      ]),
    )
    const perturbation = (k: number): Readonly<Record<string, Float32Array>> => {
      const random = new Random(seed, k)
      const taken = features && Uint8Array.from({ length: features.count }, () => (random.uniform() < options['share'] ? 1 : 0))
      return Object.fromEntries(
        evaluator.at.map(name => {
          const own = difference[name]!
          const labels = features?.labels[name]
          return [
            name,
            labels && taken
              ? own.map((value, i) => (labels[i]! >= 0 && taken[labels[i]!] ? value : 0))
              : own.map(() => options['deviation'] * random.normal()),
          ]
        }),
      )
    }
    const { samples } = options as { samples: number }
    const predicted = new Float64Array(samples)
    const read = linkReader(evaluator, options['link'])
    const whole = read(outputsAtInput(evaluator))
    const make = (start: number, used: number) => {
      const points = Object.fromEntries(
        evaluator.at.map(name => [name, new Float32Array(used * evaluator.inputs[name]!.data.length)]),
      )
      for (let row = 0; row < used; row++) {
        let sum = 0
        for (const [name, parts] of Object.entries(perturbation(start + row))) {
          const { data } = evaluator.inputs[name]!
          const out = points[name]!
          for (let i = 0; i < parts.length; i++) {
            sum += parts[i]! * slopes[name]![i]!
            out[row * data.length + i] = data[i]! - parts[i]!
          }
        }
        predicted[start + row] = sum
      }
      return points
    }
    const measured = (await readRows(evaluator, samples, make, read, 'perturbations')).map(value => whole - value)
    const scaled = meanSquaredMiss(predicted, measured, true)
    const size = measured.reduce((sum, value) => sum + value ** 2, 0) / samples
    return {
      value: options['scaled'] ? scaled : meanSquaredMiss(predicted, measured, false),
      more: { scaled, relative: scaled / size },
    }
  },
}
