/** @file From nodes to rows: means with intervals, and paired differences from Greedy PIG. */
import { bootstrapMean, holm } from '../../../statistics/index.js'
import { explainers } from '../explainers/index.js'
import { compare, type Interval, overSeeds, type Values, type Versus, verdictOf } from './compare.js'
import { compressionTable, groupsOf, nodeTable } from './groups.js'
import { compressionMeasures, nodeMeasures } from './measures.js'
import type { GraphScores } from './study.js'

export interface SummaryRow {
  readonly graph: string
  readonly architecture: string
  readonly task: 'nodes' | 'compression'
  readonly measure: string
  readonly title: string
  readonly higherIsBetter: boolean
  readonly method: string
  readonly control: boolean
  readonly score: Interval
  readonly n: number
  /** Mean gradients per explanation. */
  readonly gradients: number
  /** Undefined for Greedy PIG itself. */
  readonly versus?: Versus
}

/** What others are compared with, on its default objective. */
const champion = 'greedy-pig'

interface Column {
  readonly method: string
  readonly gradients: number
  readonly values: Values
}

const isControl = (name: string): boolean => explainers.find(one => one.name === name)?.control === true

type Header = Pick<SummaryRow, 'graph' | 'architecture' | 'task' | 'measure' | 'title' | 'higherIsBetter'>

function rowsOf(header: Header, columns: readonly Column[], sources: readonly number[], seed: number): SummaryRow[] {
  const best = columns.find(({ method }) => method === champion)
  const made = columns.flatMap(({ method, values, gradients }) => {
    const means = overSeeds(values)
    const here = means.flatMap((value, i) => (value === null ? [] : [i]))
    if (here.length === 0) return []
    const { value, low, high } = bootstrapMean(
      here.map(i => means[i]!),
      here.map(i => sources[i]!),
      { seed },
    )
    const compared = best && method !== champion ? compare(best.values, values, sources, seed) : undefined
    return [{ method, score: { value, low, high }, n: here.length, gradients, compared }]
  })
  const adjusted = holm(made.map(({ compared }) => compared?.p ?? Number.NaN))
  return made.map(({ compared, method, ...row }, i) => ({
    ...header,
    method,
    control: isControl(method),
    ...row,
    ...(compared
      ? { versus: { ...compared, p: adjusted[i]!, verdict: verdictOf(compared, adjusted[i]!, header.higherIsBetter) } }
      : {}),
  }))
}

/** Rows of every graph and architecture; networks of several training seeds are pooled. */
export function summaryOf(scores: readonly GraphScores[], seed: number): SummaryRow[] {
  return groupsOf(scores).flatMap(group => {
    const place = { graph: group.graph.name, architecture: group.architecture } as const
    const nodes = nodeTable(group)
    const whole = compressionTable(group)
    return [
      ...nodeMeasures.flatMap(measure =>
        rowsOf(
          { ...place, task: 'nodes', measure: measure.name, title: measure.title, higherIsBetter: measure.higherIsBetter },
          nodes.methods.map(method => ({
            method,
            gradients: nodes.gradientsOf(method),
            values: nodes.valuesOf(method, measure),
          })),
          nodes.sources,
          seed,
        ),
      ),
      ...compressionMeasures.flatMap(measure =>
        rowsOf(
          { ...place, task: 'compression', measure: measure.name, title: measure.title, higherIsBetter: measure.higherIsBetter },
          whole.methods.map(method => ({
            method,
            gradients: whole.gradientsOf(method),
            values: whole.valuesOf(method, measure),
          })),
          whole.sources,
          seed,
        ),
      ),
    ]
  })
}

/** Whether motifs are what a network looks at, measured: ground truth counts only where both hold. */
export interface Gate {
  readonly graph: string
  readonly architecture: string
  /** The network is the first, second, ... of its architecture. */
  readonly repeat: number
  readonly accuracy: number
  /** Share of the test nodes on which its mask-adapted twin agrees with it. */
  readonly agreement: number | undefined
  /** Share of the explained nodes whose prediction changes without their motif; undefined where there are no motifs. */
  readonly flips: number | undefined
  readonly n: number
  readonly counts: boolean
}

const least = { accuracy: 0.95, flips: 0.9 } as const

export const gatesOf = (scores: readonly GraphScores[]): Gate[] =>
  scores.map(({ graph, architecture, repeat, accuracy, agreement, nodes }) => {
    const inside = nodes.flatMap(({ motif }) => (motif ? [motif.flips] : []))
    const flips = inside.length === 0 ? undefined : inside.filter(Boolean).length / inside.length
    const counts = flips !== undefined && accuracy >= least.accuracy && flips >= least.flips
    return { graph: graph.name, architecture, repeat, accuracy, agreement, flips, n: inside.length, counts }
  })
