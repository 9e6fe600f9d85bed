/** @file One step of RNN, GRU and LSTM, as operators. */
import type { RuleContext } from '../rule.js'
import type { Activation } from './recurrent-activations.js'

/** What a cell reads in one direction. Matrices are [gates * hidden, ...], biases [1, gates * hidden] or undefined. */
export interface Direction {
  readonly recurrent: string
  /** Bias of the state's product, for a cell that cannot add it to the input's. */
  readonly recurrentBias: string | undefined
  /** [1, hidden] each. */
  readonly peepholes: readonly string[]
  readonly hidden: number
  readonly f: readonly Activation[]
  readonly clip: (x: string) => string
  readonly context: RuleContext
}

export interface State {
  readonly h: string
  /** LSTM's cell state. */
  readonly c: string
}

/**
 * A direction's step: the state after it from the state before; `x` is the input's product with its bias, [batch, gates *
 * hidden].
 */
export type Cell = (direction: Direction) => (x: string, state: State) => State

const cut = (value: string, sizes: readonly number[], c: RuleContext): string[] =>
  c.emitAll('Split', [value, c.ints64(sizes)], sizes.length, { axis: 1 })

/** x + h R', as one Gemm. */
const withState = (x: string, h: string, recurrent: string, c: RuleContext): string =>
  c.emit('Gemm', [h, recurrent, x], { transB: 1 })

export const rnnCell: Cell =
  d =>
  (x, { h, c }) => ({ h: d.f[0]!(d.clip(withState(x, h, d.recurrent, d.context))), c })

export const gruCell: Cell = d => {
  const { context, hidden: n } = d
  const linear = context.int('linear_before_reset', 0) !== 0
  const rows = (from: number, to: number): string =>
    context.emit('Slice', [d.recurrent, context.ints64([from * n]), context.ints64([to * n]), context.ints64([0])])
  const [gateRows, candidateRows] = [rows(0, 2), rows(2, 3)]
  const mul = (a: string, b: string): string => context.emit('Mul', [a, b])
  const bias = d.recurrentBias === undefined ? [] : [d.recurrentBias]
  return (x, { h, c }) => {
    const [xGates, xCandidate] = cut(x, [2 * n, n], context) as [string, string]
    const gates = d.f[0]!(d.clip(withState(xGates, h, gateRows, context)))
    const [update, reset] = cut(gates, [n, n], context) as [string, string]
    const sum = linear
      ? context.emit('Add', [xCandidate, mul(reset, context.emit('Gemm', [h, candidateRows, ...bias], { transB: 1 }))])
      : withState(xCandidate, mul(reset, h), candidateRows, context)
    const candidate = d.f[1]!(d.clip(sum))
    // (1 - z) n + z h = n + z (h - n)
    return { h: context.emit('Add', [candidate, mul(update, context.emit('Sub', [h, candidate]))]), c }
  }
}

export const lstmCell: Cell = d => (x, state) => {
  const { context, hidden: n } = d
  const coupled = context.int('input_forget', 0) !== 0
  const mul = (a: string, b: string): string => context.emit('Mul', [a, b])
  const add = (a: string, b: string): string => context.emit('Add', [a, b])
  const z = withState(x, state.h, d.recurrent, context)
  let input: string
  let output: (cell: string) => string
  let forget: string
  let candidate: string
  if (d.peepholes.length === 0) {
    const [gates, last] = cut(z, [3 * n, n], context) as [string, string]
    const [i, o, f] = cut(d.f[0]!(d.clip(gates)), [n, n, n], context) as [string, string, string]
    ;[input, forget, candidate] = [i, f, last]
    output = () => o
  } else {
    const [i, o, f, last] = cut(z, [n, n, n, n], context) as [string, string, string, string]
    const gate = (sum: string, k: number, cell: string): string => d.f[0]!(d.clip(add(sum, mul(cell, d.peepholes[k]!))))
    ;[input, forget, candidate] = [gate(i, 0, state.c), coupled ? f : gate(f, 2, state.c), last]
    output = cell => gate(o, 1, cell)
  }
  if (coupled) forget = context.emit('Sub', [context.scalar(1), input])
  const cell = add(mul(forget, state.c), mul(input, d.f[1]!(d.clip(candidate))))
  return { h: mul(output(cell), d.f[2]!(cell)), c: cell }
}
