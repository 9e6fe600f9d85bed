/** @file Control flow: If, Loop, Scan. */
import type { Dimension, Graph, Shape, ValueType } from '../graph.js'
import { axisOf, unify } from './common.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'

function body(c: ShapeContext, name: string): Graph {
  const held = c.attribute(name)
  return held?.kind === 'graph' ? held.value : c.fail(`it has no subgraph "${name}"`)
}

const mergeDims = (a: Shape | null, b: Shape | null): Shape | null =>
  !a || !b || a.length !== b.length ? null : a.map((dim, i) => (dim === b[i] ? dim : null))

function merge(a: ShapeResult | undefined, b: ShapeResult | undefined): ShapeResult | undefined {
  if (!a || !b) return undefined
  const elements =
    a.elements && a.elements.length === b.elements?.length && a.elements.map((item, i) => (item === b.elements![i] ? item : null))
  return { dtype: a.dtype, shape: mergeDims(a.shape, b.shape), ...(a.kind && { kind: a.kind }), ...(elements && { elements }) }
}

const branch: ShapeRule = c => {
  const condition = c.numbers(0)?.[0]
  const yes = c.subgraph(body(c, 'then_branch'), [])
  const no = c.subgraph(body(c, 'else_branch'), [])
  if (yes.length !== no.length) c.fail('its branches have different numbers of outputs')
  if (condition !== undefined) return condition ? yes : no
  return yes.map((result, i) => merge(result, no[i]))
}

const typeOf = (c: ShapeContext, index: number, fallback: ValueType | undefined): ShapeResult => {
  const type = c.type(index) ?? fallback ?? { dtype: 'float32', shape: null }
  return type.kind ? { dtype: type.dtype, shape: type.shape, kind: type.kind } : { dtype: type.dtype, shape: type.shape }
}

const sameShape = (a: Shape | null, b: Shape | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((dim, i) => dim === b[i]))

/** Runs a body until the shapes it carries round do not change; dimensions that grow become unknown. */
function settle(carried: ShapeResult[], run: (carried: ShapeResult[]) => readonly ShapeResult[]) {
  for (let round = 0; ; round++) {
    const results = run(carried)
    const next = carried.map((before, i) => {
      const after = results[i]
      if (!after) return before
      const shape = round < 8 ? mergeDims(before.shape, after.shape) : null
      return { ...before, shape }
    })
    if (next.every((type, i) => sameShape(type.shape, carried[i]!.shape)) || round > 8) return results
    carried = next
  }
}

const loop: ShapeRule = c => {
  const graph = body(c, 'body')
  const trips = c.numbers(0)?.[0]
  const count = c.inputCount - 2
  if (graph.inputs.length !== count + 2) c.fail(`its body has ${graph.inputs.length} inputs for ${count} carried values`)
  const carried = Array.from({ length: count }, (_, i) => typeOf(c, i + 2, graph.inputs[i + 2]?.type))
  const counter: ShapeResult = { dtype: 'int64', shape: [] }
  const condition: ShapeResult = { dtype: 'bool', shape: [] }
  const results = settle(carried, now => c.subgraph(graph, [counter, condition, ...now]).slice(1))
  const first: Dimension = trips !== undefined && !c.has(1) && keepsGoing(graph) ? trips : null
  return results
    .map((result, i) => {
      if (i < count)
        return {
          ...result,
          shape: trips === 0 ? (carried[i]?.shape ?? null) : mergeDims(result.shape, carried[i]?.shape ?? null),
        }
      return { dtype: result.dtype, shape: result.shape && [first, ...result.shape] }
    })
    .map(({ dtype, shape, kind }: ShapeResult) => (kind ? { dtype, shape, kind } : { dtype, shape }))
}

/** True where the body's own condition output is the constant true or its unchanged condition input. */
function keepsGoing(graph: Graph): boolean {
  let name = graph.outputs[0]?.name ?? ''
  for (let node = graph.producer(name); node; node = graph.producer(name)) {
    if (node.operator === 'Constant' && node.attributes['value']?.kind === 'tensor')
      return node.attributes['value'].value.scalar() !== 0
    if (node.operator !== 'Identity' && node.operator !== 'Cast') return false
    name = node.inputs[0]!
  }
  const tensor = graph.initializers.get(name)
  return tensor ? tensor.scalar() !== 0 : name === graph.inputs[1]?.name
}

const scan: ShapeRule = c => {
  const graph = body(c, 'body')
  const scanned = c.int('num_scan_inputs') ?? c.fail('it has no num_scan_inputs attribute')
  const states = c.inputCount - scanned
  if (states < 0 || graph.inputs.length !== c.inputCount) c.fail(`its body has ${graph.inputs.length} inputs for ${c.inputCount}`)
  const axes = c.ints('scan_input_axes')
  let length: Dimension = null
  const slices = Array.from({ length: scanned }, (_, i): ShapeResult => {
    const { dtype, shape } = typeOf(c, states + i, graph.inputs[states + i]?.type)
    if (!shape) return { dtype, shape }
    const axis = axisOf(c, axes?.[i] ?? 0, shape.length, 'scan axis')
    length = unify(c, length, shape[axis]!, 'the scanned inputs have different lengths')
    return { dtype, shape: shape.filter((_, at) => at !== axis) }
  })
  const carried = Array.from({ length: states }, (_, i) => typeOf(c, i, graph.inputs[i]?.type))
  const results = settle(carried, now => c.subgraph(graph, [...now, ...slices]))
  const outputAxes = c.ints('scan_output_axes')
  return results.map((result, i) => {
    if (i < states) return { dtype: result.dtype, shape: mergeDims(result.shape, carried[i]?.shape ?? null) }
    if (!result.shape) return { dtype: result.dtype, shape: null }
    const axis = axisOf(c, outputAxes?.[i - states] ?? 0, result.shape.length + 1, 'scan axis')
    return { dtype: result.dtype, shape: [...result.shape.slice(0, axis), length, ...result.shape.slice(axis)] }
  })
}

/** The body sees one item at a time; a plain tensor among the inputs is given to every step. */
const sequenceMap: ShapeRule = c => {
  const graph = body(c, 'body')
  const items = graph.inputs.map(({ type }, i): ShapeResult => {
    const { dtype, shape } = typeOf(c, i, type)
    return { dtype, shape }
  })
  return c.subgraph(graph, items).map(({ dtype, shape }): ShapeResult => ({ dtype, shape, kind: 'sequence' }))
}

export const controlRules: ShapeRules = { If: branch, Loop: loop, Scan: scan, SequenceMap: sequenceMap }
