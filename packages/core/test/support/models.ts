/** @file The small models of golden cases, with every weight known. */
import { type Graph, GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { Model } from '../../src/index.js'
import { type NodeRuntime, nodeRuntime } from '../../src/node.js'

export const tensor = (dims: number[], values: number[]): Tensor => Tensor.float32(dims, values)

export function build(
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  make: (builder: GraphBuilder, ...names: string[]) => string,
): Graph {
  const builder = new GraphBuilder()
  const names = Object.entries(inputs).map(([name, shape]) => builder.input(name, 'float32', shape))
  builder.output(make(builder, ...names))
  return inferShapes(builder.build())
}

const gemm = (b: GraphBuilder, x: string, rows: number[][], bias?: number[]): string =>
  b.emit(
    'Gemm',
    [
      x,
      b.constant(tensor([rows.length, rows[0]!.length], rows.flat())),
      ...(bias ? [b.constant(tensor([bias.length], bias))] : []),
    ],
    {
      transB: 1,
    },
  )

/** Three inputs; identity, ones(4, 3) with biases -10, 1, 1, 1, ReLU, ones(2, 4) with biases -1, 1. */
export const multilayer = (): Graph =>
  build({ x: ['batch', 3] }, (b, x) => {
    const h0 = gemm(b, x!, [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ])
    const h1 = gemm(b, h0, Array(4).fill([1, 1, 1]), [-10, 1, 1, 1])
    return gemm(b, b.emit('Relu', [h1]), Array(2).fill([1, 1, 1, 1]), [-1, 1])
  })

/** f(x) = 1 - relu(1 - x), elementwise. */
export const ramp = (size: number): Graph =>
  build({ x: ['batch', size] }, (b, x) => b.emit('Sub', [b.float(1), b.emit('Relu', [b.emit('Sub', [b.float(1), x!])])]))

/** f(x1, x2) = relu(relu(x1) - 1 - relu(x2)). */
export const difference = (): Graph =>
  build({ x1: ['batch', 1], x2: ['batch', 1] }, (b, x1, x2) => {
    const left = b.emit('Sub', [b.emit('Relu', [x1!]), b.float(1)])
    return b.emit('Relu', [b.emit('Sub', [left, b.emit('Relu', [x2!])])])
  })

/** f(x1, x2) = relu(relu(x1 - 1) - relu(x2)): the same function, written otherwise. */
export const shifted = (): Graph =>
  build({ x1: ['batch', 1], x2: ['batch', 1] }, (b, x1, x2) => {
    const left = b.emit('Relu', [b.emit('Sub', [x1!, b.float(1)])])
    return b.emit('Relu', [b.emit('Sub', [left, b.emit('Relu', [x2!])])])
  })

/** Convolution of ones over a 4 x 4 picture, ReLU, dense, ReLU; with `two` the picture is the sum of two inputs. */
export const convolutional = (two = false): Graph => {
  const shape = ['batch', 1, 4, 4]
  return build(two ? { image: shape, extra: shape } : { image: shape }, (b, image, extra) => {
    const x = two ? b.emit('Add', [image!, extra!]) : image!
    const conv = b.emit(
      'Conv',
      [x, b.constant(tensor([2, 1, 3, 3], Array(18).fill(1))), b.constant(tensor([2], [-50, -75]))],
      {},
      'conv1',
    )
    const flat = b.emit('Flatten', [b.emit('Relu', [conv], {}, 'relu1')])
    return b.emit('Relu', [gemm(b, flat, Array(4).fill([1, 1, 1, 1, 1, -1, -1, -1]))])
  })
}

/** f(x, y, z) = 5 x + y^2 + sin z. */
export const mixed = (): Graph =>
  build({ x: ['batch', 3] }, (b, x) => {
    const [a, c, d] = b.emitAll('Split', [x!], 3, { axis: 1, num_outputs: 3 })
    const square = b.emit('Mul', [c!, c!])
    return b.emit('Add', [b.emit('Add', [b.emit('Mul', [a!, b.float(5)]), square]), b.emit('Sin', [d!])])
  })

/** f(x) = sum of squares. */
export const squares = (size: number): Graph =>
  build({ x: ['batch', size] }, (b, x) => b.emit('ReduceSumSquare', [x!, b.ints([1])], { keepdims: 1 }))

let shared: NodeRuntime | undefined

/** One runtime for a test file. */
export const testRuntime = (): NodeRuntime => (shared ??= nodeRuntime({ threads: 2 }))

export const modelOf = (graph: Graph, options: Partial<ConstructorParameters<typeof Model>[1]> = {}): Model =>
  new Model(graph, { runtime: testRuntime(), name: 'test', ...options })
