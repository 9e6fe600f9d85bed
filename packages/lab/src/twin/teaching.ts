/** @file A model's own answers as what its twin learns. */
import type { Session } from '@ascribe/core'
import type { Row, TrainingData } from '../train/data.js'
import { modelInput } from '../train/validation.js'

export interface Teaching {
  /** Of all that decides the targets. */
  readonly digest: string
  readonly of: (row: Row) => Promise<Float32Array>
}

/**
 * t = (1 - share) onehot(label) + share softmax(original(whole picture))
 * @param digest of the original
 */
export function teaching(
  original: Session,
  data: TrainingData,
  digest: string,
  share: number,
  signal: AbortSignal | undefined,
): Teaching {
  return {
    digest: `${digest} ${share}`,
    async of(row) {
      const { logits } = await original.run({ input: modelInput(data, [row]) }, ['logits'], signal ? { signal } : {})
      const scores = Float64Array.from(logits!.data as Float32Array)
      const top = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
      const weights = scores.map(score => Math.exp(score - top))
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      return Float32Array.from(weights, (weight, i) => (share * weight) / total + (i === row.label ? 1 - share : 0))
    },
  }
}
