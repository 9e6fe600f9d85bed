/** @file What the model says about an input: its largest outputs. */
import { type Labels, labelOf, type ResolvedTarget, type TensorValue } from '@ascribe/core'
import { type Graph, operatorKey } from '@ascribe/onnx'

export interface Prediction {
  readonly index: number
  readonly label: string
  /** The output itself. */
  readonly score: number
  /** Softmax of the scores, or the score itself where the model's output is a distribution already; absent for other outputs. */
  readonly probability?: number
}

/** How an output's numbers are read. */
export type OutputKind = 'probabilities' | 'scores' | 'values'

/**
 * `probabilities`: not negative and adding up to 1 within 1e-3. `values`: one number, more than one row of classes, or the output
 * of a Sigmoid, whose entries do not compete. `scores`: everything else, to which softmax applies.
 */
export function outputKind(graph: Graph, name: string, { dims, data }: TensorValue): OutputKind {
  if (data.length < 2 || dims.slice(0, -1).some(dim => dim > 1)) return 'values'
  let [sum, negative] = [0, false]
  for (const value of data) {
    sum += Number(value)
    negative ||= Number(value) < 0
  }
  if (!negative && Math.abs(sum - 1) < 1e-3) return 'probabilities'
  const producer = graph.producer(name)
  return producer && operatorKey(producer) === 'Sigmoid' ? 'values' : 'scores'
}

/**
 * The output's scores that compete with the target: those of the row it names, none where it names several rows (places, tokens) or a
 * number that is no class, else all.
 */
export function scoresBeside({ classes, rowClasses, rowStep = 1 }: ResolvedTarget, output: TensorValue): TensorValue {
  if (rowClasses === undefined) return output
  const starts = new Set(classes.map(({ index }) => index - (Math.floor(index / rowStep) % rowClasses) * rowStep))
  const [start = 0] = starts
  if (starts.size !== 1 || (rowClasses === 1 && output.data.length > 1))
    return { dtype: 'float32', dims: [1, 0], data: new Float32Array(0) }
  const data = Float32Array.from({ length: rowClasses }, (_, i) => Number(output.data[start + i * rowStep]))
  return { dtype: 'float32', dims: [1, rowClasses], data }
}

/** The `count` largest entries, the first of equal ones first. */
export function topPredictions(output: TensorValue, kind: OutputKind, labels: Labels | undefined, count = 5): Prediction[] {
  const scores = Array.from(output.data, Number)
  const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const total = kind === 'scores' ? scores.reduce((sum, score) => sum + Math.exp(score - largest), 0) : 1
  return scores
    .map((_, index) => index)
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .map(index => {
      const score = scores[index]!
      const label = labels?.[index] ?? (scores.length === 1 ? 'output' : labelOf(labels, index))
      if (kind === 'values') return { index, label, score }
      return { index, label, score, probability: kind === 'scores' ? Math.exp(score - largest) / total : score }
    })
}
