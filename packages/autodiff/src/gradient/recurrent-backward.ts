/**
 * @file The backward recurrences of RNN, GRU and LSTM in their usual form. The states are read from the operator's own output,
 * so the gates of all steps come from two products; only the recurrence itself is unrolled: LSTM 8 nodes a step, GRU 5 (10 with the
 * reset gate before the product), RNN 2. With dh, dc the cotangents of the states and a the sums under the activations:
 *
 *   LSTM  c = f c' + i g, h = o tanh c  dc += dh o (1 - tanh^2 c); da = (dc g i(1-i), dh tanh c o(1-o), dc c' f(1-f), dc i (1-g^2))
 *   GRU   h = n + z (h' - n)            da_z = dh (h' - n) z(1-z); da_n = dh (1-z)(1-n^2); da_r = r(1-r) d(what r scales)
 */
import type { RuleContext } from '../rule.js'

/** One direction as a cell sees it. All values over steps are [steps * batch, ...] in the order of the input. */
interface Direction {
  readonly c: RuleContext
  readonly steps: number
  readonly batch: number
  readonly hidden: number
  /** Steps in the order they run. */
  readonly order: readonly number[]
  /** Input's product with its bias, [steps * batch, gates * hidden]; the state's bias is in it unless `stateBias` is there. */
  readonly x: string
  /** [gates * hidden, hidden]. */
  readonly recurrent: string
  readonly stateBias: string | undefined
  /** States after and before each step. */
  readonly h: string
  readonly before: string
  /** Cotangent of the output of a step, of the last state, and of the last cell state. */
  readonly flowing: (step: number) => string | null
  readonly lastH: string | null
  readonly lastC: string | null
  /** First cell state. */
  readonly firstC: string | undefined
}

export interface Result {
  /** Cotangent of `x`. */
  readonly x: string
  /** Cotangent of the state's product, [steps * batch, gates * hidden], and what each block of its columns multiplied. */
  readonly state: string
  readonly multiplied: readonly { readonly gates: number; readonly value: string }[]
  readonly h: string
  readonly c: string | undefined
}

export type Cell = (d: Direction) => Result

/** Short names for the operators used below. */
export const tools = (c: RuleContext) => ({
  mul: (a: string, b: string): string => c.emit('Mul', [a, b]),
  add: (a: string, b: string): string => c.emit('Add', [a, b]),
  sub: (a: string, b: string): string => c.emit('Sub', [a, b]),
  /** a - a b = a (1 - b) */
  rest: (a: string, b: string): string => c.emit('Sub', [a, c.emit('Mul', [a, b])]),
  join: (values: readonly string[], axis: number): string =>
    values.length === 1 ? values[0]! : c.emit('Concat', values, { axis }),
  cut: (value: string, sizes: readonly number[], axis: number): string[] =>
    sizes.length === 1 ? [value] : c.emitAll('Split', [value, c.ints64(sizes)], sizes.length, { axis }),
})

/** A value over all steps as one piece a step. */
const perStep = (value: string, { c, steps, batch }: Direction): string[] =>
  tools(c).cut(value, new Array<number>(steps).fill(batch), 0)

/**
 * Walks the steps backwards. `step` gets the state's cotangent and gives that of the state before, to which `more` (the
 * cotangent of that state as an output) has been added.
 */
function backwards(d: Direction, step: (t: number, dh: string, more: string | null) => string): string {
  const { c, order } = d
  const last = order.at(-1)!
  const seeds = [d.flowing(last), d.lastH].filter(seed => seed !== null)
  let dh =
    seeds.length > 0
      ? seeds.reduce((a, b) => tools(c).add(a, b))
      : c.floats(new Float64Array(d.batch * d.hidden), [d.batch, d.hidden])
  for (let i = order.length - 1; i >= 0; i--) dh = step(order[i]!, dh, i > 0 ? d.flowing(order[i - 1]!) : null)
  return dh
}

/** a R + more. */
const through = (a: string, weights: string, more: string | null, c: RuleContext): string =>
  c.emit('Gemm', more === null ? [a, weights] : [a, weights, more])

export const rnn: Cell = d => {
  const { c } = d
  const { mul, join, sub } = tools(c)
  const slopes = perStep(sub(c.scalar(1), mul(d.h, d.h)), d)
  const sums: string[] = new Array(d.steps)
  const h = backwards(d, (t, dh, more) => {
    sums[t] = mul(dh, slopes[t]!)
    return through(sums[t]!, d.recurrent, more, c)
  })
  const all = join(sums, 0)
  return { x: all, state: all, multiplied: [{ gates: 1, value: d.before }], h, c: undefined }
}

export const lstm: Cell = d => {
  const { c, hidden: n } = d
  const { mul, add, sub, rest, join, cut } = tools(c)
  const sums = c.emit('Gemm', [d.before, d.recurrent, d.x], { transB: 1 })
  const [gates, candidate] = cut(sums, [3 * n, n], 1) as [string, string]
  const [i, o, f] = cut(c.emit('Sigmoid', [gates]), [n, n, n], 1) as [string, string, string]
  const g = c.emit('Tanh', [candidate])
  const ig = mul(i, g)
  const [forget, added] = [perStep(f, d), perStep(ig, d)]
  const first = d.firstC ?? c.floats(new Float64Array(d.batch * n), [d.batch, n])
  const cells: string[] = new Array(d.steps)
  const cellsBefore: string[] = new Array(d.steps)
  let cell = first
  for (const t of d.order) {
    cellsBefore[t] = cell
    cells[t] = cell = add(mul(forget[t]!, cell), added[t]!)
  }
  const squashed = c.emit('Tanh', [join(cells, 0)])
  // dc gains dh times this.
  const toCell = perStep(rest(o, mul(squashed, squashed)), d)
  const slopes = join([rest(ig, i), rest(d.h, o), mul(join(cellsBefore, 0), rest(f, f)), sub(i, mul(ig, g))], 1)
  const slope = perStep(slopes, d)
  const all: string[] = new Array(d.steps)
  let dc = d.lastC
  const h = backwards(d, (t, dh, more) => {
    const gained = mul(dh, toCell[t]!)
    const now = dc === null ? gained : add(dc, gained)
    all[t] = mul(c.emit('Concat', [now, dh, now, now], { axis: 1 }), slope[t]!)
    dc = mul(now, forget[t]!)
    return through(all[t]!, d.recurrent, more, c)
  })
  const joined = join(all, 0)
  return { x: joined, state: joined, multiplied: [{ gates: 4, value: d.before }], h, c: dc! }
}

export const gru: Cell = d => {
  const { c, hidden: n } = d
  const { mul, add, sub, rest, join, cut } = tools(c)
  const [gateRows, candidateRows] = cut(d.recurrent, [2 * n, n], 0) as [string, string]
  const [xGates, xCandidate] = cut(d.x, [2 * n, n], 1) as [string, string]
  const gates = c.emit('Sigmoid', [c.emit('Gemm', [d.before, gateRows, xGates], { transB: 1 })])
  const [z, r] = cut(gates, [n, n], 1) as [string, string]
  const linear = c.int('linear_before_reset', 0) !== 0
  const scaled = linear
    ? c.emit('Gemm', [d.before, candidateRows, ...(d.stateBias ? [d.stateBias] : [])], { transB: 1 })
    : mul(r, d.before)
  const sum = linear ? add(xCandidate, mul(r, scaled)) : c.emit('Gemm', [scaled, candidateRows, xCandidate], { transB: 1 })
  const candidate = c.emit('Tanh', [sum])
  const toUpdate = mul(sub(d.before, candidate), rest(z, z))
  const keep = sub(c.scalar(1), z)
  const toCandidate = rest(keep, mul(candidate, candidate))
  const [update, states] = [perStep(z, d), new Array<string>(d.steps)]
  if (linear) {
    const toReset = mul(toCandidate, mul(scaled, rest(r, r)))
    const slopes = perStep(join([toUpdate, toReset, mul(toCandidate, r)], 1), d)
    const all: string[] = new Array(d.steps)
    const h = backwards(d, (t, dh, more) => {
      states[t] = dh
      all[t] = mul(c.emit('Concat', [dh, dh, dh], { axis: 1 }), slopes[t]!)
      return add(through(all[t]!, d.recurrent, more, c), mul(dh, update[t]!))
    })
    const dh = join(states, 0)
    const state = join(all, 0)
    const x = join([mul(dh, toUpdate), mul(dh, toReset), mul(dh, toCandidate)], 1)
    return { x, state, multiplied: [{ gates: 3, value: d.before }], h, c: undefined }
  }
  const [updateSlope, candidateSlope] = [perStep(toUpdate, d), perStep(toCandidate, d)]
  const [resetSlope, reset] = [perStep(mul(d.before, rest(r, r)), d), perStep(r, d)]
  const [gateSums, candidateSums] = [new Array<string>(d.steps), new Array<string>(d.steps)]
  const h = backwards(d, (t, dh, more) => {
    candidateSums[t] = mul(dh, candidateSlope[t]!)
    const product = through(candidateSums[t]!, candidateRows, null, c)
    gateSums[t] = c.emit('Concat', [mul(dh, updateSlope[t]!), mul(product, resetSlope[t]!)], { axis: 1 })
    return add(through(gateSums[t]!, gateRows, more, c), add(mul(dh, update[t]!), mul(product, reset[t]!)))
  })
  const all = join([join(gateSums, 0), join(candidateSums, 0)], 1)
  return {
    x: all,
    state: all,
    multiplied: [
      { gates: 2, value: d.before },
      { gates: 1, value: scaled },
    ],
    h,
    c: undefined,
  }
}
