/** @file One input explained by every member, combined, and written: maps as .npy, pictures as .png. */
import { join } from 'node:path'
import {
  type Attribution,
  type AttributionMap,
  encodePng,
  explain,
  type Layout,
  type Model,
  type Pixels,
  type Preprocessing,
  prepare,
  type ReportEntry,
  type ReportResult,
  type Target,
  writeNpy,
} from '@ascribe/core'
import { writeFileAtomic } from '@ascribe/core/node'
import type { Context } from '../command.js'
import { type DrawContext, draw, enlarged, pictureOfTensor, positionLabels } from '../explain/draw.js'
import type { Item } from '../explain/inputs.js'
import { outputKind, scoresBeside, topPredictions } from '../explain/predictions.js'
import { type InputRecord, type ResultRecord, resultRecord, statistics } from '../explain/record.js'
import { type MethodRequest, shownOptions } from '../methods.js'
import { consensusOf, type Member } from './combine.js'
import type { CombineRequest } from './request.js'

export interface EnsembleJob {
  readonly model: Model
  readonly requests: readonly MethodRequest[]
  readonly combine: CombineRequest
  readonly folder: string
  readonly target: Target
  readonly output?: string
  readonly at?: readonly string[]
  readonly seed: number
  readonly layout: Layout
  readonly preprocessing: () => Preprocessing | undefined
  readonly context: Context
  /** A member is done, of all of one input. */
  readonly step: (what: string) => void
}

/** How the members of one input were combined. */
interface CombinedRecord {
  readonly members: readonly string[]
  readonly weights?: readonly number[]
  readonly segments?: string
}

export interface EnsembleOutcome {
  readonly record: InputRecord & { readonly ensemble: CombinedRecord }
  readonly entry: ReportEntry
}

/** Names of what an ensemble makes; methods have none of them. */
const made = { consensus: 'consensus', spread: 'spread' } as const

/** @throws what a method throws: an ensemble without one of its members would be another ensemble */
export async function ensembleItem(job: EnsembleJob, item: Item): Promise<EnsembleOutcome> {
  const settings = {
    target: job.target,
    ...(job.output === undefined ? {} : { output: job.output }),
    ...(job.at === undefined ? {} : { at: job.at }),
    signal: job.context.signal,
  }
  const loaded = await item.load()
  const evaluator = await prepare(job.model, loaded.row, settings)
  const { target, graph } = evaluator
  const scores = scoresBeside(target, evaluator.outputs[target.output]!)
  const kind = outputKind(job.model.graph, target.output, scores)
  const picture = loaded.picture ?? pictureIn(job, Object.values(loaded.row))
  const context: DrawContext = {
    ...(picture ? { picture } : {}),
    layout: job.layout,
    shape: tensor => graph.type(tensor)?.shape ?? undefined,
    positions: (_, length, tokens) => positionLabels(loaded.row, length, tokens),
    colormaps: [],
    mapAlone: false,
    isInput: tensor => loaded.row[tensor] !== undefined,
    input: tensor => loaded.row[tensor],
  }
  const members: Member[] = []
  const found: { readonly attribution: Attribution; readonly request: MethodRequest }[] = []
  for (const request of job.requests) {
    job.step(`${item.name}, ${request.label}`)
    const attribution = await explain(job.model, loaded.row, request.method, {
      ...settings,
      options: request.options,
      seed: job.seed,
    })
    members.push({ request, map: { values: attribution.values, dims: attribution.dims } })
    found.push({ attribution, request })
  }
  job.step(`${item.name}, combined`)
  const started = performance.now()
  const consensus = await consensusOf(members, evaluator, job.combine)
  const { forwards, gradients } = evaluator.cost
  const cost = { forwards, gradients, milliseconds: performance.now() - started }
  const tensor = evaluator.at[0]!
  const records: ResultRecord[] = []
  const cards: ReportResult[] = []
  const keep = async (record: Omit<ResultRecord, 'maps'>, map: AttributionMap): Promise<void> => {
    const stem = `${item.name}.${record.label}`
    const drawing = draw(tensor, map, context)
    const values = `${stem}.npy`
    await writeFileAtomic(join(job.folder, values), writeNpy({ dtype: 'float32', dims: map.dims, data: map.values }))
    const drawn = drawing.file ? `${stem}.${drawing.file.extension}` : undefined
    if (drawn) await writeFileAtomic(join(job.folder, drawn), drawing.file!.content)
    const stats = statistics(map)
    records.push({ ...record, maps: [{ tensor, dims: map.dims, ...stats, values, ...(drawn ? { picture: drawn } : {}) }] })
    const { overlay, map: alone, legend, bars, series } = drawing
    cards.push({
      method: record.label,
      options: record.options,
      ...(overlay ? { overlay } : {}),
      ...(alone ? { map: alone } : {}),
      ...(legend ? { legend } : {}),
      ...(bars ? { bars } : {}),
      ...(series ? { series } : {}),
      stats,
      cost: record.cost,
      warnings: record.warnings,
      files: [values, ...(drawn ? [drawn] : [])],
    })
  }
  const shared = { options: optionsOf(job.combine), seed: job.seed, value: evaluator.value, warnings: evaluator.warnings }
  const free = { forwards: 0, gradients: 0, milliseconds: 0 }
  await keep(
    { ...shared, method: made.consensus, label: made.consensus, cost },
    { values: consensus.values, dims: consensus.dims },
  )
  await keep(
    { ...shared, method: made.spread, label: made.spread, cost: free, warnings: [] },
    { values: consensus.spread, dims: consensus.dims },
  )
  for (const { attribution, request } of found) {
    const { maps: _, ...record } = resultRecord(attribution, request.label, shownOptions(attribution.options, request.files), [])
    await keep(record, { values: attribution.values, dims: attribution.dims })
  }
  const prediction = topPredictions(scores, kind, job.model.labels)
  const { weights, segments } = consensus
  return {
    record: {
      name: item.name,
      file: item.file,
      ...(item.row === undefined ? {} : { row: item.row }),
      output: target.output,
      outputKind: kind,
      prediction,
      target: { description: target.description, link: target.link, classes: target.classes.slice(0, mostClasses) },
      ensemble: {
        members: job.requests.map(({ label }) => label),
        ...(weights ? { weights } : {}),
        ...(segments === undefined ? {} : { segments }),
      },
      results: records,
    },
    entry: {
      name: item.row === undefined ? item.file : `${item.file}, row ${item.row}`,
      ...(picture ? { picture: encodePng(enlarged(picture)) } : {}),
      predictions: prediction.map(({ index, label, score, probability }) => ({ index, label, value: probability ?? score })),
      predictionKind: kind === 'values' ? 'score' : 'probability',
      target: target.description,
      results: cards,
      warnings: weights
        ? [`learned weights: ${job.requests.map(({ label }, m) => `${label} ${weights[m]!.toFixed(3)}`).join(', ')}`]
        : [],
    },
  }
}

/** Most classes of a target that a record lists. */
const mostClasses = 64

export function optionsOf({ options, reduce, segments, weights, share }: CombineRequest): ResultRecord['options'] {
  const { normaliser, normaliserOptions, scheme, schemeOptions, absolute } = options
  const spec = (one: typeof normaliser | typeof scheme, settings: object = {}): string => {
    const name = typeof one === 'string' ? one : one!.name
    const given = Object.entries(settings).map(pair => pair.join('='))
    return given.length > 0 ? `${name}:${given.join(',')}` : name
  }
  return {
    normalize: spec(normaliser, normaliserOptions),
    scheme: spec(scheme, schemeOptions),
    absolute: absolute ?? false,
    reduce,
    ...(segments === undefined ? {} : { segments }),
    ...(weights === undefined ? {} : { weights }),
    ...(weights === 'both' ? { robust: share } : {}),
  }
}

function pictureIn(
  { preprocessing, layout }: EnsembleJob,
  values: readonly Parameters<typeof pictureOfTensor>[0][],
): Pixels | undefined {
  for (const value of values) {
    const found = pictureOfTensor(value, preprocessing(), layout)
    if (found) return found
  }
  return undefined
}
