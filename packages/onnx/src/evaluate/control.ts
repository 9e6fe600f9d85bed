/** @file Control flow, and operators that do nothing at inference. */
import { attribute } from '../attributes.js'
import { NotEvaluableError } from '../errors.js'
import { elementCount } from '../tensor.js'
import { type NdArray, ndarray, type OperatorEvaluation, type OperatorEvaluations } from './array.js'
import { concat, narrow, normalAxis, reshaped, scalar } from './strided.js'

/** Stacks arrays along a new axis; `like` gives type and element dims where there are none. */
function stack(arrays: readonly NdArray[], axis: number, like: NdArray | undefined): NdArray {
  if (arrays.length === 0) {
    const dims = [...(like?.dims ?? [])]
    dims.splice(axis, 0, 0)
    return ndarray(dims, new Float64Array(elementCount(dims)), like?.dtype)
  }
  const unsqueezed = arrays.map(array => {
    const dims = [...array.dims]
    dims.splice(axis, 0, 1)
    return reshaped(array, dims)
  })
  return concat(unsqueezed, axis)
}

const loop: OperatorEvaluation = ([trips, start, ...initial], { node, subgraph }) => {
  const body = attribute(node, 'body', 'graph')!
  const carried = initial.length
  const limit = trips?.data[0] ?? Number.POSITIVE_INFINITY
  const scanned: NdArray[][] = body.outputs.slice(carried + 1).map(() => [])
  let state = initial as NdArray[]
  let go = start?.data[0] ?? 1
  for (let i = 0; i < limit && go; i++) {
    const [again, ...results] = subgraph(body, [scalar(i, 'int64'), scalar(go, 'bool'), ...state])
    go = again!.data[0]!
    state = results.slice(0, carried)
    results.slice(carried).forEach((value, j) => {
      scanned[j]!.push(value)
    })
  }
  const like = body.outputs.slice(carried + 1).map(({ type }) => {
    const dims = (type.shape ?? []).map(dim => (typeof dim === 'number' ? dim : 0))
    return ndarray(dims, new Float64Array(elementCount(dims)), type.dtype)
  })
  return [...state, ...scanned.map((list, j) => stack(list, 0, like[j]))]
}

const scan: OperatorEvaluation = (inputs, { node, subgraph }) => {
  const body = attribute(node, 'body', 'graph')!
  const count = attribute(node, 'num_scan_inputs', 'int', 0)
  const carried = inputs.length - count
  const outputCount = body.outputs.length - carried
  const none = (length: number): number[] => new Array<number>(length).fill(0)
  const inAxes = attribute(node, 'scan_input_axes', 'ints') ?? none(count)
  const inBackwards = attribute(node, 'scan_input_directions', 'ints') ?? none(count)
  const outAxes = attribute(node, 'scan_output_axes', 'ints') ?? none(outputCount)
  const outBackwards = attribute(node, 'scan_output_directions', 'ints') ?? none(outputCount)
  const sequences = inputs.slice(carried) as NdArray[]
  const axes = sequences.map((x, j) => normalAxis(inAxes[j]!, x.dims.length))
  const length = sequences[0]!.dims[axes[0]!]!
  const scanned: NdArray[][] = outAxes.map(() => [])
  let state = inputs.slice(0, carried) as NdArray[]
  for (let t = 0; t < length; t++) {
    const slices = sequences.map((x, j) => {
      const slice = narrow(x, axes[j]!, inBackwards[j] ? length - 1 - t : t, 1)
      return reshaped(
        slice,
        slice.dims.filter((_, axis) => axis !== axes[j]),
      )
    })
    const results = subgraph(body, [...state, ...slices])
    state = results.slice(0, carried)
    results.slice(carried).forEach((value, j) => {
      scanned[j]!.push(value)
    })
  }
  const stacked = scanned.map((list, j) => {
    const ordered = outBackwards[j] ? [...list].reverse() : list
    return stack(ordered, list[0] ? normalAxis(outAxes[j]!, list[0].dims.length + 1) : 0, undefined)
  })
  return [...state, ...stacked]
}

export const control: OperatorEvaluations = {
  If: ([condition], { node, subgraph }) =>
    subgraph(attribute(node, condition!.data[0] ? 'then_branch' : 'else_branch', 'graph')!, []),
  Loop: loop,
  Scan: scan,
  Dropout: ([x, ratio, training], { node }) => {
    if (training?.data[0] && (ratio?.data[0] ?? 0.5) !== 0)
      throw new NotEvaluableError(`Dropout "${node.name}" in training mode is random`)
    return [x!, ndarray(x!.dims, new Float64Array(x!.data.length).fill(1), 'bool')]
  },
}
