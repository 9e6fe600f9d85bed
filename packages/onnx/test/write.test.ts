/** @file Writing: what is written reads back as it was, and ONNX Runtime finds weights left in the user's file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { type DataType, decodeModel, encodeModel, Graph, GraphBuilder, Tensor } from '../src/index.js'
import { readModelFile } from '../src/node.js'

const wave = (count: number): number[] => Array.from({ length: count }, (_, i) => Math.fround(Math.sin(i * 0.7)))

function network(): Graph {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['N', 3, 8, 8])
  const conv = builder.emit('Conv', [
    x,
    builder.constant(Tensor.float32([16, 3, 3, 3], wave(432)), 'w'),
    builder.constant(Tensor.float32([16], wave(16)), 'b'),
  ])
  const pooled = builder.emit('Flatten', [builder.emit('GlobalAveragePool', [builder.emit('Relu', [conv])])])
  builder.output(builder.emit('MatMul', [pooled, builder.constant(Tensor.float32([16, 20], wave(320)), 'v')]), 'float32', [
    'N',
    20,
  ])
  return builder.build({ metadata: new Map([['note', 'kept']]) })
}

const input = (): OrtTensor => new OrtTensor('float32', Float32Array.from(wave(192)), [1, 3, 8, 8])

async function run(session: InferenceSession): Promise<number[]> {
  const result = await session.run({ x: input() })
  await session.release()
  return Array.from(Object.values(result)[0]!.data as Float32Array)
}

describe('a written model', () => {
  it('with weights by reference loads from bytes and gives the same numbers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ascribe-write-'))
    try {
      const path = join(folder, 'model.onnx')
      writeFileSync(path, encodeModel(network()))
      const graph = readModelFile(path)
      const referring = encodeModel(graph, { weights: 'reference' })
      const embedding = encodeModel(graph)
      expect(referring.length).toBeLessThan(embedding.length - 2500)
      const extra = { session: { model_external_initializers_file_folder_path: folder } }
      const fromReference = await run(await InferenceSession.create(referring, { extra }))
      expect(fromReference).toEqual(await run(await InferenceSession.create(embedding)))
      expect(Math.max(...fromReference.map(Math.abs))).toBeGreaterThan(0.01)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('with a weight changed embeds that weight and refers to the rest', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ascribe-write-'))
    try {
      const path = join(folder, 'model.onnx')
      writeFileSync(path, encodeModel(network()))
      const graph = readModelFile(path)
      const edited = graph.with({
        initializers: new Map([...graph.initializers, ['w', Tensor.float32([16, 3, 3, 3], new Array(432).fill(0.5))]]),
      })
      const raw = decodeModel(encodeModel(edited, { weights: 'reference' }))
      expect(raw.graph.initializers.get('v')!.origin!.location).toBe('model.onnx')
      expect(raw.graph.initializers.get('w')!.origin).toBeUndefined()
      expect(raw.graph.initializers.get('w')!.numbers()[7]).toBe(0.5)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('reads back as it was', () => {
    const graph = network()
    const { graph: back } = decodeModel(encodeModel(graph, { values: true }))
    expect(back.name).toBe(graph.name)
    expect(back.nodes).toEqual(graph.nodes)
    expect(back.inputs).toEqual(graph.inputs)
    expect(back.outputs).toEqual(graph.outputs)
    expect(back.opsets).toEqual(graph.opsets)
    expect(back.metadata).toEqual(graph.metadata)
    for (const [name, tensor] of graph.initializers) {
      const other = back.initializers.get(name)!
      expect([other.dtype, other.dims, Array.from(other.bytes)]).toEqual([tensor.dtype, tensor.dims, Array.from(tensor.bytes)])
    }
  })

  it('keeps every kind of attribute and type', () => {
    const inner = new Graph({
      name: 'inner',
      nodes: [{ domain: '', operator: 'Neg', name: 'n', inputs: ['x'], outputs: ['r'], attributes: {} }],
      inputs: [],
      outputs: [{ name: 'r', type: { dtype: 'float32', shape: null } }],
      initializers: new Map(),
      opsets: new Map(),
    })
    const builder = new GraphBuilder()
    const x = builder.input('x', 'float32', ['N', null, 3])
    builder.append({
      domain: 'some.domain',
      operator: 'Everything',
      name: 'e',
      inputs: [x, '', x],
      outputs: ['y', '', 'z'],
      attributes: {
        f: { kind: 'float', value: 0.5 },
        i: { kind: 'int', value: -(2 ** 40) },
        s: { kind: 'string', value: 'grüße' },
        t: { kind: 'tensor', value: Tensor.ints([1, 2]) },
        g: { kind: 'graph', value: inner },
        fs: { kind: 'floats', value: [0.25, -1] },
        is: { kind: 'ints', value: [-1, 7] },
        ss: { kind: 'strings', value: ['a', ''] },
        none: { kind: 'ints', value: [] },
        ty: { kind: 'type', value: { dtype: 'int64', shape: ['K', 2] } },
        gs: { kind: 'graphs', value: [inner] },
      },
    })
    builder.output('y', 'float32', [])
    const graph = builder.build({
      opsets: new Map([
        ['', 21],
        ['some.domain', 3],
      ]),
    })
    const back = decodeModel(encodeModel(graph)).graph
    const strip = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, one: unknown) =>
          one instanceof Tensor
            ? { dtype: one.dtype, dims: one.dims, bytes: [...one.bytes] }
            : one instanceof Graph
              ? { nodes: one.nodes, outputs: one.outputs }
              : one,
        ),
      )
    expect(strip(back.nodes)).toEqual(strip(graph.nodes))
    expect(back.inputs).toEqual(graph.inputs)
    expect(back.outputs).toEqual(graph.outputs)
    expect(back.opsets).toEqual(graph.opsets)
  })

  it('keeps tensors of every type', () => {
    const kinds: readonly DataType[] = [
      'float32',
      'float64',
      'float16',
      'bfloat16',
      'int8',
      'uint8',
      'int16',
      'uint16',
      'int32',
      'uint32',
      'int64',
      'uint64',
      'bool',
      'int4',
      'uint4',
    ]
    const initializers = new Map(kinds.map(dtype => [dtype as string, Tensor.from(dtype, [3], [0, 1, 1])]))
    initializers.set('text', Tensor.strings([2], ['a', 'ü']))
    const graph = new Graph({ nodes: [], inputs: [], outputs: [], initializers })
    const back = decodeModel(encodeModel(graph)).graph.initializers
    for (const dtype of kinds) {
      expect(back.get(dtype)!.dtype).toBe(dtype)
      expect(Array.from(back.get(dtype)!.numbers())).toEqual([0, 1, 1])
    }
    expect(back.get('text')!.strings).toEqual(['a', 'ü'])
  })
})
