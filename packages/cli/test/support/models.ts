/** @file Small models and inputs, built in code. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePng, Random, type TensorValue, writeNpy } from '@ascribe/core'
import { encodeModel, type Graph, GraphBuilder, Tensor } from '@ascribe/onnx'

const random = (seed: number, dims: readonly number[], scale: number): Tensor => {
  const generator = new Random(seed)
  return Tensor.float32(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * generator.normal()),
  )
}

/** Convolution, ReLU, mean, scores: [batch, 3, 12, 12] to 4 classes. */
export function pictureModel(): Graph {
  const builder = new GraphBuilder()
  const image = builder.input('image', 'float32', ['batch', 3, 12, 12])
  const weights = builder.constant(random(1, [6, 3, 3, 3], 0.5), 'conv.weights')
  const conv = builder.emit('Conv', [image, weights], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })
  const pooled = builder.emit('GlobalAveragePool', [builder.emit('Relu', [conv])])
  const flat = builder.emit('Flatten', [pooled], { axis: 1 })
  builder.output(builder.emit('MatMul', [flat, builder.constant(random(2, [6, 4], 2), 'head')]), 'float32', ['batch', 4])
  return builder.build()
}

/** Integer ids [batch, length] through an embedding of 20 rows to 2 classes. */
export function tokenModel(): Graph {
  const builder = new GraphBuilder()
  const ids = builder.input('input_ids', 'int64', ['batch', 'length'])
  const embedding = builder.emit('Gather', [builder.constant(random(3, [20, 5], 1), 'table'), ids], { axis: 0 })
  const pooled = builder.emit('ReduceMean', [builder.emit('Tanh', [embedding]), builder.ints([1])], { keepdims: 0 })
  builder.output(builder.emit('MatMul', [pooled, builder.constant(random(4, [5, 2], 1), 'head')]), 'float32', ['batch', 2])
  return builder.build()
}

/** Two float inputs, added: `left` [batch, 4] and `right` [batch, 4] to 3 classes. */
export function pairModel(): Graph {
  const builder = new GraphBuilder()
  const [left, right] = [builder.input('left', 'float32', ['batch', 4]), builder.input('right', 'float32', ['batch', 4])]
  const product = builder.emit('Mul', [left, builder.emit('Tanh', [right])])
  builder.output(builder.emit('MatMul', [product, builder.constant(random(5, [4, 3], 1), 'head')]), 'float32', ['batch', 3])
  return builder.build()
}

/** [1, 6] numbers through an operator that has no gradient rule, to 3 classes. */
export function opaqueModel(): Graph {
  const builder = new GraphBuilder()
  const columns = builder.input('columns', 'float32', [1, 6])
  const scaled = builder.emit(
    'ai.onnx.ml:Scaler',
    [columns],
    { offset: { kind: 'floats', value: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] }, scale: [0.5, 1.5, 2.5, 3.5, 4.5, 5.5] },
    'scaling',
  )
  builder.output(builder.emit('MatMul', [scaled, builder.constant(random(6, [6, 3], 1), 'head')]), 'float32', [1, 3])
  return builder.build()
}

export function writeModel(folder: string, name: string, graph: Graph): string {
  const path = join(folder, name)
  writeFileSync(path, encodeModel(graph))
  return path
}

/** A picture of seeded noise. */
export function writePicture(folder: string, name: string, seed: number, side = 12): string {
  const generator = new Random(seed)
  const data = Uint8Array.from({ length: side * side * 3 }, () => generator.integer(256))
  const path = join(folder, name)
  writeFileSync(path, encodePng({ width: side, height: side, channels: 3, data }))
  return path
}

export function writeTensor(folder: string, name: string, value: TensorValue): string {
  const path = join(folder, name)
  writeFileSync(path, writeNpy(value))
  return path
}

/** Standard normal float32 values. */
export function noise(seed: number, dims: readonly number[]): TensorValue<'float32'> {
  const generator = new Random(seed)
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => generator.normal())
  return { dtype: 'float32', dims, data }
}
