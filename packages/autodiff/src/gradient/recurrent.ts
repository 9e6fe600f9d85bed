/**
 * @file Gradients of RNN, GRU and LSTM in every form: the steps are unrolled over the static sequence length in the gradient,
 * which computes the gates again; the operator itself stays. The usual form has a shorter gradient (recurrent-batched.ts).
 */
import { recomputed } from '../recompute.js'
import type { RuleContext, RuleEntry, RuleTable } from '../rule.js'
import { activationsOf } from './recurrent-activations.js'
import { batchedGradient, isUsual } from './recurrent-batched.js'
import { type Cell, type Direction, gruCell, lstmCell, rnnCell, type State } from './recurrent-cells.js'

interface Sizes {
  readonly steps: number
  readonly batch: number
  readonly inputs: number
  readonly hidden: number
  readonly directions: number
}

interface Unrolled {
  /** Output of each step, in the order of the input. */
  readonly steps: readonly string[]
  readonly last: State
}

/** Runs one direction; a row whose sequence has ended keeps its state and puts out zeros. */
function unrolled(
  cell: Cell,
  perStep: readonly string[],
  first: State,
  backwards: boolean,
  masks: readonly string[] | undefined,
  d: Direction,
): Unrolled {
  const c = d.context
  const step = cell(d)
  const outputs: string[] = new Array(perStep.length)
  let state = first
  const order = perStep.map((_, i) => (backwards ? perStep.length - 1 - i : i))
  for (const t of order) {
    const next = step(perStep[t]!, state)
    const keep = (now: string, before: string): string =>
      now === before || !masks ? now : c.emit('Where', [masks[t]!, now, before])
    state = { h: keep(next.h, state.h), c: keep(next.c, state.c) }
    outputs[t] = masks ? c.emit('Where', [masks[t]!, next.h, c.scalar(0)]) : next.h
  }
  return { steps: outputs, last: state }
}

const recurrent = (cell: Cell, gates: number, defaults: readonly string[], separateBias = false): RuleEntry =>
  recomputed(c => {
    const batchFirst = c.int('layout', 0) !== 0
    const given = c.dims(c.input(0))
    const [steps, batch] = batchFirst ? [given[1]!, given[0]!] : [given[0]!, given[1]!]
    const [directions, , hidden] = c.dims(c.input(2)) as [number, number, number]
    const size: Sizes = { steps, batch, inputs: given[2]!, hidden, directions }
    const swapped = (value: string, rank: number): string =>
      batchFirst ? c.emit('Transpose', [value], { perm: [1, 0, 2, 3].slice(0, rank) }) : value
    const f = activationsOf(c, defaults, directions)
    const limit = c.float('clip', 0)
    const flat = c.reshape(swapped(c.input(0), 3), [steps * batch, size.inputs])
    const masks = sequenceMasks(c, size)
    const runs = Array.from({ length: directions }, (_, direction) => {
      const part = (index: number, from: number, to: number, dims: readonly number[]): string | undefined => {
        if (!c.has(index)) return undefined
        const own = c.emit('Slice', [
          c.input(index),
          c.ints64([direction, from]),
          c.ints64([direction + 1, to]),
          c.ints64([0, 1]),
        ])
        return c.reshape(own, dims)
      }
      const rows = gates * hidden
      const inputBias = part(3, 0, rows, [1, rows])
      const stateBias = part(3, rows, 2 * rows, [1, rows])
      const kept = separateBias && c.int('linear_before_reset', 0) !== 0
      const bias = inputBias && stateBias && sumOfBiases(inputBias, stateBias, kept ? hidden : 0, rows, c)
      const product = c.emit('Gemm', [flat, part(1, 0, rows, [rows, size.inputs])!, ...(bias ? [bias] : [])], { transB: 1 })
      const perStep =
        steps === 1
          ? [product]
          : c.emitAll('Split', [product, c.ints64(Array.from({ length: steps }, () => batch))], steps, { axis: 0 })
      const initial = (index: number): string => {
        if (!c.has(index)) return c.floats(new Float64Array(batch * hidden), [batch, hidden])
        const value = swapped(c.input(index), 3)
        const own = c.emit('Slice', [value, c.ints64([direction]), c.ints64([direction + 1]), c.ints64([0])])
        return c.reshape(own, [batch, hidden])
      }
      const d: Direction = {
        recurrent: part(2, 0, rows, [rows, hidden])!,
        recurrentBias:
          kept && stateBias ? c.emit('Slice', [stateBias, c.ints64([2 * hidden]), c.ints64([rows]), c.ints64([1])]) : undefined,
        peepholes: c.has(7) ? [0, 1, 2].map(k => part(7, k * hidden, (k + 1) * hidden, [1, hidden])!) : [],
        hidden,
        f: f.slice(direction * defaults.length, (direction + 1) * defaults.length),
        clip: limit > 0 ? x => c.emit('Clip', [x, c.scalar(-limit), c.scalar(limit)]) : x => x,
        context: c,
      }
      const first = { h: initial(5), c: cell === lstmCell ? initial(6) : '' }
      const backwards = direction === 1 || c.string('direction', 'forward') === 'reverse'
      return unrolled(cell, perStep, first, backwards, masks, d)
    })
    const joined = (values: readonly string[], axis: number): string =>
      values.length === 1 ? values[0]! : c.emit('Concat', values, { axis })
    const sequence = (): string => {
      const each = runs.map(run => c.reshape(joined(run.steps, 0), [steps, 1, batch, hidden]))
      const all = joined(each, 1)
      return batchFirst ? c.emit('Transpose', [all], { perm: [2, 0, 1, 3] }) : all
    }
    const state = (of: (last: State) => string) => (): string =>
      swapped(
        joined(
          runs.map(run => c.reshape(of(run.last), [1, batch, hidden])),
          0,
        ),
        3,
      )
    const makers = [sequence, state(last => last.h), state(last => last.c)]
    return c.node.outputs.map((name, i) => (name ? makers[i]!() : null))
  }, 'unrolled over the sequence; sequence_lens, peepholes, clip, all activations and layouts')

/** Both biases added, but for the last `apart` rows, where the state's is left out. */
function sumOfBiases(input: string, state: string, apart: number, rows: number, c: RuleContext): string {
  if (apart === 0) return c.emit('Add', [input, state])
  const shared = c.emit('Slice', [state, c.ints64([0]), c.ints64([rows - apart]), c.ints64([1])])
  return c.emit('Add', [input, c.emit('Pad', [shared, c.ints64([0, 0, 0, apart])])])
}

/** For each step, which rows of the batch are still running, [batch, 1]; undefined where all always are. */
function sequenceMasks(c: RuleContext, { steps, batch }: Sizes): string[] | undefined {
  if (!c.has(4)) return undefined
  const lengths = c.reshape(c.emit('Cast', [c.input(4)], { to: 7 }), [batch, 1])
  return Array.from({ length: steps }, (_, t) => c.emit('Greater', [lengths, c.ints64([t])]))
}

/** The batched gradient where it holds, else the unrolled one. */
const either = (general: RuleEntry): RuleEntry =>
  general.kind === 'gradient'
    ? { ...general, rule: (cotangents, c) => (isUsual(c) ? batchedGradient : general.rule)(cotangents, c) }
    : general

export const recurrence: RuleTable = {
  RNN: either(recurrent(rnnCell, 1, ['Tanh'])),
  GRU: either(recurrent(gruCell, 3, ['Sigmoid', 'Tanh'], true)),
  LSTM: either(recurrent(lstmCell, 4, ['Sigmoid', 'Tanh', 'Tanh'])),
}
