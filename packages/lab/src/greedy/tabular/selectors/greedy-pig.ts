/** @file greedy-pig over the columns of a table, and its special cases: one round, and no path. */
import { type Options, quadratures } from '@ascribe/core'
import { baselines } from '../data/baseline.js'
import type { Rows } from '../data/tabular-data.js'
import type { MaskProgram } from '../model/mask-program.js'
import { byScore, paper, type Selection, type Selector, type SelectorContext } from './selector.js'

const pathOptions = {
  points: { kind: 'number', default: 16, minimum: 1, maximum: 1000, integer: true, describe: 'points on the path' },
  rule: { kind: 'choice', default: 'gauss-legendre', values: Object.keys(quadratures), describe: 'quadrature rule' },
  baseline: {
    kind: 'choice',
    default: 'study',
    values: ['study', ...Object.keys(baselines)],
    describe: "what unselected columns show while selecting; study: the study's own",
  },
} as const

/** The integrated gradient of -loss along 1_S -> 1 of every row and column: [rows, columns]; 0 for columns of S. */
export async function pathAttributions(
  program: MaskProgram,
  rows: Rows,
  start: ArrayLike<number>,
  { points, rule }: Options,
): Promise<Float64Array> {
  const { columns } = program
  const { positions, weights } = quadratures[rule]!(points)
  const masks = Array.from(positions, at => Float64Array.from({ length: columns }, (_, c) => start[c]! + at * (1 - start[c]!)))
  const gradients = await program.gradients(rows, masks, weights)
  for (let i = 0; i < gradients.length; i++) gradients[i] = gradients[i]! * (1 - start[i % columns]!)
  return gradients
}

/** Mean over rows of each column, in the order of rows. */
export function columnMeans(values: Float64Array, columns: number): Float64Array {
  const sums = new Float64Array(columns)
  for (let i = 0; i < values.length; i++) sums[i % columns]! += values[i]!
  return sums.map(sum => sum / (values.length / columns))
}

const programOf = ({ program, programFor }: SelectorContext, { baseline }: Options): MaskProgram =>
  baseline === 'study' ? program : programFor(baseline)

/** Columns of a share below 1, or of a count. */
const countOf = (value: number, columns: number): number =>
  Math.min(columns, Math.max(1, value < 1 ? Math.ceil(value * columns) : Math.round(value)))

const roundsOf = (columns: number, { perRound, rounds }: Options): number => {
  const all = Math.ceil(columns / countOf(perRound, columns))
  return rounds > 0 ? Math.min(rounds, all) : all
}

async function greedy(context: SelectorContext, options: Options): Promise<Selection> {
  const program = programOf(context, options)
  const { columns } = program
  const each = countOf(options['perRound'], columns)
  const rounds = roundsOf(columns, options)
  const selected = new Float64Array(columns)
  const scores = new Float64Array(columns)
  const order: number[] = []
  for (let round = 0; round < rounds; round++) {
    const found = columnMeans(await pathAttributions(program, context.data.train, selected, options), columns)
    const left = byScore(found).order.filter(column => selected[column] === 0)
    for (const column of round === rounds - 1 ? left : left.slice(0, each)) {
      selected[column] = 1
      scores[column] = found[column]!
      order.push(column)
    }
  }
  return { order, scores: [...scores] }
}

/**
 * G(S) = -mean training loss with the columns of S shown and the others at the baseline, one S for all rows; g(s) is the same with every
 * column at b + s (x - b). Each round gives column c the mean over rows of (1 - s_c) integral_0^1 d g(1_S + a (1 - 1_S)) / d s_c da, selects
 * the `perRound` largest and starts again from there. Points and columns per round are not published: our choice.
 */
export const greedyPig: Selector = {
  name: 'greedy-pig',
  summary: 'integrated gradients of minus the loss over the columns, started again from what is selected',
  citation: paper,
  options: {
    ...pathOptions,
    perRound: { kind: 'number', default: 1, minimum: 0.000001, maximum: 1e6, describe: 'columns per round, or a share below 1' },
    rounds: {
      kind: 'number',
      default: 0,
      minimum: 0,
      maximum: 1e6,
      integer: true,
      describe: 'most rounds; 0: until all are in order',
    },
  },
  model: true,
  draws: false,
  cost: (columns, options) => ({ forwards: 0, gradients: roundsOf(columns, options) * options['points'] }),
  select: greedy,
}

/** One round of greedy-pig: A_c = mean over rows of the integrated gradient of minus the loss, from no column to all. */
export const integratedGradients: Selector = {
  name: 'integrated-gradients',
  summary: 'one round: integrated gradients of minus the loss, mean over rows',
  citation: 'Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017',
  options: pathOptions,
  model: true,
  draws: false,
  cost: (_, options) => ({ forwards: 0, gradients: options['points'] }),
  select: (context, options) => greedy(context, { ...options, perRound: context.data.columns.length, rounds: 1 }),
}

/** Mean over rows of |integrated gradient of minus the row's loss|: how feature importances are usually drawn from attributions. */
export const meanAbsoluteIg: Selector = {
  name: 'mean-absolute-ig',
  summary: 'mean over rows of the absolute integrated gradient',
  citation: 'Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks, ICML 2017',
  options: pathOptions,
  model: true,
  draws: false,
  cost: (_, options) => ({ forwards: 0, gradients: options['points'] }),
  async select(context, options) {
    const program = programOf(context, options)
    const found = await pathAttributions(program, context.data.train, new Float64Array(program.columns), options)
    return byScore(columnMeans(found.map(Math.abs), program.columns))
  },
}

/** greedy-pig without a path: each round reads the gradient at the point reached, A_c = (1 - s_c) d g(1_S) / d s_c. */
export const sequentialGradient: Selector = {
  name: 'sequential-gradient',
  summary: 'the gradient at the point reached, no path, a column per round',
  citation: paper,
  options: {},
  model: true,
  draws: false,
  cost: columns => ({ forwards: 0, gradients: columns }),
  select: context => greedy(context, { points: 1, rule: 'left', baseline: 'study', perRound: 1, rounds: 0 }),
}
