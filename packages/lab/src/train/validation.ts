/** @file How good a network is on rows that it was not trained on. */
import type { Runtime, Session, TensorValue, TensorValues } from '@ascribe/core'
import { encodeModel } from '@ascribe/onnx'
import type { GraphTraining, Row, TrainingData } from './data.js'
import { type ExportOptions, exportGraph } from './export.js'

/** Loss and accuracy of the exported model on the validation rows. */
export async function validate(
  network: ExportOptions,
  data: TrainingData,
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<{ loss: number; accuracy: number }> {
  const session = await runtime.open(encodeModel(exportGraph(network)))
  try {
    return await (data.graph ? measureNodes(session, data, data.graph, signal) : measure(session, data, signal))
  } finally {
    if (!signal?.aborted) await session.dispose()
  }
}

/** Rows per validation run. */
export const validationRows = 64

/** Mean cross entropy (nats) and accuracy of a model (`input` -> `logits`) on the validation rows. */
async function measure(session: Session, data: TrainingData, signal?: AbortSignal): Promise<{ loss: number; accuracy: number }> {
  let [loss, correct] = [0, 0]
  for (let start = 0; start < data.validationCount; start += validationRows) {
    const count = Math.min(validationRows, data.validationCount - start)
    const made: Row[] = []
    for (let i = 0; i < count; i++) made.push(await data.validation(start + i))
    const { logits } = await session.run({ input: modelInput(data, made) }, ['logits'], signal ? { signal } : {})
    const classes = data.classes.length
    made.forEach(({ label }, row) => {
      const found = judge((logits!.data as Float32Array).subarray(row * classes, (row + 1) * classes), label)
      loss += found.loss
      correct += found.correct
    })
  }
  return { loss: loss / data.validationCount, accuracy: correct / data.validationCount }
}

/** Cross entropy, and 1 where the largest score is the label's. */
function judge(scores: Float32Array, label: number): { loss: number; correct: number } {
  const top = scores.reduce((best, score) => Math.max(best, score), -Infinity)
  const loss = Math.log(scores.reduce((sum, score) => sum + Math.exp(score - top), 0)) + top - scores[label]!
  return { loss, correct: scores.indexOf(top) === label ? 1 : 0 }
}

/** The same on the validation nodes of a graph, in one run. */
async function measureNodes(
  session: Session,
  data: TrainingData,
  { edges, validation }: GraphTraining,
  signal?: AbortSignal,
): Promise<{ loss: number; accuracy: number }> {
  const made: Row[] = []
  for (let node = 0; node < data.count; node++) made.push(await data.training(0, node))
  const links = edges.length / 2
  const feeds: TensorValues = {
    input: modelInput(data, made),
    edge_index: { dtype: 'int64', dims: [2, links], data: edges },
    edge_weight: { dtype: 'float32', dims: [links], data: new Float32Array(links).fill(1) },
  }
  const { logits } = await session.run(feeds, ['logits'], signal ? { signal } : {})
  const classes = data.classes.length
  let [loss, correct] = [0, 0]
  for (const node of validation) {
    const found = judge((logits!.data as Float32Array).subarray(node * classes, (node + 1) * classes), made[node]!.label)
    loss += found.loss
    correct += found.correct
  }
  return { loss: loss / validation.length, accuracy: correct / validation.length }
}

/** Rows as an exported model reads them: pictures [N, C, H, W] in [-1, 1]. */
export function modelInput(data: { readonly row: readonly number[] }, made: readonly Row[]): TensorValue {
  const size = data.row.reduce((product, dim) => product * dim, 1)
  const values = new Float32Array(made.length * size)
  const [channels, height, width] = data.row as [number, number, number]
  made.forEach(({ values: row }, n) => {
    if (data.row.length !== 3) {
      values.set(row, n * size)
      return
    }
    const area = height * width
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < area; i++) values[n * size + c * area + i] = row[i * channels + c]! / 127.5 - 1
  })
  return { dtype: 'float32', dims: [made.length, ...data.row], data: values }
}
