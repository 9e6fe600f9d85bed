/** @file Citation graphs in the Planetoid files: ind.NAME.x, .y, .tx, .ty, .allx, .ally, .graph (pickled) and .test.index (text). */
import { InputError } from '@ascribe/core'
import { shares, whole } from './bags-of-words.js'
import { type Edge, type NodeGraph, nodeGraph } from './node-graph.js'
import { NumberArray, readPickle, SparseRows } from './pickle/index.js'

/** The parts of the name after `ind.NAME.`; x and tx are csr matrices, as is allx, the labels are one-hot rows. */
const matrices = ['x', 'tx', 'allx'] as const
const labels = ['y', 'ty', 'ally'] as const
export const planetoidParts = [...matrices, ...labels, 'graph', 'test.index'] as const

/** Nodes after the training ones that a network is chosen by. */
const validationNodes = 500

interface Rows {
  readonly rows: number
  readonly columns: number
  /** Writes row `row` into `target` from `at`. */
  readonly write: (row: number, target: Float32Array | Float64Array, at: number) => void
}

function rowsOf(value: unknown, file: string): Rows {
  if (!(value instanceof SparseRows || value instanceof NumberArray) || value.shape.length !== 2)
    throw new InputError(`${file}: a matrix is needed`)
  const [rows, columns] = value.shape as readonly [number, number]
  const write: Rows['write'] =
    value instanceof SparseRows
      ? (row, target, at) => {
          for (let k = value.indptr[row]!; k < value.indptr[row + 1]!; k++) target[at + value.indices[k]!]! += value.data[k]!
        }
      : (row, target, at) => target.set(value.values.subarray(row * columns, (row + 1) * columns), at)
  return { rows, columns, write }
}

/** Class of each row: its largest number; the first where all are zero. */
function classesOf({ rows, columns, write }: Rows): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const values = new Float64Array(columns)
    write(row, values, 0)
    return values.indexOf(values.reduce((top, value) => Math.max(top, value), 0))
  })
}

function edgesOf(value: unknown, file: string): Edge[] {
  if (!(value instanceof Map)) throw new InputError(`${file}: a dict of lists is needed`)
  return [...value].flatMap(([from, to]: [unknown, unknown]): Edge[] => {
    if (typeof from !== 'number' || !Array.isArray(to) || to.some(other => typeof other !== 'number'))
      throw new InputError(`${file}: a dict from nodes to lists of nodes is needed`)
    return to.map((other: number) => [from, other])
  })
}

/**
 * Nodes 0 to rows(allx) - 1 are those of allx and ally, the first rows(y) of them to train on and the next 500 to choose by; the rows of tx and
 * ty are the nodes of test.index, in its order. Numbers after allx that test.index does not name (isolated papers, in Citeseer) are nodes
 * of zeros in the first class and in no split. Rows are divided by their sums. Yang, Cohen, Salakhutdinov: Revisiting semi-supervised learning with
 * graph embeddings, ICML 2016.
 * @param files bytes by part @throws InputError naming the file
 */
export function readPlanetoid(name: string, files: Readonly<Record<(typeof planetoidParts)[number], Uint8Array>>): NodeGraph {
  const fileOf = (part: string): string => `ind.${name}.${part}`
  const open = (part: (typeof matrices | typeof labels)[number]): Rows =>
    rowsOf(readPickle(files[part], fileOf(part)), fileOf(part))
  const [x, tx, allx] = [open('x'), open('tx'), open('allx')]
  const [y, ty, ally] = [open('y'), open('ty'), open('ally')]
  const fits: readonly [boolean, string][] = [
    [x.rows === y.rows && x.rows <= allx.rows, 'x and y, and no more rows than allx'],
    [allx.rows === ally.rows, 'allx and ally'],
    [tx.rows === ty.rows, 'tx and ty'],
    [x.columns === allx.columns && tx.columns === allx.columns, 'the columns of x, tx and allx'],
    [y.columns === ally.columns && ty.columns === ally.columns, 'the columns of y, ty and ally'],
  ]
  const wrong = fits.find(([fit]) => !fit)
  if (wrong) throw new InputError(`ind.${name}.*: sizes do not fit: ${wrong[1]}`)
  const tested = new TextDecoder()
    .decode(files['test.index'])
    .split(/\s+/)
    .filter(Boolean)
    .map(text => whole(text, fileOf('test.index')))
  if (tested.length !== tx.rows || new Set(tested).size !== tested.length || tested.some(node => node < allx.rows))
    throw new InputError(`${fileOf('test.index')}: ${tx.rows} different nodes from ${allx.rows} on are needed, one per row of tx`)
  const edges = edgesOf(readPickle(files.graph, fileOf('graph')), fileOf('graph'))
  const nodes = tested.reduce((most, node) => Math.max(most, node + 1), allx.rows)
  const { columns } = allx
  const features = new Float32Array(nodes * columns)
  const kinds = new Array<number>(nodes).fill(0)
  classesOf(ally).forEach((kind, node) => {
    kinds[node] = kind
    allx.write(node, features, node * columns)
  })
  const testKinds = classesOf(ty)
  tested.forEach((node, row) => {
    kinds[node] = testKinds[row]!
    tx.write(row, features, node * columns)
  })
  const middle = Math.min(validationNodes, allx.rows - x.rows)
  return nodeGraph({
    name,
    columns,
    features: shares(features, columns),
    labels: kinds,
    classes: Array.from({ length: ally.columns }, (_, kind) => `class ${kind}`),
    edges,
    splits: {
      train: Array.from({ length: x.rows }, (_, node) => node),
      validation: Array.from({ length: middle }, (_, i) => x.rows + i),
      test: tested,
    },
  })
}
