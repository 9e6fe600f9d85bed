/** @file What an image study computes, cell by cell. */
import { createHash } from 'node:crypto'
import { explain, fitPicture, type Model, measure, mosaic, type Pixels, pictureToTensor } from '@ascribe/core'
import { webpBytes } from '@ascribe/core/node'
import { shuffledModel } from '../../bam/study/shuffled.js'
import type { CellIdentity, CellOutcome, JsonValue, Work } from '../../runner/index.js'
import { contestantNamed, contestantOptions } from './contestants.js'
import { coursesOf, curvesOf } from './curves.js'
import { type Entry, targetOf } from './entry.js'
import type {
  AnswerValue,
  Common,
  InformationOptions,
  InformationValue,
  MapsOptions,
  MaskOnlyOptions,
  MaskOnlyValue,
  MosaicOptions,
  MosaicValue,
  SelectOptions,
  SelectValue,
} from './identity.js'
import type { ImageSet } from './images.js'
import { featureOrder, orderMap } from './order.js'
import { Recent } from './recent.js'
import { areaOver, curveKinds, logProbabilities } from './scores.js'
import { makeSubject, noiseLike, type Subject } from './subject.js'

/** Pictures kept ready: cells of one picture come after each other. */
const kept = 4

/** A seed of its own for every picture, so that random maps differ among them. */
const seedOf = (seed: number, sample: string): number =>
  createHash('sha256').update(`${seed} ${sample}`).digest().readUIntBE(0, 6)

/** What a cell is computed with. */
interface Tools {
  readonly identity: CellIdentity
  readonly signal: AbortSignal
  readonly model: Model
  readonly twin: Model | undefined
  readonly picture: (key: string) => Promise<Pixels>
  readonly subject: (key: string, common: Common) => Promise<Subject>
  readonly bytes: (picture: Pixels) => Promise<number>
}

/** Values are plain JSON; their types say which. */
const outcome = (value: object, maps?: CellOutcome['maps']): CellOutcome => ({
  value: value as unknown as JsonValue,
  ...(maps && { maps }),
})

const optionsOf = <Options>({ identity }: Tools): Options => identity.options as unknown as Options

async function answerOf(subject: Subject, model: Model): Promise<AnswerValue> {
  const evaluator = await subject.evaluator('predicted', model)
  const found = logProbabilities(evaluator.outputs[evaluator.target.output]!.data as Float32Array)
  const predicted = found.indexOf(found.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY))
  return { predicted, probability: Math.exp(found[predicted]!), classes: found.length }
}

async function answer(tools: Tools): Promise<CellOutcome> {
  const { identity, model, twin } = tools
  const subject = await tools.subject(identity.sample, optionsOf<Common>(tools))
  const found = await answerOf(subject, model)
  return outcome({ ...found, ...(twin && { twin: (await answerOf(subject, twin)).predicted }) })
}

/** The order that a contestant gives the features of a picture. */
async function orderBy(tools: Tools, entry: Entry, index: number, subject: Subject) {
  const { identity, model, signal } = tools
  const { features, sigma, segments } = subject
  const explained = entry.twist === 'shuffled-weights' ? shuffledModel(model, identity.seed) : model
  const { method, score } = contestantNamed(entry.contestant)
  const attribution = await explain(explained, { [subject.name]: subject.input }, method, {
    target: targetOf(entry.objective, index),
    options: contestantOptions(entry, { features, sigma, segments, baseline: subject.fills[entry.baseline] }),
    seed: seedOf(identity.seed, identity.sample),
    signal,
  })
  const { forwards, gradients, milliseconds } = attribution.cost
  return {
    order: featureOrder(attribution, subject, score),
    cost: { forwards, gradients, milliseconds: Math.round(milliseconds) },
  }
}

async function select(tools: Tools): Promise<CellOutcome> {
  const { entry, class: index, segments } = optionsOf<SelectOptions>(tools)
  const subject = await tools.subject(tools.identity.sample, { segments })
  const { order, cost } = await orderBy(tools, entry, index, subject)
  const along = async (model: Model) =>
    curvesOf(await subject.evaluator(String(index), model), subject, order, index, coursesOf(subject, curveKinds))
  const { counts, curves } = await along(tools.model)
  const twin = tools.twin && (await along(tools.twin)).curves
  return outcome({ order, cost, counts, curves, ...(twin && { twin }) } as SelectValue)
}

async function maskOnly(tools: Tools): Promise<CellOutcome> {
  const { order, class: index, other, ...common } = optionsOf<MaskOnlyOptions>(tools)
  const { sample, seed } = tools.identity
  const subject = await tools.subject(sample, common)
  const contents = {
    own: subject.input.data,
    noise: noiseLike(subject, seedOf(seed, sample)).data,
    other: (await tools.subject(other, common)).input.data,
  }
  const fill = subject.fills.black.data
  const courses = Object.entries(contents).map(([name, content]) => ({ name, content, fill, towards: 'on' as const }))
  const evaluator = await subject.evaluator(String(index))
  const { counts, curves } = await curvesOf(evaluator, subject, order, index, courses, ['probability'])
  const area = (name: string): number => areaOver(counts, curves[name]!.probability!)
  return outcome({ own: area('own'), noise: area('noise'), other: area('other') } satisfies MaskOnlyValue)
}

async function information(tools: Tools): Promise<CellOutcome> {
  const { order, class: index, points, ...common } = optionsOf<InformationOptions>(tools)
  const { sample, seed } = tools.identity
  const subject = await tools.subject(sample, common)
  const evaluator = await subject.evaluator(String(index))
  const asked = {
    evaluator,
    maps: { map: orderMap(order, subject) },
    picture: {
      picture: subject.picture,
      toInput: (picture: Pixels) => pictureToTensor(picture, subject.preprocessing),
      encodedBytes: (pictures: readonly Pixels[]) => Promise.all(pictures.map(tools.bytes)),
    },
  }
  // Each picture has a random mask of its own, the same for all contestants.
  const mask = seedOf(seed, sample)
  const curve = async (metric: string) => {
    const { value, reason = '', curve: found } = await measure(metric, asked, { minimum: 0, points, sign: 'signed' }, mask)
    return found ? { value, y: Array.from(found.y, y => Number(y.toFixed(5))) } : { value: null, reason }
  }
  const prediction = logProbabilities(evaluator.outputs[evaluator.target.output]!.data as Float32Array)
  const value: InformationValue = {
    probability: Math.exp(prediction[index]!),
    sic: await curve('sic'),
    aic: await curve('aic'),
  }
  return outcome(value)
}

async function mosaicOf(tools: Tools): Promise<CellOutcome> {
  const { entry, members, side, cell, class: index, segments } = optionsOf<MosaicOptions>(tools)
  const pictures = await Promise.all(members.map(tools.picture))
  const { width, height } = pictures[0]!
  const made = mosaic(pictures, side, height, width)
  const subject = await makeSubject(tools.model, made.picture, segments)
  const { order } = await orderBy(tools, entry, index, subject)
  const asked = { maps: { map: orderMap(order, subject) }, mask: made.mask([cell]) }
  const pointing = await measure('pointing-game', asked)
  const rank = await measure('relevance-rank', asked)
  return outcome({ pointing: pointing.value, rank: rank.value } satisfies MosaicValue)
}

async function maps(tools: Tools): Promise<CellOutcome> {
  const { orders, ...common } = optionsOf<MapsOptions>(tools)
  const subject = await tools.subject(tools.identity.sample, common)
  const drawn = orders.map((order, i) => {
    const { dims, values } = orderMap(order, subject)
    return [`order-${i}`, { dtype: 'float32' as const, dims, data: values }] as const
  })
  return outcome({ features: subject.features }, Object.fromEntries(drawn))
}

const kinds: Readonly<Record<string, (tools: Tools) => Promise<CellOutcome>>> = {
  answer,
  select,
  'mask-only': maskOnly,
  information,
  mosaic: mosaicOf,
  maps,
}

/** Computes the cells of a study on one model. @param twin the same model adapted to masks, which scores too */
export function imageWork(images: ImageSet, model: Model, twin?: Model): Work {
  const subjects = new Recent<Subject>(kept)
  const sizes = new Recent<number>(256)
  const picture = async (key: string): Promise<Pixels> => fitPicture(await images.picture(key), model.preprocessing!)
  return ({ identity }, { signal }) =>
    kinds[identity.kind]!({
      identity,
      signal,
      model,
      twin,
      picture,
      subject: (key, { segments }) =>
        subjects.get(`${segments} ${key}`, async () => makeSubject(model, await picture(key), segments)),
      bytes: shown =>
        sizes.get(createHash('sha256').update(shown.data).digest('hex'), async () => (await webpBytes([shown]))[0]!),
    })
}
