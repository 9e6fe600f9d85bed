/** @file Sequences whose items are known one by one become plain operators: Split, Concat, or the values themselves. */
import { type Attribute, attribute, attributes } from '../attributes.js'
import { ShapeError } from '../errors.js'
import { type Graph, type Node, operatorKey } from '../graph.js'
import { Tensor } from '../tensor.js'
import { unique } from './fold.js'
import { allNames } from './inline.js'
import { prune } from './prune.js'

/** Longest sequence that is opened. */
const maxItems = 4096

type Items = readonly string[]

/** Follows the items of sequences through one graph, and collects the nodes that replace what reads them. */
class Opened {
  readonly nodes: Node[] = []
  readonly initializers: Map<string, Tensor>
  readonly items = new Map<string, () => Items>()
  readonly #taken: Set<string>
  changed = false

  constructor(readonly graph: Graph) {
    this.initializers = new Map(graph.initializers)
    this.#taken = allNames(graph)
  }

  fresh(stem: string): string {
    return unique(stem, this.#taken)
  }

  constant(tensor: Tensor, stem: string): string {
    const name = this.fresh(stem)
    this.initializers.set(name, tensor)
    return name
  }

  emit(operator: string, inputs: readonly string[], outputs: readonly string[], plain: Readonly<Record<string, Attribute>> = {}) {
    this.nodes.push({ domain: '', operator, name: this.fresh(`${outputs[0]}/${operator}`), inputs, outputs, attributes: plain })
  }

  /** Items of an operator's first input, a sequence; undefined where they are not known. */
  sequence(node: Node): Items | undefined {
    return this.items.get(node.inputs[0]!)?.()
  }

  /** A constant position, counted from the end where negative; undefined where it is not constant. */
  position(node: Node, input: number, count: number, most: number): number | undefined {
    const given = this.initializers.get(node.inputs[input]!)?.scalar()
    if (given === undefined) return undefined
    const at = given < 0 ? given + count : given
    if (at < 0 || at > most)
      throw new ShapeError(`${node.operator} "${node.name}" names position ${given} of a sequence of ${count}`)
    return at
  }
}

/** True where the node is followed or replaced. What is only followed stays, for those that read the sequence itself. */
type Opener = (opened: Opened, node: Node) => boolean

const follow = (opened: Opened, node: Node, items: () => Items): false => {
  opened.items.set(node.outputs[0]!, items)
  return false
}

/** Sizes of the parts along the axis, where known. */
function partSizes(opened: Opened, node: Node, size: unknown): readonly number[] | undefined {
  const name = node.inputs[1] ?? ''
  const split = name === '' ? undefined : opened.initializers.get(name)
  if (name !== '' && !split) return undefined
  if (split && split.dims.length > 0) return [...split.numbers()]
  const step = split ? split.scalar() : 1
  if (typeof size !== 'number' || step < 1 || size / step > maxItems) return undefined
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => Math.min(step, size - i * step))
}

const splitToSequence: Opener = (opened, node) => {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!]
  const shape = opened.graph.type(input)?.shape
  const given = attribute(node, 'axis', 'int', 0)
  const axis = given < 0 ? given + (shape?.length ?? Number.NaN) : given
  const sizes = Number.isNaN(axis) ? undefined : partSizes(opened, node, shape?.[axis])
  if (!sizes || sizes.length === 0) return false
  const squeezed = (node.inputs[1] ?? '') === '' && attribute(node, 'keepdims', 'int', 1) === 0
  let made: Items | undefined
  return follow(opened, node, () => {
    if (made) return made
    let parts: Items = [input]
    if (sizes.length > 1) {
      parts = sizes.map((_, i) => opened.fresh(`${output}/${i}`))
      opened.emit('Split', [input, opened.constant(Tensor.ints(sizes), `${output}/sizes`)], parts, attributes({ axis }))
    }
    made = squeezed ? parts.map(part => reshaped(opened, 'Squeeze', part, axis)) : parts
    return made
  })
}

function reshaped(opened: Opened, operator: 'Squeeze' | 'Unsqueeze', value: string, axis: number): string {
  const output = opened.fresh(`${value}/${operator}`)
  opened.emit(operator, [value, opened.constant(Tensor.ints([axis]), `${output}/axes`)], [output])
  return output
}

const sequenceInsert: Opener = (opened, node) => {
  const items = opened.sequence(node)
  if (!items) return false
  const at = node.inputs[2] ? opened.position(node, 2, items.length, items.length) : items.length
  return at === undefined ? false : follow(opened, node, () => items.toSpliced(at, 0, node.inputs[1]!))
}

const sequenceErase: Opener = (opened, node) => {
  const items = opened.sequence(node)
  if (!items) return false
  const at = node.inputs[1] ? opened.position(node, 1, items.length, items.length - 1) : items.length - 1
  return at === undefined ? false : follow(opened, node, () => items.toSpliced(at, 1))
}

const sequenceAt: Opener = (opened, node) => {
  const items = opened.sequence(node)
  const at = items && opened.position(node, 1, items.length, items.length - 1)
  if (at === undefined) return false
  opened.emit('Identity', [items![at]!], node.outputs)
  return true
}

const sequenceLength: Opener = (opened, node) => {
  const items = opened.sequence(node)
  if (!items) return false
  opened.emit('Identity', [opened.constant(Tensor.from('int64', [], [items.length]), `${node.outputs[0]}/count`)], node.outputs)
  return true
}

const concatFromSequence: Opener = (opened, node) => {
  const items = opened.sequence(node)
  if (!items || items.length === 0) return false
  const axis = attribute(node, 'axis', 'int')!
  const stacked = attribute(node, 'new_axis', 'int', 0) !== 0
  const parts = stacked ? items.map(item => reshaped(opened, 'Unsqueeze', item, axis)) : items
  opened.emit('Concat', parts, node.outputs, attributes({ axis }))
  return true
}

const openers: Readonly<Record<string, Opener>> = {
  SequenceEmpty: (opened, node) => follow(opened, node, () => []),
  SequenceConstruct: (opened, node) => follow(opened, node, () => node.inputs),
  SplitToSequence: splitToSequence,
  SequenceInsert: sequenceInsert,
  SequenceErase: sequenceErase,
  SequenceAt: sequenceAt,
  SequenceLength: sequenceLength,
  ConcatFromSequence: concatFromSequence,
  Identity: (opened, node) => {
    const items = opened.items.get(node.inputs[0]!)
    return items ? follow(opened, node, items) : false
  },
}

/**
 * The graph with what reads a sequence of known items replaced: SequenceAt by the item, SequenceLength by a number,
 * ConcatFromSequence by Concat, SplitToSequence by Split (and Squeeze). Needs shapes inferred and constants folded: positions and
 * part sizes must be constants. Sequences that are read otherwise stay. The graph itself where there is nothing to do.
 * @throws ShapeError for a position outside the sequence
 */
export function openSequences(graph: Graph): Graph {
  if (!graph.nodes.some(({ operator }) => operator.includes('Sequence'))) return graph
  const opened = new Opened(graph)
  for (const node of graph.nodes) {
    const key = operatorKey(node)
    const opener = Object.hasOwn(openers, key) ? openers[key]! : undefined
    if (opener?.(opened, node)) opened.changed = true
    else opened.nodes.push(node)
  }
  return opened.changed ? prune(graph.with({ nodes: opened.nodes, initializers: opened.initializers })) : graph
}
