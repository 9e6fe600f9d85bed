/** @file The tuned static graphs of one model, by size and by the values that must be in them. */
import type { Graph, Port } from '@ascribe/onnx'
import { UsageError } from './errors.js'
import { type Operators, tuneOperators, tuneWeights } from './tune.js'

/** Graphs kept per model: slow to make, and small, because weights are shared. */
const keptGraphs = 6

/** Gives the graph of a size its static shapes. */
export type Sizing = (graph: Graph) => Graph

export class TunedGraphs {
  readonly #graphs = new Map<string, Graph>()
  readonly #folded = new Set<string>()

  constructor(
    private readonly model: Graph,
    private readonly operators: Operators,
  ) {}

  /**
   * The graph for `rows` rows with the values `keep` in it. It is the graph without `keep` wherever that has them all, so that one
   * tensor more costs nothing unless tuning removed it.
   * @throws UsageError for a value that no graph can keep
   */
  get(rows: number, keep: readonly string[] = [], size: Sizing): Graph {
    const names = [...new Set(keep)].sort()
    const identity = JSON.stringify(names)
    if (!this.#folded.has(identity)) {
      const plain = this.#cached(rows, '[]', () => this.#make([], size))
      if (names.every(name => holds(plain, name))) return plain
      this.#folded.add(identity)
    }
    const graph = this.#cached(rows, identity, () => this.#make(names, size))
    const lost = names.find(name => !holds(graph, name))
    if (lost !== undefined) throw new UsageError(`tensor "${lost}" does not depend on the model's inputs; name another one`)
    return graph
  }

  #cached(rows: number, identity: string, make: () => Graph): Graph {
    const key = `${rows} ${identity}`
    const known = this.#graphs.get(key)
    if (known) return known
    const graph = make()
    if (this.#graphs.size >= keptGraphs) this.#graphs.clear()
    this.#graphs.set(key, graph)
    return graph
  }

  #make(keep: readonly string[], size: Sizing): Graph {
    const sized = size(withWeights(this.model, keep))
    const tuned = tuneOperators(sized, this.operators)
    // What was kept as an output is a value between nodes again.
    const count = this.model.outputs.length
    const values = new Map(tuned.values)
    for (const { name } of tuned.outputs.slice(count)) values.set(name, tuned.type(name)!)
    return tuned.with({ outputs: tuned.outputs.slice(0, count), values })
  }
}

/** Models with new weights, shared by the graphs of every size and shape. */
const weighted = new WeakMap<Graph, Map<string, Graph>>()

function withWeights(model: Graph, keep: readonly string[]): Graph {
  const identity = JSON.stringify(keep)
  const made = weighted.get(model) ?? new Map<string, Graph>()
  weighted.set(model, made)
  const graph = made.get(identity) ?? tuneWeights(keeping(model, keep))
  made.set(identity, graph)
  return graph
}

/** Whether the graph can be cut at, or read at, a value of this name. */
const holds = (graph: Graph, name: string): boolean =>
  graph.producer(name) !== undefined || graph.inputs.some(input => input.name === name)

/** The graph with these values as outputs too, which every pass leaves in it. */
function keeping(graph: Graph, names: readonly string[]): Graph {
  const known = new Set(graph.outputs.map(({ name }) => name))
  const more = names.filter(name => !known.has(name) && graph.producer(name))
  return graph.with({ outputs: [...graph.outputs, ...more.map((name): Port => ({ name, type: graph.type(name)! }))] })
}
