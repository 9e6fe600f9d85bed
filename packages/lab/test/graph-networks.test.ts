/** @file Networks on graphs against dense matrices in double precision, and masks against graphs rebuilt without their edges. */
import { explain, float32, Model, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { encodeModel, evaluate, ndarray } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import { architectureNamed } from '../src/architectures/index.js'
import { type Edge, nodeGraph } from '../src/greedy/graph/data/node-graph.js'
import { explanationModel } from '../src/greedy/graph/models/explanation-model.js'
import { Incidence, neighbourhood, wholeGraph } from '../src/greedy/graph/models/subgraph.js'
import { bothDirections } from '../src/greedy/graph/models/training-data.js'
import { exportGraph } from '../src/train/export.js'
import { layoutOf } from '../src/train/step.js'
import { withDefaults } from './support/networks.js'

const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.dispose())

const [nodes, columns] = [9, 4]
const classes = ['a', 'b', 'c']
const random = new Random(5)
const features = Float32Array.from({ length: nodes * columns }, () => random.normal())
/** A path 0 to 8 with a triangle, a square and a node with three leaves. */
const listed: Edge[] = [...Array.from({ length: nodes - 1 }, (_, i): Edge => [i, i + 1]), [0, 2], [3, 6], [5, 8]]
const graphOf = (edges: readonly Edge[]) =>
  nodeGraph({
    name: 'small',
    columns,
    features,
    labels: new Int32Array(nodes),
    classes,
    edges,
    splits: { train: [0], validation: [1], test: [2] },
  })
const graph = graphOf(listed)

type Matrix = number[][]
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0]!.map((_, k) => row.reduce((sum, v, j) => sum + v * b[j]![k]!, 0)))
const plus = (a: Matrix, row: readonly number[]): Matrix => a.map(line => line.map((value, k) => value + row[k]!))
const apply = (a: Matrix, f: (value: number) => number): Matrix => a.map(row => row.map(f))
const relu = (value: number): number => Math.max(0, value)
const elu = (value: number): number => (value > 0 ? value : Math.expm1(value))

/** weights[i][j]: of the edge from j to i. */
type Layer = (x: Matrix, weights: Matrix, part: (name: string, width: number) => Matrix, last: boolean) => Matrix
const degreeOf = (weights: Matrix): number[] => weights.map(row => row.reduce((sum, weight) => sum + weight, 0))

const slow: Readonly<
  Record<string, { readonly layer: Layer; readonly activation: (value: number) => number; readonly options: object }>
> = {
  gcn: {
    options: { width: 5 },
    activation: relu,
    layer: (x, weights, part, last) => {
      const outputs = last ? 3 : 5
      const degree = degreeOf(weights)
      const normalised = weights.map((row, i) =>
        row.map((weight, j) => (weight + (i === j ? 1 : 0)) / Math.sqrt((1 + degree[i]!) * (1 + degree[j]!))),
      )
      return plus(times(normalised, times(x, part('weight', outputs))), part('bias', outputs)[0]!)
    },
  },
  sage: {
    options: { width: 5 },
    activation: relu,
    layer: (x, weights, part, last) => {
      const outputs = last ? 3 : 5
      const degree = degreeOf(weights)
      const mean = times(
        weights.map((row, i) => row.map(weight => weight / Math.max(1, degree[i]!))),
        times(x, part('neighbours', outputs)),
      )
      const own = plus(times(x, part('self', outputs)), part('bias', outputs)[0]!)
      return own.map((row, i) => row.map((value, k) => value + mean[i]![k]!))
    },
  },
  gat: {
    options: { width: 3, heads: 2 },
    activation: elu,
    layer: (x, weights, part, last) => {
      const [heads, outputs] = last ? [1, 3] : [2, 3]
      const h = times(x, part('weight', heads * outputs))
      const [source, target] = [part('source', outputs), part('target', outputs)]
      const bias = part('bias', heads * outputs)[0]!
      const made = x.map(() => [...bias])
      for (let head = 0; head < heads; head++) {
        const of = (node: number): number[] => h[node]!.slice(head * outputs, (head + 1) * outputs)
        const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, k) => sum + v * b[k]!, 0)
        for (let i = 0; i < x.length; i++) {
          const shares = x.map((_, j) => {
            const s = dot(of(j), source[head]!) + dot(of(i), target[head]!)
            return (weights[i]![j]! + (i === j ? 1 : 0)) * Math.exp(s > 0 ? s : 0.2 * s)
          })
          const total = shares.reduce((sum, share) => sum + share, 0)
          for (let k = 0; k < outputs; k++)
            made[i]![head * outputs + k]! += shares.reduce((sum, share, j) => sum + share * of(j)[k]!, 0) / total
        }
      }
      return made
    },
  },
}

function networkOf(name: string, depth = 2, degrees = false) {
  const architecture = architectureNamed(name)
  const options = withDefaults(architecture.options, { ...slow[name]!.options, depth, degrees })
  const task = { row: [columns], classes: 3 }
  const layout = layoutOf(architecture, options, task)
  const { parameters, statistics } = layout.initialize(1)
  const moved = new Random(2)
  for (let i = 0; i < parameters.length; i++) parameters[i]! += 0.1 * moved.normal()
  return {
    architecture,
    options,
    task,
    layout,
    parameters,
    statistics,
    parameter: layout.reader(parameters, statistics),
    digest: '',
  }
}

const matrix = (values: ArrayLike<number>, width: number): Matrix =>
  Array.from({ length: values.length / width }, (_, i) => Array.from({ length: width }, (_, k) => values[i * width + k]!))

function oracle(name: string, network: ReturnType<typeof networkOf>, weights: Matrix): Matrix {
  const { layer, activation } = slow[name]!
  let x = matrix(features, columns)
  if (network.options['degrees']) x = x.map((row, i) => [...row, Math.log(1 + degreeOf(weights)[i]!)])
  const depth = network.options['depth'] as number
  for (let index = 1; index <= depth; index++) {
    const part = (one: string, width: number): Matrix => matrix(network.parameter(`convolution${index}.${one}`)!, width)
    x = layer(x, weights, part, index === depth)
    if (index < depth) x = apply(x, activation)
  }
  return x
}

/** [i][j] from one weight per edge. */
function dense(ends: ArrayLike<number>, mask: ArrayLike<number>): Matrix {
  const weights = Array.from({ length: nodes }, () => new Array<number>(nodes).fill(0))
  for (let edge = 0; edge < mask.length; edge++) {
    const [a, b] = [ends[2 * edge]!, ends[2 * edge + 1]!]
    weights[a]![b] = weights[b]![a] = mask[edge]!
  }
  return weights
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))

const draw = new Random(9)
const fractions = Float32Array.from({ length: graph.edges }, () => draw.uniform())

describe.each(['gcn', 'gat', 'sage'])('%s', name => {
  test.each([
    [2, false],
    [3, true],
  ])('equals dense matrices in double precision (%i layers, degrees %s)', async (depth, degrees) => {
    const network = networkOf(name, depth, degrees)
    const expected = oracle(name, network, dense(graph.ends, fractions)).flat()
    const exported = exportGraph({ ...network, architectureOptions: network.options, classes })
    const edges = bothDirections(graph.ends)
    const weight = Float32Array.from([...fractions, ...fractions])
    const slowly = evaluate(exported, {
      input: ndarray([nodes, columns], Float64Array.from(features)),
      edge_index: ndarray([2, edges.length / 2], Float64Array.from(edges, Number), 'int64'),
      edge_weight: ndarray([weight.length], Float64Array.from(weight)),
    }).get('logits')!.data
    expect(largest(slowly, expected)).toBeLessThan(1e-9)
    const session = await runtime.open(encodeModel(exported))
    const { logits } = await session.run({
      input: float32([nodes, columns], features),
      edge_index: { dtype: 'int64', dims: [2, edges.length / 2], data: edges },
      edge_weight: float32([weight.length], weight),
    })
    await session.dispose()
    expect(largest(logits!.data as Float32Array, expected)).toBeLessThan(1e-5)
  })

  test.each([false, true])('a mask of 0 is the graph without the edge, in every edge (degrees %s)', degrees => {
    const network = networkOf(name, 2, degrees)
    const masked = explanationModel(network, graph, wholeGraph(graph))
    const masks = new Float64Array(graph.edges ** 2).fill(1)
    for (let edge = 0; edge < graph.edges; edge++) masks[edge * graph.edges + edge] = 0
    const found = evaluate(masked, { mask: ndarray([graph.edges, graph.edges], masks) }).get('logits')!.data
    for (let edge = 0; edge < graph.edges; edge++) {
      const [a, b] = [graph.ends[2 * edge]!, graph.ends[2 * edge + 1]!]
      const rebuilt = graphOf(listed.filter(([x, y]) => Math.min(x, y) !== a || Math.max(x, y) !== b))
      expect(rebuilt.edges).toBe(graph.edges - 1)
      const without = explanationModel(network, rebuilt, wholeGraph(rebuilt))
      const all = evaluate(without, { mask: ndarray([1, rebuilt.edges], new Float64Array(rebuilt.edges).fill(1)) }).get(
        'logits',
      )!.data
      expect(largest(found.subarray(edge * nodes * 3, (edge + 1) * nodes * 3), all)).toBeLessThan(1e-9)
      expect(largest(found.subarray(0, nodes * 3), found.subarray(edge * nodes * 3, (edge + 1) * nodes * 3)) > 1e-4).toBe(
        edge > 0,
      )
    }
  })

  test('the part around a node answers as the whole graph, whatever edges are deleted', () => {
    const network = networkOf(name, 2, true)
    const incidence = new Incidence(graph)
    const whole = explanationModel(network, graph, wholeGraph(graph))
    for (let node = 0; node < nodes; node++) {
      const part = neighbourhood(incidence, node, 2)
      const own = Float64Array.from(part.edges, (_, i) => (i % 3 === node % 3 ? 0 : 1))
      const all = new Float64Array(graph.edges).fill(1)
      part.edges.forEach((edge, i) => {
        all[edge] = own[i]!
      })
      const [small, large] = [
        evaluate(explanationModel(network, graph, part), { mask: ndarray([1, own.length], own) }).get('logits')!.data,
        evaluate(whole, { mask: ndarray([1, all.length], all) }).get('logits')!.data,
      ]
      expect(largest(small, large.subarray(3 * node, 3 * node + 3))).toBeLessThan(1e-9)
    }
    expect(neighbourhood(incidence, 0, 2).edges.length).toBeLessThan(graph.edges)
  })
})

test('attention of scores hundreds apart stays finite, with and without the edges that have them', async () => {
  const network = networkOf('gat')
  const parameter = (name: string): Float32Array =>
    network.parameter(name)!.map(value => (/source|target/.test(name) ? 300 * value : value))
  const part = wholeGraph(graph)
  const model = new Model(explanationModel({ ...network, parameter }, graph, part), { runtime })
  const masks = [1, 0, 0.3].map(first => Float32Array.from({ length: graph.edges }, (_, i) => (i % 2 ? first : 1)))
  for (const mask of masks) {
    const rebuilt = graphOf(
      [...part.edges.keys()].filter(i => mask[i] !== 0).map((i): Edge => [graph.ends[2 * i]!, graph.ends[2 * i + 1]!]),
    )
    const found = await explain(model, { mask: float32([1, graph.edges], mask) }, 'gradient', { target: '4/1' })
    expect(found.values.every(Number.isFinite)).toBe(true)
    if (mask.includes(Math.fround(0.3))) continue
    const without = explanationModel({ ...network, parameter }, rebuilt, wholeGraph(rebuilt))
    const all = evaluate(without, { mask: ndarray([1, rebuilt.edges], new Float64Array(rebuilt.edges).fill(1)) }).get('logits')!
    expect(found.value).toBeCloseTo(all.data[4 * 3 + 1]!, 3)
  }
  await model.dispose()
})

test('the exported model explained at its edge weights, both directions together, gives what the mask of a part gives', async () => {
  const network = networkOf('gcn')
  const whole = new Model(exportGraph({ ...network, architectureOptions: network.options, classes }), { runtime })
  const edges = bothDirections(graph.ends)
  const count = edges.length / 2
  const row = {
    input: float32([nodes, columns], features),
    edge_index: { dtype: 'int64', dims: [2, count], data: edges } as const,
    edge_weight: float32([count], new Float32Array(count).fill(1)),
  }
  const part = neighbourhood(new Incidence(graph), 4, 2)
  const small = new Model(explanationModel(network, graph, part), { runtime })
  const mask = { mask: float32([1, part.edges.length], new Float32Array(part.edges.length).fill(1)) }
  const large = await explain(whole, row, 'gradient', { at: ['edge_weight'], target: 'log-odds:4/1' })
  const found = await explain(small, mask, 'gradient', { target: 'log-odds:1' })
  expect(large.value).toBeCloseTo(found.value, 5)
  const both = Array.from(part.edges, edge => large.values[edge]! + large.values[edge + graph.edges]!)
  expect(largest(found.values, both)).toBeLessThan(1e-5)
  expect(Math.max(...both.map(Math.abs))).toBeGreaterThan(0.05)
  await Promise.all([whole.dispose(), small.dispose()])
})
