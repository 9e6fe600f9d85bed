/** @file Citation graphs from text: nodes.csv with edges.csv, and the plain form .content with .cites. */
import { InputError, Random } from '@ascribe/core'
import { parseCsv } from '../../../data/table/csv.js'
import { shuffled } from '../../../order.js'
import { shares, whole } from './bags-of-words.js'
import { type Edge, type NodeGraph, nodeGraph, type Split } from './node-graph.js'

/** The rows of a CSV file below its head, which must have these columns. @throws InputError */
function rowsOf(text: string, name: string, columns: readonly string[]): (readonly string[])[] {
  const [head, ...records] = parseCsv(text, ',', name)
  if (columns.some((column, i) => head?.cells[i] !== column))
    throw new InputError(`${name}: the first line must be ${columns.join(',')}, not ${head?.cells.join(',') ?? 'missing'}`)
  for (const { line, cells } of records)
    if (cells.length !== columns.length)
      throw new InputError(`${name}, line ${line}: ${cells.length} cells, ${columns.length} are needed`)
  return records.map(({ cells }) => cells)
}

/**
 * nodes.csv (node,class,split,words: the numbers of the words that a node holds, between blanks) with edges.csv (source,target). Splits
 * are train, val, test, or anything else for none.
 * @throws InputError naming file and line
 */
export function readCsvGraph(name: string, nodesText: string, edgesText: string): NodeGraph {
  const rows = rowsOf(nodesText, `${name} nodes.csv`, ['node', 'class', 'split', 'words'])
  const words = rows.map(([node, , , text = '']) =>
    text
      .split(/\s+/)
      .filter(Boolean)
      .map(word => whole(word, `${name} nodes.csv, words of node ${node}`)),
  )
  rows.forEach(([node], i) => {
    if (Number(node) !== i)
      throw new InputError(`${name} nodes.csv: node ${node} in place ${i}; nodes are listed as 0, 1, 2, ...`)
  })
  const columns = 1 + words.reduce((most, list) => list.reduce((a, b) => Math.max(a, b), most), -1)
  const features = new Float32Array(rows.length * columns)
  words.forEach((list, node) => {
    for (const word of list) features[node * columns + word] = 1
  })
  const kinds = [...new Set(rows.map(([, kind]) => kind!))].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1))
  const members = (split: string): number[] => rows.flatMap(([, , own], node) => (own === split ? [node] : []))
  return nodeGraph({
    name,
    columns,
    features: shares(features, columns),
    labels: rows.map(([, kind]) => kinds.indexOf(kind!)),
    classes: kinds.map(kind => (/^\d+$/.test(kind) ? `class ${kind}` : kind)),
    edges: rowsOf(edgesText, `${name} edges.csv`, ['source', 'target']).map(
      ([a, b]): Edge => [whole(a!, `${name} edges.csv`), whole(b!, `${name} edges.csv`)],
    ),
    splits: { train: members('train'), validation: members('val'), test: members('test') },
  })
}

/** Nodes to train on per class, to choose by, to test on: the sizes of the Planetoid splits. */
const planetoid = { perClass: 20, validation: 500, test: 1000 } as const

/**
 * NAME.content (id, values, class per line) with NAME.cites (cited, citing). Edges to papers without a line are left out, as there are some
 * in Citeseer. The split is drawn from the seed in the sizes of the Planetoid splits; the published ones are in the Planetoid files.
 * @throws InputError naming file and line
 */
export function readContentGraph(name: string, contentText: string, citesText: string, seed: number): NodeGraph {
  const lines = contentText.split(/\r?\n/).filter(line => line.trim() !== '')
  const ids = new Map<string, number>()
  const kinds: string[] = []
  const cells = lines.map((line, i) => {
    const parts = line.split(/\s+/).filter(Boolean)
    if (parts.length < 3) throw new InputError(`${name}.content, line ${i + 1}: an id, values and a class are needed`)
    if (ids.has(parts[0]!)) throw new InputError(`${name}.content, line ${i + 1}: paper ${parts[0]} is there twice`)
    ids.set(parts[0]!, i)
    kinds.push(parts.at(-1)!)
    return parts.slice(1, -1)
  })
  const columns = cells[0]?.length ?? 0
  const features = new Float32Array(lines.length * columns)
  cells.forEach((values, node) => {
    if (values.length !== columns)
      throw new InputError(`${name}.content, line ${node + 1}: ${values.length} values, the first line has ${columns}`)
    values.forEach((text, i) => {
      const value = Number(text)
      if (!Number.isFinite(value)) throw new InputError(`${name}.content, line ${node + 1}: "${text}" is no number`)
      features[node * columns + i] = value
    })
  })
  const classes = [...new Set(kinds)].sort()
  const labels = kinds.map(kind => classes.indexOf(kind))
  const edges = citesText.split(/\r?\n/).flatMap((line): Edge[] => {
    const [cited, citing] = line
      .split(/\s+/)
      .filter(Boolean)
      .map(id => ids.get(id))
    return cited === undefined || citing === undefined ? [] : [[cited, citing]]
  })
  return nodeGraph({
    name,
    columns,
    features: shares(features, columns),
    labels,
    classes,
    edges,
    splits: drawSplits(labels, classes.length, seed),
  })
}

function drawSplits(labels: readonly number[], classes: number, seed: number): Record<Split, number[]> {
  const order = Array.from(shuffled(labels.length, new Random(seed, 4)))
  const taken = new Array<number>(classes).fill(0)
  const train = order.filter(node => taken[labels[node]!]!++ < planetoid.perClass)
  const used = new Set(train)
  const others = order.filter(node => !used.has(node))
  const middle = Math.min(planetoid.validation, Math.floor(others.length / 3))
  return { train, validation: others.slice(0, middle), test: others.slice(middle, middle + planetoid.test) }
}
