/** @file Gradients of scattering with every reduction. */
import { type RuleContext, type RuleTable, single } from '../rule.js'
import { axisOf, filled, product, zeros } from './blocks.js'
import { flattened } from './rows.js'

/** A scatter as its gradient sees it: reading at the indices, and writing there with some reduction. */
interface Access {
  readonly data: string
  readonly updates: string
  readonly dims: readonly number[]
  readonly updateDims: readonly number[]
  readonly gather: (value: string) => string
  readonly scatter: (base: string, updates: string, reduction: string) => string
}

type ScatterGradient = (g: string, y: string, access: Access, c: RuleContext) => [data: () => string, updates: () => string]

const asFloat = (mask: string, c: RuleContext): string => c.emit('Cast', [mask], { to: 1 })

/** Data and updates that equal the result share its cotangent equally. */
const sharing: ScatterGradient = (g, y, { data, updates, gather, scatter }, c) => {
  const dataTies = asFloat(c.emit('Equal', [data, y]), c)
  const updateTies = asFloat(c.emit('Equal', [updates, gather(y)]), c)
  const shared = c.emit('Div', [g, scatter(dataTies, updateTies, 'add')])
  return [() => c.emit('Mul', [shared, dataTies]), () => c.emit('Mul', [gather(shared), updateTies])]
}

/** The product of all other factors, exact where factors are zero: an entry with one zero factor passes only to that factor. */
const factors: ScatterGradient = (g, _y, { data, updates, dims, updateDims, gather, scatter }, c) => {
  const isZero = c.emit('Equal', [updates, c.scalar(0)])
  const ones = filled(1, updateDims, c)
  const others = (): string => {
    const nonzero = scatter(data, c.emit('Where', [isZero, ones, updates]), 'mul')
    const count = scatter(zeros(dims, c), asFloat(isZero, c), 'add')
    const few = asFloat(c.emit('Less', [count, c.scalar(0.5)]), c)
    const one = asFloat(c.emit('Less', [count, c.scalar(1.5)]), c)
    const rest = gather(c.emit('Mul', [g, nonzero]))
    // A zero factor gets the product of the rest when it is the only zero; another factor only when there is none.
    const own = c.emit('Mul', [rest, gather(one)])
    const other = c.emit('Div', [c.emit('Mul', [rest, gather(few)]), c.emit('Where', [isZero, ones, updates])])
    return c.emit('Where', [isZero, own, other])
  }
  return [() => c.emit('Mul', [g, scatter(filled(1, dims, c), updates, 'mul')]), others]
}

const scatterGradients: Readonly<Record<string, ScatterGradient>> = {
  // With repeated indices ONNX leaves open which update wins; each then gets the cotangent.
  none: (g, _y, { updateDims, gather, scatter }, c) => [() => scatter(g, zeros(updateDims, c), 'none'), () => gather(g)],
  add: (g, _y, { gather }) => [() => g, () => gather(g)],
  mul: factors,
  max: sharing,
  min: sharing,
}

function scatterGradient(g: string, y: string, access: Access, c: RuleContext): (string | null)[] {
  const rule = scatterGradients[c.string('reduction', 'none')]
  if (!rule) return c.unsupported(`its reduction "${c.string('reduction', 'none')}" has no gradient`)
  const [data, updates] = rule(g, y, access, c)
  return [c.wants(0) ? data() : null, null, c.wants(2) ? updates() : null]
}

const scatterElements = single((g, c) => {
  const [data, indices, updates] = [c.input(0), c.input(1), c.input(2)]
  const axis = axisOf(c.int('axis', 0), c.rank(data))
  if (product(c.dims(updates)) === 0) return [g]
  return scatterGradient(
    g,
    c.output(0),
    {
      data,
      updates,
      dims: c.dims(data),
      updateDims: c.dims(updates),
      gather: value => c.emit('GatherElements', [value, indices], { axis }),
      scatter: (base, values, reduction) => c.emit('ScatterElements', [base, indices, values], { axis, reduction }),
    },
    c,
  )
}, 'max and min share equally among ties; none with repeated indices passes to every repetition')

/** As ScatterElements along the first axis of the data flattened to rows. */
const scatterND = single((g, c) => {
  const [data, indices, updates] = [c.input(0), c.input(1), c.input(2)]
  const dims = c.dims(data)
  const updateDims = c.dims(updates)
  if (product(updateDims) === 0) return [g]
  const { positions, count, size, inner } = flattened(dims, indices, 0, c)
  const full = c.emit('Expand', [c.emit('Reshape', [positions, c.ints64([count, 1])]), c.ints64([count, inner])])
  const [flat, flatUpdates] = [
    [size, inner],
    [count, inner],
  ]
  const gradients = scatterGradient(
    c.reshape(g, flat, dims),
    c.reshape(c.output(0), flat, dims),
    {
      data: c.reshape(data, flat, dims),
      updates: c.reshape(updates, flatUpdates, updateDims),
      dims: flat,
      updateDims: flatUpdates,
      gather: value => c.emit('Gather', [value, positions], { axis: 0 }),
      scatter: (base, values, reduction) => c.emit('ScatterElements', [base, full, values], { axis: 0, reduction }),
    },
    c,
  )
  const shaped = (index: number, from: readonly number[], to: readonly number[]): string | null =>
    gradients[index] ? c.reshape(gradients[index], to, from) : null
  return [shaped(0, flat, dims), null, shaped(2, flatUpdates, updateDims)]
}, 'as ScatterElements')

export const scatter: RuleTable = { ScatterElements: scatterElements, ScatterND: scatterND }
