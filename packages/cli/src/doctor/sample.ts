/** @file A made-up input for a model, when the user gives none: seeded noise and plausible integers. */
import {
  InputError,
  Random,
  suggestion,
  type TensorValue,
  type TensorValues,
  UsageError,
  type ValueDataType,
} from '@ascribe/core'
import { type Dimension, elementCount, type Graph, isFloat, type Port } from '@ascribe/onnx'

/** Sizes for dimensions that the model leaves open: rows, sides of pictures, everything else. */
const guesses = { batch: 1, side: 224, other: 16 } as const

function guess(shape: readonly Dimension[], axis: number, symbols: Map<string, number>, rows: number = guesses.batch): number {
  const dim = shape[axis]!
  if (typeof dim === 'number') return dim
  const value = axis === 0 ? rows : shape.length === 4 ? guesses.side : guesses.other
  if (dim === null) return value
  if (!symbols.has(dim)) symbols.set(dim, value)
  return symbols.get(dim)!
}

/** Rows of the table that an integer input looks up, through casts and reshapes; undefined where it looks nothing up. */
function tableRows(graph: Graph, input: string): number | undefined {
  const pending = [input]
  for (let step = 0; step < pending.length && step < 20; step++) {
    for (const node of graph.consumers(pending[step]!)) {
      const table = graph.initializers.get(node.inputs[0] ?? '')
      if (node.operator === 'Gather' && node.inputs[1] === pending[step] && table && isFloat(table.dtype)) return table.dims[0]
      pending.push(...node.outputs)
    }
  }
  return undefined
}

type Fill = (index: number, random: Random) => number

/** What integer inputs hold, by what their name says they are. */
const integerFills: readonly (readonly [RegExp, Fill])[] = [
  [/mask/i, () => 1],
  [/type|segment/i, () => 0],
  [/position/i, index => index],
]

function integerFill(graph: Graph, name: string): Fill {
  const named = integerFills.find(([pattern]) => pattern.test(name))
  if (named) return named[1]
  const rows = tableRows(graph, name) ?? 2
  return (_, random) => random.integer(rows)
}

type ArrayMaker = (length: number, at: (index: number) => number) => TensorValue['data']

const makers: Readonly<Partial<Record<ValueDataType, ArrayMaker>>> = {
  float32: (length, at) => Float32Array.from({ length }, (_, i) => at(i)),
  float64: (length, at) => Float64Array.from({ length }, (_, i) => at(i)),
  int64: (length, at) => BigInt64Array.from({ length }, (_, i) => BigInt(at(i))),
  uint64: (length, at) => BigUint64Array.from({ length }, (_, i) => BigInt(at(i))),
  int32: (length, at) => Int32Array.from({ length }, (_, i) => at(i)),
  uint32: (length, at) => Uint32Array.from({ length }, (_, i) => at(i)),
  int16: (length, at) => Int16Array.from({ length }, (_, i) => at(i)),
  uint16: (length, at) => Uint16Array.from({ length }, (_, i) => at(i)),
  int8: (length, at) => Int8Array.from({ length }, (_, i) => at(i)),
  uint8: (length, at) => Uint8Array.from({ length }, (_, i) => at(i)),
  bool: (length, at) => Uint8Array.from({ length }, (_, i) => (at(i) ? 1 : 0)),
}

/** True where no axis can be the rows: the first dimensions differ, and not because one input has a single entry. */
function isWhole(graph: Graph): boolean {
  const leading = graph.inputs.map(({ type }) => type.shape?.[0] ?? null)
  return new Set(leading).size > 1 && leading.some(dim => typeof dim === 'number' && dim > 1)
}

/** Dims of one row: fixed ones but the first stand, open ones are guessed. Without rows the first stands too. */
function guessedDims({ name, type: { shape } }: Port, symbols: Map<string, number>, whole: boolean): readonly number[] {
  if (!shape) throw new InputError(`input "${name}" has no known rank; pass an input file`)
  if (whole) return shape.map((dim, axis) => (dim === null ? guesses.other : guess(shape, axis, symbols, guesses.other)))
  return shape.map((_, axis) => (axis === 0 && shape.length > 1 ? 1 : guess(shape, axis, symbols)))
}

function sampleInput(graph: Graph, { name, type }: Port, dims: readonly number[], random: Random): TensorValue {
  const length = elementCount(dims)
  const make = makers[type.dtype as ValueDataType]
  if (!make) throw new InputError(`input "${name}" holds ${type.dtype}, for which no sample can be made; pass an input file`)
  const fill: Fill = isFloat(type.dtype) ? (_, generator) => generator.normal() : integerFill(graph, name)
  return { dtype: type.dtype as ValueDataType, dims, data: make(length, i => fill(i, random)) } as TensorValue
}

/**
 * One row of every input: floats are standard normal; integers named like masks are 1, types 0, positions counted, others ids that
 * the table they look up has. Open dimensions are guessed: 1 row, 224 for sides of pictures, 16 otherwise. Where the inputs' first
 * dimensions show that there are no rows (a graph's nodes and edges), first dimensions are the model's own, or 16.
 * @param shapes dims of inputs that need no guess
 * @throws InputError for inputs of unknown rank or of text, UsageError for a shape of an input that is not there
 */
export function sampleRow(graph: Graph, seed: number, shapes: Readonly<Record<string, readonly number[]>> = {}): TensorValues {
  const symbols = new Map<string, number>()
  const whole = isWhole(graph)
  const names = graph.inputs.map(({ name }) => name)
  for (const name of Object.keys(shapes))
    if (!names.includes(name)) throw new UsageError(`the model has no input "${name}"${suggestion(name, names)}`)
  return Object.fromEntries(
    graph.inputs.map((port, index) => {
      const dims = shapes[port.name] ?? guessedDims(port, symbols, whole)
      return [port.name, sampleInput(graph, port, dims, new Random(seed, index))]
    }),
  )
}
