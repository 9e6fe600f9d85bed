/** @file Curves of the study on graphs. */
import { lineChart } from '../../../charts/index.js'
import { listedOrder } from '../explainers/index.js'
import { keptShares, sparsities } from '../metrics/levels.js'
import type { GraphScores } from './study.js'

const meanOf = (lists: readonly (readonly number[])[]): number[] =>
  lists[0]!.map((_, i) => lists.reduce((sum, list) => sum + list[i]!, 0) / lists.length)

/** Methods drawn: those that say something about the model on all nodes. */
function drawn({ nodes }: GraphScores): string[] {
  return listedOrder(Object.keys(nodes[0]?.methods ?? {})).filter(
    method =>
      !/wrong|shuffled|-softmax|-kl|-share-|-points-|low-degree/.test(method) && nodes.every(({ methods }) => methods[method]),
  )
}

export function nodeFigures(one: GraphScores): string[] {
  if (one.nodes.length === 0) return []
  const lines = (of: (method: string) => readonly number[], x: readonly number[]) =>
    drawn(one).map(method => ({ label: method, points: of(method).map((y, i) => [x[i]!, y] as const) }))
  const scoresOf = (method: string) => one.nodes.map(({ methods }) => methods[method]!.scores)
  const sparse = sparsities.map(value => 100 * value)
  const kept = keptShares.map(value => 100 * value)
  const chart = (title: string, xLabel: string, yLabel: string, series: ReturnType<typeof lines>): string =>
    lineChart({ title, xLabel, yLabel, series, width: 560, height: 340 })
  return [
    chart(
      'fid+',
      'sparsity (%)',
      'fall of the probability',
      lines(method => meanOf(scoresOf(method).map(({ plus }) => plus)), sparse),
    ),
    chart(
      'fid−',
      'sparsity (%)',
      'fall of the probability',
      lines(method => meanOf(scoresOf(method).map(({ minus }) => minus)), sparse),
    ),
    chart(
      'Probability',
      'edges kept (%)',
      'of the predicted class',
      lines(method => meanOf(scoresOf(method).map(({ probability }) => probability)), kept),
    ),
    chart(
      'Divergence',
      'edges kept (%)',
      'KL (nats)',
      lines(method => meanOf(scoresOf(method).map(({ divergence }) => divergence)), kept),
    ),
  ]
}

export function compressionFigure({ compression }: GraphScores): string {
  return lineChart({
    title: 'Compression: accuracy on the test nodes',
    xLabel: 'edges kept (%)',
    yLabel: 'accuracy',
    series: [...compression].map(([label, { scores }]) => ({
      label,
      points: scores.accuracy.map((y, i) => [100 * keptShares[i]!, y] as const),
    })),
  })
}
