/** @file What an ensemble study computes, cell by cell. */
import { createHash } from 'node:crypto'
import { alignMaps, explain, fitPicture, type Model, measureRemovals, type Removals } from '@ascribe/core'
import type { ImageSet } from '../greedy/image/images.js'
import { Recent } from '../greedy/image/recent.js'
import { logProbabilities } from '../greedy/image/scores.js'
import { makeSubject, type Subject } from '../greedy/image/subject.js'
import type { CellOutcome, Work } from '../runner/index.js'
import { mapOf, type PictureMaps } from './combined.js'
import { forms } from './forms.js'
import {
  type AnswerValue,
  type MapOptions,
  type MapValue,
  type MaskOnlyOptions,
  metricNames,
  type ScoreOptions,
  type ScoreValue,
} from './identity.js'
import { greyMap } from './junk.js'
import { controls, memberOptions } from './members.js'
import { curveScores, fullScores, infidelityOf, makeScorer, maskOnlyScores, pixelOrder, type Scorer } from './scores.js'
import { explainedBy, noSegments, optionsOf, outcome, type Stored, seedOf, type Tools, targetOf } from './tools.js'

/** Pictures whose tensors are kept. */
const kept = 4

async function answer(tools: Tools): Promise<CellOutcome> {
  const subject = await tools.subject(tools.identity.sample, noSegments)
  const predict = async (model: Model) => {
    const evaluator = await subject.evaluator('predicted', model)
    const found = logProbabilities(evaluator.outputs[evaluator.target.output]!.data as Float32Array)
    const predicted = found.indexOf(Math.max(...found))
    return { predicted, probability: Math.exp(found[predicted]!), classes: found.length }
  }
  const own = await predict(tools.model)
  return outcome({ ...own, ...(tools.twin && { twin: (await predict(tools.twin)).predicted }) } satisfies AnswerValue)
}

async function map(tools: Tools): Promise<CellOutcome> {
  const { member, class: index, shuffled } = optionsOf<MapOptions>(tools)
  const { identity, signal } = tools
  const subject = await tools.subject(identity.sample, noSegments)
  const attribution = await explain(explainedBy(tools, shuffled), { [subject.name]: subject.input }, member.method, {
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

/** The map of an entry on the cell's picture. */
async function entryMap(tools: Tools, subject: Subject): Promise<Float64Array> {
  const { entry, maps: keys, forms: key, junk, best, members: kept } = optionsOf<ScoreOptions>(tools)
  const { identity, stored } = tools
  return mapOf(entry, await tools.maps(keys, subject), {
    seed: seedOf(identity.seed, identity.sample),
    ...(junk ? { junk } : {}),
    ...(best === undefined ? {} : { best }),
    ...(kept === undefined ? {} : { kept }),
    ...(key === undefined ? {} : { forms: await stored.forms(key) }),
  })
}

async function score(tools: Tools): Promise<CellOutcome> {
  const { class: index, steps, segments, perturbations, twin } = optionsOf<ScoreOptions>(tools)
  const { sample } = tools.identity
  const subject = await tools.subject(sample, segments)
  const own = await entryMap(tools, subject)
  const scorer = await tools.scorer(subject, index, twin !== undefined)
  const order = pixelOrder(own)
  const digest = createHash('sha256').update(order).digest('hex')
  if (perturbations === undefined)
    return outcome(
      await tools.curves(`${sample} ${index} ${steps} ${twin} ${digest}`, () => curveScores(scorer, subject, order, steps)),
    )
  const all: ScoreValue = {
    ...(await fullScores(scorer, subject, order, steps, own)),
    infidelity: infidelityOf(own, await tools.removals(perturbations, subject, index, twin !== undefined)),
  }
  return outcome(Object.fromEntries(metricNames.map(name => [name, all[name]!])))
}

async function maskOnly(tools: Tools): Promise<CellOutcome> {
  const { class: index, steps, segments, twin, other } = optionsOf<MaskOnlyOptions>(tools)
  const { sample, seed } = tools.identity
  const subject = await tools.subject(sample, segments)
  const order = pixelOrder(await entryMap(tools, subject))
  const scorer = await tools.scorer(subject, index, twin !== undefined)
  const content = await tools.subject(other, segments)
  return outcome(await maskOnlyScores(scorer, subject, content, order, steps, seedOf(seed, sample)))
}

const kinds: Readonly<Record<string, (tools: Tools) => Promise<CellOutcome>>> = {
  answer,
  map,
  forms,
  score,
  'mask-only': maskOnly,
}

/**
 * Computes the cells of a study on one model.
 * @param members labels, in order
 * @param twin the same model adapted to masks, which predicts where a cell asks for it
 */
export function ensembleWork(images: ImageSet, model: Model, members: readonly string[], stored: Stored, twin?: Model): Work {
  const subjects = new Recent<Subject>(kept)
  const pictures = new Recent<PictureMaps>(kept)
  const removed = new Recent<Removals>(kept)
  const curves = new Recent<ScoreValue>(4096)
  const scorers = new Recent<Scorer>(kept)
  return ({ identity }, { signal }) =>
    kinds[identity.kind]!({
      identity,
      signal,
      model,
      twin,
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
      removals: (perturbations, subject, index, masked) =>
        removed.get(`${identity.sample} ${index} ${perturbations} ${subject.features} ${masked}`, async () =>
          measureRemovals(await subject.evaluator(targetOf(index), masked ? twin : model), {
            segments: subject.segments,
            perturbations,
            fill: `blur:${subject.sigma}`,
            seed: seedOf(identity.seed, `infidelity ${identity.sample}`),
          }),
        ),
      scorer: (subject, index, masked) =>
        scorers.get(`${identity.sample} ${index} ${subject.features} ${masked}`, () =>
          makeScorer(subject, index, masked ? twin : model),
        ),
      curves: (key, make) => curves.get(key, make),
    })
}
