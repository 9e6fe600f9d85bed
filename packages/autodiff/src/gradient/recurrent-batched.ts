/** @file Gradients of RNN, GRU and LSTM in their usual form: what surrounds the backward recurrence of each direction. */
import type { Rule, RuleContext } from '../rule.js'
import { type Cell, gru, lstm, type Result, rnn, tools } from './recurrent-backward.js'

interface Kind {
  readonly cell: Cell
  readonly gates: number
  readonly activations: readonly string[]
}

const kinds: Readonly<Record<string, Kind>> = {
  RNN: { cell: rnn, gates: 1, activations: ['tanh'] },
  GRU: { cell: gru, gates: 3, activations: ['sigmoid', 'tanh'] },
  LSTM: { cell: lstm, gates: 4, activations: ['sigmoid', 'tanh', 'tanh'] },
}

/** True where the node has the default activations and nothing unusual; the rest takes the general rule. */
export function isUsual(c: RuleContext): boolean {
  const given = c.attribute('activations')
  const { activations } = kinds[c.node.operator]!
  const usual =
    given?.kind !== 'strings' || given.value.every((name, i) => name.toLowerCase() === activations[i % activations.length])
  const plain = c.float('clip', 0) === 0 && c.int('layout', 0) === 0 && c.int('input_forget', 0) === 0
  return usual && plain && !c.has(4) && !c.has(7)
}

export const batchedGradient: Rule = (cotangents, c) => {
  const { cell, gates } = kinds[c.node.operator]!
  const { join } = tools(c)
  const [steps, batch, inputs] = c.dims(c.input(0)) as [number, number, number]
  const [directions, , n] = c.dims(c.input(2)) as [number, number, number]
  const rows = gates * n
  const flat = c.reshape(c.input(0), [steps * batch, inputs])
  const y = c.node.outputs[0] || c.emit(c.node.operator, c.node.inputs, c.node.attributes)
  const cut = (value: string, axis: number, from: number, to: number): string =>
    c.emit('Slice', [value, c.ints64([from]), c.ints64([to]), c.ints64([axis])])
  /** One direction of a value whose axis `axis` counts directions, under new dimensions. */
  const part = (value: string, axis: number, direction: number, dims: readonly number[]): string =>
    c.reshape(directions === 1 ? value : cut(value, axis, direction, direction + 1), dims)
  const results = Array.from({ length: directions }, (_, k) => {
    const backward = k === 1 || c.string('direction', 'forward') === 'reverse'
    const weights = part(c.input(1), 0, k, [rows, inputs])
    const biases = c.has(3) ? part(c.input(3), 0, k, [1, 2 * rows]) : undefined
    const apart = c.node.operator === 'GRU' && c.int('linear_before_reset', 0) !== 0 ? n : 0
    const bias = biases && summedBiases(biases, rows, apart, c)
    const h = part(y, 1, k, [steps * batch, n])
    const first = c.has(5) ? part(c.input(5), 0, k, [batch, n]) : c.floats(new Float64Array(batch * n), [batch, n])
    const others = steps === 1 ? [] : [backward ? cut(h, 0, batch, steps * batch) : cut(h, 0, 0, (steps - 1) * batch)]
    const before = join(backward ? [...others, first] : [first, ...others], 0)
    const last = (index: number): string | null => (cotangents[index] ? part(cotangents[index], 0, k, [batch, n]) : null)
    const output = cotangents[0]
      ? tools(c).cut(part(cotangents[0], 1, k, [steps * batch, n]), new Array<number>(steps).fill(batch), 0)
      : []
    const result = cell({
      c,
      steps,
      batch,
      hidden: n,
      order: Array.from({ length: steps }, (_, i) => (backward ? steps - 1 - i : i)),
      x: c.emit('Gemm', [flat, weights, ...(bias ? [bias] : [])], { transB: 1 }),
      recurrent: part(c.input(2), 0, k, [rows, n]),
      stateBias: apart > 0 && biases ? cut(biases, 1, 2 * rows - n, 2 * rows) : undefined,
      h,
      before,
      flowing: step => output[step] ?? null,
      lastH: last(1),
      lastC: last(2),
      firstC: c.has(6) ? part(c.input(6), 0, k, [batch, n]) : undefined,
    })
    return { result, weights }
  })
  const stacked = (make: (result: Result) => string, dims: readonly number[]): string =>
    join(
      results.map(({ result }) => c.reshape(make(result), [1, ...dims])),
      0,
    )
  const total = (value: string): string => c.emit('ReduceSum', [value, c.ints64([0])], { keepdims: 0 })
  const toInput = (): string =>
    c.reshape(results.map(({ result, weights }) => c.emit('Gemm', [result.x, weights])).reduce(tools(c).add), [
      steps,
      batch,
      inputs,
    ])
  const toRecurrent = (result: Result): string => {
    const parts = tools(c).cut(
      result.state,
      result.multiplied.map(({ gates: count }) => count * n),
      1,
    )
    return join(
      parts.map((own, i) => c.emit('Gemm', [own, result.multiplied[i]!.value], { transA: 1 })),
      0,
    )
  }
  const makers = [
    toInput,
    () => stacked(result => c.emit('Gemm', [result.x, flat], { transA: 1 }), [rows, inputs]),
    () => stacked(toRecurrent, [rows, n]),
    () => stacked(result => join([total(result.x), total(result.state)], 0), [2 * rows]),
    () => null,
    () => stacked(result => result.h, [batch, n]),
    () => stacked(result => result.c!, [batch, n]),
  ]
  return c.node.inputs.map((name, i) => (name && c.wants(i) ? makers[i]!() : null))
}

/** Both halves of a bias added, but for the last `apart` entries, where the second is left out. */
function summedBiases(biases: string, rows: number, apart: number, c: RuleContext): string {
  const [input, state] = c.emitAll('Split', [biases, c.ints64([rows, rows])], 2, { axis: 1 }) as [string, string]
  if (apart === 0) return c.emit('Add', [input, state])
  const shared = c.emit('Slice', [state, c.ints64([0]), c.ints64([rows - apart]), c.ints64([1])])
  return c.emit('Add', [input, c.emit('Pad', [shared, c.ints64([0, 0, 0, apart])])])
}
