/** @file Trees from ai.onnx.ml nodes: TreeEnsembleRegressor and TreeEnsembleClassifier (versions 1 to 3) and TreeEnsemble (version 5). */
import { type Attributes, type Node, operatorKey } from '@ascribe/onnx'
import { InputError, UsageError } from '../errors.js'
import { type BranchMode, branchModes, type Forest, type LeafWeight, makeForest, type SplitParts } from './forest.js'

/** How one output of a node is made from the trees' scores: sum over targets of coefficient * score, plus `constant`. */
interface ScoreOutput {
  readonly coefficients: ReadonlyMap<number, number>
  readonly constant: number
}

interface TreeNode {
  readonly forest: Forest
  /** Which of the node's outputs holds scores. */
  readonly output: number
  /** One entry per element of a row of that output, before the post transform. */
  readonly elements: readonly ScoreOutput[]
  /** ONNX's name of what is applied to the scores; NONE where nothing is. */
  readonly transform: string
}

/** Numbers of a list attribute, or of the tensor attribute that stands in for it. */
function numbers({ attributes }: Node, name: string): readonly number[] | Float64Array | undefined {
  for (const key of [name, `${name}_as_tensor`]) {
    const held = attributes[key]
    // A graph made in code may hold doubles that its file rounds.
    if (held?.kind === 'floats') return Float64Array.from(held.value, Math.fround)
    if (held?.kind === 'ints') return held.value
    if (held?.kind === 'tensor') return held.value.numbers()
  }
  return undefined
}

function needed(node: Node, name: string): readonly number[] | Float64Array {
  const found = numbers(node, name)
  if (!found) throw new InputError(`${node.operator} "${node.name}" has no attribute ${name}`)
  return found
}

const text = (attributes: Attributes, name: string, fallback: string): string => {
  const held = attributes[name]
  return held?.kind === 'string' ? held.value : fallback
}

const whole = (attributes: Attributes, name: string, fallback: number): number => {
  const held = attributes[name]
  return held?.kind === 'int' ? held.value : fallback
}

const where = (node: Node): string => `${node.operator} "${node.name}"`

/** 1 for sums, 1 / trees for averages. */
function scaleOf(node: Node, aggregate: string, trees: number): number {
  const scales: Readonly<Record<string, number>> = { SUM: 1, AVERAGE: 1 / trees }
  const scale = scales[aggregate]
  if (scale === undefined)
    throw new UsageError(
      `${where(node)} takes the ${aggregate} over its trees, which is no sum of trees; use exact-shapley, kernel-shap or occlusion`,
    )
  return scale
}

/** Versions 1 to 3: nodes are named by tree and number, leaf weights stand in lists that begin with `prefix`. */
function readNamed(node: Node, prefix: 'target' | 'class', targets: number): Forest {
  const [trees, ids] = [needed(node, 'nodes_treeids'), needed(node, 'nodes_nodeids')]
  const places = new Map<number, Map<number, number>>()
  for (let i = 0; i < ids.length; i++) {
    const tree = places.get(trees[i]!) ?? new Map<number, number>()
    places.set(trees[i]!, tree.set(ids[i]!, i))
  }
  const place = (tree: number, id: number): number => places.get(tree)?.get(id) ?? -1
  const held = node.attributes['nodes_modes']
  const modes = held?.kind === 'strings' ? held.value : []
  if (modes.length !== ids.length || trees.length !== ids.length)
    throw new InputError(`${where(node)} has ${ids.length} nodes and ${modes.length} branch modes`)
  const [columns, thresholds] = [needed(node, 'nodes_featureids'), needed(node, 'nodes_values')]
  const [trueIds, falseIds] = [needed(node, 'nodes_truenodeids'), needed(node, 'nodes_falsenodeids')]
  const missing = numbers(node, 'nodes_missing_value_tracks_true')
  const isChild = new Uint8Array(ids.length)
  const nodes = modes.map((mode, i): SplitParts | undefined => {
    if (mode === 'LEAF') return undefined
    if (!branchModes.includes(mode as BranchMode) || mode === 'BRANCH_MEMBER')
      throw new InputError(`${where(node)} has the branch mode "${mode}", which ai.onnx.ml does not have here`)
    const [yes, no] = [place(trees[i]!, trueIds[i]!), place(trees[i]!, falseIds[i]!)]
    for (const child of [yes, no]) if (child >= 0) isChild[child] = 1
    const split = { column: columns[i]!, mode: mode as BranchMode, threshold: thresholds[i]! }
    return { ...split, missing: missing?.[i] === 1, yes, no }
  })
  const roots = nodes.flatMap((_, i) => (isChild[i] ? [] : [i]))
  if (roots.length !== places.size)
    throw new InputError(`${where(node)} has ${places.size} trees and ${roots.length} nodes without a parent`)
  const [leafTrees, leafIds] = [needed(node, `${prefix}_treeids`), needed(node, `${prefix}_nodeids`)]
  const [leafTargets, weights] = [needed(node, `${prefix}_ids`), needed(node, `${prefix}_weights`)]
  const leaves = Array.from(weights, (weight, i): LeafWeight => {
    const leaf = place(leafTrees[i]!, leafIds[i]!)
    if (leaf < 0)
      throw new InputError(`${where(node)} has a weight for node ${leafIds[i]} of tree ${leafTrees[i]}, which is not there`)
    return { node: leaf, target: leafTargets[i]!, weight }
  })
  const hits = Float64Array.from(numbers(node, 'nodes_hitrates') ?? new Float64Array(ids.length).fill(Number.NaN))
  const scale = scaleOf(node, text(node.attributes, 'aggregate_function', 'SUM'), places.size)
  const given = numbers(node, 'base_values') ?? []
  const base = Float64Array.from({ length: targets }, (_, t) => given[t] ?? 0)
  return makeForest({ roots, nodes, where: where(node), hits, leaves, targets, scale, base })
}

const each = (count: number): ScoreOutput[] =>
  Array.from({ length: count }, (_, t) => ({ coefficients: new Map([[t, 1]]), constant: 0 }))

function readRegressor(node: Node): TreeNode {
  const targets = whole(node.attributes, 'n_targets', 1)
  const forest = readNamed(node, 'target', targets)
  return { forest, output: 0, elements: each(targets), transform: text(node.attributes, 'post_transform', 'NONE') }
}

/**
 * Two classes whose leaves all speak of class 0 have one score s, the second class's. The first class gets -s, or 1 - s where no weight is
 * negative (they are probabilities) and no LOGISTIC follows. ONNX Runtime applies no other transform to such a pair, and no base value where they
 * speak of class 1.
 */
function readClassifier(node: Node): TreeNode {
  const labels = node.attributes['classlabels_strings'] ?? node.attributes['classlabels_int64s']
  const classes = labels?.kind === 'strings' || labels?.kind === 'ints' ? labels.value.length : 1
  const forest = readNamed(node, 'class', classes)
  const transform = text(node.attributes, 'post_transform', 'NONE')
  const spoken = new Set(forest.leaves.map(({ target }) => target))
  const one = classes === 2 && spoken.size === 1
  const bases = numbers(node, 'base_values')?.length ?? 0
  if (!one) return { forest, output: 1, elements: each(classes), transform }
  if (spoken.has(1) || bases === 2) {
    const base = forest.base.map((value, target) => (bases === 2 && spoken.has(target) ? value : 0))
    return { forest: { ...forest, base }, output: 1, elements: each(classes), transform }
  }
  const logistic = transform === 'LOGISTIC'
  const complement = !logistic && forest.leaves.every(({ weight }) => weight >= 0)
  const score = (sign: number, constant: number): ScoreOutput => ({ coefficients: new Map([[0, sign]]), constant })
  return { forest, output: 1, elements: [score(-1, complement ? 1 : 0), score(1, 0)], transform: logistic ? transform : 'NONE' }
}

const aggregates = ['AVERAGE', 'SUM', 'MIN', 'MAX']
const transforms = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT']

/** Value sets of BRANCH_MEMBER splits, in order: one list, NaN between sets. */
function memberSets(values: ArrayLike<number>): Set<number>[] {
  const sets = [new Set<number>()]
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) sets.push(new Set())
    else sets.at(-1)!.add(values[i]!)
  }
  return sets
}

/** Version 5: splits and leaves are two lists; a split's child is an index into the one or the other. */
function readIndexed(node: Node): TreeNode {
  const [columns, thresholds, modes] = [
    needed(node, 'nodes_featureids'),
    needed(node, 'nodes_splits'),
    needed(node, 'nodes_modes'),
  ]
  const [trueIds, falseIds] = [needed(node, 'nodes_truenodeids'), needed(node, 'nodes_falsenodeids')]
  const [trueLeafs, falseLeafs] = [needed(node, 'nodes_trueleafs'), needed(node, 'nodes_falseleafs')]
  const missing = numbers(node, 'nodes_missing_value_tracks_true')
  const sets = memberSets(numbers(node, 'membership_values') ?? [])
  const splits = columns.length
  let member = 0
  const nodes = Array.from(columns, (column, i): SplitParts | undefined => {
    const mode = branchModes[modes[i]!]
    if (!mode) throw new InputError(`${where(node)} has the branch mode ${modes[i]}, which ai.onnx.ml does not have`)
    const child = (id: number, leaf: number): number => (leaf ? splits + id : id < splits ? id : -1)
    const [yes, no] = [child(trueIds[i]!, trueLeafs[i]!), child(falseIds[i]!, falseLeafs[i]!)]
    const members = mode === 'BRANCH_MEMBER' ? { members: sets[member++] ?? new Set<number>() } : {}
    return { column, mode, threshold: thresholds[i]!, ...members, missing: missing?.[i] === 1, yes, no }
  })
  const [leafTargets, weights] = [needed(node, 'leaf_targetids'), needed(node, 'leaf_weights')]
  const leaves = Array.from(weights, (weight, i): LeafWeight => ({ node: splits + i, target: leafTargets[i]!, weight }))
  const hits = new Float64Array(splits + leaves.length).fill(Number.NaN)
  hits.set(numbers(node, 'nodes_hitrates') ?? [])
  const roots = Array.from(needed(node, 'tree_roots'))
  const targets = whole(node.attributes, 'n_targets', 1)
  const scale = scaleOf(node, aggregates[whole(node.attributes, 'aggregate_function', 1)] ?? 'unknown aggregate', roots.length)
  const all = [...nodes, ...leaves.map(() => undefined)]
  const forest = makeForest({
    roots,
    nodes: all,
    where: where(node),
    hits,
    leaves,
    targets,
    scale,
    base: new Float64Array(targets),
  })
  const transform = transforms[whole(node.attributes, 'post_transform', 0)] ?? 'NONE'
  return { forest, output: 0, elements: each(targets), transform }
}

const readers: Readonly<Record<string, (node: Node) => TreeNode>> = {
  'ai.onnx.ml:TreeEnsembleRegressor': readRegressor,
  'ai.onnx.ml:TreeEnsembleClassifier': readClassifier,
  'ai.onnx.ml:TreeEnsemble': readIndexed,
}

export const isTreeNode = (node: Node): boolean => Object.hasOwn(readers, operatorKey(node))

/** Forests read so far; passes over a graph make new nodes, and keep their attributes. */
const known = new WeakMap<Attributes, TreeNode>()

/**
 * The trees of a node.
 * @throws InputError for a malformed ensemble; UsageError for one that takes the minimum or maximum over trees
 */
export function readTrees(node: Node): TreeNode {
  const found = known.get(node.attributes)
  if (found) return found
  const trees = readers[operatorKey(node)]!(node)
  known.set(node.attributes, trees)
  return trees
}
