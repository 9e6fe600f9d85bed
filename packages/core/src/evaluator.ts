/** @file What a method is given: the target and its gradient at any points, in chunks that fit the memory budget, with the cost counted. */

import type { Graph } from '@ascribe/onnx'
import { elementCount } from '@ascribe/onnx'
import type { Cost } from './attribution.js'
import type { Batching } from './batching.js'
import { AbortedError, NotFiniteError } from './errors.js'
import type { Model } from './model.js'
import { type PictureAxes, pictureAxes } from './picture.js'
import {
  cut,
  gradientProgram,
  layerProgram,
  momentsProgram,
  type ProgramSource,
  pathProgram,
  port,
  rowDims,
  valuesProgram,
} from './programs.js'
import { sessionKey, valuesKey } from './session-key.js'
import { type ResolvedTarget, targetValue } from './target.js'
import type { TensorValue, TensorValues } from './tensor-value.js'

/** Float values by name of the explained tensor. */
export type Points = Readonly<Record<string, Float32Array>>
export type Sums = Readonly<Record<string, Float64Array>>

export interface Progress {
  readonly done: number
  readonly total: number
  readonly step: string
}

export interface RunContext {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

type ProgramMaker = (source: ProgramSource) => Graph

/** One input (one row) of a model, ready to be explained. Made by `prepare`. */
export class Evaluator {
  readonly cost: Cost = { forwards: 0, gradients: 0, milliseconds: 0 }
  readonly warnings: string[] = []
  readonly #rowsPerRun = new Map<string, number>()

  constructor(
    readonly model: Model,
    /** The explained tensors' values, one row each. */
    readonly inputs: Readonly<Record<string, TensorValue<'float32'>>>,
    readonly target: ResolvedTarget,
    /** Every output's values for the input. */
    readonly outputs: TensorValues,
    private readonly fixed: TensorValues,
    private readonly batching: Batching,
    private readonly context: RunContext,
  ) {}

  /** Names of the explained tensors. */
  get at(): readonly string[] {
    return Object.keys(this.inputs)
  }

  /** f(x): the target's value at the input. */
  get value(): number {
    return targetValue(this.target, this.outputs[this.target.output]!.data as Float32Array)
  }

  /** The explained values as points. */
  get point(): Points {
    return Object.fromEntries(this.at.map(name => [name, this.inputs[name]!.data]))
  }

  /** The static graph that is explained, for one row. */
  get graph(): Graph {
    return this.#source(this.#rows(1)).graph
  }

  /** The picture axes of an explained tensor, by its dimensions; values inside the model are [1, C, H, W]. */
  pictureAxes(name: string): PictureAxes | undefined {
    const input = this.model.graph.inputs.some(port => port.name === name)
    return pictureAxes(this.inputs[name]!.dims, input ? undefined : 'NCHW')
  }

  progress(done: number, total: number, step: string): void {
    this.context.onProgress?.({ done, total, step })
  }

  #rows(wanted: number): number {
    return this.batching.fixed ?? wanted
  }

  /** @param more values that must be in the graph beside the explained ones */
  #source(rows: number, more: readonly string[] = []): ProgramSource {
    return {
      graph: cut(this.batching.graph(rows, [...this.at, ...more]), this.at),
      rows,
      batched: this.batching.batched,
      at: this.at,
      output: this.target.output,
      link: this.target.link,
      ...(this.target.rowClasses === undefined ? {} : { rowClasses: this.target.rowClasses }),
    }
  }

  /** Rows per run for `count` rows of a program. */
  #chunk(key: string, make: ProgramMaker, count: number): number {
    const known = this.#rowsPerRun.get(`${key} ${count}`)
    if (known !== undefined) return known
    const rows = this.batching.fixed ?? this.model.rowsPerRun(make(this.#source(1)), count)
    this.#rowsPerRun.set(`${key} ${count}`, rows)
    return rows
  }

  /** Runs a program for `rows` rows; feeds of the tensors that are not explained are added. */
  async #run(
    key: string,
    rows: number,
    make: ProgramMaker,
    feeds: TensorValues,
    read: readonly string[] = [],
  ): Promise<TensorValues> {
    if (this.context.signal?.aborted) throw new AbortedError('interrupted')
    const identity = sessionKey(key, rows, this.at, this.#dims(), this.batching.key)
    const session = await this.model.session(identity, () => make(this.#source(rows, read)))
    const started = performance.now()
    try {
      return await session.run({ ...this.fixed, ...feeds }, undefined, this.context.signal ? { signal: this.context.signal } : {})
    } finally {
      this.cost.milliseconds += performance.now() - started
    }
  }

  /** Key of a program that holds the target. */
  #targetKey(program: string): string {
    const { output, link, rowClasses } = this.target
    return JSON.stringify([program, output, link, rowClasses ?? null])
  }

  #dims(): Record<string, readonly number[]> {
    const fixed = Object.entries(this.fixed).map(([name, value]) => [name.slice('input/'.length), value.dims] as const)
    return Object.fromEntries([...Object.entries(this.inputs).map(([name, value]) => [name, value.dims] as const), ...fixed])
  }

  /** The weight of each class in the target, as programs with a gradient take it. */
  #classFeed(): TensorValues {
    const data = new Float32Array(this.outputs[this.target.output]!.data.length)
    for (const { index, weight } of this.target.classes) data[index] = weight
    return { [port.classes]: { dtype: 'float32', dims: [1, data.length], data } }
  }

  /**
   * Runs a program chunk by chunk, as many at once as the runtime has processes; results are used in order, so that sums do not
   * depend on how many.
   */
  async #chunks(
    key: string,
    program: ProgramMaker,
    count: number,
    rows: number,
    feeds: (start: number, used: number) => TensorValues,
    use: (start: number, used: number, result: TensorValues) => void,
  ): Promise<void> {
    const abreast = rows * (this.model.runtime.processes ?? 1)
    for (let wave = 0; wave < count; wave += abreast) {
      const starts: number[] = []
      for (let start = wave; start < Math.min(count, wave + abreast); start += rows) starts.push(start)
      const used = (start: number): number => Math.min(rows, count - start)
      const results = await Promise.all(starts.map(start => this.#run(key, rows, program, feeds(start, used(start)))))
      starts.forEach((start, i) => {
        use(start, used(start), results[i]!)
      })
    }
  }

  /** Feeds of `used` rows of points for a program of `rows` rows, padded by repeating the last one. */
  #padded(points: Points, used: number, rows: number): Record<string, TensorValue> {
    const feeds: Record<string, TensorValue> = {}
    for (const name of this.at) {
      const { dims, data: input } = this.inputs[name]!
      const size = input.length
      let data = points[name]!
      if (used < rows) {
        data = new Float32Array(rows * size)
        data.set(points[name]!)
        for (let row = used; row < rows; row++) data.copyWithin(row * size, (used - 1) * size, used * size)
      }
      feeds[port.points(name)] = { dtype: 'float32', dims: this.batching.batched ? [rows, ...dims.slice(1)] : dims, data }
    }
    return feeds
  }

  #rowsOf(points: Points, start: number, used: number): Points {
    return Object.fromEntries(
      this.at.map(name => {
        const size = this.inputs[name]!.data.length
        return [name, points[name]!.subarray(start * size, (start + used) * size)]
      }),
    )
  }

  /** f at each of `count` rows of points. */
  async forward(points: Points, count: number): Promise<Float64Array> {
    const out = new Float64Array(count)
    await this.sweep(
      count,
      (start, used) => this.#rowsOf(points, start, used),
      (start, values) => out.set(values, start),
    )
    return out
  }

  /**
   * f at `count` rows of points, made and used chunk by chunk: `make(start, used)` gives rows, `use(start, values)` takes f of them.
   * The values do not depend on how the rows are chunked.
   */
  async sweep(
    count: number,
    make: (start: number, used: number) => Points,
    use: (start: number, values: Float64Array) => void,
    step?: string,
  ): Promise<void> {
    const { output } = this.target
    const program: ProgramMaker = source => valuesProgram(source, [output])
    const rows = this.#chunk('values', program, count)
    const feeds = (start: number, used: number): TensorValues => this.#padded(make(start, used), used, rows)
    await this.#chunks(valuesKey([output]), program, count, rows, feeds, (start, used, result) => {
      const scores = result[`value/${output}`]!.data as Float32Array
      const classes = this.batching.batched ? scores.length / rows : scores.length
      const row = (index: number): Float32Array => scores.subarray(index * classes, (index + 1) * classes)
      use(
        start,
        Float64Array.from({ length: used }, (_, index) => targetValue(this.target, row(index))),
      )
      this.cost.forwards += used
      if (step) this.progress(start + used, count, step)
    })
  }

  /** f and its gradient at each of `count` rows of points. */
  async gradient(points: Points, count: number): Promise<{ values: Float64Array; gradients: Points }> {
    const rows = this.#chunk('gradient', gradientProgram, count)
    const values = new Float64Array(count)
    const gradients: Record<string, Float32Array> = Object.fromEntries(
      this.at.map(name => [name, new Float32Array(count * this.inputs[name]!.data.length)]),
    )
    const feeds = (start: number, used: number): TensorValues => ({
      ...this.#classFeed(),
      ...this.#padded(this.#rowsOf(points, start, used), used, rows),
    })
    await this.#chunks(this.#targetKey('gradient'), gradientProgram, count, rows, feeds, (start, used, result) => {
      for (let row = 0; row < used; row++) values[start + row] = (result[port.value]!.data as Float32Array)[row]!
      for (const name of this.at) {
        const size = this.inputs[name]!.data.length
        gradients[name]!.set((result[port.sum(name)]!.data as Float32Array).subarray(0, used * size), start * size)
      }
      this.cost.gradients += used
    })
    for (const name of this.at) checkFinite(gradients[name]!, name)
    return { values, gradients }
  }

  /**
   * sum_k w_k grad f(x_k) and sum_k w_k grad f(x_k)^2 over `count` rows of points, made chunk by chunk by `make(start, used)`.
   * Sums across chunks are in double precision.
   */
  async moments(
    count: number,
    weight: number,
    make: (start: number, used: number) => Points,
    step: string,
  ): Promise<{ sum: Sums; squares: Sums }> {
    const rows = this.#chunk('moments', momentsProgram, count)
    const sum = this.#zeros()
    const squares = this.#zeros()
    const feeds = (start: number, used: number): TensorValues => ({
      ...this.#classFeed(),
      ...this.#padded(make(start, used), used, rows),
      [port.weights]: { dtype: 'float32', dims: [rows], data: new Float32Array(rows).fill(weight, 0, used) },
    })
    await this.#chunks(this.#targetKey('moments'), momentsProgram, count, rows, feeds, (start, used, result) => {
      this.#accumulate(sum, result, port.sum)
      this.#accumulate(squares, result, port.squares)
      this.cost.gradients += used
      this.progress(start + used, count, step)
    })
    return { sum, squares }
  }

  /**
   * sum_k w_k grad f(b + p_k (x - b)): the weighted sum of gradients along the straight line from `baseline` to the input.
   * Also f at every position.
   */
  async path(
    baseline: Points,
    positions: Float64Array,
    weights: Float64Array,
    step: string,
  ): Promise<{ sum: Sums; values: Float64Array }> {
    const count = positions.length
    const rows = this.#chunk('path', pathProgram, count)
    const sum = this.#zeros()
    const values = new Float64Array(count)
    const ends: Record<string, TensorValue> = { ...this.#classFeed() }
    for (const name of this.at) {
      const { dims, data } = this.inputs[name]!
      ends[port.input(name)] = { dtype: 'float32', dims, data }
      ends[port.baseline(name)] = { dtype: 'float32', dims, data: baseline[name]! }
    }
    const chunk = (list: Float64Array, start: number, used: number, fill: number): TensorValue => {
      const data = new Float32Array(rows).fill(fill)
      data.set(list.subarray(start, start + used))
      return { dtype: 'float32', dims: [rows], data }
    }
    const feeds = (start: number, used: number): TensorValues => ({
      ...ends,
      [port.positions]: chunk(positions, start, used, positions[start]!),
      [port.weights]: chunk(weights, start, used, 0),
    })
    await this.#chunks(this.#targetKey('path'), pathProgram, count, rows, feeds, (start, used, result) => {
      this.#accumulate(sum, result, port.sum)
      for (let row = 0; row < used; row++) values[start + row] = (result[port.value]!.data as Float32Array)[row]!
      this.cost.gradients += used
      this.progress(start + used, count, step)
    })
    return { sum, values }
  }

  /** A layer's values and the target's gradient there, for the input itself. */
  async layer(name: string): Promise<{ values: Float32Array; gradient: Float32Array; dims: readonly number[] }> {
    const rows = this.#rows(1)
    const make: ProgramMaker = source => layerProgram(source, name)
    this.model.checkTensor(name)
    const dims = rowDims(this.#source(rows, [name]), name)
    const size = elementCount(dims)
    const feeds = { ...this.#classFeed(), ...this.#padded(this.point, 1, rows) }
    const result = await this.#run(this.#targetKey(`layer ${name}`), rows, make, feeds, [name])
    this.cost.gradients += 1
    const row = (key: string): Float32Array => (result[key]!.data as Float32Array).slice(0, size)
    const gradient = row(port.sum(name))
    checkFinite(gradient, name)
    return { values: row(port.points(name)), gradient, dims }
  }

  #zeros(): Record<string, Float64Array> {
    return Object.fromEntries(this.at.map(name => [name, new Float64Array(this.inputs[name]!.data.length)]))
  }

  #accumulate(into: Record<string, Float64Array>, result: TensorValues, key: (name: string) => string): void {
    for (const name of this.at) {
      const part = result[key(name)]!.data as Float32Array
      const total = into[name]!
      checkFinite(part, name)
      for (let i = 0; i < total.length; i++) total[i]! += part[i]!
    }
  }
}

function checkFinite(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new NotFiniteError(
        `the gradient at "${name}" holds ${Number.isNaN(values[i]!) ? 'NaN' : 'infinity'} at element ${i}; run \`ascribe doctor\` on the model, or use occlusion or rise`,
      )
}
