/** @file Tree ensembles built in code, and the oracle of their games: Shapley values by summing over all coalitions. */
import { type Attribute, type Graph, GraphBuilder, inferShapes, normalOpset } from '@ascribe/onnx'
import { Random } from '../../src/index.js'

/** A split with its two subtrees, or a leaf: weights by target. */
export type Tree =
  | { readonly leaf: readonly number[]; readonly hits?: number }
  | {
      readonly column: number
      readonly threshold: number
      readonly mode?: string
      readonly missing?: boolean
      readonly yes: Tree
      readonly no: Tree
      readonly hits?: number
    }

export interface EnsembleOptions {
  readonly columns: number
  readonly targets?: number
  readonly classes?: number
  readonly aggregate?: string
  readonly post?: string
  readonly base?: readonly number[]
  /** Target of the only weight of every leaf: binary classifiers of one score. */
  readonly only?: number
  readonly inputs?: string
}

const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value })
const floats = (value: readonly number[]): Attribute => ({ kind: 'floats', value })

/** Adds a TreeEnsembleRegressor, or with `classes` a TreeEnsembleClassifier, and gives its scores. */
export function ensemble(b: GraphBuilder, input: string, trees: readonly Tree[], options: EnsembleOptions): string {
  const { targets = 1, classes, aggregate, post, base, only } = options
  const nodes: { tree: number; id: number; node: Tree; yes: number; no: number }[] = []
  trees.forEach((root, tree) => {
    let count = 0
    const add = (node: Tree): number => {
      const id = count++
      const entry = { tree, id, node, yes: 0, no: 0 }
      nodes.push(entry)
      if (!('leaf' in node)) Object.assign(entry, { yes: add(node.yes), no: add(node.no) })
      return id
    }
    add(root)
  })
  const of = <T>(split: (node: Exclude<Tree, { leaf: unknown }>) => T, leaf: T): T[] =>
    nodes.map(({ node }) => ('leaf' in node ? leaf : split(node)))
  const weights = nodes.flatMap(({ tree, id, node }) =>
    'leaf' in node ? node.leaf.map((weight, target) => ({ tree, id, target: only ?? target, weight })) : [],
  )
  const prefix = classes ? 'class' : 'target'
  const attributes: Record<string, Attribute> = {
    nodes_treeids: ints(nodes.map(({ tree }) => tree)),
    nodes_nodeids: ints(nodes.map(({ id }) => id)),
    nodes_featureids: ints(of(({ column }) => column, 0)),
    nodes_values: floats(of(({ threshold }) => threshold, 0)),
    nodes_modes: { kind: 'strings', value: of(({ mode }) => mode ?? 'BRANCH_LEQ', 'LEAF') },
    nodes_truenodeids: ints(nodes.map(({ yes }) => yes)),
    nodes_falsenodeids: ints(nodes.map(({ no }) => no)),
    nodes_missing_value_tracks_true: ints(of(({ missing }) => (missing ? 1 : 0), 0)),
    nodes_hitrates: floats(nodes.map(({ node }) => node.hits ?? 1)),
    [`${prefix}_treeids`]: ints(weights.map(({ tree }) => tree)),
    [`${prefix}_nodeids`]: ints(weights.map(({ id }) => id)),
    [`${prefix}_ids`]: ints(weights.map(({ target }) => target)),
    [`${prefix}_weights`]: floats(weights.map(({ weight }) => weight)),
    ...(base ? { base_values: floats(base) } : {}),
    ...(aggregate ? { aggregate_function: { kind: 'string', value: aggregate } } : {}),
    ...(post ? { post_transform: { kind: 'string', value: post } } : {}),
    ...(classes
      ? { classlabels_int64s: ints(Array.from({ length: classes }, (_, i) => i)) }
      : { n_targets: { kind: 'int', value: targets } }),
  }
  const operator = classes ? 'ai.onnx.ml:TreeEnsembleClassifier' : 'ai.onnx.ml:TreeEnsembleRegressor'
  return b.emitAll(operator, [input], classes ? 2 : 1, attributes).at(-1)!
}

/** A graph over one table "x" [batch, columns]. */
export function treeGraph(columns: number, make: (b: GraphBuilder, x: string) => string, version = 3): Graph {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', columns])
  b.output(make(b, x))
  const opsets = new Map([
    ['', normalOpset],
    ['ai.onnx.ml', version],
  ])
  return inferShapes(b.build({ opsets }))
}

export const treesModel = (trees: readonly Tree[], options: EnsembleOptions): Graph =>
  treeGraph(options.columns, (b, x) => ensemble(b, x, trees, options))

/** A random tree; the same column may be split on again, hit rates add up. */
export function randomTree(
  seed: number,
  columns: number,
  depth: number,
  targets = 1,
  modes: readonly string[] = ['BRANCH_LEQ'],
): Tree {
  const random = new Random(seed, 77)
  const grow = (left: number, hits: number): Tree => {
    if (left === 0 || (left < depth && random.uniform() < 0.15))
      return { leaf: Array.from({ length: targets }, () => random.normal()), hits }
    const passed = 1 + random.integer(Math.max(1, hits - 1))
    return {
      column: random.integer(columns),
      threshold: Math.round(4 * random.normal()) / 4,
      mode: modes[random.integer(modes.length)]!,
      missing: random.uniform() < 0.5,
      yes: grow(left - 1, passed),
      no: grow(left - 1, Math.max(1, hits - passed)),
      hits,
    }
  }
  return grow(depth, 1000)
}

const tests: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  BRANCH_LEQ: (value, threshold) => value <= threshold,
  BRANCH_LT: (value, threshold) => value < threshold,
  BRANCH_GTE: (value, threshold) => value >= threshold,
  BRANCH_GT: (value, threshold) => value > threshold,
  BRANCH_EQ: (value, threshold) => value === threshold,
  BRANCH_NEQ: (value, threshold) => value !== threshold,
}

/** The value of a tree for target 0; a column that is absent is decided by `absent`, which mixes the two sides. */
export function evaluateTree(
  tree: Tree,
  x: readonly number[],
  present: (column: number) => boolean = () => true,
  absent?: (split: Exclude<Tree, { leaf: unknown }>, yes: () => number, no: () => number) => number,
  target = 0,
): number {
  if ('leaf' in tree) return Math.fround(tree.leaf[target]!)
  const side = (child: Tree) => () => evaluateTree(child, x, present, absent, target)
  if (!present(tree.column)) return absent!(tree, side(tree.yes), side(tree.no))
  const value = x[tree.column]!
  const passes = (Number.isNaN(value) && tree.missing) || tests[tree.mode ?? 'BRANCH_LEQ']!(value, tree.threshold)
  return side(passes ? tree.yes : tree.no)()
}

/** v of coalitions, as a bit mask. */
type Worth = (coalition: number) => number

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
const sizeOf = (mask: number): number => mask.toString(2).replaceAll('0', '').length

/** Shapley values by the definition. */
export function bruteShapley(players: number, worth: Worth): number[] {
  const table = Array.from({ length: 2 ** players }, (_, mask) => worth(mask))
  return Array.from({ length: players }, (_, i) => {
    let sum = 0
    for (let mask = 0; mask < table.length; mask++) {
      if (mask & (1 << i)) continue
      const size = sizeOf(mask)
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players)
      sum += weight * (table[mask | (1 << i)]! - table[mask]!)
    }
    return sum
  })
}

/** Interaction matrix by the definition, row after row. */
export function bruteInteractions(players: number, worth: Worth): number[] {
  const table = Array.from({ length: 2 ** players }, (_, mask) => worth(mask))
  const values = bruteShapley(players, mask => table[mask]!)
  const matrix = Array<number>(players * players).fill(0)
  for (let i = 0; i < players; i++) {
    let rest = values[i]!
    for (let j = 0; j < players; j++) {
      if (i === j) continue
      let sum = 0
      const [a, b] = [1 << i, 1 << j]
      for (let mask = 0; mask < table.length; mask++) {
        if (mask & (a | b)) continue
        const size = sizeOf(mask)
        const weight = (factorial(size) * factorial(players - size - 2)) / (2 * factorial(players - 1))
        sum += weight * (table[mask | a | b]! - table[mask | a]! - table[mask | b]! + table[mask]!)
      }
      matrix[i * players + j] = sum
      rest -= sum
    }
    matrix[i * players + i] = rest
  }
  return matrix
}

/** v(S) of the interventional game. */
export const interventionalWorth =
  (trees: readonly Tree[], x: readonly number[], rows: readonly (readonly number[])[], target = 0): Worth =>
  mask => {
    const mixed = rows.map(row => x.map((value, i) => (mask & (1 << i) ? value : row[i]!)))
    const sums = mixed.map(row => trees.reduce((sum, tree) => sum + evaluateTree(tree, row, undefined, undefined, target), 0))
    return sums.reduce((a, b) => a + b, 0) / rows.length
  }

/** v(S) of the path-dependent game, with the trees' own hit rates. */
export const pathWorth =
  (trees: readonly Tree[], x: readonly number[]): Worth =>
  mask =>
    trees.reduce(
      (sum, tree) =>
        sum +
        evaluateTree(
          tree,
          x,
          column => (mask & (1 << column)) !== 0,
          ({ yes: { hits: a = 1 }, no: { hits: b = 1 } }, yes, no) => (a * yes() + b * no()) / (a + b),
        ),
      0,
    )
