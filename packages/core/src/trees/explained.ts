/** @file The trees behind a target, over the explained values as players, and the game that is played with them. */
import { UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import type { OptionSpec, Options } from '../methods/method.js'
import { type Covers, coversFromFile, coversFromRows, noCovers } from './covers.js'
import { type Background, evaluateTrees, interventionalShap, type Trees } from './interventional.js'
import { columnsOf, marginOf } from './margin.js'
import { nodeMeans, pathDependentShap } from './path-dependent.js'
import { backgroundPlayers, playersOf } from './players.js'

export const treeOptions = {
  background: {
    kind: 'baseline',
    default: '',
    describe: 'rows that absent columns are taken from: an .npy file [rows, columns], or zeros, constant:V, mean',
  },
  game: {
    kind: 'choice',
    default: 'auto',
    values: ['auto', 'interventional', 'path-dependent'],
    describe: 'auto: interventional where a background is given, else path-dependent with the covers of the model file',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>

/** One ensemble with its covers, where the game has them. */
interface TreePart extends Trees {
  readonly covers?: Covers
}

interface ExplainedTrees {
  readonly parts: readonly TreePart[]
  /** The explained values, tensor after tensor, in double precision. */
  readonly x: Float64Array
  readonly background: Background | undefined
  readonly game: 'interventional' | 'path-dependent'
  /** The margin at x. */
  readonly value: number
  /** What the margin adds to the trees. */
  readonly constant: number
}

function gameOf(asked: string, background: Background | undefined): ExplainedTrees['game'] {
  if (asked === 'path-dependent' || (asked === 'auto' && !background)) return 'path-dependent'
  if (!background) throw new UsageError('the interventional game needs background rows; pass background=ROWS.npy')
  return 'interventional'
}

/** What the last transforms make of one margin; undefined where they look at other classes too. */
const scalar: Readonly<Record<string, (margin: number) => number>> = {
  LOGISTIC: margin => 1 / (1 + Math.exp(-margin)),
  Sigmoid: margin => 1 / (1 + Math.exp(-margin)),
  Exp: Math.exp,
}

/** Holds the margin against the model's own output, and says where the two are not the same quantity. */
function check(evaluator: Evaluator, value: number, transforms: readonly string[], scale: number): void {
  const near = (expected: number): boolean => Math.abs(expected - evaluator.value) <= 1e-4 * Math.max(1, scale)
  const single = evaluator.target.classes.length === 1
  const known = single && transforms.every(name => scalar[name])
  const expected = [...transforms].reverse().reduce((margin, name) => (scalar[name] ? scalar[name](margin) : margin), value)
  const transformed = transforms.length > 0 && (!known || near(expected))
  // ONNX Runtime leaves out some transforms of single targets.
  if (!transformed && near(value)) return
  if (!transformed)
    throw new UsageError(
      `the trees of the model give ${expected}, the runtime gives ${evaluator.value}: they are not read rightly; use exact-shapley, kernel-shap or occlusion`,
    )
  evaluator.warnings.push(
    `the model applies ${[...transforms].reverse().join(', ')} after its trees; the values explain the margin before that (here ${value.toPrecision(6)})`,
  )
}

/**
 * The trees behind the target and the game that the options ask for.
 * @throws UsageError where the target is not a sum of trees, the background does not fit, or the covers are missing
 */
export function explainedTrees(evaluator: Evaluator, options: Options, seed: number): ExplainedTrees {
  const { graph, target, at } = evaluator
  if (target.link !== 'logit')
    throw new UsageError(`target "${target.description}" is no sum of trees; ask for the class itself, whose margin is explained`)
  const margin = marginOf(graph, target.output, new Map(target.classes.map(({ index, weight }) => [index, weight])))
  const { first, count } = playersOf(evaluator)
  const x = new Float64Array(count)
  for (const [name, start] of first) x.set(evaluator.inputs[name]!.data, start)
  const background = options['background'] === '' ? undefined : backgroundPlayers(evaluator, options['background'], seed)
  const game = gameOf(options['game'], background)
  const parts = margin.terms.map(({ forest: { column, ...rest }, values, input }): TreePart => {
    const playerOf = columnsOf(graph, input, at).map(({ tensor, index }) => first.get(tensor)! + index)
    const own = column.map(index => {
      if (index >= playerOf.length)
        throw new UsageError(`the trees read column ${index} of "${input}", which has ${playerOf.length}`)
      return index < 0 ? -1 : playerOf[index]!
    })
    const forest = { ...rest, column: own }
    if (game === 'interventional') return { forest, values }
    const covers = coversFromFile(forest) ?? (background ? coversFromRows(forest, background.rows, x.length) : noCovers())
    if (covers.unreached > 0) evaluator.warnings.push(`${covers.unreached} splits have no cover; both ways count equally there`)
    return { forest, values, covers }
  })
  const value = margin.constant + parts.reduce((sum, part) => sum + evaluateTrees(part, x), 0)
  const scale = parts.reduce(
    (sum, part) => sum + evaluateTrees({ ...part, values: part.values.map(Math.abs) }, x),
    Math.abs(margin.constant),
  )
  check(evaluator, value, margin.transforms, scale)
  return { parts, x, background, game, value, constant: margin.constant }
}

/** The margin where every player is absent. */
export function emptyMargin({ parts, background, game, constant, x }: ExplainedTrees): number {
  if (game === 'path-dependent')
    return parts.reduce((sum, part) => {
      const means = nodeMeans(part, part.covers!)
      return part.forest.roots.reduce((all, root) => all + means[root]!, sum)
    }, constant)
  const { rows, count } = background!
  let sum = 0
  for (let row = 0; row < count; row++) for (const part of parts) sum += evaluateTrees(part, rows, row * x.length)
  return constant + sum / count
}

/** Gives the Shapley value of every player for rows of them, in double precision. */
export function shapleyOf({ parts, background, game, x }: ExplainedTrees): (row: ArrayLike<number>) => Float64Array {
  const adders = parts.map(part =>
    game === 'interventional' ? interventionalShap(part, background!, x.length) : pathDependentShap(part, part.covers!, x.length),
  )
  return row => {
    const values = new Float64Array(x.length)
    for (const add of adders) add(row, values)
    return values
  }
}

/** The Shapley value of every player, in double precision. */
export const shapleyValues = (explained: ExplainedTrees): Float64Array => shapleyOf(explained)(explained.x)

/** The margin at a row of players. */
export const marginAt = ({ parts, constant }: ExplainedTrees, row: ArrayLike<number>): number =>
  parts.reduce((sum, part) => sum + evaluateTrees(part, row), constant)
