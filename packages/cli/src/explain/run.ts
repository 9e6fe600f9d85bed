/** @file Explains items one after another (or one per process), writing each map as soon as it is whole. */
import { join } from 'node:path'
import {
  AbortedError,
  type Attribution,
  type Evaluator,
  encodePng,
  explain,
  type Layout,
  type Model,
  NoGradientError,
  type Pixels,
  type Preprocessing,
  prepare,
  type Target,
  type TensorValue,
  UsageError,
  writeNpy,
} from '@ascribe/core'
import { writeFileAtomic } from '@ascribe/core/node'
import type { Context } from '../command.js'
import { isExpected, messageOf } from '../failures.js'
import { type MethodRequest, shownOptions } from '../methods.js'
import {
  type DrawContext,
  type Drawing,
  draw,
  enlarged,
  pictureOfTensor,
  positionLabels,
  selectionMap,
  textSums,
} from './draw.js'
import type { Item, Loaded } from './inputs.js'
import { drawingKey } from './page.js'
import { outputKind, scoresBeside, topPredictions } from './predictions.js'
import type { ProgressMeter } from './progress.js'
import { type FailureRecord, type InputRecord, type MapRecord, type ResultRecord, resultRecord, statistics } from './record.js'
import { type TextView, wordsOf } from './words.js'

export interface Job {
  readonly model: Model
  readonly requests: readonly MethodRequest[]
  readonly folder: string
  readonly target: Target
  readonly output?: string
  readonly at?: readonly string[]
  readonly seed: number
  readonly colormaps: readonly string[]
  /** Called with the evaluator of each input before it is explained; says once what the methods will cost. */
  readonly announce: (evaluator: Evaluator) => void
  /** Called before each map is written; does its work once. */
  readonly beforeFirstFile: () => Promise<void>
  /** Whether the report shows maps without the picture under them too. */
  readonly mapsAlone: boolean
  readonly preprocessing: () => Preprocessing | undefined
  /** Layout of picture inputs. */
  readonly layout: Layout
  /** Which axis of a series is time, where it was said. */
  readonly timeAxis?: number
  /** How texts are shown. */
  readonly text: TextView
  readonly weight: (request: MethodRequest) => number
  readonly meter: ProgressMeter
  readonly context: Context
}

export interface Outcome {
  readonly record?: InputRecord
  readonly failures: readonly FailureRecord[]
  readonly seen?: Uint8Array
  readonly drawings: ReadonlyMap<string, Drawing>
}

/** Errors that every further input would meet as well. */
const concernsAll = [AbortedError, UsageError, NoGradientError] as const

/**
 * Explains one item by every method. What goes wrong with this input alone becomes a failure; a wrong request, a model that cannot
 * be explained and an interruption end the whole run.
 */
export async function explainItem(job: Job, item: Item): Promise<Outcome> {
  const failures: FailureRecord[] = []
  const drawings = new Map<string, Drawing>()
  const fail = (error: unknown, method?: string): void => {
    if (job.context.signal.aborted) throw new AbortedError('interrupted')
    if (!isExpected(error) || concernsAll.some(kind => error instanceof kind)) throw error
    failures.push({
      name: item.name,
      file: item.file,
      ...(method ? { method } : {}),
      message: withoutFolder(messageOf(error), item.file),
    })
  }
  const settings = {
    target: job.target,
    ...(job.output === undefined ? {} : { output: job.output }),
    ...(job.at === undefined ? {} : { at: job.at }),
    signal: job.context.signal,
  }
  try {
    const loaded = await item.load()
    const { tokens } = loaded
    const text = tokens && { tokens, words: wordsOf(tokens, job.text), view: job.text }
    const evaluator = await prepare(job.model, loaded.row, settings)
    job.announce(evaluator)
    const { target } = evaluator
    const scores = scoresBeside(target, evaluator.outputs[target.output]!)
    const kind = outputKind(job.model.graph, target.output, scores)
    const picture = pictureOf(job, loaded)
    const results: ResultRecord[] = []
    for (const request of job.requests) {
      const task = `${item.name}, ${request.label}`
      const weight = job.weight(request)
      try {
        const attribution = await explain(job.model, loaded.row, request.method, {
          ...settings,
          options: request.options,
          seed: job.seed,
          onProgress: ({ done, total }) => job.meter.update(task, done / total, weight),
        })
        const graph = evaluator.graph
        const context: DrawContext = {
          ...(picture ? { picture } : {}),
          layout: job.layout,
          shape: tensor => graph.type(tensor)?.shape ?? undefined,
          positions: (_, length, tokens) => positionLabels(loaded.row, length, tokens),
          colormaps: job.colormaps,
          mapAlone: job.mapsAlone,
          isInput: tensor => loaded.row[tensor] !== undefined,
          input: tensor => loaded.row[tensor],
          ...(text ? { text } : {}),
          ...(job.timeAxis === undefined ? {} : { timeAxis: job.timeAxis }),
        }
        results.push(await keep(job, item, request, attribution, context, drawings))
      } catch (error) {
        fail(error, request.label)
      }
      job.meter.finish(task, weight)
    }
    const record: InputRecord = {
      name: item.name,
      file: item.file,
      ...(item.row === undefined ? {} : { row: item.row }),
      ...(text ? { tokens: text.tokens, words: text.words } : {}),
      output: target.output,
      outputKind: kind,
      prediction: topPredictions(scores, kind, job.model.labels ?? words(loaded, scores)),
      target: {
        description: target.description,
        link: target.link,
        ...(target.classes.length > mostClasses ? { classes: [], elements: target.classes.length } : { classes: target.classes }),
      },
      results,
    }
    return { record, failures, drawings, ...(picture ? { seen: encodePng(enlarged(picture)) } : {}) }
  } catch (error) {
    fail(error)
    return { failures, drawings }
  }
}

/** Most classes of a target that a record lists; of places there may be thousands. */
const mostClasses = 64

/** Names of classes that are the tokenizer's own words: next-token scores of a text. */
const words = ({ vocabulary }: Loaded, scores: TensorValue): readonly (string | undefined)[] | undefined =>
  vocabulary && scores.data.length >= vocabulary.length ? vocabulary : undefined

/** What the model saw, where the input is a picture or a tensor like one. */
function pictureOf(job: Job, { picture, row }: Loaded): Pixels | undefined {
  if (picture) return picture
  for (const value of Object.values(row)) {
    const found = pictureOfTensor(value, job.preprocessing(), job.layout)
    if (found) return found
  }
  return undefined
}

/** Writes the maps and their pictures. */
async function keep(
  job: Job,
  item: Item,
  request: MethodRequest,
  attribution: Attribution,
  context: DrawContext,
  drawings: Map<string, Drawing>,
): Promise<ResultRecord> {
  await job.beforeFirstFile()
  const records: MapRecord[] = []
  const entries = Object.entries(attribution.maps)
  for (const [tensor, map] of entries) {
    const stem = [item.name, request.label, ...(entries.length > 1 ? [fileSafe(tensor)] : [])].join('.')
    const order = attribution.order?.[tensor]
    const drawing = draw(tensor, order ? selectionMap(order, map.dims, context) : map, context)
    drawings.set(drawingKey(item.name, request.label, tensor), drawing)
    const values = `${stem}.npy`
    await writeFileAtomic(join(job.folder, values), writeNpy({ dtype: 'float32', dims: map.dims, data: map.values }))
    const orderFile = order && `${stem}.order.npy`
    if (order) await writeFileAtomic(join(job.folder, orderFile!), writeNpy({ dtype: 'int32', dims: map.dims, data: order }))
    const picture = drawing.file ? `${stem}.${drawing.file.extension}` : undefined
    if (picture) await writeFileAtomic(join(job.folder, picture), drawing.file!.content)
    records.push({
      tensor,
      dims: map.dims,
      ...statistics(map),
      ...textSums(map, context),
      values,
      ...(orderFile ? { order: orderFile } : {}),
      ...(picture ? { picture } : {}),
    })
  }
  return resultRecord(attribution, request.label, shownOptions(attribution.options, request.files), records)
}

/** A tensor's name as part of a file name. */
const fileSafe = (name: string): string => name.replace(/[^\w.-]+/g, '_').replace(/^[_.]+|[_.]+$/g, '') || 'tensor'

/** Records hold no folder names: a message that begins with the file's path keeps its own name only. */
function withoutFolder(message: string, file: string): string {
  const end = message.indexOf(`${file}: `)
  return end > 0 && /[/\\]$/.test(message.slice(0, end)) ? message.slice(end) : message
}
