/** @file What convex weights are learned from: forms of how unfaithful and how unstable weighted maps are. */
import {
  alignMaps,
  explainerOf,
  faithfulnessForm,
  measureRemovals,
  normalise,
  predictedChanges,
  type QuadraticForm,
  Random,
  robustnessForm,
} from '@ascribe/core'
import type { CellOutcome } from '../runner/index.js'
import { formMaps } from './combined.js'
import { learnedScales } from './entry.js'
import type { FormsOptions, FormsValue, PlainForm } from './identity.js'
import { memberOptions } from './members.js'
import { explainedBy, optionsOf, outcome, seedOf, type Tools, targetOf } from './tools.js'

/** Deviation of the noise that robust weights look at, relative to the range of the input. Our choice. */
const noiseDeviation = 0.05

const plain = ({ matrix, linear, constant }: QuadraticForm): PlainForm => {
  const rounded = (value: number): number => Number(value.toPrecision(9))
  return {
    matrix: matrix.map(row => Array.from(row, rounded)),
    linear: Array.from(linear, rounded),
    constant: rounded(constant),
  }
}

export async function forms(tools: Tools): Promise<CellOutcome> {
  const { maps: keys, members: specs, segments, perturbations, draws, class: index, shuffled } = optionsOf<FormsOptions>(tools)
  const { identity } = tools
  const seed = seedOf(identity.seed, identity.sample)
  const subject = await tools.subject(identity.sample, segments)
  const found = await tools.maps(keys, subject)
  const evaluator = await subject.evaluator(targetOf(index))
  const removals = await measureRemovals(evaluator, { segments: subject.segments, perturbations, fill: 'uniform', seed })
  const explained = shuffled ? await subject.evaluator(targetOf(index), explainedBy(tools, shuffled)) : evaluator
  const all = formMaps(found.members, found.junk)
  const noisy: Float64Array[][] = []
  const { data } = subject.input
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)]
  for (let draw = 0; draw < draws; draw++) {
    const random = new Random(seed, 0x4e0 + draw)
    const moved = await explained.moved({
      [subject.name]: data.map(value => value + noiseDeviation * (high - low) * random.normal()),
    })
    const planes: Float64Array[] = []
    for (const spec of specs) {
      const explained = await explainerOf(spec.method, memberOptions(spec, subject.fills.black), seed)(moved)
      const own = explained[subject.name] ?? Object.values(explained)[0]!
      const { width, height } = subject.picture
      const aligned = alignMaps([own], { size: { width, height }, layout: subject.preprocessing.layout })
      planes.push(Float64Array.from(Float32Array.from(aligned.members[0]!)))
    }
    // Junk that does not look at the input is what it was; noise is drawn anew with it.
    const noise = found.junk.noise.map((_, i, { length }) => found.junk.noise[(i + draw + 1) % length]!)
    noisy.push(formMaps(planes, { ...found.junk, noise }))
  }
  const value: FormsValue = learnedScales.map(({ normaliser, absolute }) => {
    const scaled = (one: Float64Array): Float64Array => normalise(one, normaliser, {}, absolute)
    const own = all.map(scaled)
    return {
      normaliser,
      absolute,
      faithfulness: plain(
        faithfulnessForm(
          own.map(one => predictedChanges(one, removals)),
          removals.drops,
        ),
      ),
      robustness: plain(
        robustnessForm(
          own,
          noisy.map(maps => maps.map(scaled)),
        ),
      ),
    }
  })
  return outcome(value)
}
