/** @file Two 4 x 4 pictures, their maps and a linear model, all from sines: other libraries' numbers for them are known. */
import { GraphBuilder, inferShapes, Tensor } from '@ascribe/onnx'
import { type Evaluator, float32, prepare } from '../../src/index.js'
import { modelOf } from './models.js'

const sixteen = (value: (i: number) => number): number[] => Array.from({ length: 16 }, (_, k) => value(k + 1))

export const picture = (n: number): number[] => sixteen(i => 0.5 + 0.5 * Math.sin(0.37 * i * (n + 1)))
export const attributed = (n: number): number[] => sixteen(i => Math.sin(0.91 * i + 0.4 * n))
export const weights = (k: number): number[] => sixteen(i => Math.cos(0.53 * (k + 1) * i))
/** The class that is explained for each picture. */
export const classes = [0, 2] as const

const model = (square: boolean) => {
  const b = new GraphBuilder()
  const x = b.input('x', 'float32', ['batch', 1, 4, 4])
  const flat = b.emit('Flatten', [square ? b.emit('Mul', [x, x]) : x])
  b.output(b.emit('Gemm', [flat, b.constant(Tensor.float32([3, 16], [0, 1, 2].flatMap(weights)))], { transB: 1 }))
  return modelOf(inferShapes(b.build()))
}

/** f_k = sum W_k x (or x^2) at picture n, class n's own. */
export const closedForm = (n: 0 | 1, square = false, target: string | number = classes[n]): Promise<Evaluator> =>
  prepare(model(square), { x: float32([1, 1, 4, 4], picture(n)) }, { target })

export const mapsOf = (values: ArrayLike<number>, dims: readonly number[] = [1, 1, 4, 4]) => ({
  x: { values: Float32Array.from(values), dims },
})
