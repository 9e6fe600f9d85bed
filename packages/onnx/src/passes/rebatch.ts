/** @file A model of one fixed batch size as a model of another, where the rows can be shown to stay apart. */
import { evaluate } from '../evaluate/evaluate.js'
import { evaluations } from '../evaluate/index.js'
import { type Graph, type Node, operatorKey, outerReads } from '../graph.js'
import { inferShapes } from '../shapes/infer.js'
import { elementCount, Tensor } from '../tensor.js'
import { computeRules } from './batch/compute.js'
import { moveRules } from './batch/move.js'
import { type BatchAxis, type BatchContext, type BatchPlace, type BatchRules, give, prove, unproven } from './batch/rule.js'
import { foldConstants, random, unique } from './fold.js'
import { prune } from './prune.js'
import { specialise } from './specialise.js'

/** Elements computed at most to see whether a constant part is the same for every row. */
const maxEvaluated = 4_000_000

const rules: BatchRules = { ...computeRules, ...moveRules }

/**
 * The symbol of a dynamic batch: it leads an input and every output. Undefined where there is none.
 * @param graph with inferred shapes
 */
export function batchSymbol(graph: Graph): string | undefined {
  const leads = (type: { readonly shape: readonly unknown[] | null }): unknown => type.shape?.[0]
  const found = graph.inputs.map(({ type }) => leads(type)).find(dim => typeof dim === 'string') as string | undefined
  return found !== undefined && graph.outputs.every(({ type }) => leads(type) === found) ? found : undefined
}

/**
 * The model for `batch` rows at a time. Follows every value from the inputs and proves, operator by operator, that a batch gives what
 * each row gives alone, one after the other; shapes written into the model (`Reshape` to [1, 197, 768], an expanded class token) are
 * rewritten on the way. A model with a symbolic batch is specialised.
 * @returns undefined where that cannot be proven: run such a model as many rows at a time as it was made for
 */
export function rebatch(graph: Graph, batch: number): Graph | undefined {
  const symbol = batchSymbol(graph)
  if (symbol !== undefined) return specialise(graph, { dimensions: { [symbol]: batch } })
  const folded = foldConstants(graph)
  const old = folded.inputs.map(({ type }) => type.shape?.[0]).find(dim => typeof dim === 'number' && dim > 0)
  if (typeof old !== 'number' || !Number.isInteger(batch) || batch < 1) return undefined
  if (old === batch) return folded
  const leads = (rank: number) =>
    new Set(
      folded.inputs.flatMap(({ name, type }) => (type.shape && type.shape.length >= rank && type.shape[0] === old ? [name] : [])),
    )
  // A vector of one entry may be a setting and not a row.
  const choices = old === 1 ? [leads(1), leads(2)] : [leads(1)]
  for (const batched of choices) {
    try {
      return new Rebatch(folded, old, batch).run(batched)
    } catch (error) {
      if (error !== unproven) throw error
    }
  }
  return undefined
}

class Rebatch {
  readonly #places = new Map<string, BatchPlace>()
  readonly #nodes: Node[] = []
  readonly #initializers: Map<string, Tensor>
  readonly #taken: Set<string>
  readonly #repeated = new Map<string, string>()

  constructor(
    readonly graph: Graph,
    readonly old: number,
    readonly batch: number,
  ) {
    this.#initializers = new Map(graph.initializers)
    this.#taken = graph.names()
  }

  run(batched: ReadonlySet<string>): Graph {
    const { graph } = this
    for (const name of batched) this.#places.set(name, { axis: 0, outer: 1 })
    for (const node of graph.nodes) this.#node(node)
    const scaled = (shape: readonly unknown[] | null) =>
      (shape === null ? null : [this.batch, ...shape.slice(1)]) as number[] | null
    for (const { name } of graph.outputs) {
      const place = this.#places.get(name)
      prove(place?.axis === 0 && place.outer === 1 && graph.dims(name)?.[0] === this.old)
    }
    const inputs = graph.inputs.map(port =>
      batched.has(port.name) ? { ...port, type: { ...port.type, shape: scaled(port.type.shape) } } : port,
    )
    const outputs = graph.outputs.map(({ name, type }) => ({ name, type: { ...type, shape: scaled(type.shape) } }))
    const made = graph.with({ nodes: this.#nodes, initializers: this.#initializers, inputs, outputs, values: new Map() })
    const result = inferShapes(prune(made), { declared: false })
    for (const [i, { type }] of result.outputs.entries()) prove(`${type.shape}` === `${outputs[i]!.type.shape}`)
    return result
  }

  #node(node: Node): void {
    // Every row draws its own noise.
    prove(!random.has(node.operator))
    const reads = [...node.inputs, ...outerReads(node)]
    if (!reads.some(name => this.#places.has(name))) {
      this.#nodes.push(node)
      return
    }
    const rule = Object.hasOwn(rules, operatorKey(node)) ? rules[operatorKey(node)]! : give()
    const outer = this.#outer(node)
    const result = rule(this.#context(node, outer))
    this.#nodes.push(result.node)
    node.outputs.forEach((name, i) => {
      const axis = result.axes[i]
      if (name !== '' && axis !== undefined) this.#places.set(name, { axis, outer: result.outer ?? outer })
    })
  }

  #outer(node: Node): number {
    const outers = new Set(node.inputs.flatMap(name => this.#places.get(name)?.outer ?? []))
    prove(outers.size === 1)
    return [...outers][0]!
  }

  #context(node: Node, outer: number): BatchContext {
    const dims = (name: string | undefined): readonly number[] => (name ? this.graph.dims(name) : undefined) ?? give()
    return {
      node,
      old: this.old,
      batch: this.batch,
      has: input => (node.inputs[input] ?? '') !== '',
      axis: (input): BatchAxis => this.#places.get(node.inputs[input] ?? '')?.axis,
      outer,
      dims: input => dims(node.inputs[input]),
      outDims: output => dims(node.outputs[output]),
      constant: input => this.#initializers.get(node.inputs[input] ?? ''),
      scaled: dim => this.#scaled(dim),
      repeat: (input, axis) => {
        prove(outer === 1)
        return this.#repeat(node.inputs[input]!, axis)
      },
      ints: values => this.#constant(Tensor.ints(values), `${node.outputs[0]}_shape`),
      tensor: value => this.#constant(value, `${node.outputs[0]}_table`),
    }
  }

  #scaled(dim: number): number {
    prove(dim % this.old === 0)
    return (dim / this.old) * this.batch
  }

  #constant(tensor: Tensor, hint: string): string {
    const name = unique(hint, this.#taken)
    this.#initializers.set(name, tensor)
    return name
  }

  #repeat(name: string, axis: number): string {
    const key = `${axis} ${name}`
    const done = this.#repeated.get(key)
    if (done !== undefined) return done
    const dims = this.graph.dims(name) ?? give()
    const single = this.old === 1 ? name : this.#single(name, dims, axis)
    const times = this.#constant(Tensor.ints(dims.map((_, i) => (i === axis ? this.batch : 1))), `${name}_repeats`)
    const output = unique(`${name}_rows`, this.#taken)
    this.#emit('Tile', [single, times], output)
    this.#repeated.set(key, output)
    return output
  }

  /** One row's part of a value made for several rows at once, where all rows have the same. */
  #single(name: string, dims: readonly number[], axis: number): string {
    prove(dims[axis]! % this.old === 0)
    const part = dims.map((dim, i) => (i === axis ? dim / this.old : dim))
    const tensor = this.#initializers.get(name)
    if (tensor) return this.#constant(firstPart(tensor, part, axis, this.old), `${name}_row`)
    prove(repeats(this.graph, name, axis, this.old))
    const output = unique(`${name}_row`, this.#taken)
    const bounds = [0, part[axis]!, axis].map((value, i) =>
      this.#constant(Tensor.ints([value]), `${output}_${['starts', 'ends', 'axes'][i]}`),
    )
    this.#emit('Slice', [name, ...bounds], output)
    return output
  }

  #emit(operator: string, inputs: readonly string[], output: string): void {
    this.#nodes.push({ domain: '', operator, name: output, inputs, outputs: [output], attributes: {} })
  }
}

/** True where a value computed from constants alone has the same in each of `count` equal parts along an axis. */
function repeats(graph: Graph, name: string, axis: number, count: number): boolean {
  const needed = prune(graph.with({ outputs: [{ name, type: graph.type(name)! }] }))
  const size = needed.nodes.reduce(
    (sum, node) => sum + elementCount(graph.dims(node.outputs[0]!) ?? [Number.POSITIVE_INFINITY]),
    0,
  )
  const reads = new Set(needed.nodes.flatMap(node => node.inputs))
  if (size > maxEvaluated || needed.inputs.some(input => reads.has(input.name))) return false
  if (!needed.nodes.every(node => Object.hasOwn(evaluations, operatorKey(node)))) return false
  const { data, dims } = evaluate(needed, {}, [name]).get(name)!
  const block = elementCount(dims.slice(axis)) / count
  return data.every((value, i) => Object.is(value, data[i - (Math.floor(i / block) % count) * block]))
}

/** The first of `count` equal parts along an axis; unproven where they differ. */
function firstPart(tensor: Tensor, part: readonly number[], axis: number, count: number): Tensor {
  prove(tensor.byteLength % tensor.size === 0 && tensor.strings === undefined)
  const width = tensor.byteLength / tensor.size
  const block = elementCount(part.slice(axis)) * width
  const outer = elementCount(part.slice(0, axis))
  const { bytes } = tensor
  const out = new Uint8Array(outer * block)
  for (let i = 0; i < outer; i++) {
    const start = i * block * count
    for (let at = 0; at < block; at++)
      for (let row = 1; row < count; row++) prove(bytes[start + at] === bytes[start + row * block + at])
    out.set(bytes.subarray(start, start + block), i * block)
  }
  return new Tensor(tensor.dtype, part, out)
}
