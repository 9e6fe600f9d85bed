/**
 * @file A network being built. The same code builds the graph that trains (parameters cut from one vector, batch statistics, dropout)
 * and the graph that is exported (parameters as constants, running statistics, no dropout).
 */
import { type GraphBuilder, type Shape, Tensor } from '@ascribe/onnx'
import type { Initializer } from './initializers.js'

export interface ParameterSpec {
  readonly name: string
  readonly dims: readonly number[]
  readonly initialize: Initializer
  /** Whether weight decay applies: weights yes; biases, scales and position embeddings no. */
  readonly decay: boolean
}

/** A running statistic of the batches seen; not trained. */
export interface StatisticSpec {
  readonly name: string
  readonly length: number
  readonly initial: number
}

export interface DropoutSpec {
  /** Graph input that carries the mask: uint8, 1 where kept. */
  readonly input: string
  readonly dims: readonly number[]
  readonly rate: number
}

/** Where values of parameters and statistics come from, by name. */
export interface Values {
  parameter(spec: ParameterSpec, builder: GraphBuilder): string
  statistic(spec: StatisticSpec, builder: GraphBuilder): string
}

export class Network {
  readonly parameters: ParameterSpec[] = []
  readonly statistics: StatisticSpec[] = []
  readonly dropouts: DropoutSpec[] = []
  /** New value of each running statistic; training only. */
  readonly updates = new Map<string, string>()
  /** Values worth naming in the exported graph: the end of each stage. */
  #scopes: string[] = []

  constructor(
    readonly builder: GraphBuilder,
    /** Rows of the batch where the graph trains; undefined where it is exported. */
    readonly trainingRows: number | undefined,
    private readonly values: Values,
  ) {}

  get training(): boolean {
    return this.trainingRows !== undefined
  }

  /** Runs `build` with `scope` put before the names it makes. */
  scoped<T>(scope: string, build: () => T): T {
    this.#scopes.push(scope)
    try {
      return build()
    } finally {
      this.#scopes.pop()
    }
  }

  path(name: string): string {
    return [...this.#scopes, name].join('.')
  }

  parameter(name: string, dims: readonly number[], initialize: Initializer, decay = true): string {
    const spec = { name: this.path(name), dims, initialize, decay }
    this.parameters.push(spec)
    return this.values.parameter(spec, this.builder)
  }

  statistic(name: string, length: number, initial: number): { readonly name: string; readonly value: string } {
    const spec = { name: this.path(name), length, initial }
    this.statistics.push(spec)
    return { name: spec.name, value: this.values.statistic(spec, this.builder) }
  }

  emit(operator: string, inputs: readonly string[], attributes: Parameters<GraphBuilder['emit']>[2] = {}): string {
    return this.builder.emit(operator, inputs, attributes)
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.emit('Reshape', [value, this.builder.ints(dims)])
  }

  scalar(value: number): string {
    return this.builder.float(value)
  }

  /** Multiplies by a mask fed from outside and by 1 / (1 - rate), while training. `dims` are those of the mask; 1 broadcasts. */
  dropout(value: string, rate: number, dims: readonly number[]): string {
    if (!this.training || rate === 0) return value
    const name = `dropout/${this.path(String(this.dropouts.length))}`
    const full = [this.trainingRows!, ...dims]
    this.builder.input(name, 'uint8', full as Shape)
    this.dropouts.push({ input: name, dims: full, rate })
    const mask = this.emit('Mul', [this.emit('Cast', [name], { to: 1 }), this.scalar(1 / (1 - rate))])
    return this.emit('Mul', [value, mask])
  }
}

/** Parameters and statistics as constants of the graph, named as in training. */
export const constantValues = (of: (name: string) => Float32Array | undefined = () => undefined): Values => ({
  parameter: ({ name, dims }, builder) => builder.constant(tensorOf(dims, of(name)), name),
  statistic: ({ name, length, initial }, builder) => builder.constant(tensorOf([length], of(name), initial), name),
})

function tensorOf(dims: readonly number[], data: Float32Array | undefined, fill = 0): Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1)
  return Tensor.from('float32', dims, data ?? new Float32Array(size).fill(fill))
}
