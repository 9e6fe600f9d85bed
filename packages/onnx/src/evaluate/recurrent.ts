/** @file RNN, GRU and LSTM in every direction and layout. */
import { attribute } from '../attributes.js'
import type { Node } from '../graph.js'
import type { NdArray, OperatorEvaluation, OperatorEvaluations } from './array.js'
import { clamp, sigmoid, softplus } from './special.js'
import { transposed } from './strided.js'

type Activation = (x: number) => number

/** Activations a cell may name; alpha and beta are NaN where the model gives none. */
const activations: Readonly<Record<string, (alpha: number, beta: number) => Activation>> = {
  sigmoid: () => sigmoid,
  tanh: () => Math.tanh,
  relu: () => x => Math.max(x, 0),
  affine: (alpha, beta) => x => or(alpha, 1) * x + or(beta, 0),
  leakyrelu: alpha => x => (x < 0 ? or(alpha, 0.01) * x : x),
  thresholdedrelu: alpha => x => (x > or(alpha, 1) ? x : 0),
  scaledtanh: (alpha, beta) => x => or(alpha, 1) * Math.tanh(or(beta, 1) * x),
  hardsigmoid: (alpha, beta) => x => clamp(or(alpha, 0.2) * x + or(beta, 0.5), 0, 1),
  elu: alpha => x => (x > 0 ? x : or(alpha, 1) * Math.expm1(x)),
  softsign: () => x => x / (1 + Math.abs(x)),
  softplus: () => softplus,
}

const or = (value: number, fallback: number): number => (Number.isNaN(value) ? fallback : value)

/** Which of an activation's parameters the model's lists hold a value for, in order. */
const parameters: Readonly<Record<string, readonly [alpha: boolean, beta: boolean]>> = {
  affine: [true, true],
  leakyrelu: [true, false],
  thresholdedrelu: [true, false],
  scaledtanh: [true, true],
  hardsigmoid: [true, true],
  elu: [true, false],
}

function activationsOf(node: Node, defaults: readonly string[], directions: number): Activation[] {
  const names = attribute(node, 'activations', 'strings') ?? Array.from({ length: directions }, () => defaults).flat()
  const alphas = [...(attribute(node, 'activation_alpha', 'floats') ?? [])]
  const betas = [...(attribute(node, 'activation_beta', 'floats') ?? [])]
  return names.map(name => {
    const key = name.toLowerCase()
    const [alpha, beta] = parameters[key] ?? [false, false]
    const next = (held: boolean, list: number[]): number => (held ? list.shift() : undefined) ?? Number.NaN
    return activations[key]!(next(alpha, alphas), next(beta, betas))
  })
}

/** One direction's weights, as flat row-major slices, and what else a cell reads. */
interface Direction {
  readonly w: Float64Array
  readonly r: Float64Array
  readonly wb: Float64Array
  readonly rb: Float64Array
  readonly peepholes: Float64Array
  readonly hidden: number
  readonly inputs: number
  readonly f: readonly Activation[]
  readonly clip: (x: number) => number
  readonly node: Node
}

/** Advances hidden state h and cell state c by one step with input x, in place. */
type Cell = (x: Float64Array, h: Float64Array, c: Float64Array, direction: Direction) => void

/** Row `row` of the input and recurrent products, with or without their biases. */
const fromInput = ({ w, wb, inputs }: Direction, row: number, x: Float64Array): number => {
  let sum = wb[row] ?? 0
  for (let i = 0; i < inputs; i++) sum += w[row * inputs + i]! * x[i]!
  return sum
}

const fromState = ({ r, rb, hidden }: Direction, row: number, h: Float64Array): number => {
  let sum = rb[row] ?? 0
  for (let i = 0; i < hidden; i++) sum += r[row * hidden + i]! * h[i]!
  return sum
}

const rnnCell: Cell = (x, h, _, d) => {
  const next = h.map((_, j) => d.f[0]!(d.clip(fromInput(d, j, x) + fromState(d, j, h))))
  h.set(next)
}

const gruCell: Cell = (x, h, _, d) => {
  const n = d.hidden
  const gate = (g: number, j: number): number => d.f[0]!(d.clip(fromInput(d, g * n + j, x) + fromState(d, g * n + j, h)))
  const update = h.map((_, j) => gate(0, j))
  const reset = h.map((_, j) => gate(1, j))
  const gated = h.map((value, j) => value * reset[j]!)
  const linear = attribute(d.node, 'linear_before_reset', 'int', 0) !== 0
  const next = h.map((value, j) => {
    const row = 2 * n + j
    const state = linear ? reset[j]! * fromState(d, row, h) : fromState(d, row, gated)
    const candidate = d.f[1]!(d.clip(fromInput(d, row, x) + state))
    return (1 - update[j]!) * candidate + update[j]! * value
  })
  h.set(next)
}

const lstmCell: Cell = (x, h, c, d) => {
  const n = d.hidden
  const before = Float64Array.from(h)
  const coupled = attribute(d.node, 'input_forget', 'int', 0) !== 0
  const sum = (g: number, j: number): number => fromInput(d, g * n + j, x) + fromState(d, g * n + j, before)
  const peep = (g: number, j: number, cell: number): number => (d.peepholes[g * n + j] ?? 0) * cell
  for (let j = 0; j < n; j++) {
    const input = d.f[0]!(d.clip(sum(0, j) + peep(0, j, c[j]!)))
    const forget = coupled ? 1 - input : d.f[0]!(d.clip(sum(2, j) + peep(2, j, c[j]!)))
    const cell = forget * c[j]! + input * d.f[1]!(d.clip(sum(3, j)))
    const output = d.f[0]!(d.clip(sum(1, j) + peep(1, j, cell)))
    c[j] = cell
    h[j] = output * d.f[2]!(cell)
  }
}

const swap = (x: NdArray): NdArray => transposed(x, [1, 0, ...x.dims.slice(2).map((_, i) => i + 2)])

const recurrent =
  (cell: Cell, gates: number, defaults: readonly string[]): OperatorEvaluation =>
  ([given, w, r, b, lengths, h0, c0, p], { node }) => {
    const batchFirst = attribute(node, 'layout', 'int', 0) !== 0
    const x = batchFirst ? swap(given!) : given!
    const [steps, batch, inputs] = x.dims as [number, number, number]
    const directions = w!.dims[0]!
    const hidden = r!.dims[2]!
    const f = activationsOf(node, defaults, directions)
    const limit = attribute(node, 'clip', 'float')
    const reverse = attribute(node, 'direction', 'string', 'forward') === 'reverse'
    const rows = gates * hidden
    const states = directions * batch * hidden
    const initial = (state: NdArray | undefined): Float64Array =>
      state ? Float64Array.from((batchFirst ? swap(state) : state).data) : new Float64Array(states)
    const [h, c] = [initial(h0), initial(c0)]
    const y = new Float64Array(steps * states)
    for (let d = 0; d < directions; d++) {
      const part = (array: NdArray | undefined, size: number, from = d * size): Float64Array =>
        array ? array.data.subarray(from, from + size) : new Float64Array(0)
      const direction: Direction = {
        w: part(w, rows * inputs),
        r: part(r, rows * hidden),
        wb: part(b, rows, d * 2 * rows),
        rb: part(b, rows, d * 2 * rows + rows),
        peepholes: part(p, 3 * hidden),
        hidden,
        inputs,
        f: f.slice(d * defaults.length),
        clip: limit ? v => clamp(v, -limit, limit) : v => v,
        node,
      }
      for (let n = 0; n < batch; n++) {
        const length = lengths?.data[n] ?? steps
        const at = (d * batch + n) * hidden
        const state = h.subarray(at, at + hidden)
        const memory = c.subarray(at, at + hidden)
        for (let step = 0; step < length; step++) {
          const t = reverse || d === 1 ? length - 1 - step : step
          cell(x.data.subarray((t * batch + n) * inputs, (t * batch + n + 1) * inputs), state, memory, direction)
          y.set(state, t * states + at)
        }
      }
    }
    const finish = (dims: number[], data: Float64Array, perm: readonly number[]): NdArray => {
      const array: NdArray = { dtype: x.dtype, dims, data }
      return batchFirst ? transposed(array, perm) : array
    }
    return [
      finish([steps, directions, batch, hidden], y, [2, 0, 1, 3]),
      finish([directions, batch, hidden], h, [1, 0, 2]),
      finish([directions, batch, hidden], c, [1, 0, 2]),
    ]
  }

export const recurrences: OperatorEvaluations = {
  RNN: recurrent(rnnCell, 1, ['Tanh']),
  GRU: recurrent(gruCell, 3, ['Sigmoid', 'Tanh']),
  LSTM: recurrent(lstmCell, 4, ['Sigmoid', 'Tanh', 'Tanh']),
}
