/** @file Targets: places, boxes, tokens, elements and functions of the outputs, in the graph and in double precision. */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { afterAll, describe, expect, it } from 'vitest'
import {
  compileExplanation,
  explain,
  float32,
  graphTarget,
  type MaskedTarget,
  methodNamed,
  prepare,
  Random,
  resolveTarget,
  type Target,
  type TargetFunction,
  targetForms,
  targetSyntax,
  UsageError,
} from '../src/index.js'
import { build, modelOf, testRuntime } from './support/models.js'

afterAll(() => testRuntime().dispose())

const random = new Random(3)
const numbers = (count: number): number[] => Array.from({ length: count }, () => random.normal())

/** y = x: the gradient of a target is its own gradient in the scores. */
const identity = (dims: readonly number[]) => build({ x: ['batch', ...dims.slice(1)] }, (b, x) => b.emit('Mul', [x!, b.float(1)]))

async function explained(dims: number[], scores: number[], target: Target) {
  const model = modelOf(identity(dims))
  const found = await explain(model, { x: float32(dims, scores) }, 'gradient', { target })
  // The same value where many points are swept, in double precision.
  const evaluator = await prepare(model, { x: float32(dims, scores) }, { target })
  const twice = await evaluator.forward({ x: Float32Array.from([...scores, ...scores]) }, 2)
  expect([...twice]).toEqual([found.value, found.value])
  const [of] = (await evaluator.gradient(evaluator.point, 1)).values
  expect(of).toBeCloseTo(found.value, 5)
  await model.dispose()
  return found
}

const close = (found: ArrayLike<number>, expected: readonly number[], digits = 5) => {
  expect(found.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) expect(found[i], `element ${i}`).toBeCloseTo(expected[i]!, digits)
}

describe('segmentation', () => {
  const [classes, height, width] = [3, 2, 4]
  const places = height * width
  const scores = numbers(classes * places)
  const nchw = [1, classes, height, width]
  const nhwc = [1, height, width, classes]
  const asLast = Array.from({ length: classes * places }, (_, i) => scores[(i % classes) * places + Math.floor(i / classes)]!)
  const at = (c: number, place: number): number => scores[c * places + place]!
  const best = Array.from({ length: places }, (_, place) =>
    [0, 1, 2].reduce((most, c) => (at(c, place) > at(most, place) ? c : most), 0),
  )
  const wanted = best[0]!

  it('mean over the places where the class is the largest: value and gradient', async () => {
    const inside = best.flatMap((c, place) => (c === wanted ? [place] : []))
    const found = await explained(nchw, scores, `mean:${wanted}@predicted,axis=1`)
    expect(found.value).toBeCloseTo(inside.reduce((sum, place) => sum + at(wanted, place), 0) / inside.length, 6)
    close(
      found.values,
      scores.map((_, i) => (Math.floor(i / places) === wanted && inside.includes(i % places) ? 1 / inside.length : 0)),
    )
    expect(found.target.description).toBe(
      `logit of class ${wanted}, mean over the ${inside.length} places where it is the largest`,
    )
  })

  it('a box, its ends outside, with probabilities over the classes of each place, NCHW and NHWC', async () => {
    const inside = [1, 2, 5, 6]
    const p = (c: number, place: number): number =>
      Math.exp(at(c, place)) / [0, 1, 2].reduce((sum, other) => sum + Math.exp(at(other, place)), 0)
    const value = inside.reduce((sum, place) => sum + p(1, place), 0)
    const slope = (c: number, place: number): number =>
      inside.includes(place) ? p(1, place) * (Number(c === 1) - p(c, place)) : 0
    const first = await explained(nchw, scores, 'softmax:sum:1@0,1,2,3,axis=1')
    expect(first.value).toBeCloseTo(value, 6)
    close(
      first.values,
      scores.map((_, i) => slope(Math.floor(i / places), i % places)),
    )
    const last = await explained(nhwc, asLast, 'softmax:sum:1@0,1,2,3,axis=-1')
    expect(last.value).toBeCloseTo(value, 6)
    close(
      last.values,
      asLast.map((_, i) => slope(i % classes, Math.floor(i / classes))),
    )
  })

  it('a mask weighs places; a difference of classes; predicted is the commonest class', async () => {
    const mask = float32([height, width], [0, 0.5, 0, 0, 1, 0, 0, 0])
    const target: MaskedTarget = { text: 'mean:0-2,axis=1', mask }
    const found = await explained(nchw, scores, target)
    expect(found.value).toBeCloseTo((0.5 * (at(0, 1) - at(2, 1)) + at(0, 4) - at(2, 4)) / 1.5, 6)
    const count = [0, 1, 2].map(c => best.filter(one => one === c).length)
    const common = count.indexOf(Math.max(...count))
    expect((await explained(nchw, scores, 'mean:predicted@all,axis=1')).value).toBeCloseTo(
      best.reduce((sum, _, place) => sum + at(common, place), 0) / places,
      6,
    )
  })
})

describe('the axis of classes', () => {
  const first = (dims: number[], target: string, labels?: string[]) => {
    const classCount = dims.reduce((a, b) => a * b)
    const scores = new Float32Array(classCount)
    const { classes } = resolveTarget(target, { output: 'y', classCount, dims, scores, ...(labels ? { labels } : {}) })
    return classes[0]!.index
  }

  it.each([
    [[1, 21, 10, 10], 'sum:3@all', undefined, 300],
    [[1, 10, 10, 21], 'sum:3@all', undefined, 3],
    [[1, 4, 7, 9], 'sum:3@all', undefined, 189],
    [[1, 7, 9, 4], 'sum:3@all', undefined, 3],
    [[1, 5, 5, 5], 'sum:3@all,axis=1', undefined, 75],
    [[1, 9, 6], 'sum:3@all', undefined, 3],
    [[1, 3, 8], 'sum:1@all', ['a', 'b', 'c'], 8],
    [[1, 6, 20], 'box:7/2', undefined, 47],
    [[1, 20, 6], 'box:7/2', undefined, 44],
    [[1, 20, 7], 'box:7/label:b', ['a', 'b', 'c'], 54],
    [[1, 20, 7], 'box:7/coordinate:2', ['a', 'b', 'c'], 51],
    [[1, 7, 20], 'box:7/2,first=4', undefined, 127],
  ])('%j %s', (dims, target, labels, expected) => {
    expect(first(dims, target, labels)).toBe(expected)
  })

  it('is an error where it cannot be told', () => {
    expect(() => first([1, 5, 5, 5], 'sum:3@all')).toThrow('add ,axis=1 or ,axis=3 to the target')
    expect(() => first([1, 6, 6], 'box:0/1')).toThrow('add ,axis=1 or ,axis=2 to the target')
  })
})

describe('boxes, elements, tokens', () => {
  it('the best box of a class in [1, numbers, boxes], and a coordinate', async () => {
    const scores = [9, 9, 9, 9, 0.1, 0.3, 0.2, 0.9, 0.8, 0.9, 0.1, 0.2]
    const found = await explained([1, 3, 4], scores, 'box:best/0,first=1,axis=1')
    expect(found.target.description).toBe('logit of class 0 in box 3')
    expect(found.value).toBeCloseTo(0.9, 6)
    expect([...found.values].indexOf(1)).toBe(7)
    expect((await explained([1, 3, 4], scores, 'box:2/predicted,first=1,axis=1')).value).toBeCloseTo(0.2, 6)
    expect((await explained([1, 3, 4], scores, 'box:best/predicted,first=1,axis=1')).target.description).toContain('box 1')
    expect((await explained([1, 3, 4], scores, 'box:1/coordinate:0,axis=1')).value).toBe(9)
  })

  it('the whole prediction: minus its divergence, up to the entropy of the prediction for the input', async () => {
    const [x, y] = [
      [1, -0.5, 0.25, 2],
      [0.3, 0.4, -1, 0.2],
    ]
    const softmax = (z: number[]): number[] => {
      const sum = z.reduce((all, one) => all + Math.exp(one), 0)
      return z.map(one => Math.exp(one) / sum)
    }
    const [p, q] = [softmax(x!), softmax(y!)]
    const model = modelOf(identity([1, 4]))
    const evaluator = await prepare(model, { x: float32([1, 4], x!) }, { target: 'kl' })
    const found = await evaluator.gradient({ x: Float32Array.from([...x!, ...y!]) }, 2)
    const entropy = -p!.reduce((sum, value) => sum + value * Math.log(value), 0)
    const divergence = p!.reduce((sum, value, i) => sum + value * Math.log(value / q![i]!), 0)
    close(found.values, [-entropy, -entropy - divergence])
    // Of sum_j p_j log q_j: p - q.
    close(found.gradients['x']!, [0, 0, 0, 0, ...p!.map((value, i) => value - q![i]!)])
    expect((await evaluator.forward({ x: Float32Array.from(y!) }, 1))[0]).toBeCloseTo(-entropy - divergence, 6)
    await expect(prepare(model, { x: float32([1, 4], x!) }, { target: 'kl:2' })).rejects.toThrow('kl stands alone')
  })

  it('the only number, and elements by their indices', async () => {
    expect((await explained([1, 1], [2.5], 'value')).value).toBe(2.5)
    expect((await explained([1, 2, 3], [0, 1, 2, 3, 4, 5], 'index:1,-1')).value).toBe(5)
    expect((await explained([1, 2, 3], [0, 1, 2, 3, 4, 5], 'index:[0,1,0]')).value).toBe(3)
  })

  it('log probabilities of the tokens that the input ends with', async () => {
    const [positions, words] = [4, 3]
    const scores = numbers(positions * words)
    const row = (p: number) => scores.slice(p * words, (p + 1) * words)
    const logP = (p: number, word: number): number => row(p)[word]! - Math.log(row(p).reduce((sum, z) => sum + Math.exp(z), 0))
    const dims = [1, positions, words]
    const several = await explained(dims, scores, 'tokens:2,0')
    expect(several.value).toBeCloseTo(logP(1, 2) + logP(2, 0), 6)
    close(
      several.values,
      scores.map((_, i) => {
        const [p, word] = [Math.floor(i / words), i % words]
        const wanted = p === 1 ? 2 : p === 2 ? 0 : undefined
        return wanted === undefined ? 0 : Number(word === wanted) - Math.exp(logP(p, word))
      }),
    )
    expect((await explained(dims, scores, 'tokens:0/2,0')).value).toBeCloseTo(logP(0, 2) + logP(1, 0), 6)
    // Tokens 2, 0 rather than 1, 0: what both have in the same place cancels.
    expect((await explained(dims, scores, 'tokens:2,0-1,0')).value).toBeCloseTo(row(1)[2]! - row(1)[1]!, 6)
    const longer = await explained(dims, scores, 'tokens:1/2-1,2,1')
    expect(longer.value).toBeCloseTo(logP(1, 2) - logP(1, 1) - logP(2, 2) - logP(3, 1), 6)
    expect(longer.target.description).toMatch(/tokens 2 at positions 1 to 1, summed, minus tokens 1, 2, 1$/)
    const next = await explained(dims, scores, 'softmax:token:-1/1')
    expect(next.value).toBeCloseTo(Math.exp(logP(3, 1)), 6)
    expect((await explained(dims, scores, 'token:1/0-2')).value).toBeCloseTo(row(1)[0]! - row(1)[2]!, 6)
  })
})

/** Two outputs: a [batch, 2] = 2 x, b [batch, 2, 2] = x x^T. */
function twoOutputs() {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['batch', 2])
  builder.output(
    builder.append({ domain: '', operator: 'Mul', name: 'a', inputs: [x, builder.float(2)], outputs: ['a'], attributes: {} }) ??
      'a',
  )
  const [column, line] = [builder.emit('Unsqueeze', [x, builder.ints([2])]), builder.emit('Unsqueeze', [x, builder.ints([1])])]
  builder.append({ domain: '', operator: 'MatMul', name: 'b', inputs: [column, line], outputs: ['b'], attributes: {} })
  builder.output('b')
  return inferShapes(builder.build())
}

/** a_0 + sum b^2 = 2 x_0 + (x_0^2 + x_1^2)^2. */
const both: TargetFunction = {
  describe: 'a_0 + sum b^2',
  outputs: ['a', 'b'],
  build: (builder, { a, b }, _, rows) => {
    const squares = builder.emit('ReduceSum', [builder.emit('Mul', [b!, b!]), builder.ints([1, 2])], { keepdims: 0 })
    const first = builder.emit('Slice', [a!, builder.ints([0]), builder.ints([1]), builder.ints([1])])
    return builder.emit('Add', [builder.emit('Reshape', [first, builder.ints([rows])]), squares])
  },
  value: ({ a, b }) => a!.data[0]! + b!.data.reduce((sum, one) => sum + one * one, 0),
}

/** The same as a graph; `dims` of its batch. */
function bothAsGraph(batch: number | string) {
  const builder = new GraphBuilder()
  const a = builder.input('a', 'float32', [batch, 2])
  const b = builder.input('b', 'float32', [batch, 2, 2])
  const squares = builder.emit('ReduceSum', [builder.emit('Mul', [b, b]), builder.ints([1, 2])], { keepdims: 0 })
  const first = builder.emit('Gather', [a, builder.constant(Tensor.from('int64', [], [0]))], { axis: 1 })
  builder.output(builder.emit('Add', [first, squares]))
  return inferShapes(builder.build({ name: 'both' }))
}

describe('functions of the outputs', () => {
  const [x0, x1] = [0.5, -1.5]
  const norm = x0 * x0 + x1 * x1
  const targets: [string, TargetFunction][] = [
    ['written', both],
    ['as a graph', graphTarget(bothAsGraph('batch'))],
    ['as a graph of one row', graphTarget(bothAsGraph(1))],
  ]

  it.each(targets)('%s, of two outputs: value, gradient, differences', async (_, target) => {
    const model = modelOf(twoOutputs())
    const x = float32([1, 2], [x0, x1])
    const found = await explain(model, { x }, 'gradient', { target })
    expect(found.value).toBeCloseTo(2 * x0 + norm * norm, 6)
    close(found.values, [2 + 4 * norm * x0, 4 * norm * x1])
    const path = await explain(model, { x }, 'integrated-gradients', { target, options: { points: 20 } })
    expect(path.baselineValue).toBeCloseTo(0, 6)
    expect(Math.abs(path.residual!)).toBeLessThan(1e-4)
    const removed = await explain(model, { x }, 'exact-shapley', { target, options: { segments: 'elements' } })
    const [only0, only1] = [2 * x0 + x0 ** 4, x1 ** 4]
    close(removed.values, [(only0 + 2 * x0 + norm * norm - only1) / 2, (only1 + 2 * x0 + norm * norm - only0) / 2])
    await model.dispose()
  })

  it('can be compiled', () => {
    const model = modelOf(twoOutputs())
    const graph = compileExplanation(model, methodNamed('gradient'), { target: both })
    expect(graph.outputs.map(({ name }) => name)).toEqual(['attribution', 'value'])
  })

  it('an output that the model lacks is an error, and so is a compiled target that looks at scores', () => {
    const context = { output: 'y', classCount: 8, dims: [1, 2, 4], outputs: { y: [1, 2, 4] } }
    expect(() => resolveTarget({ ...both, outputs: ['z'] }, context)).toThrow('no such output')
    expect(() => resolveTarget('token:-1/predicted', context)).toThrow('name the class or box')
  })
})

describe('what is refused', () => {
  const context = { output: 'y', classCount: 24, rowClasses: 4, dims: [1, 3, 2, 4], scores: new Float32Array(24).fill(1, 0, 8) }

  it.each([
    ['men:3@all', 'did you mean "mean"?'],
    ['mean:3@predicted,axis=1', 'class 3 is out of range'],
    ['mean:2@predicted,axis=1', 'is the largest at no place'],
    ['mean:0-1@predicted,axis=1', 'two classes have no common region'],
    ['mean:0@0,0,9,9,axis=1', 'region "0,0,9,9" is not understood'],
    ['mean:0@predictd,axis=1', 'did you mean "predicted"?'],
    ['mean:0@mask,axis=1', '@mask needs a mask'],
    ['mean:0@all,axis=4', 'axis 4 is out of range'],
    ['index:0,0,9', 'no such element; the output is [1,3,2,4]'],
    ['box:0/1', 'boxes are [1, boxes, classes]'],
    ['value', 'the output has 24 numbers'],
    ['token:6/1', 'there is no position "6"'],
    ['tokens:1,2,3,0,1,2,3', '7 tokens do not fit the 6 positions'],
    ['tokens:1-2-3', 'compared with one other sequence'],
    ['tokens:1,2-1,2', 'the two sequences are the same'],
    ['tokens:1-1,2,3,0,1,2,3', '7 tokens do not fit'],
    ['tokens:9', 'tokens are ids between commas, each below 4'],
    ['log-odds:token:0/1-2', 'log-odds needs one class'],
    ['softmax:index:0,0,1', 'softmax is over several classes, and this is one number by itself'],
  ])('%s', (target, message) => {
    expect(() => resolveTarget(target, context)).toThrow(UsageError)
    expect(() => resolveTarget(target, context)).toThrow(message)
  })

  it('every form has an example that is read, and stands in the list for users', () => {
    const shapes: Record<string, number[]> = {
      mean: [1, 20, 40, 40],
      sum: [1, 20, 40, 40],
      box: [1, 9, 30],
      value: [1, 1],
      index: [1, 1, 3],
    }
    for (const [name, form] of Object.entries(targetForms)) {
      const dims = shapes[name] ?? [1, 4, 3000]
      const classCount = dims.reduce((a, b) => a * b)
      const scores = new Float32Array(classCount).fill(1, name === 'mean' ? 15 * 1600 : 0)
      const target = resolveTarget(form.example, { output: 'y', classCount, dims, scores })
      expect(target.classes.length, name).toBeGreaterThan(0)
      expect(targetSyntax.map(([syntax]) => syntax)).toContain(form.syntax)
    }
  })
})
