/** @file Dynamic dimensions to numbers. */
import { ShapeError } from '../errors.js'
import type { Dimension, Graph, Port, ValueType } from '../graph.js'
import { canonicalDim, substituteDim, symbolsOf } from '../shapes/dimension.js'
import { inputSymbol } from '../shapes/infer.js'
import { foldConstants } from './fold.js'
import { mapSubgraphs } from './rename.js'

export interface Specialisation {
  /** Numbers for symbolic dimensions, by name. */
  readonly dimensions?: Readonly<Record<string, number>>
  /** Whole shapes, by input name; symbols they meet are bound everywhere. */
  readonly inputs?: Readonly<Record<string, readonly number[]>>
}

const show = (shape: readonly Dimension[]): string => `[${shape.map(dim => dim ?? '?').join(', ')}]`

/**
 * The graph for inputs of the given sizes: symbolic and unnamed input dimensions bound to numbers, shapes inferred anew, and all that
 * becomes known folded. Dimensions nothing is said of stay symbolic. Tensors are shared, not copied.
 * @throws ShapeError for unknown names, wrong ranks and contradictions, naming the input and what it expects
 */
export function specialise(graph: Graph, { dimensions = {}, inputs = {} }: Specialisation): Graph {
  const bindings = new Map<string, number>()
  const bind = (symbol: string, size: number, where: string): void => {
    if (!Number.isInteger(size) || size < 0)
      throw new ShapeError(`${where} is given the size ${size}; give a whole number of at least 0`)
    const before = bindings.get(symbol)
    if (before !== undefined && before !== size)
      throw new ShapeError(`dimension "${symbol}" is ${before} in one place and ${size} at ${where}; give one size`)
    bindings.set(symbol, size)
  }
  const symbols = new Set(
    graph.inputs.flatMap(port => symbolic(port).flatMap(dim => [...symbolsOf(dim), ...(typeof dim === 'string' ? [dim] : [])])),
  )
  for (const [symbol, size] of Object.entries(dimensions)) {
    if (!symbols.has(symbol))
      throw new ShapeError(
        `no input has a dimension "${symbol}"; the symbolic dimensions are ${[...symbols].join(', ') || 'none'}`,
      )
    bind(symbol, size, `dimension "${symbol}"`)
  }
  for (const [name, sizes] of Object.entries(inputs)) {
    const port = graph.inputs.find(input => input.name === name)
    if (!port)
      throw new ShapeError(`there is no input "${name}"; the inputs are ${graph.inputs.map(input => input.name).join(', ')}`)
    const expected = port.type.shape
    if (!expected) continue
    const wrong = `input "${name}" is given the shape ${show(sizes)} but expects ${show(expected)}`
    if (expected.length !== sizes.length) throw new ShapeError(wrong)
    symbolic(port).forEach((dim, axis) => {
      if (typeof dim === 'number' && dim !== sizes[axis]) throw new ShapeError(wrong)
      if (typeof dim === 'string') bind(dim, sizes[axis]!, `axis ${axis} of input "${name}"`)
    })
  }
  const known: Record<string, number> = Object.fromEntries(bindings)
  const ports = graph.inputs.map(port => {
    const given = inputs[port.name]
    const dims = port.type.shape ? symbolic(port) : given
    const shape = dims?.map((dim, axis): Dimension => {
      const value = substituteDim(dim, known)
      const sum = typeof dim === 'string' && symbolsOf(dim)[0] !== dim ? substituteDim(dim, without(known, dim)) : value
      if (typeof sum === 'number' && sum !== value)
        throw new ShapeError(`axis ${axis} of input "${port.name}" is ${dim} = ${sum}, not ${value}`)
      if (typeof value === 'number' && (value < 0 || (given && given[axis] !== value)))
        throw new ShapeError(`axis ${axis} of input "${port.name}" is ${dim} = ${value}${given ? `, not ${given[axis]}` : ''}`)
      return value
    })
    return { name: port.name, type: { ...port.type, shape: shape ?? null } }
  })
  const outputs = graph.outputs.map(({ name, type }) => ({
    name,
    type: { ...type, shape: type.shape?.map(dim => substituteDim(canonicalDim(dim), known)) ?? null },
  }))
  return foldConstants(bound(graph.with({ inputs: ports, outputs }), known))
}

/** The types the model declares, with numbers for what is bound. */
function bound(graph: Graph, known: Readonly<Record<string, number>>): Graph {
  const values = new Map<string, ValueType>()
  for (const [name, type] of graph.values)
    values.set(name, { ...type, shape: type.shape?.map(dim => substituteDim(canonicalDim(dim), known)) ?? null })
  return graph.with({ values, nodes: graph.nodes.map(node => mapSubgraphs(node, inner => bound(inner, known))) })
}

const without = (known: Readonly<Record<string, number>>, name: string): Record<string, number> =>
  Object.fromEntries(Object.entries(known).filter(([symbol]) => symbol !== name))

/** An input's dimensions with names for the unnamed. */
const symbolic = ({ name, type }: Port): readonly Dimension[] =>
  type.shape?.map((dim, axis) => dim ?? inputSymbol(name, axis)) ?? []
