/** @file How good a network is on rows that it was not trained on. */
import type { Runtime, Session, TensorValue } from '@ascribe/core'
import { encodeModel } from '@ascribe/onnx'
import type { Row, TrainingData } from './data.js'
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
    return await measure(session, data, signal)
  } finally {
    if (!signal?.aborted) await session.dispose()
  }
}

/** Rows per validation run. */
const validationRows = 64

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
      const scores = (logits!.data as Float32Array).subarray(row * classes, (row + 1) * classes)
      const top = scores.reduce((best, score) => Math.max(best, score), -Infinity)
      loss += Math.log(scores.reduce((sum, score) => sum + Math.exp(score - top), 0)) + top - scores[label]!
      if (scores.indexOf(top) === label) correct++
    })
  }
  return { loss: loss / data.validationCount, accuracy: correct / data.validationCount }
}

/** Rows as an exported model reads them: pictures [N, C, H, W] in [-1, 1]. */
function modelInput(data: { readonly row: readonly number[] }, made: readonly Row[]): TensorValue {
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
