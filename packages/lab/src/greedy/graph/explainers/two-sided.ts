/** @file greedy-two-sided: a selection that looks at what is kept and at what is left behind; ours, not the paper's. */
import { explain, float32, type Target } from '@ascribe/core'
import { fullMask, greedy, rounds } from './attribution.js'
import type { Explainer, ExplainerContext, Scores, Subject } from './explainer.js'

/** Of a round's points half lie on each path, so that the gradients are those of Greedy PIG. */
const points = greedy.points / 2

/** Integrated gradients of the mask on the line between two masks, and their cost. */
type Path = (from: Float32Array, to: Float32Array) => Promise<{ values: ArrayLike<number>; forwards: number; gradients: number }>

/**
 * S <- S + top z of A_i + B_i: A_i the integrated gradient from S alone to all edges (what edge i adds to S), B_i the one from no edge to all
 * but S (what the rest loses without it). In the first round both are integrated gradients; later A falls where S makes an edge
 * superfluous, while B rises, because what is left needs it.
 */
export async function twoSided(edges: number, path: Path): Promise<Scores> {
  const selected = new Uint8Array(edges)
  const scores = new Float64Array(edges)
  const order = new Int32Array(edges)
  const each = Math.max(1, Math.ceil(greedy.share * edges))
  const cost = { forwards: 0, gradients: 0 }
  for (let taken = 0; taken < edges; ) {
    const inside = Float32Array.from(selected)
    const rest = inside.map(one => 1 - one)
    const found = [await path(inside, new Float32Array(edges).fill(1)), await path(new Float32Array(edges), rest)]
    for (const { forwards, gradients } of found) {
      cost.forwards += forwards
      cost.gradients += gradients
    }
    const gain = (edge: number): number => found.reduce((sum, { values }) => sum + values[edge]!, 0)
    const left = Array.from(selected.keys()).filter(edge => !selected[edge])
    left.sort((a, b) => gain(b) - gain(a) || a - b)
    for (const edge of left.slice(0, each)) {
      selected[edge] = 1
      scores[edge] = gain(edge)
      order[edge] = taken++
    }
  }
  return { scores, order, cost }
}

async function explainTwoSided(
  { model, part }: Subject,
  target: Target | undefined,
  { seed, signal }: ExplainerContext,
): Promise<Scores | undefined> {
  if (target === undefined) return undefined
  const edges = part.edges.length
  const name = Object.keys(fullMask(edges))[0]!
  const row = (data: Float32Array) => ({ [name]: float32([1, edges], data) })
  return twoSided(edges, async (from, to) => {
    const options = { points, baseline: row(from) }
    const { values, cost } = await explain(model, row(to), 'integrated-gradients', {
      target,
      options,
      seed,
      ...(signal && { signal }),
    })
    return { values, forwards: cost.forwards, gradients: cost.gradients }
  })
}

const base = {
  scope: 'node',
  cost: () => ({ forwards: 4 * rounds, gradients: 2 * rounds * points }),
} as const satisfies Partial<Explainer>

export const twoSidedExplainers: readonly Explainer[] = [
  {
    ...base,
    name: 'greedy-two-sided',
    summary: 'the rounds of Greedy PIG, each asking what an edge adds to those selected and what the rest loses without it',
    explain: (subject, context) => explainTwoSided(subject, subject.objectives['log-odds'], context),
  },
  {
    ...base,
    name: 'greedy-two-sided-wrong-class',
    summary: 'greedy-two-sided of a class that is not predicted',
    control: true,
    explain: (subject, context) => explainTwoSided(subject, subject.wrong, context),
  },
]
