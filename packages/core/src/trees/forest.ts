/** @file Decision trees as typed arrays: what every tree method walks. */
import { InputError } from '../errors.js'

/** A split as a model file states it; `yes` and `no` are indices into the list it stands in. */
export interface SplitParts {
  readonly column: number
  readonly mode: BranchMode
  readonly threshold: number
  /** BRANCH_MEMBER: the values that go to `yes`. */
  readonly members?: ReadonlySet<number>
  /** NaN goes to `yes`. */
  readonly missing: boolean
  readonly yes: number
  readonly no: number
}

/** What a leaf adds to one target. */
export interface LeafWeight {
  readonly node: number
  readonly target: number
  readonly weight: number
}

/** Kinds of tests after normalising. */
const test = { atMost: 0, equals: 1, member: 2 } as const

interface Branch {
  readonly test: number
  /** The test is negated: `yes` and `no` change places. */
  readonly negated?: true
  /** `<` becomes `<=` of the double just below. */
  readonly strict?: true
  /** NaN passes this test even where it does not track missing values. */
  readonly missing?: true
}

/** Every branch mode of ai.onnx.ml, in the order in which TreeEnsemble numbers them. */
const branches = {
  BRANCH_LEQ: { test: test.atMost },
  BRANCH_LT: { test: test.atMost, strict: true },
  BRANCH_GTE: { test: test.atMost, strict: true, negated: true },
  BRANCH_GT: { test: test.atMost, negated: true },
  BRANCH_EQ: { test: test.equals },
  BRANCH_NEQ: { test: test.equals, negated: true, missing: true },
  BRANCH_MEMBER: { test: test.member },
} as const satisfies Readonly<Record<string, Branch>>

export type BranchMode = keyof typeof branches
export const branchModes = Object.keys(branches) as readonly BranchMode[]

/**
 * Trees whose splits all read "x[column] passes the test: `yes`, otherwise `no`". Node arrays have one entry per node; a node with column -1 is
 * a leaf. score_t(x) = scale * sum of the weights for t of the leaves that x reaches, + base_t.
 */
export interface Forest {
  readonly roots: Int32Array
  readonly column: Int32Array
  readonly test: Uint8Array
  readonly threshold: Float64Array
  readonly members: ReadonlyMap<number, ReadonlySet<number>>
  /** 1 where NaN goes to `yes`. */
  readonly missing: Uint8Array
  readonly yes: Int32Array
  readonly no: Int32Array
  /** The file's hit rates by node; NaN where it has none for a node. */
  readonly hits: Float64Array
  readonly leaves: readonly LeafWeight[]
  readonly targets: number
  readonly scale: number
  readonly base: Float64Array
  /** Largest number of splits from a root to a leaf. */
  readonly depth: number
}

interface ForestParts extends Pick<Forest, 'hits' | 'leaves' | 'targets' | 'scale' | 'base'> {
  readonly roots: readonly number[]
  /** One entry per node; undefined for a leaf. */
  readonly nodes: readonly (SplitParts | undefined)[]
  /** For messages: operator and name of the graph's node. */
  readonly where: string
}

const scratch = new Float64Array(1)
const bits = new BigInt64Array(scratch.buffer)

/** The largest double below `value`, so that x < value is x <= justBelow(value); NaN, which nothing passes, below -infinity. */
function justBelow(value: number): number {
  if (value === Number.NEGATIVE_INFINITY || Number.isNaN(value)) return Number.NaN
  if (value === 0) return -Number.MIN_VALUE
  scratch[0] = value
  bits[0]! += value > 0 ? -1n : 1n
  return scratch[0]
}

/**
 * Trees in the normal form above.
 * @throws InputError where the nodes do not form trees (a cycle, a node with two parents, a child that is not there)
 */
export function makeForest(parts: ForestParts): Forest {
  const { roots, nodes, where, hits, leaves, targets, scale, base } = parts
  const count = nodes.length
  const column = new Int32Array(count).fill(-1)
  const kind = new Uint8Array(count)
  const threshold = new Float64Array(count)
  const members = new Map<number, ReadonlySet<number>>()
  const missing = new Uint8Array(count)
  const [yes, no] = [new Int32Array(count).fill(-1), new Int32Array(count).fill(-1)]
  nodes.forEach((split, node) => {
    if (!split) return
    const branch: Branch = branches[split.mode]
    column[node] = split.column
    kind[node] = branch.test
    threshold[node] = branch.strict ? justBelow(split.threshold) : split.threshold
    if (split.members) members.set(node, split.members)
    const passes = split.missing || branch.missing === true
    missing[node] = passes !== (branch.negated === true) ? 1 : 0
    yes[node] = branch.negated ? split.no : split.yes
    no[node] = branch.negated ? split.yes : split.no
  })
  const depth = depthOf(roots, column, yes, no, where)
  const arrays = { roots: Int32Array.from(roots), column, test: kind, threshold, members, missing, yes, no }
  return { ...arrays, hits, leaves, targets, scale, base, depth }
}

/** Walks every tree once. Splits have one parent; leaves may be shared. */
function depthOf(roots: readonly number[], column: Int32Array, yes: Int32Array, no: Int32Array, where: string): number {
  const seen = new Uint8Array(column.length)
  let deepest = 0
  const stack: [node: number, depth: number][] = roots.map(root => [root, 0])
  for (let next = stack.pop(); next; next = stack.pop()) {
    const [node, depth] = next
    if (!(node >= 0 && node < column.length)) throw new InputError(`${where}: a split names a child that is not there`)
    deepest = Math.max(deepest, depth)
    if (column[node]! < 0) continue
    if (seen[node]) throw new InputError(`${where}: its nodes form no trees (a split is reached twice)`)
    seen[node] = 1
    stack.push([yes[node]!, depth + 1], [no[node]!, depth + 1])
  }
  return deepest
}

/** True where a value passes a split's test: the way on is `yes`. */
export function passes(forest: Forest, node: number, value: number): boolean {
  if (Number.isNaN(value)) return forest.missing[node] === 1
  const kind = forest.test[node]!
  if (kind === test.atMost) return value <= forest.threshold[node]!
  return kind === test.equals ? value === forest.threshold[node]! : forest.members.get(node)!.has(value)
}

/** The leaf that a row of columns (from `start`) reaches from `root`. */
export function leafOf(forest: Forest, root: number, rows: ArrayLike<number>, start = 0): number {
  let node = root
  while (forest.column[node]! >= 0)
    node = passes(forest, node, rows[start + forest.column[node]!]!) ? forest.yes[node]! : forest.no[node]!
  return node
}

/** What each node's leaf adds to sum_t weights_t score_t, without the base values; 0 at splits. */
export function leafValues(forest: Forest, weights: ReadonlyMap<number, number>): Float64Array {
  const values = new Float64Array(forest.column.length)
  for (const { node, target, weight } of forest.leaves) values[node]! += forest.scale * weight * (weights.get(target) ?? 0)
  return values
}
