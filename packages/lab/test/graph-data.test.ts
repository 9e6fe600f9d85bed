/** @file Graphs that are generated and graphs that are read. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InputError, UsageError } from '@ascribe/core'
import { describe, expect, test } from 'vitest'
import { readContentGraph, readCsvGraph } from '../src/greedy/graph/data/citation.js'
import { generatedGraphs } from '../src/greedy/graph/data/generated.js'
import { keepingEdges, type NodeGraph } from '../src/greedy/graph/data/node-graph.js'
import { openGraph } from '../src/greedy/graph/data/open.js'

const degreesIn = ({ ends, motifs }: NodeGraph, motif: number): number[] => {
  const counts = new Map<number, number>()
  motifs!.ofEdge.forEach((own, edge) => {
    if (own !== motif) return
    for (const node of [ends[2 * edge]!, ends[2 * edge + 1]!]) counts.set(node, (counts.get(node) ?? 0) + 1)
  })
  return [...counts.values()].sort((a, b) => a - b)
}

describe('generated graphs', () => {
  test.each([
    ['ba-shapes', 700, 80, [2, 2, 2, 3, 3], 4],
    ['ba-community', 1400, 160, [2, 2, 2, 3, 3], 8],
    ['tree-cycles', 871, 60, [2, 2, 2, 2, 2, 2], 2],
    ['tree-grid', 1231, 80, [2, 2, 2, 2, 3, 3, 3, 3, 4], 2],
  ])('%s has the sizes of the literature and motifs of the right shape', (name, nodes, motifs, degrees, classes) => {
    const graph = generatedGraphs[name]!(0, 1)
    expect([graph.nodes, graph.classes.length, Math.max(...graph.motifs!.ofNode) + 1]).toEqual([nodes, classes, motifs])
    for (const motif of [0, motifs - 1]) expect(degreesIn(graph, motif)).toEqual(degrees)
    expect(graph.splits.train.length + graph.splits.validation.length + graph.splits.test.length).toBe(nodes)
    expect(new Set(graph.labels).size).toBe(classes)
    expect(generatedGraphs[name]!(0, 1).digest).toBe(graph.digest)
    expect(generatedGraphs[name]!(1, 1).digest).not.toBe(graph.digest)
    const kept = keepingEdges(graph, [0, 2])
    expect(kept.edges).toBe(2)
  })

  test('the order of edges tells nothing of motifs', () => {
    const { motifs, edges } = generatedGraphs['tree-cycles']!(0, 1)
    const half = motifs!.ofEdge.subarray(0, edges / 2).filter(motif => motif >= 0).length
    expect(half / motifs!.ofEdge.filter(motif => motif >= 0).length).toBeGreaterThan(0.4)
  })
})

const cora = fileURLToPath(new URL('../../../../shared/data/cora', import.meta.url))
const present = existsSync(cora)

const nodesText = 'node,class,split,words\n0,1,train,0 2\n1,0,val,\n2,1,test,2\n'

describe('readers', () => {
  test('nodes.csv and edges.csv: words as shares, directions joined, loops left out', () => {
    const graph = readCsvGraph('small', nodesText, 'source,target\n0,1\n1,0\n2,2\n1,2\n')
    expect([graph.nodes, graph.columns, graph.edges]).toEqual([3, 3, 2])
    expect([...graph.features]).toEqual([0.5, 0, 0.5, 0, 0, 0, 0, 0, 1])
    expect([...graph.labels]).toEqual([1, 0, 1])
    expect(graph.splits.test[0]).toBe(2)
    expect(() => readCsvGraph('small', nodesText, 'source,target\n0,7\n')).toThrow(/an edge from node 0 to 7; there are 3 nodes/)
    expect(() => readCsvGraph('small', 'id,class\n', 'source,target\n')).toThrow(InputError)
  })

  test('.content and .cites: papers that are not there are left out', () => {
    const graph = readContentGraph('tiny', 'p1 1 0 1 Agents\np2 0 1 0 ML\np3 0 0 0 ML\n', 'p1 p2\np9 p1\np3 p3\np2 p3\n', 0)
    expect([graph.nodes, graph.columns, graph.edges]).toEqual([3, 3, 2])
    expect(graph.classes).toEqual(['Agents', 'ML'])
    expect([...graph.features.subarray(0, 3)]).toEqual([0.5, 0, 0.5])
    expect(() => readContentGraph('tiny', 'p1 1 ML\np1 0 ML\n', '', 0)).toThrow(/paper p1 is there twice/)
  })

  test('a name that is nothing', async () => {
    await expect(openGraph('tree-cycle', { seed: 0 })).rejects.toThrow(/did you mean "tree-cycles"/)
    await expect(openGraph('nowhere', { seed: 0 })).rejects.toThrow(UsageError)
  })

  test.skipIf(!present)(`Cora${present ? '' : ' (skipped: ../shared/data is not there)'}`, async () => {
    const graph = await openGraph(cora, { seed: 0 })
    expect([graph.nodes, graph.columns, graph.edges, graph.classes.length]).toEqual([2708, 1433, 5278, 7])
    expect([graph.splits.train.length, graph.splits.validation.length, graph.splits.test.length]).toEqual([140, 500, 1000])
  })
})
