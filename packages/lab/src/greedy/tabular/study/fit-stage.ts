/** @file The models of the study: trained, kept as ONNX, and measured with all, no, and all but one cue's columns. */
import { createHash } from 'node:crypto'
import { InputError, type Runtime } from '@ascribe/core'
import { encodeModel, type Graph, readModel } from '@ascribe/onnx'
import { type Cell, makeCell, readMap, type Work } from '../../../runner/index.js'
import { baselineOf } from '../data/baseline.js'
import { cuesOf, type TabularData } from '../data/tabular-data.js'
import { classAuc } from '../metrics/roc.js'
import { fit } from '../model/fit.js'
import { MaskProgram } from '../model/mask-program.js'
import { type Training, trainings } from '../model/masking.js'
import type { TableSource } from './source.js'

/** What unselected columns show, in training with masks, in selecting and in scoring: our choice. */
export const studyBaseline = 'mean'

const version = '1'

/** One model of the study. */
export interface Run {
  readonly source: TableSource
  readonly training: Training
  readonly seed: number
  readonly cell: Cell
}

/** Numbers on the test rows. */
export interface FitValue {
  /** SHA-256 of the model's file. */
  readonly digest: string
  readonly epoch: number
  readonly validationLoss: number
  readonly loss: number
  readonly auc: number
  /** Loss with every column at the baseline. */
  readonly empty: number
  /** What the loss gains when all columns of a cue are at the baseline, in the order of cues. */
  readonly cueRises: readonly number[]
}

export function runsOf(sources: readonly TableSource[]): Run[] {
  return sources.flatMap(source =>
    trainings.flatMap(training =>
      source.seeds.map(seed => {
        const cell = makeCell(
          {
            kind: 'fit',
            version,
            sample: source.sample(seed),
            seed,
            options: { training, baseline: studyBaseline, ...source.fit },
          },
          { group: source.sample(seed), cost: { forwards: 0, gradients: source.outline(seed).rows.train * source.fit.epochs } },
        )
        return { source, training, seed, cell }
      }),
    ),
  )
}

export function fitWork(runs: readonly Run[], runtimeOf: (slot: number) => Runtime): Work<FitValue> {
  const byKey = new Map(runs.map(run => [run.cell.key, run]))
  return async ({ key }, { slot, signal }) => {
    const { source, training, seed } = byKey.get(key)!
    const data = source.data(seed)
    const runtime = runtimeOf(slot)
    const { graph, epoch, validationLoss } = await fit(data, source.fit, {
      training,
      baseline: studyBaseline,
      seed,
      runtime,
      signal,
    })
    const bytes = encodeModel(graph)
    const value = {
      digest: createHash('sha256').update(bytes).digest('hex'),
      epoch,
      validationLoss,
      ...(await measured(data, graph, runtime, signal)),
    }
    return { value, maps: { model: { dtype: 'uint8', dims: [bytes.length], data: bytes } } }
  }
}

async function measured(data: TabularData, model: Graph, runtime: Runtime, signal: AbortSignal) {
  const program = new MaskProgram({ runtime, model, data, baseline: baselineOf(data, studyBaseline), signal })
  const classes = data.classes.length
  const all = data.columns.map(() => 1)
  const masks = [
    all,
    data.columns.map(() => 0),
    ...cuesOf(data).map(cue => data.columns.map(column => (column.cue === cue ? 0 : 1))),
  ]
  const [loss, empty, ...without] = await program.losses(data.test, masks)
  const scores = await program.logProbabilities(data.test, [all])
  await program.dispose()
  return {
    loss: loss!,
    empty: empty!,
    auc: classAuc(scores, data.test.labels, classes),
    cueRises: without.map(value => value - loss!),
  }
}

/** Opens the model that a finished fit kept. @throws InputError where its file is missing or damaged */
export async function modelOf(folder: string, { cell, source, seed }: Run): Promise<Graph> {
  const { data } = await readMap(folder, cell.key, 'model')
  if (!(data instanceof Uint8Array))
    throw new InputError(`the model of ${source.name}, seed ${seed}, is damaged; delete ${folder}`)
  return readModel(data)
}
