/** @file The graph of a plan: the clean input once, every window's boxes, and the rest of the network in full. */
import { type Graph, type GraphBuilder, type Node, operatorKey, Tensor } from '@ascribe/onnx'
import { cut as cutGraph, finish, type ProgramSource, port, rebind } from '../programs.js'
import { cutKey, cutsOf, outsideRow } from './places.js'
import type { Cut, Moving, Plan } from './plan.js'
import { boxRules } from './rules.js'

/** Where the values of windows enter a network. */
export interface Entry {
  /** The explained tensor. */
  readonly name: string
  /** What windows slide over as [rows, channels, ...space]: the tensor itself, or what a Transpose makes of it. */
  readonly start: string
  readonly channelsLast: boolean
}

/** Ports beside those of programs: the changed values, whole, one row per variant; and the row numbers of each cut. */
export const boxPort = {
  variants: (name: string): string => `variants/${name}`,
  places: (index: number): string => `places/${index}`,
  value: (name: string): string => `value/${name}`,
} as const

const toRows = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1]
const toChannels = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)]

/**
 * Ports: points/NAME (the clean input, one row), variants/NAME [variants, ...], places/K [rows, ...] in the order of `cutsOf`
 * -> value/OUTPUT. The sizes of boxes are free: one graph serves every group of windows.
 * @param source with a graph of nothing but what leads to the output
 */
export function incrementalProgram(source: ProgramSource, plan: Plan, entry: Entry, variants: number): Graph {
  const others = source.at.filter(name => name !== entry.name)
  const { frontier } = plan
  const rest = cutGraph(source.graph, frontier)
  const free = rest.with({ inputs: rest.inputs.filter(({ name }) => name !== entry.name || frontier.includes(name)) })
  let pasted: ReadonlyMap<string, string> | undefined
  const builder = rebind({ ...source, graph: free, at: [...others, ...frontier] }, (head, name) => {
    if (others.includes(name)) {
      const dims = source.graph.dims(name)!
      return head.emit('Expand', [head.input(port.points(name), 'float32', [1, ...dims.slice(1)]), head.ints(dims)])
    }
    pasted ??= new BoxWriter(head, source, plan, entry, variants).pasted()
    return pasted.get(name)!
  })
  return finish(builder, [[source.output, boxPort.value(source.output)]])
}

/** Writes the clean nodes and those on boxes. */
class BoxWriter {
  /** Clean values, one row, by name; and as [places, channels]. */
  readonly #clean = new Map<string, string>()
  readonly #cleanRows = new Map<string, string>()
  /** Values on boxes by name. */
  readonly #box = new Map<string, string>()
  readonly #tables = new Map<string, string>()
  readonly #constants = new Map<string, string>()
  readonly #producers: ReadonlyMap<string, Node>
  readonly #places: ReadonlyMap<string, string>

  constructor(
    private readonly builder: GraphBuilder,
    private readonly source: ProgramSource,
    private readonly plan: Plan,
    { name, channelsLast }: Entry,
    variants: number,
  ) {
    const { start } = plan
    const space = start.dims.slice(2)
    this.#producers = new Map(source.graph.nodes.map(node => [node.outputs[0]!, node]))
    this.#places = new Map(
      [...cutsOf(plan).keys()].map((key, i) => {
        const at = boxPort.places(i)
        return [key, builder.input(at, 'int32', [source.rows, ...space.map((_, axis) => `${at}/${axis}`)])] as const
      }),
    )
    const dims = source.graph.dims(name)!.slice(1)
    const clean = builder.input(port.points(name), 'float32', [1, ...dims])
    const changed = builder.input(boxPort.variants(name), 'float32', [variants, ...dims])
    const flat = (value: string): string =>
      channelsLast ? builder.emit('Reshape', [value, builder.ints([-1, start.dims[1]!])]) : this.#asRows(value, start)
    this.#clean.set(name, clean)
    this.#cleanRows.set(start.name, flat(clean))
    this.#box.set(start.name, flat(changed))
  }

  /** The whole values of the frontier, for every row. */
  pasted(): ReadonlyMap<string, string> {
    const { plan, builder, source } = this
    for (const { node, reach, output, cuts } of plan.steps) {
      const inputs = node.inputs.map((name, i) => {
        if (!plan.moving.has(name)) return this.#constant(name)
        return cuts[i] ? this.#cutOut(cuts[i], reach.fill) : this.#box.get(name)!
      })
      const cutting = {
        builder,
        inputs,
        strides: reach.axes.map(({ kernel, stride }) => (kernel === 1 ? 1 : stride)),
        inside: () => this.#inside(cuts[0]!),
      }
      this.#box.set(output.name, boxRules[operatorKey(node)]!.compute(node, cutting, source.graph))
    }
    return new Map(plan.frontier.map(name => [name, this.#cutOut({ value: plan.moving.get(name)! }, 0)] as const))
  }

  #cutOut(cut: Cut, fill: number): string {
    const places = this.#places.get(cutKey(cut, this.plan.start))!
    const gathered = this.builder.emit('Gather', [this.#table(cut.value, fill), places], { axis: 0 })
    return this.builder.emit('Transpose', [gathered], { perm: toChannels(cut.value.dims.length) })
  }

  /** [places, channels]: the clean values, one row for places outside, the changed values. */
  #table(value: Moving, fill: number): string {
    const key = JSON.stringify([value.name, fill])
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const { builder, plan } = this
    const channels = value.dims[1]!
    const outside = builder.constant(Tensor.float32([1, channels], new Float32Array(channels).fill(fill)))
    const changed = this.#box.get(value.name)!
    const rows = value === plan.start ? changed : this.#asRows(changed, value)
    const clean = this.#cleanRows.get(value.name) ?? this.#asRows(this.#cleanValue(value.name), value)
    this.#cleanRows.set(value.name, clean)
    const table = builder.emit('Concat', [clean, outside, rows], { axis: 0 })
    this.#tables.set(key, table)
    return table
  }

  #asRows(value: string, { dims }: Moving): string {
    const last = this.builder.emit('Transpose', [value], { perm: toRows(dims.length) })
    return this.builder.emit('Reshape', [last, this.builder.ints([-1, dims[1]!])])
  }

  /** The value for the input as it is, one row. */
  #cleanValue(name: string): string {
    const known = this.#clean.get(name)
    if (known !== undefined) return known
    const node = this.#producers.get(name)!
    const inputs = node.inputs.map(input => (this.#isConstant(input) ? this.#constant(input) : this.#cleanValue(input)))
    const operator = node.domain === '' ? node.operator : `${node.domain}:${node.operator}`
    const value = this.builder.emit(operator, inputs, node.attributes)
    this.#clean.set(name, value)
    return value
  }

  #isConstant(name: string): boolean {
    return name === '' || this.source.graph.initializers.has(name)
  }

  #constant(name: string): string {
    if (name === '') return ''
    const known = this.#constants.get(name)
    if (known !== undefined) return known
    const made = this.builder.constant(this.source.graph.initializers.get(name)!)
    this.#constants.set(name, made)
    return made
  }

  /** [rows, 1, ...space]: 1 for places inside the tensor, 0 for those outside. */
  #inside(cut: Cut): string {
    const { builder } = this
    const outside = builder.constant(Tensor.from('int32', [], [outsideRow(cut.value)]))
    const places = this.#places.get(cutKey(cut, this.plan.start))!
    const inside = builder.emit('Not', [builder.emit('Equal', [places, outside])])
    return builder.emit('Unsqueeze', [builder.emit('Cast', [inside], { to: 1 }), builder.ints([1])])
  }
}
