/** @file Damaged and malicious models: each gives a named error quickly, never a hang, a crash or an untyped exception. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeModel,
  Graph,
  GraphBuilder,
  InvalidGraphError,
  type LocalFunction,
  MalformedModelError,
  type Node,
  normalise,
  OnnxError,
  readModel,
  Tensor,
  UnsupportedModelError,
} from '../src/index.js'

/** Milliseconds of processor time any refusal may take (the clock would count other processes too). */
const patience = 1000

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type Write = (writer: BinaryWriter) => BinaryWriter

const sub =
  (field: number, ...parts: readonly Write[]): Write =>
  writer => {
    writer.tag(field, WireType.LengthDelimited).fork()
    for (const part of parts) part(writer)
    return writer.join()
  }
const text =
  (field: number, value: string): Write =>
  writer =>
    writer.tag(field, WireType.LengthDelimited).string(value)
const int =
  (field: number, value: number | bigint): Write =>
  writer =>
    writer.tag(field, WireType.Varint).int64(BigInt(value))
const bytes =
  (field: number, value: Uint8Array): Write =>
  writer =>
    writer.tag(field, WireType.LengthDelimited).bytes(value)
const finish = (...parts: readonly Write[]): Uint8Array => {
  const writer = new BinaryWriter()
  for (const part of parts) part(writer)
  return writer.finish()
}

/** ModelProto around the parts of a graph. */
const model = (...graph: readonly Write[]): Uint8Array => finish(int(1, 8), sub(7, ...graph), sub(8, int(2, 17)))
const output = (name: string): Write => sub(12, text(1, name))
const node = (operator: string, inputs: readonly string[], outputs: readonly string[], ...rest: readonly Write[]): Write =>
  sub(1, ...inputs.map(name => text(1, name)), ...outputs.map(name => text(2, name)), text(4, operator), ...rest)

function refused(run: () => unknown, kind: typeof OnnxError = OnnxError, message?: RegExp): void {
  const start = cpu()
  let caught: unknown
  try {
    run()
  } catch (error) {
    caught = error
  }
  expect(cpu() - start).toBeLessThan(patience)
  expect(caught).toBeInstanceOf(kind)
  expect((caught as Error).message).not.toContain('\n')
  if (message) expect((caught as Error).message).toMatch(message)
}

/** Either reads or refuses by name. */
function survives(run: () => unknown): void {
  const start = cpu()
  try {
    run()
  } catch (error) {
    if (!(error instanceof OnnxError)) throw error
  }
  expect(cpu() - start).toBeLessThan(patience)
}

function small(): Uint8Array {
  const builder = new GraphBuilder()
  const x = builder.input('x', 'float32', ['N', 3, 4, 4])
  const w = builder.constant(Tensor.float32([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]), 'w')
  const conv = builder.emit('Conv', [x, w], { kernel_shape: [1, 1], pads: [0, 0, 0, 0] })
  const flat = builder.emit('Reshape', [builder.emit('Relu', [conv]), builder.ints([0, -1])])
  builder.output(builder.emit('Softmax', [flat], { axis: -1 }), 'float32', ['N', 32])
  return encodeModel(builder.build())
}

const raw = (graph: Graph, functions: readonly LocalFunction[] = []) => ({ irVersion: 8, producer: '', graph, functions })
const port = (name: string) => ({ name, type: { dtype: 'float32' as const, shape: [2] } })
const plain = (operator: string, inputs: readonly string[], outputs: readonly string[], name = ''): Node => ({
  domain: '',
  operator,
  name,
  inputs,
  outputs,
  attributes: {},
})
const graphOf = (nodes: readonly Node[], inputs: readonly string[], outputs: readonly string[]): Graph =>
  new Graph({ nodes, inputs: inputs.map(port), outputs: outputs.map(port), initializers: new Map() })

describe('bytes', () => {
  it('cut off anywhere are refused', () => {
    const whole = small()
    // The encoder writes the graph before the opset imports and nothing after them, so every shorter file lacks something.
    for (let length = 0; length < whole.length; length++) refused(() => readModel(whole.subarray(0, length)))
  })

  it('with any byte changed are read or refused by name', () => {
    const whole = small()
    for (let at = 0; at < whole.length; at++)
      for (const value of [0, 1, 0x7f, 0x80, 0xff, whole[at]! ^ 1, whole[at]! ^ 8]) {
        const copy = whole.slice()
        copy[at] = value
        survives(() => readModel(copy))
      }
  })

  it('with random damage are read or refused by name', () => {
    const whole = small()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        changes => {
          const copy = whole.slice()
          for (const [at, value] of changes) copy[at] = value
          survives(() => readModel(copy))
        },
      ),
      { seed: 1, numRuns: 3000 },
    )
  })

  it('at random are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), list => refused(() => readModel(list))),
      { seed: 2, numRuns: 3000 },
    )
  })

  it('of other kinds of file are refused', () => {
    for (const start of ['\x89PNG\r\n\x1a\n', '{"model": 1}', 'PK\x03\x04', '<!DOCTYPE html><html>', '\xff\xd8\xff\xe0'])
      refused(() => readModel(Uint8Array.from(start.padEnd(200, 'a'), c => c.charCodeAt(0))), MalformedModelError)
  })
})

describe('tensors', () => {
  const tensor = (dims: readonly (number | bigint)[], ...rest: readonly Write[]): Uint8Array =>
    model(node('Identity', ['t'], ['y']), sub(5, ...dims.map(dim => int(1, dim)), text(8, 't'), ...rest), output('y'))

  it('with impossible dimensions are refused', () => {
    refused(() => readModel(tensor([2 ** 40, 2 ** 40], int(2, 1))), MalformedModelError, /more elements/)
    refused(() => readModel(tensor([2 ** 31, 2 ** 31], int(2, 1), bytes(9, new Uint8Array(4)))), MalformedModelError)
    refused(() => readModel(tensor([-1], int(2, 1), bytes(9, new Uint8Array(4)))), MalformedModelError, /negative/)
    survives(() => readModel(tensor([2n ** 63n - 1n, 0], int(2, 1))))
    refused(() => readModel(tensor([3], int(2, 1), bytes(9, new Uint8Array(8)))), MalformedModelError, /needs 12 bytes/)
    refused(() => readModel(tensor([3], int(2, 99), bytes(9, new Uint8Array(12)))), MalformedModelError, /element type 99/)
    refused(() => readModel(tensor(new Array(100_000).fill(2), int(2, 1))), MalformedModelError)
    refused(() => readModel(tensor([2], int(2, 8), text(6, 'one'))), MalformedModelError, /1 strings/)
  })

  it('that are sparse cannot claim much more than they bring', () => {
    const sparse = (dims: readonly number[], at: number): Uint8Array =>
      model(
        node('Identity', ['t'], ['y']),
        sub(
          15,
          sub(1, int(1, 1), int(2, 1), text(8, 't'), bytes(9, new Uint8Array(4))),
          sub(2, int(1, 1), int(2, 7), bytes(9, new Uint8Array(new BigInt64Array([BigInt(at)]).buffer))),
          ...dims.map(dim => int(3, dim)),
        ),
        output('y'),
      )
    refused(() => readModel(sparse([2 ** 20, 2 ** 15], 0)), MalformedModelError, /sparse/)
    survives(() => readModel(sparse([2 ** 14, 2 ** 13], 0)))
    refused(() => readModel(sparse([4], 9)), MalformedModelError, /outside/)
    refused(() => readModel(sparse([4], -1)), MalformedModelError, /outside/)
  })

  it('in external files outside the folder are refused', () => {
    for (const location of ['../x', '/x', 'a/../../x', 'c:/x', '..\\x', '', 'a\0b'])
      refused(
        () => readModel(tensor([1], int(2, 1), sub(13, text(1, 'location'), text(2, location)), int(14, 1))),
        OnnxError,
        /refused/,
      )
  })

  it('in external files at impossible places are refused', () => {
    const at = (offset: string, length: string): Uint8Array =>
      tensor(
        [1],
        int(2, 1),
        ...Object.entries({ location: 'w', offset, length }).map(([key, value]) => sub(13, text(1, key), text(2, value))),
        int(14, 1),
      )
    for (const [offset, length] of [
      ['-4', '4'],
      ['1e300', '4'],
      ['abc', '4'],
      ['0', '1000000'],
      ['0', '-4'],
    ])
      refused(() => readModel(at(offset!, length!)), MalformedModelError)
  })
})

describe('graphs', () => {
  it('with cycles are refused', () => {
    refused(
      () => normalise(raw(graphOf([plain('Relu', ['b'], ['a']), plain('Relu', ['a'], ['b'])], ['x'], ['a']))),
      InvalidGraphError,
      /cycle/,
    )
    refused(() => normalise(raw(graphOf([plain('Add', ['a', 'x'], ['a'], 'self')], ['x'], ['a']))), InvalidGraphError)
  })

  it('with a long cycle are refused', () => {
    const nodes = Array.from({ length: 100_000 }, (_, i) => plain('Relu', [`v${i}`], [`v${(i + 1) % 100_000}`]))
    refused(() => normalise(raw(graphOf(nodes, [], ['v0']))), InvalidGraphError, /cycle/)
  })

  it('with values defined twice or never are refused', () => {
    refused(
      () => normalise(raw(graphOf([plain('Relu', ['x'], ['y']), plain('Abs', ['x'], ['y'])], ['x'], ['y']))),
      InvalidGraphError,
      /twice/,
    )
    refused(() => normalise(raw(graphOf([plain('Relu', ['x'], ['x'])], ['x'], ['x']))), InvalidGraphError, /twice/)
    refused(() => normalise(raw(graphOf([plain('Split', ['x'], ['y', 'y'])], ['x'], ['y']))), InvalidGraphError, /twice/)
    refused(() => normalise(raw(graphOf([plain('Relu', ['nothing'], ['y'])], ['x'], ['y']))), InvalidGraphError, /nothing/)
    refused(() => normalise(raw(graphOf([], ['x'], ['y']))), InvalidGraphError, /output "y"/)
    refused(() => normalise(raw(graphOf([plain('Relu', ['x'], ['y'])], ['x', 'x'], ['y']))), InvalidGraphError, /twice/)
    refused(() => normalise(raw(graphOf([plain('Relu', ['x'], ['y'])], ['x'], ['y', 'y']))), InvalidGraphError, /twice/)
    refused(() => normalise(raw(graphOf([plain('Relu', ['x'], ['y'])], ['x'], ['']))), InvalidGraphError)
  })

  it('without outputs or without a graph are refused', () => {
    refused(() => readModel(model(node('Relu', ['x'], ['y']))), MalformedModelError, /no outputs/)
    refused(() => readModel(finish(int(1, 8), sub(8, int(2, 17)))), MalformedModelError, /no graph/)
    refused(() => readModel(finish(int(1, 8), sub(7, output('y')), sub(7, output('y')))), MalformedModelError, /two graphs/)
  })

  it('from before or after what is known are refused by their version', () => {
    const at = (opset: number, ir = 8): Uint8Array =>
      finish(int(1, ir), sub(7, node('Relu', ['x'], ['y']), sub(11, text(1, 'x')), output('y')), sub(8, int(2, opset)))
    refused(() => readModel(at(6)), UnsupportedModelError, /opset 6/)
    refused(() => readModel(at(27)), UnsupportedModelError, /opset 27/)
    refused(() => readModel(at(-5)), UnsupportedModelError)
    refused(() => readModel(at(17, 14)), UnsupportedModelError, /IR version 14/)
    refused(
      () => readModel(model(node('FutureOperator', ['x'], ['y']), sub(11, text(1, 'x')), output('y'))),
      UnsupportedModelError,
      /FutureOperator/,
    )
  })

  it('as chains of 200,000 nodes are read in either order', () => {
    const count = 200_000
    const nodes = Array.from({ length: count }, (_, i) => plain('Relu', [`v${i}`], [`v${i + 1}`]))
    expect(normalise(raw(graphOf(nodes, ['v0'], [`v${count}`]))).nodes).toHaveLength(count)
    nodes.reverse()
    expect(normalise(raw(graphOf(nodes, ['v0'], [`v${count}`]))).nodes[0]!.inputs).toEqual(['v0'])
  }, 60_000)

  it('with subgraphs or types nested without end are refused', () => {
    // Built from the inside out: If nodes whose branch holds the next.
    let inner: Uint8Array = finish(node('Relu', ['x'], ['y']), output('y'))
    for (let depth = 0; depth < 5000; depth++)
      inner = finish(
        sub(1, text(1, 'c'), text(2, 'y'), text(4, 'If'), sub(5, text(1, 'then_branch'), bytes(6, inner), int(20, 5))),
        output('y'),
      )
    refused(() => readModel(finish(int(1, 8), bytes(7, inner), sub(8, int(2, 17)))), MalformedModelError, /nested/)
    let type: Uint8Array = finish(sub(1, int(1, 1)))
    for (let depth = 0; depth < 5000; depth++) type = finish(sub(4, bytes(1, type)))
    refused(
      () => readModel(model(sub(11, text(1, 'x'), bytes(2, type)), node('Identity', ['x'], ['y']), output('y'))),
      MalformedModelError,
      /nested/,
    )
  })

  it('with unknown groups nested without end are refused', () => {
    const groups = new Uint8Array(200_000).fill((90 << 3) | 3)
    refused(() => readModel(groups))
  })

  it('with an attribute of the wrong kind are refused', () => {
    const wrong = (attribute: Write): Uint8Array =>
      model(
        node('Softmax', ['x'], ['y'], attribute),
        sub(11, text(1, 'x'), sub(2, sub(1, int(1, 1), sub(2, sub(1, int(1, 2)))))),
        output('y'),
      )
    survives(() => readModel(wrong(sub(5, text(1, 'axis'), text(4, 'last'), int(20, 3)))))
    refused(() => readModel(wrong(sub(5, text(1, 'axis'), int(20, 4)))), MalformedModelError, /holds none/)
    refused(() => readModel(wrong(sub(5, text(1, 'axis'), int(20, 77)))), UnsupportedModelError)
    survives(() => readModel(wrong(sub(5, text(1, '__proto__'), int(3, 1), int(20, 2)))))
  })
})

describe('functions', () => {
  const fn = (name: string, calls: readonly Node[]): LocalFunction => ({
    domain: 'f',
    name,
    inputs: ['a'],
    outputs: ['b'],
    nodes: calls,
    attributes: [],
    defaults: {},
    opsets: new Map([['', 17]]),
  })
  const call = (name: string, from: string, to: string): Node => ({ ...plain(name, [from], [to]), domain: 'f' })
  const main = graphOf([call('f0', 'x', 'y')], ['x'], ['y']).with({ opsets: new Map([['', 17]]) })

  it('that call themselves are refused', () => {
    refused(() => normalise(raw(main, [fn('f0', [call('f0', 'a', 'b')])])), MalformedModelError, /calls itself/)
    refused(
      () => normalise(raw(main, [fn('f0', [call('f1', 'a', 'b')]), fn('f1', [call('f0', 'a', 'b')])])),
      MalformedModelError,
      /calls itself/,
    )
  })

  it('that unfold without end are refused', () => {
    const doubling = Array.from({ length: 40 }, (_, i) => fn(`f${i}`, [call(`f${i + 1}`, 'a', 'm'), call(`f${i + 1}`, 'm', 'b')]))
    const start = cpu()
    expect(() => normalise(raw(main, [...doubling, fn('f40', [plain('Relu', ['a'], ['b'])])]))).toThrow(MalformedModelError)
    expect(cpu() - start).toBeLessThan(patience)
  })

  it('nested too deep are refused', () => {
    const chain = Array.from({ length: 1000 }, (_, i) => fn(`f${i}`, [call(`f${i + 1}`, 'a', 'b')]))
    refused(() => normalise(raw(main, [...chain, fn('f1000', [plain('Relu', ['a'], ['b'])])])), MalformedModelError, /nested/)
  })
})
