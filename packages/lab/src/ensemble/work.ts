/** @file What an ensemble study computes, cell by cell. */
import { createHash } from 'node:crypto'
import {
  alignMaps,
  explain,
  explainerOf,
  faithfulnessForm,
  fitPicture,
  type Model,
  measureRemovals,
  normalise,
  predictedChanges,
  type QuadraticForm,
  Random,
  type Removals,
  robustnessForm,
} from '@ascribe/core'
import type { ImageSet } from '../greedy/image/images.js'
import { Recent } from '../greedy/image/recent.js'
import { logProbabilities } from '../greedy/image/scores.js'
import { makeSubject, type Subject } from '../greedy/image/subject.js'
import type { CellIdentity, CellOutcome, JsonValue, Work } from '../runner/index.js'
import { formMaps, mapOf, type PictureMaps } from './combined.js'
import { learnedScales } from './entry.js'
import {
  type AnswerValue,
  type FormsOptions,
  type FormsValue,
  type MapKeys,
  type MapOptions,
  type MapValue,
  metricNames,
  type PlainForm,
  type ScoreOptions,
  type ScoreValue,
} from './identity.js'
import { greyMap } from './junk.js'
import { controls, memberOptions } from './members.js'
import { curveScores, infidelityOf, irofOf, pixelOrder } from './scores.js'

/** What is stored by earlier stages. */
export interface Stored {
  readonly map: (key: string) => Promise<Float64Array>
  readonly forms: (key: string) => Promise<FormsValue>
}

/** Deviation of the noise that robust weights look at, relative to the range of the input. Our choice. */
const noiseDeviation = 0.05

const kept = 4

/** A seed of its own for every picture. */
const seedOf = (seed: number, sample: string): number =>
  createHash('sha256').update(`${seed} ${sample}`).digest().readUIntBE(0, 6)

interface Tools {
  readonly identity: CellIdentity
  readonly signal: AbortSignal
  readonly model: Model
  readonly labels: readonly string[]
  readonly stored: Stored
  readonly subject: (key: string, segments: string) => Promise<Subject>
  readonly maps: (keys: MapKeys, subject: Subject) => Promise<PictureMaps>
  readonly removals: (perturbations: number, subject: Subject, index: number) => Promise<Removals>
  readonly curves: (key: string, make: () => Promise<ScoreValue>) => Promise<ScoreValue>
}

const outcome = (value: object, maps?: CellOutcome['maps']): CellOutcome => ({
  value: value as unknown as JsonValue,
  ...(maps && { maps }),
})

const optionsOf = <Options>({ identity }: Tools): Options => identity.options as unknown as Options

/** Segments where none matter. */
const noSegments = 'grid:1'

const targetOf = (index: number): string => `log-odds:${index}`

async function answer(tools: Tools): Promise<CellOutcome> {
  const subject = await tools.subject(tools.identity.sample, noSegments)
  const evaluator = await subject.evaluator('predicted')
  const found = logProbabilities(evaluator.outputs[evaluator.target.output]!.data as Float32Array)
  const predicted = found.indexOf(Math.max(...found))
  return outcome({ predicted, probability: Math.exp(found[predicted]!) } satisfies AnswerValue)
}

async function map(tools: Tools): Promise<CellOutcome> {
  const { member, class: index } = optionsOf<MapOptions>(tools)
  const { identity, model, signal } = tools
  const subject = await tools.subject(identity.sample, noSegments)
  const attribution = await explain(model, { [subject.name]: subject.input }, member.method, {
    target: targetOf(index),
    options: memberOptions(member, subject.fills.black),
    seed: seedOf(identity.seed, identity.sample),
    signal,
  })
  const { forwards, gradients, milliseconds } = attribution.cost
  const { width, height } = subject.picture
  const { members } = alignMaps([attribution], { size: { width, height }, layout: subject.preprocessing.layout })
  const values = Float32Array.from(members[0]!)
  return outcome({ forwards, gradients, milliseconds: Math.round(milliseconds) } satisfies MapValue, {
    map: { dtype: 'float32', dims: [height, width], data: values },
  })
}

const plain = ({ matrix, linear, constant }: QuadraticForm): PlainForm => {
  const rounded = (value: number): number => Number(value.toPrecision(9))
  return {
    matrix: matrix.map(row => Array.from(row, rounded)),
    linear: Array.from(linear, rounded),
    constant: rounded(constant),
  }
}

async function forms(tools: Tools): Promise<CellOutcome> {
  const { maps: keys, members: specs, segments, perturbations, draws, class: index } = optionsOf<FormsOptions>(tools)
  const { identity } = tools
  const seed = seedOf(identity.seed, identity.sample)
  const subject = await tools.subject(identity.sample, segments)
  const found = await tools.maps(keys, subject)
  const evaluator = await subject.evaluator(targetOf(index))
  const removals = await measureRemovals(evaluator, { segments: subject.segments, perturbations, fill: 'uniform', seed })
  const all = formMaps(found.members, found.junk)
  const noisy: Float64Array[][] = []
  const { data } = subject.input
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)]
  for (let draw = 0; draw < draws; draw++) {
    const random = new Random(seed, 0x4e0 + draw)
    const moved = await evaluator.moved({
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

async function score(tools: Tools): Promise<CellOutcome> {
  const {
    entry,
    maps: keys,
    class: index,
    steps,
    segments,
    forms: key,
    junk,
    best,
    perturbations,
  } = optionsOf<ScoreOptions>(tools)
  const { identity, stored } = tools
  const seed = seedOf(identity.seed, identity.sample)
  const subject = await tools.subject(identity.sample, segments)
  const found = await tools.maps(keys, subject)
  const own = mapOf(entry, found, {
    seed,
    ...(junk ? { junk } : {}),
    ...(best === undefined ? {} : { best }),
    ...(key === undefined ? {} : { forms: await stored.forms(key) }),
  })
  const evaluator = await subject.evaluator(String(index))
  const order = pixelOrder(own)
  const digest = createHash('sha256').update(order).digest('hex')
  const curves = await tools.curves(`${identity.sample} ${index} ${steps} ${digest}`, () =>
    curveScores(evaluator, subject, order, index, steps),
  )
  if (perturbations === undefined) return outcome(curves)
  const all: ScoreValue = {
    ...curves,
    IROF: await irofOf(evaluator, subject, own),
    infidelity: infidelityOf(own, await tools.removals(perturbations, subject, index)),
  }
  return outcome(Object.fromEntries(metricNames.map(name => [name, all[name]!])))
}

const kinds: Readonly<Record<string, (tools: Tools) => Promise<CellOutcome>>> = { answer, map, forms, score }

/** Computes the cells of a study on one model. @param members labels, in order */
export function ensembleWork(images: ImageSet, model: Model, members: readonly string[], stored: Stored): Work {
  const subjects = new Recent<Subject>(kept)
  const pictures = new Recent<PictureMaps>(kept)
  const removed = new Recent<Removals>(kept)
  const curves = new Recent<ScoreValue>(4096)
  return ({ identity }, { signal }) =>
    kinds[identity.kind]!({
      identity,
      signal,
      model,
      labels: members,
      stored,
      subject: (key, segments) =>
        subjects.get(`${segments} ${key}`, async () =>
          makeSubject(model, fitPicture(await images.picture(key), model.preprocessing!), segments),
        ),
      maps: (keys, subject) =>
        pictures.get(`${subject.features} ${keys.members.join()} ${keys.controls.join()}`, async () => {
          const own = await Promise.all(keys.members.map(stored.map))
          const others = await Promise.all(keys.controls.map(stored.map))
          const [noise, edges] = others as [Float64Array, Float64Array]
          return {
            members: own,
            named: new Map([
              ...members.map((label, m) => [label, own[m]!] as const),
              ...controls.map(({ label }, c) => [label, others[c]!] as const),
            ]),
            junk: { grey: greyMap(subject.picture), noise, edges },
            labels: subject.labels,
          }
        }),
      // Measured over the blurred fill, with other draws than weights are learned from.
      removals: (perturbations, subject, index) =>
        removed.get(`${identity.sample} ${index} ${perturbations} ${subject.features}`, async () =>
          measureRemovals(await subject.evaluator(targetOf(index)), {
            segments: subject.segments,
            perturbations,
            fill: `blur:${subject.sigma}`,
            seed: seedOf(identity.seed, `infidelity ${identity.sample}`),
          }),
        ),
      curves: (key, make) => curves.get(key, make),
    })
}
