/** @file rbm: one hidden unit that learns what the members have in common. */
import { ascendingOrder } from '../../radix-order.js'
import { Random } from '../../random.js'
import { toUnitRange } from '../normaliser.js'
import { meanMap, type Scheme } from '../scheme.js'

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z))

/**
 * A restricted Boltzmann machine with one Bernoulli hidden unit over the members' values at a place, each member scaled to [0, 1]
 * and read as a probability. Trained by one step of contrastive divergence on batches of random places; the score of a place is
 * the hidden unit's activation. The unit may learn the absence instead: where the mean map is lower on the highest 5% of
 * the scores than on the lowest 5%, scores are 1 - s.
 */
export const rbm: Scheme = {
  name: 'rbm',
  aliases: ['restricted-boltzmann-machine'],
  summary: 'activation of one hidden unit that learns what the members have in common: robust against a worthless one',
  formula:
    'h = sigmoid(w.v + c), v the members scaled to [0, 1]; w, b, c by contrastive divergence (CD-1): w += rate (v h - v1 h1), v1 = sigmoid(w s + b), s ~ Bernoulli(h), h1 = sigmoid(w.v1 + c); 1 - h where the unit learned the absence',
  citation:
    'Borisov et al.: A Robust Unsupervised Ensemble of Feature-Based Explanations using Restricted Boltzmann Machines, 2021',
  options: {
    iterations: { kind: 'number', default: 300, minimum: 1, integer: true, describe: 'passes over batches' },
    batch: {
      kind: 'number',
      default: 15,
      minimum: 1,
      integer: true,
      describe: 'batches per pass: the places are dealt into this many',
    },
    rate: { kind: 'number', default: 0.001, minimum: 0, describe: 'learning rate, per place of a batch' },
  },
  combine: (members, { iterations, batch, rate }, seed) => {
    const visible = members.map(toUnitRange)
    const [count, places] = [visible.length, visible[0]!.length]
    const random = new Random(seed, 0x4b4)
    const weights = Float64Array.from({ length: count }, () => 0.01 * random.normal())
    const [offsets, values, steps] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)]
    let bias = 0
    const hidden = (v: Float64Array): number => {
      let sum = bias
      for (let m = 0; m < count; m++) sum += weights[m]! * v[m]!
      return sigmoid(sum)
    }
    const size = Math.max(1, Math.min(places, Math.ceil(places / batch), 64))
    const rebuilt = new Float64Array(count)
    for (let iteration = 0; iteration < iterations * batch; iteration++) {
      steps.fill(0)
      const offsetSteps = new Float64Array(count)
      let biasStep = 0
      for (let k = 0; k < size; k++) {
        const place = random.integer(places)
        for (let m = 0; m < count; m++) values[m] = visible[m]![place]!
        const h = hidden(values)
        const state = random.uniform() < h ? 1 : 0
        for (let m = 0; m < count; m++) rebuilt[m] = sigmoid(weights[m]! * state + offsets[m]!)
        const again = hidden(rebuilt)
        for (let m = 0; m < count; m++) {
          steps[m]! += values[m]! * h - rebuilt[m]! * again
          offsetSteps[m]! += values[m]! - rebuilt[m]!
        }
        biasStep += h - again
      }
      for (let m = 0; m < count; m++) {
        weights[m]! += rate * steps[m]!
        offsets[m]! += rate * offsetSteps[m]!
      }
      bias += rate * biasStep
    }
    const scores = new Float64Array(places)
    for (let i = 0; i < places; i++) {
      for (let m = 0; m < count; m++) values[m] = visible[m]![i]!
      scores[i] = hidden(values)
    }
    return upsideDown(scores, meanMap(visible)) ? scores.map(score => 1 - score) : scores
  },
}

/** Whether the mean map is lower where the scores are highest than where they are lowest. */
function upsideDown(scores: Float64Array, mean: Float64Array): boolean {
  const order = ascendingOrder(scores)
  const some = Math.max(1, Math.round(order.length * 0.05))
  const sum = (from: number): number => order.subarray(from, from + some).reduce((all, i) => all + mean[i]!, 0)
  return sum(order.length - some) < sum(0)
}
