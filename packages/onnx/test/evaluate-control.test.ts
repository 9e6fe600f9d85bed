/** @file Control flow against ONNX Runtime, and what no table line can say. */
import { describe, expect, it } from 'vitest'
import { evaluate, type Graph, GraphBuilder, type NdArray, NotEvaluableError, ndarray, Tensor } from '../src/index.js'
import { expectClose, generator } from './support/evaluate/compare.js'
import { runOrt } from './support/ort.js'

async function same(graph: Graph, feeds: Record<string, NdArray>): Promise<Map<string, NdArray>> {
  const mine = evaluate(graph, feeds)
  const theirs = await runOrt(graph, feeds)
  for (const { name } of graph.outputs) expectClose(mine.get(name)!, theirs[name]!.dims, theirs[name]!.data, 1e-6, name)
  return mine
}

const random = (seed: number, dims: readonly number[]): NdArray => {
  const next = generator(seed)
  return ndarray(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1),
  )
}

describe('If', () => {
  const graph = (): Graph => {
    const branch = (operator: string): Graph => {
      const inner = new GraphBuilder(undefined, operator)
      inner.output(inner.emit(operator, ['x', 'y']))
      return inner.build()
    }
    const builder = new GraphBuilder()
    builder.input('c', 'bool', [])
    builder.input('x', 'float32', [3])
    builder.input('y', 'float32', [3])
    builder.output(builder.emit('If', ['c'], { then_branch: branch('Add'), else_branch: branch('Mul') }))
    return builder.build()
  }

  it.each([0, 1])('takes the branch of condition %i and sees the outer values', async condition => {
    const feeds = { c: ndarray([], [condition], 'bool'), x: random(1, [3]), y: random(2, [3]) }
    const [result] = [...(await same(graph(), feeds)).values()]
    const expected = feeds.x.data.map((x, i) => (condition ? x + feeds.y.data[i]! : x * feeds.y.data[i]!))
    expect(result!.data).toEqual(expected)
  })
})

describe('Loop', () => {
  /** Adds the outer value `step` to the carried value until it passes 1; scans the value and its square. */
  const graph = (): Graph => {
    const body = new GraphBuilder(undefined, 'body')
    body.input('i', 'int64', [])
    body.input('go', 'bool', [])
    body.input('x', 'float32', [])
    const next = body.emit('Add', ['x', 'step'])
    body.output(body.emit('Less', [next, body.float(1)]), 'bool', [])
    body.output(next, 'float32', [])
    body.output(body.emit('Identity', [next]), 'float32', [])
    body.output(body.emit('Mul', [next, next]), 'float32', [])
    const builder = new GraphBuilder()
    builder.input('n', 'int64', [])
    builder.input('c', 'bool', [])
    builder.input('x0', 'float32', [])
    builder.input('step', 'float32', [])
    for (const name of builder.emitAll('Loop', ['n', 'c', 'x0'], 3, { body: body.build() })) builder.output(name)
    return builder.build()
  }
  const feeds = (n: number, go: number): Record<string, NdArray> => ({
    n: ndarray([], [n], 'int64'),
    c: ndarray([], [go], 'bool'),
    x0: ndarray([], [0]),
    step: ndarray([], [0.375]),
  })

  it('stops at the condition', async () => {
    const [last, values] = [...(await same(graph(), feeds(10, 1))).values()]
    expect(last!.data[0]).toBe(1.125)
    expect([...values!.data]).toEqual([0.375, 0.75, 1.125])
  })

  it('stops at the trip count', async () => {
    expect([...(await same(graph(), feeds(2, 1))).values()][0]!.data[0]).toBe(0.75)
  })

  it('runs no step where told not to', async () => {
    const [last, values] = [...(await same(graph(), feeds(2, 0))).values()]
    expect(last!.data[0]).toBe(0)
    expect(values!.dims).toEqual([0])
  })
})

describe('Scan', () => {
  it.each([
    ['forwards', {}],
    ['backwards', { scan_input_directions: [1], scan_output_directions: [1] }],
    ['other axes', { scan_input_axes: [1], scan_output_axes: [-1] }],
  ])('running sum %s', async (_, options) => {
    const along = 'scan_input_axes' in options ? [2, 4] : [4, 2]
    const body = new GraphBuilder(undefined, 'body')
    body.input('sum', 'float32', [2])
    body.input('x', 'float32', [2])
    const next = body.emit('Add', ['sum', 'x'])
    body.output(next, 'float32', [2])
    body.output(body.emit('Neg', [next]), 'float32', [2])
    const builder = new GraphBuilder()
    builder.input('s0', 'float32', [2])
    builder.input('xs', 'float32', along)
    for (const name of builder.emitAll('Scan', ['s0', 'xs'], 2, { body: body.build(), num_scan_inputs: 1, ...options }))
      builder.output(name)
    const xs = random(3, along)
    const [last] = [...(await same(builder.build(), { s0: ndarray([2], [0, 0]), xs })).values()]
    const first = xs.data.reduce((sum, x, i) => ((along[0] === 4 ? i % 2 : Math.floor(i / 4)) === 0 ? sum + x : sum), 0)
    expect(last!.data[0]).toBeCloseTo(first, 12)
  })
})

/** One node over fed inputs. */
function single(
  operator: string,
  feeds: Record<string, NdArray>,
  names: readonly string[],
  outputs: number,
  attributes = {},
): NdArray[] {
  const builder = new GraphBuilder()
  for (const [name, { dtype, dims }] of Object.entries(feeds)) builder.input(name, dtype, dims)
  const results = builder.emitAll(operator, names, outputs, attributes)
  for (const name of results) builder.output(name)
  const values = evaluate(builder.build(), feeds)
  return results.map(name => values.get(name)!)
}

const transpose = (x: NdArray, perm: readonly number[]): NdArray => single('Transpose', { x }, ['x'], 1, { perm })[0]!

describe('layout 1 of recurrent layers, which ONNX Runtime lacks, is layout 0 transposed', () => {
  it.each([
    ['RNN', 1, 2],
    ['GRU', 3, 2],
    ['LSTM', 4, 3],
  ] as const)('%s', (operator, gates, outputs) => {
    const w = { w: random(4, [2, gates * 5, 2]), r: random(5, [2, gates * 5, 5]) }
    const [x, h, c] = [random(6, [4, 3, 2]), random(7, [2, 3, 5]), random(8, [2, 3, 5])]
    const states: Record<string, NdArray> = operator === 'LSTM' ? { h, c } : { h }
    const names = ['x', 'w', 'r', '', '', ...Object.keys(states)]
    const attributes = { hidden_size: 5, direction: 'bidirectional' }
    const plain = single(operator, { x, ...w, ...states }, names, outputs, attributes)
    const swapped = Object.fromEntries(
      Object.entries({ x, ...states }).map(([name, value]) => [name, transpose(value, [1, 0, 2])]),
    )
    const batchFirst = single(operator, { ...w, ...swapped }, names, outputs, { ...attributes, layout: 1 })
    expect(batchFirst.map(({ dims }) => dims)).toEqual(
      [
        [3, 4, 2, 5],
        [3, 2, 5],
        [3, 2, 5],
      ].slice(0, outputs),
    )
    expect(batchFirst[0]!.data).toEqual(transpose(plain[0]!, [2, 0, 1, 3]).data)
    for (let i = 1; i < outputs; i++) expect(batchFirst[i]!.data).toEqual(transpose(plain[i]!, [1, 0, 2]).data)
  })
})

describe('STFT of a complex signal, where ONNX Runtime reads the window as complex', () => {
  it('is the sum of the transforms of its parts', () => {
    const [re, im, window] = [random(11, [1, 20, 1]), random(12, [1, 20, 1]), random(13, [8])]
    const stft = (signal: NdArray): Float64Array => {
      const feeds = { signal, step: ndarray([], [3], 'int64'), window }
      return single('STFT', feeds, ['signal', 'step', 'window'], 1, { onesided: 0 })[0]!.data
    }
    const signal = ndarray(
      [1, 20, 2],
      Float64Array.from({ length: 40 }, (_, i) => (i % 2 ? im : re).data[Math.floor(i / 2)]!),
    )
    const [a, b] = [stft(re), stft(im)]
    stft(signal).forEach((value, i) => {
      expect(value).toBeCloseTo(i % 2 ? a[i]! + b[i - 1]! : a[i]! - b[i + 1]!, 12)
    })
  })
})

describe('forms of attention that ONNX Runtime does not run on the CPU', () => {
  const [q, k, v] = [random(14, [2, 3, 8]), random(15, [2, 3, 8]), random(16, [2, 3, 8])]
  const named = 'com.microsoft:MultiHeadAttention'
  const [plain] = single(named, { q, k, v }, ['q', 'k', 'v'], 1, { num_heads: 2 })
  /** [2, 3, 2 heads, count, 4]: the parts of each head side by side. */
  const packed = (parts: readonly NdArray[]): NdArray =>
    ndarray(
      [2, 3, 2, parts.length, 4],
      Float64Array.from({ length: 48 * parts.length }, (_, at) => {
        const head = Math.floor(at / (4 * parts.length))
        return parts[Math.floor(at / 4) % parts.length]!.data[head * 4 + (at % 4)]!
      }),
    )

  it('packed query, key and value', () => {
    expect(single(named, { x: packed([q, k, v]) }, ['x'], 1, { num_heads: 2 })[0]!.data).toEqual(plain!.data)
  })

  it('packed key and value', () => {
    expect(single(named, { q, kv: packed([k, v]) }, ['q', 'kv'], 1, { num_heads: 2 })[0]!.data).toEqual(plain!.data)
  })

  it('a mask shorter than the keys hides the rest', () => {
    const heads = { q_num_heads: 2, kv_num_heads: 2 }
    const short = single('Attention', { q, k, v, m: ndarray([1, 2], [1, 1], 'bool') }, ['q', 'k', 'v', 'm'], 1, heads)
    const full = single('Attention', { q, k, v, m: ndarray([1, 3], [1, 1, 0], 'bool') }, ['q', 'k', 'v', 'm'], 1, heads)
    expect(short[0]!.data).toEqual(full[0]!.data)
    expect(short[0]!.data).not.toEqual(plain!.data)
  })
})

describe('what is run', () => {
  /** out = exp(a), other = log(Bernoulli(a)). */
  const graph = (): Graph => {
    const builder = new GraphBuilder()
    builder.input('x', 'float32', [2])
    const a = builder.emit('Neg', ['x'], {}, 'neg')
    builder.output(builder.emit('Exp', [a]))
    builder.output(builder.emit('Bernoulli', [a]))
    return builder.build()
  }

  it('only what the wanted values depend on', () => {
    const { outputs } = graph()
    const feeds = { x: ndarray([2], [0, 1]) }
    expect([...evaluate(graph(), feeds, [outputs[0]!.name]).values()][0]!.data).toEqual(Float64Array.of(1, Math.exp(-1)))
    expect(() => evaluate(graph(), feeds)).toThrow(NotEvaluableError)
  })

  it('a fed intermediate value replaces its node', () => {
    const { outputs, nodes } = graph()
    const fed = evaluate(graph(), { [nodes[0]!.outputs[0]!]: ndarray([1], [2]) }, [outputs[0]!.name])
    expect([...fed.values()][0]!.data[0]).toBe(Math.exp(2))
  })

  it('a wanted value that nothing makes is an error', () => {
    expect(() => evaluate(graph(), {}, ['nowhere'])).toThrow(NotEvaluableError)
  })
})

describe('precision', () => {
  it('erf is good to double precision', () => {
    const x = ndarray([5], [0.5, 1, 2, 3, -4], 'float64')
    const expected = [0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9999779095030014, -0.9999999845827421]
    single('Erf', { x }, ['x'], 1)[0]!.data.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(3e-16)
    })
  })

  it('a million elements broadcast in reasonable time', () => {
    const start = performance.now()
    const [y] = single('Mul', { x: random(9, [1000, 1000]), s: random(10, [1000, 1]) }, ['x', 's'], 1)
    expect(y!.data.length).toBe(1e6)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('what it refuses', () => {
  it.each(['RandomNormal', 'Bernoulli', 'Multinomial', 'ImageDecoder', 'StringNormalizer', 'no.such:Thing'])('%s', operator => {
    expect(() => single(operator, { x: ndarray([1], [1]) }, ['x'], 1)).toThrow(NotEvaluableError)
  })

  it('dropout in training mode', () => {
    const builder = new GraphBuilder()
    builder.input('x', 'float32', [2])
    builder.output(builder.emit('Dropout', ['x', builder.float(0.5), builder.constant(Tensor.from('bool', [], [1]))]))
    expect(() => evaluate(builder.build(), { x: ndarray([2], [1, 2]) })).toThrow(NotEvaluableError)
  })

  it('a value nobody feeds', () => {
    const builder = new GraphBuilder()
    builder.input('x', 'float32', [2])
    builder.output(builder.emit('Neg', ['x']))
    expect(() => evaluate(builder.build(), {})).toThrow(NotEvaluableError)
  })
})
