/** @file Fidelity of an explanation of one node, and curves over the edges kept. */
import { areaOver, explanationSize, keptShares, maskOf, sparsities } from './levels.js'
import { divergence, jensenShannon, logSoftmax } from './predictions.js'

/**
 * Of one explanation, c the class predicted with all edges, f_c its probability. At each sparsity, S being the explanation's edges:
 * fid+ = f_c(all) - f_c(all but S), fid- = f_c(all) - f_c(S); as accuracies: 1 where the prediction changes, else 0.
 */
export interface NodeScores {
  readonly plus: readonly number[]
  readonly minus: readonly number[]
  readonly plusChanged: readonly number[]
  readonly minusChanged: readonly number[]
  /** Mean of fid+ - fid- over the sparsities, of the probabilities and of the predictions. */
  readonly fidelityAuc: number
  readonly changedAuc: number
  /** f_c with 0, 5%, ... 100% of the edges. */
  readonly probability: readonly number[]
  /** KL(prediction with all edges || prediction) there, nats. */
  readonly divergence: readonly number[]
  readonly softmaxAuc: number
  /** Of "predicts c still". */
  readonly accuracyAuc: number
  readonly klAuc: number
  /** klAuc divided by the divergence without any edge; null where that is nothing to speak of. */
  readonly klAucRelative: number | null
  readonly reverseKlAuc: number
  readonly jensenShannonAuc: number
}

/** A divergence without edges below this has nothing to be relative to. */
const leastDivergence = 1e-6

/** The masks that `nodeScores` reads the logits of, in its order. */
export function nodeMasks(ranked: ArrayLike<number>): Float32Array[] {
  const edges = ranked.length
  return [
    ...sparsities.map(sparsity => maskOf(ranked, explanationSize(edges, sparsity), 0)),
    ...sparsities.map(sparsity => maskOf(ranked, explanationSize(edges, sparsity), 1)),
    ...keptShares.map(share => maskOf(ranked, Math.round(share * edges), 1)),
  ]
}

/** @param logits one vector for each of `nodeMasks` @param full with all edges @param explained c where another network's answer was explained */
export function nodeScores(logits: readonly ArrayLike<number>[], full: ArrayLike<number>, explained?: number): NodeScores {
  const classes = full.length
  const whole = logSoftmax(full, 0, classes)
  const predicted = explained ?? whole.indexOf(whole.reduce((top, value) => Math.max(top, value), -Infinity))
  const answers = logits.map(one => logSoftmax(one, 0, classes))
  const probabilityOf = (answer: Float64Array): number => Math.exp(answer[predicted]!)
  const changed = (answer: Float64Array): number =>
    answer.indexOf(answer.reduce((top, value) => Math.max(top, value), -Infinity)) === predicted ? 0 : 1
  const levels = sparsities.length
  const [without, only, kept] = [answers.slice(0, levels), answers.slice(levels, 2 * levels), answers.slice(2 * levels)]
  const start = probabilityOf(whole)
  const [plus, minus] = [without, only].map(list => list.map(answer => start - probabilityOf(answer)))
  const [plusChanged, minusChanged] = [without, only].map(list => list.map(changed))
  const meanGap = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value - b[i]!, 0) / a.length
  const probability = kept.map(probabilityOf)
  const forward = kept.map(answer => divergence(whole, answer))
  return {
    plus: plus!,
    minus: minus!,
    plusChanged: plusChanged!,
    minusChanged: minusChanged!,
    fidelityAuc: meanGap(plus!, minus!),
    changedAuc: meanGap(plusChanged!, minusChanged!),
    probability,
    divergence: forward,
    softmaxAuc: areaOver(probability),
    accuracyAuc: areaOver(kept.map(answer => 1 - changed(answer))),
    klAuc: areaOver(forward),
    klAucRelative: forward[0]! < leastDivergence ? null : areaOver(forward) / forward[0]!,
    reverseKlAuc: areaOver(kept.map(answer => divergence(answer, whole))),
    jensenShannonAuc: areaOver(kept.map(answer => jensenShannon(whole, answer))),
  }
}
