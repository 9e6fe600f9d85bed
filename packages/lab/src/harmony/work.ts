/** @file What a harmony study computes, cell by cell. */
import { createHash } from 'node:crypto'
import {
  AbortedError,
  alignMaps,
  type Evaluator,
  explain,
  fitPicture,
  orderOf,
  type Pixels,
  pictureToTensor,
  prepare,
  Random,
  type TensorValue,
} from '@ascribe/core'
import { shuffledModel } from '../bam/study/shuffled.js'
import { Recent } from '../greedy/image/recent.js'
import { logProbabilities } from '../greedy/image/scores.js'
import { type CellIdentity, type CellOutcome, FatalCellError, type JsonValue, type Work } from '../runner/index.js'
import { agreementOf, detectionOf, roughness, smoothedTo } from './compare.js'
import type { AgreeOptions, AnswerValue, DetectOptions, MapOptions, ScoreOptions, ScoreValue } from './identity.js'
import { subjectMap } from './maps.js'
import { maskedPictures } from './masking.js'
import type { HarmonyModel } from './models.js'
import type { HarmonyPicture, HarmonyPictures } from './pictures.js'
import type { Subject } from './subject.js'

/** Deviation of the noise of noise draws, relative to the range of the input. Our choice. */
const noiseDeviation = 0.1

/** Methods whose maps are read without signs: a gradient's sign says nothing about presence. */
const unsigned = /^(gradient|smooth-grad|guided-backprop|deconvnet)$/

/** Maps kept after they were read; the cells of a picture follow each other. */
const kept = 256

/** A seed of its own for every picture. */
const seedOf = (seed: number, sample: string): number =>
  createHash('sha256').update(`${seed} ${sample}`).digest().readUIntBE(0, 6)

export interface HarmonyTools {
  readonly models: readonly HarmonyModel[]
  readonly pictures: HarmonyPictures
  readonly map: (key: string) => Promise<Float64Array>
}

const outcome = (value: object, maps?: CellOutcome['maps']): CellOutcome => ({
  value: value as unknown as JsonValue,
  ...(maps && { maps }),
})

const six = (value: number): number => Number(value.toPrecision(6))

/** A model, or a twin. */
type Seeing = Pick<HarmonyModel, 'model' | 'preprocessing' | 'classes'>

class Worker {
  readonly #ready = new Map<string, Promise<Evaluator>>()
  readonly #maps = new Recent<Float64Array>(kept)

  constructor(readonly tools: HarmonyTools) {}

  /** By the digest of its file. */
  model(digest: string | undefined): Seeing {
    const all: Seeing[] = this.tools.models.flatMap(one => (one.twin ? [one, one.twin] : [one]))
    const found = all.find(({ model }) => model.digest === digest)
    if (!found) throw new FatalCellError(`no model of the study has the digest ${digest}`)
    return found
  }

  input(model: Seeing, picture: Pixels): TensorValue<'float32'> {
    return pictureToTensor(fitPicture(picture, model.preprocessing), model.preprocessing)
  }

  /** Log probabilities of the study's classes for each picture. */
  async answers(model: Seeing, pictures: readonly Pixels[], signal: AbortSignal): Promise<Float64Array[]> {
    const name = model.model.floatInputs[0]!
    const inputs = pictures.map(picture => this.input(model, picture))
    let ready = this.#ready.get(model.model.digest)
    if (!ready) {
      ready = prepare(model.model, { [name]: inputs[0]! }, { target: 'predicted' })
      ready.catch(() => this.#ready.delete(model.model.digest))
      this.#ready.set(model.model.digest, ready)
    }
    const evaluator = await ready
    if (signal.aborted) throw new AbortedError('interrupted')
    const { output } = evaluator.target
    const length = inputs[0]!.data.length
    const found: Float64Array[] = []
    await evaluator.sweepValues(
      [output],
      inputs.length,
      (start, used) => {
        const rows = new Float32Array(used * length)
        for (let row = 0; row < used; row++) rows.set(inputs[start + row]!.data, row * length)
        return { [name]: rows }
      },
      (row, values) => {
        const all = logProbabilities(values[output]!)
        found[row] = Float64Array.from(model.classes, own => all[own]!)
      },
    )
    return found
  }

  async map(subject: Subject, picture: HarmonyPicture, seed: number): Promise<Float64Array> {
    const stored = (key: string): Promise<Float64Array> => this.#maps.get(key, () => this.tools.map(key))
    return subjectMap(subject, { picture, stored, seed })
  }

  /** Pictures of every fill and share. */
  async masked(subject: Subject, { identity, seed }: Run, options: ScoreOptions): Promise<readonly Pixels[]> {
    const { fills, fractions, inverse, onto } = options
    const own = await this.tools.pictures.picture(identity.sample)
    const order = orderOf(await this.map(subject, own, seed))
    const base = onto === undefined ? own.pixels : await this.#base(onto, own.pixels, seed)
    return maskedPictures(base, order, { fills, fractions, inverse, seed })
  }

  async #base(onto: string, { data, ...rest }: Pixels, seed: number): Promise<Pixels> {
    if (onto !== 'noise') return (await this.tools.pictures.picture(onto)).pixels
    const random = new Random(seed, 0x9015e)
    return { ...rest, data: Uint8Array.from(data, () => random.integer(256)) }
  }
}

interface Run {
  readonly identity: CellIdentity
  readonly worker: Worker
  readonly signal: AbortSignal
  readonly seed: number
}

const optionsOf = <Options>({ identity }: Run): Options => identity.options as unknown as Options

async function answer(run: Run): Promise<CellOutcome> {
  const { identity, worker, signal } = run
  const { class: own } = optionsOf<{ class?: number }>(run)
  const picture = await worker.tools.pictures.picture(identity.sample)
  const [found] = (await worker.answers(worker.model(identity.model), [picture.pixels], signal)) as [Float64Array]
  const order = orderOf(found)
  const known = own !== undefined && own < found.length
  return outcome({
    predicted: order[0]!,
    probability: six(Math.exp(found[order[0]!]!)),
    second: order[1] ?? order[0]!,
    ...(known && { own: six(Math.exp(found[own]!)) }),
  } satisfies AnswerValue)
}

async function map(run: Run): Promise<CellOutcome> {
  const { identity, worker, signal, seed } = run
  const { spec, class: index, size, draw, shuffled } = optionsOf<MapOptions>(run)
  const model = worker.model(identity.model)
  const { pixels } = await worker.tools.pictures.picture(identity.sample)
  const input = worker.input(model, pixels)
  if (draw !== undefined) {
    const random = new Random(seed, 0xd4a0 + draw)
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const value of input.data) [low, high] = [Math.min(low, value), Math.max(high, value)]
    const deviation = noiseDeviation * (high - low)
    for (let i = 0; i < input.data.length; i++) input.data[i]! += deviation * random.normal()
  }
  const explained = shuffled ? shuffledModel(model.model, identity.seed) : model.model
  const attribution = await explain(explained, { [model.model.floatInputs[0]!]: input }, spec.method, {
    target: `log-odds:${model.classes[index]!}`,
    options: spec.options,
    seed,
    signal,
  })
  const { members } = alignMaps([attribution], {
    size: { width: size, height: size },
    layout: model.preprocessing.layout,
    channels: unsigned.test(spec.method) ? 'absolute' : 'signed',
  })
  const { forwards, gradients } = attribution.cost
  return outcome({ forwards, gradients }, { map: { dtype: 'float32', dims: [size, size], data: Float32Array.from(members[0]!) } })
}

async function score(run: Run): Promise<CellOutcome> {
  const { worker, signal } = run
  const options = optionsOf<ScoreOptions>(run)
  const { subjects, testers, class: index, fills, fractions } = options
  const masks = fills.length * fractions.length
  const pictures: Pixels[] = []
  for (const subject of subjects) pictures.push(...(await worker.masked(subject, run, options)))
  const top = new Array<number>(pictures.length * testers.length)
  const probability = top.slice()
  for (const [t, digest] of testers.entries()) {
    const found = await worker.answers(worker.model(digest), pictures, signal)
    for (const [i, own] of found.entries()) {
      const at = (Math.floor(i / masks) * testers.length + t) * masks + (i % masks)
      top[at] = orderOf(own)[0] === index ? 1 : 0
      probability[at] = six(Math.exp(own[index]!))
    }
  }
  return outcome({ top, probability } satisfies ScoreValue)
}

async function agree(run: Run): Promise<CellOutcome> {
  const { identity, worker, seed } = run
  const { first, second, smoothAs, size, measures } = optionsOf<AgreeOptions>(run)
  const picture = await worker.tools.pictures.picture(identity.sample)
  const mapOf = (subject: Subject): Promise<Float64Array> => worker.map(subject, picture, seed)
  const [a, b] = [await mapOf(first), await mapOf(second)]
  if (!smoothAs) return outcome(await agreementOf(a, b, size, measures))
  const wanted = roughness(await mapOf(smoothAs), size)
  return outcome(await agreementOf(smoothedTo(a, size, wanted), smoothedTo(b, size, wanted), size, measures))
}

async function detect(run: Run): Promise<CellOutcome> {
  const { identity, worker, seed } = run
  const { subject, size } = optionsOf<DetectOptions>(run)
  const picture = await worker.tools.pictures.picture(identity.sample)
  return outcome(await detectionOf(await worker.map(subject, picture, seed), picture.mask!, size))
}

const kinds: Readonly<Record<string, (run: Run) => Promise<CellOutcome>>> = { answer, map, score, agree, detect }

/** Computes the cells of a study. */
export function harmonyWork(tools: HarmonyTools): Work {
  const worker = new Worker(tools)
  return ({ identity }, { signal }) =>
    kinds[identity.kind]!({ identity, worker, signal, seed: seedOf(identity.seed, identity.sample) })
}
