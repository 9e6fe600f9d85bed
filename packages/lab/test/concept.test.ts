import { Model, plainPreprocessing, Random } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { evaluate, type Graph, GraphBuilder, inferShapes, ndarray, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import { architectures } from '../src/architectures/index.js'
import { constantValues, Network } from '../src/architectures/network.js'
import { layerGradients, layerValues } from '../src/bam/concept/activations.js'
import { bottleneckLayers, conceptContrast, conceptScores, dogConcept, pictureRows, type Rows } from '../src/bam/concept/index.js'
import { logisticRegression } from '../src/bam/concept/logistic.js'
import { incompleteBeta, permutationPValue, welchPValue } from '../src/bam/concept/significance.js'
import { conceptScore } from '../src/bam/concept/vectors.js'
import type { BamEntry, BamSet, BamSource } from '../src/bam/source.js'

const runtime = nodeRuntime({ threads: 1 })
const models: Model[] = []
const modelOf = (graph: Graph): Model => {
  const model = new Model(graph, { runtime, name: 'test' })
  models.push(model)
  return model
}
afterAll(async () => {
  await Promise.all(models.map(model => model.dispose()))
  await runtime.dispose()
})

const normals = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.normal())
const weights = (random: Random, dims: number[], scale: number): Tensor =>
  Tensor.float32(
    dims,
    normals(
      random,
      dims.reduce((a, b) => a * b),
    ).map(value => scale * value),
  )

const width = 20

/** x [N, 20] -> hidden = x A -> logits [N, 3] = hidden B; A reflects, and class 1 is minus class 0. */
function linear() {
  const random = new Random(3)
  const normal = normals(random, width)
  const square = normal.reduce((sum, value) => sum + value * value, 0)
  const a = normal.flatMap((u, i) => normal.map((v, j) => (i === j ? 1 : 0) - (2 * u * v) / square))
  const b = normals(random, width)
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['N', width])
  const hidden = builder.emit('MatMul', [x, builder.constant(Tensor.float32([width, width], a))])
  const head = b.flatMap(value => [value, -value, random.normal()])
  builder.output(builder.emit('MatMul', [hidden, builder.constant(Tensor.float32([width, 3], head))]))
  // The input direction that moves class 0 most: A b.
  const direction = normal.map((_, i) => b.reduce((sum, value, j) => sum + a[i * width + j]! * value, 0))
  return { graph: inferShapes(builder.build()), hidden, direction }
}

/** A convolutional net with a residual block; every layer's name is given. */
function residual(): { graph: Graph; stem: string; block: string; down: string; pooled: string; output: string } {
  const random = new Random(5)
  const b = new GraphBuilder()
  const x = b.input('picture', 'float32', ['N', 3, 8, 8])
  const conv = (input: string, from: number, to: number, stride = 1): string =>
    b.emit('Conv', [input, b.constant(weights(random, [to, from, 3, 3], 0.3)), b.constant(weights(random, [to], 0.1))], {
      pads: [1, 1, 1, 1],
      strides: [stride, stride],
    })
  const stem = b.emit('Relu', [conv(x, 3, 6)])
  const inside = b.emit('Relu', [conv(stem, 6, 6)])
  const block = b.emit('Relu', [b.emit('Add', [stem, conv(inside, 6, 6)])])
  const down = b.emit('Relu', [conv(block, 6, 9, 2)])
  const pooled = b.emit('Flatten', [b.emit('GlobalAveragePool', [down])])
  const output = b.emit('MatMul', [pooled, b.constant(weights(random, [9, 4], 1))])
  b.output(output)
  return { graph: inferShapes(b.build()), stem, block, down, pooled, output }
}

const rowsOf = (dims: number[], rows: readonly (readonly number[])[]): Rows => ({ dims, data: Float32Array.from(rows.flat()) })

describe('values and gradients at a layer', () => {
  const { graph, stem, block, down, output } = residual()
  const model = modelOf(graph)
  const random = new Random(7)
  const pictures = Array.from({ length: 11 }, () => normals(random, 192))
  const rows = rowsOf([1, 3, 8, 8], pictures)

  test('are those of a slow evaluation and of differences', async () => {
    const layers = [stem, block, down, output]
    const values = await layerValues(model, rows, layers)
    const gradients = await layerGradients(model, rows, layers, 2)
    for (const index of [0, 10]) {
      const feeds = { picture: ndarray([1, 3, 8, 8], rows.data.subarray(index * 192, (index + 1) * 192)) }
      const slow = evaluate(graph, feeds, layers)
      for (const layer of layers) {
        const at = slow.get(layer)!
        expect(values[layer]).toHaveLength(11)
        const own = values[layer]![index]!
        at.data.forEach((value, i) => {
          expect(Math.abs(own[i]! - value)).toBeLessThan(1e-5)
        })
        for (let i = 0; i < at.data.length; i += 29) {
          const logit = (h: number): number => {
            const moved = ndarray(
              at.dims,
              at.data.map((value, k) => (k === i ? value + h : value)),
            )
            return evaluate(graph, { ...feeds, [layer]: moved }, [output]).get(output)!.data[2]!
          }
          const slope = at.data[i] === 0 ? (logit(1e-6) - logit(0)) / 1e-6 : (logit(1e-6) - logit(-1e-6)) / 2e-6
          expect(Math.abs(gradients[layer]![index]![i]! - slope)).toBeLessThan(1e-5)
        }
      }
    }
  })

  test('are refused for a class or a layer that the model does not have', async () => {
    await expect(layerGradients(model, rows, [down], 4)).rejects.toThrow(
      "class 4 is out of range: the model's output has 4 classes",
    )
    await expect(layerValues(model, rows, ['nowhere'])).rejects.toThrow('no tensor "nowhere"')
  })

  test('layers are found at the ends of stages, outside residual branches', () => {
    expect(bottleneckLayers(model, [1, 3, 8, 8])).toEqual([stem, block, down])
    expect(bottleneckLayers(model, [1, 3, 8, 8], 2)).toEqual([block, down])
    expect(bottleneckLayers(model, [1, 3, 8, 8], 1)).toEqual([down])
    const flat = linear()
    expect(bottleneckLayers(modelOf(flat.graph), [1, width])).toEqual([flat.hidden])
  })
})

test.each(architectures.filter(({ reads }) => reads === 'picture').map(one => [one.name, one] as const))(
  '%s has four layers with places',
  (_, { build, options }) => {
    const builder = new GraphBuilder()
    const input = builder.input('input', 'float32', ['batch', 3, 64, 64])
    const defaults = Object.fromEntries(Object.entries(options).map(([name, spec]) => [name, spec.default]))
    const logits = build(new Network(builder, undefined, constantValues()), [input], { row: [3, 64, 64], classes: 10 }, defaults)
    builder.output(logits)
    const model = modelOf(inferShapes(builder.build()))
    const layers = bottleneckLayers(model, [1, 3, 64, 64])
    expect(new Set(layers).size).toBe(4)
    const graph = model.batching({ input: [1, 3, 64, 64] }).graph(2)
    for (const layer of layers) {
      const dims = graph.dims(layer)!
      expect(dims[0]).toBe(2)
      expect(dims.length).toBeGreaterThan(2)
    }
  },
)

describe('the classifier', () => {
  test('is at the minimum of the regularised loss', () => {
    const random = new Random(1)
    const rows = Array.from({ length: 24 }, (_, i) => normals(random, 3).map((value, k) => value * (k + 1) + (i < 12 ? 1 : 0)))
    const products = Float64Array.from({ length: 24 * 24 }, (_, at) => {
      const [a, b] = [rows[Math.floor(at / 24)]!, rows[at % 24]!]
      return a.reduce((sum, value, k) => sum + value * b[k]!, 0)
    })
    const chosen = Array.from({ length: 20 }, (_, i) => i + 2)
    for (const alpha of [1e-3, 0.1, 10]) {
      const { weights: own, intercept } = logisticRegression(products, 24, chosen, row => row < 12, alpha)
      expect([own[0], own[1], own[22], own[23]]).toEqual([0, 0, 0, 0])
      const w = [0, 1, 2].map(k => rows.reduce((sum, row, i) => sum + own[i]! * row[k]!, 0))
      const slope = [0, 0, 0, 0]
      for (const i of chosen) {
        const score = w.reduce((sum, value, k) => sum + value * rows[i]![k]!, intercept)
        const error = 1 / (1 + Math.exp(-score)) - (i < 12 ? 1 : 0)
        rows[i]!.forEach((value, k) => {
          slope[k]! += (error * value) / 20
        })
        slope[3]! += error / 20
      }
      for (const k of [0, 1, 2]) expect(Math.abs(slope[k]! + alpha * w[k]!)).toBeLessThan(1e-9)
      expect(Math.abs(slope[3]!)).toBeLessThan(1e-9)
    }
  })
})

describe('significance', () => {
  test('has the values of the tables', () => {
    expect(incompleteBeta(0.5, 2, 3)).toBeCloseTo(0.6875, 12)
    expect(incompleteBeta(0.9, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(0.9)), 12)
    // The two-sided 5% point of Student's t with 10 degrees of freedom is 2.228139.
    expect(incompleteBeta(10 / (10 + 2.228139 ** 2), 5, 0.5)).toBeCloseTo(0.05, 7)
    // Equal sizes and variances: t = -1.224745 with 4 degrees of freedom.
    expect(welchPValue([1, 2, 3], [2, 3, 4])).toBeCloseTo(0.2878641, 6)
    expect([welchPValue([1, 1], [1, 1]), welchPValue([1, 1], [0, 0])]).toEqual([1, 0])
    expect(permutationPValue(-2, [1, -3, 2, 0])).toBe(3 / 5)
  })
})

describe('concept scores', () => {
  const { graph, hidden, direction } = linear()
  const model = modelOf(graph)
  const size = Math.hypot(...direction)
  const examples = (stream: number, shift: number): Rows => {
    const random = new Random(11, stream)
    const row = (): number[] => normals(random, width).map((value, k) => value + (shift * direction[k]!) / size)
    return rowsOf([1, width], Array.from({ length: 40 }, row))
  }
  const question = { inputs: examples(1, 0), target: 0, concept: examples(2, 3), random: examples(3, 0) }
  const options = { runs: 6, permutations: 39 }

  test('are 1 and 0 for a planted concept, and agree with its known direction', async () => {
    const found = await conceptScores(model, question, { ...options, layers: [hidden] })
    const [layer] = found.layers
    expect(layer).toMatchObject({ layer: hidden, score: 1, deviation: 0, permutationPValue: 1 / 40 })
    expect(layer!.pValue).toBeLessThan(0.05)
    expect(layer!.accuracy).toBeGreaterThan(0.8)
    // The derivative along the unit direction itself is the length of the class's weights.
    expect(layer!.derivative).toBeGreaterThan(0.75 * size)
    expect(layer!.derivative).toBeLessThan(size)
    const opposite = await conceptScores(model, { ...question, target: 1 }, { ...options, layers: [hidden] })
    expect(opposite.score).toBe(0)
    expect(opposite.derivative).toBeCloseTo(-found.derivative, 10)
    expect(conceptContrast(found, opposite)).toEqual({ score: 1, layers: [1] })
    expect(found.examples).toEqual({ inputs: 40, concept: 40, random: 40 })
    expect(await conceptScores(model, question, { ...options, layers: [hidden] })).toEqual(found)
  })

  test('are about one half and not significant for a concept that is none', () => {
    const random = new Random(21)
    const rows = (count: number): Float32Array[] => Array.from({ length: count }, () => Float32Array.from(normals(random, 10)))
    const scores: number[] = []
    let significant = 0
    for (let trial = 0; trial < 40; trial++) {
      const data = { concept: rows(30), random: rows(30), gradients: rows(25) }
      const found = conceptScore(data, { runs: 3, permutations: 39, seed: trial })
      scores.push(found.score)
      if (found.permutationPValue <= 0.05) significant++
      expect(found.accuracy).toBeLessThan(0.8)
    }
    expect(Math.abs(scores.reduce((a, b) => a + b) / 40 - 0.5)).toBeLessThan(0.05)
    expect(significant).toBeLessThanOrEqual(4)
  })

  test('of pictures, at layers that are found', async () => {
    // The logit of class 0 grows with red, of class 1 with blue; a picture of the concept is redder.
    const b = new GraphBuilder()
    const x = b.input('picture', 'float32', ['N', 3, 8, 8])
    const kernel = Tensor.float32([4, 3, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1])
    const relu = b.emit('Relu', [b.emit('Conv', [x, b.constant(kernel)])])
    const pooled = b.emit('Flatten', [b.emit('GlobalAveragePool', [relu])])
    b.output(b.emit('MatMul', [pooled, b.constant(Tensor.float32([4, 2], [5, -5, 0, 0, -5, 5, 0, 0]))]))
    const red = modelOf(inferShapes(b.build()))
    const pictures = (stream: number, more: number): Uint8Array[] => {
      const random = new Random(31, stream)
      return Array.from({ length: 24 }, () =>
        Uint8Array.from({ length: 192 }, (_, i) => 50 + random.integer(100) + (i % 3 === 0 ? more : 0)),
      )
    }
    const rows = (stream: number, more: number): Rows => pictureRows(pictures(stream, more), 8, plainPreprocessing)
    expect(rows(1, 0).data[64]).toBe(Math.fround(pictures(1, 0)[0]![1]! / 255))
    const found = await conceptScores(
      red,
      { inputs: rows(1, 0), target: 0, concept: rows(2, 60), random: rows(3, 0) },
      { runs: 2, permutations: 19 },
    )
    expect(found.layers.map(({ layer }) => layer)).toEqual([relu])
    expect([found.score, found.accuracy]).toEqual([1, 1])
    await expect(
      conceptScores(red, {
        inputs: rows(1, 0),
        target: 0,
        concept: pictureRows(pictures(1, 0).slice(0, 3), 8, plainPreprocessing),
        random: rows(3, 0),
      }),
    ).rejects.toThrow('3 concept examples; a classifier needs at least 4')
  })
})

test('the concept of BAM is the dog on scenes that are not explained, beside the same scenes without it', async () => {
  // obj holds 2 objects on 3 scenes in 4 instances; a picture is its set, scene and instance.
  const entries = (objects: (number | null)[], scenes: number[]): BamEntry[] =>
    scenes.flatMap(scene => objects.flatMap(object => [0, 1, 2, 3].map(instance => ({ object, scene, instance }))))
  const sets: Partial<Record<BamSet, BamEntry[]>> = {
    obj: entries([0, 1], [0, 1, 2]),
    scene_only: entries([null], [0, 1, 2]),
    dog_bedroom: entries([1], [2]),
  }
  const source: BamSource = {
    kind: 'test',
    size: 1,
    objects: ['cat', 'dog'],
    scenes: ['hall', 'lane', 'bedroom'],
    roles: { dog: 1, bedroom: 2, bambooForest: 0 },
    digest: '',
    count: set => sets[set]?.length ?? 0,
    entry: (set, _split, index) => sets[set]![index]!,
    picture: (set, _split, index) => {
      const { object, scene, instance } = sets[set]![index]!
      return { pixels: Uint8Array.of(object === null ? 0 : object + 1, scene, instance), mask: null, box: null }
    },
    find: (set, _split, { object, scene, instance }) => {
      const at = sets[set]!.findIndex(one => one.object === object && one.scene === scene && one.instance === instance)
      return at < 0 ? undefined : at
    },
  }
  const plain = { ...plainPreprocessing, scale: 1 }
  const all = await dogConcept(source, { preprocessing: plain })
  expect(all.inputs.data).toHaveLength(4 * 3)
  expect(all.concept.data).toHaveLength(8 * 3)
  const some = await dogConcept(source, { preprocessing: plain, examples: 5, inputs: [3], seed: 2 })
  expect([...some.inputs.data]).toEqual([2, 2, 3])
  const triples = ({ data }: Rows): number[][] =>
    Array.from({ length: data.length / 3 }, (_, i) => [...data.slice(3 * i, 3 * i + 3)])
  const [concept, random] = [triples(some.concept), triples(some.random)]
  expect(new Set(concept.map(String)).size).toBe(5)
  concept.forEach(([object, scene, instance], i) => {
    expect(object).toBe(2)
    expect(scene).not.toBe(2)
    expect(random[i]).toEqual([0, scene, instance])
  })
})
