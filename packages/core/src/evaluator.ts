/** @file What a method is given: the target and its gradient at any points, in chunks that fit the memory budget, with the cost counted. */

import { type RuleSetName, ruleSets } from '@ascribe/autodiff'
import type { Graph } from '@ascribe/onnx'
import { elementCount } from '@ascribe/onnx'
import type { Cost } from './attribution.js'
import type { Batching } from './batching.js'
import { boundBatching } from './bound.js'
import { AbortedError, NotFiniteError } from './errors.js'
import type { Model } from './model.js'
import { baselineValuePort, pairProgram } from './pair-program.js'
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
    private readonly rules: RuleSetName = 'gradient',
    readonly cost: Cost = { forwards: 0, gradients: 0, milliseconds: 0 },
    readonly warnings: string[] = [],
  ) {}

  /**
   * The same input, with these rules wherever a gradient is asked for. Cost and warnings are shared. Warns where they are the
   * gradient's own rules at every operator of the model.
   */
  withRules(rules: RuleSetName): Evaluator {
    if (rules === this.rules) return this
    const { graph } = this
    const [own, gradient] = [ruleSets[rules], ruleSets.gradient]
    const warning = `${rules} is the plain gradient here: the model has no ReLU`
    if (!this.warnings.includes(warning) && graph.nodes.every(node => own(node, graph) === gradient(node, graph)))
      this.warnings.push(warning)
    const { model, inputs, target, outputs, fixed, batching, context, cost, warnings } = this
    return new Evaluator(model, inputs, target, outputs, fixed, batching, context, rules, cost, warnings)
  }

  /**
   * The same target at other points of one row (nothing is predicted anew), for one forward pass. Cost is shared; warnings are its own,
   * and it reports no progress.
   */
  async moved(points: Points): Promise<Evaluator> {
    const { output } = this.target
    const rows = this.#rows(1)
    const result = await this.#run(
      valuesKey([output]),
      rows,
      source => valuesProgram(source, [output]),
      this.#padded(points, 1, rows),
    )
    this.cost.forwards += 1
    const { dims, data } = this.outputs[output]!
    const row: TensorValue = {
      dtype: 'float32',
      dims,
      data: (result[`value/${output}`]!.data as Float32Array).slice(0, data.length),
    }
    const inputs = Object.fromEntries(
      Object.entries(this.inputs).map(([name, input]) => [name, { ...input, data: points[name]! }] as const),
    )
    const { model, target, fixed, batching, rules, cost } = this
    const { signal } = this.context
    return new Evaluator(model, inputs, target, { [output]: row }, fixed, batching, signal ? { signal } : {}, rules, cost)
  }

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
      rules: this.rules,
      ...(this.target.rowClasses === undefined ? {} : { rowClasses: this.target.rowClasses }),
    }
  }

  /** Rows per run for `count` rows of a program. */
  #chunk(key: string, make: ProgramMaker, count: number): number {
    return this.batching.fixed ?? this.model.rowsPerRun(this.#identity(key, 1), () => make(this.#source(1)), count)
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
    const session = await this.model.session(this.#identity(key, rows), () => make(this.#source(rows, read)))
    const started = performance.now()
    try {
      return await session.run({ ...this.fixed, ...feeds }, undefined, this.context.signal ? { signal: this.context.signal } : {})
    } finally {
      this.cost.milliseconds += performance.now() - started
    }
  }

  #identity(key: string, rows: number): string {
    return sessionKey(key, rows, this.at, this.#dims(), this.batching.key)
  }

  /** Key of a program that holds the target and its gradient. */
  #targetKey(program: string): string {
    const { output, link, rowClasses } = this.target
    return JSON.stringify([program, output, link, rowClasses ?? null, this.rules])
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
  #padded(points: Points, used: number, rows: number, key = port.points): Record<string, TensorValue> {
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
      feeds[key(name)] = { dtype: 'float32', dims: this.batching.batched ? [rows, ...dims.slice(1)] : dims, data }
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
    const rows = this.#chunk(valuesKey([output]), program, count)
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
    const values = new Float64Array(count)
    const gradients: Record<string, Float32Array> = Object.fromEntries(
      this.at.map(name => [name, new Float32Array(count * this.inputs[name]!.data.length)]),
    )
    await this.gradients(
      count,
      (start, used) => this.#rowsOf(points, start, used),
      (row, value, parts) => {
        values[row] = value
        for (const name of this.at) gradients[name]!.set(parts[name]!, row * parts[name]!.length)
      },
    )
    return { values, gradients }
  }

  /**
   * f and its gradient at `count` rows of points, made chunk by chunk and used row by row, in order:
   * `make(start, used)` gives rows, `use(row, value, gradients)` takes one row's.
   */
  async gradients(
    count: number,
    make: (start: number, used: number) => Points,
    use: (row: number, value: number, gradients: Points) => void,
    step?: string,
  ): Promise<void> {
    const key = this.#targetKey('gradient')
    const rows = this.#chunk(key, gradientProgram, count)
    const feeds = (start: number, used: number): TensorValues => ({
      ...this.#classFeed(),
      ...this.#padded(make(start, used), used, rows),
    })
    await this.#chunks(key, gradientProgram, count, rows, feeds, (start, used, result) => {
      const read = (name: string): Float32Array => result[name]!.data as Float32Array
      for (const name of this.at) checkFinite(read(port.sum(name)), name)
      const found = Object.fromEntries(this.at.map(name => [name, read(port.sum(name))]))
      for (let row = 0; row < used; row++) use(start + row, read(port.value)[row]!, this.#rowsOf(found, row, 1))
      this.cost.gradients += used
      if (step) this.progress(start + used, count, step)
    })
  }

  /**
   * f and multipliers for `count` pairs of an input and a baseline, made chunk by chunk and used row by row, in order, with rules that
   * compare the two (`withRules`): `make(start, used)` gives rows, `use(row, value, baselineValue, multipliers)` takes one pair's.
   */
  async pairs(
    count: number,
    make: (start: number, used: number) => { readonly inputs: Points; readonly baselines: Points },
    use: (row: number, value: number, baselineValue: number, multipliers: Points) => void,
    step?: string,
  ): Promise<void> {
    const key = this.#targetKey('pairs')
    const rows = this.#chunk(key, pairProgram, count)
    const feeds = (start: number, used: number): TensorValues => {
      const { inputs, baselines } = make(start, used)
      return {
        ...this.#classFeed(),
        ...this.#padded(inputs, used, rows),
        ...this.#padded(baselines, used, rows, port.baseline),
      }
    }
    await this.#chunks(key, pairProgram, count, rows, feeds, (start, used, result) => {
      const read = (name: string): Float32Array => result[name]!.data as Float32Array
      for (const name of this.at) checkFinite(read(port.sum(name)), name)
      const found = Object.fromEntries(this.at.map(name => [name, read(port.sum(name))]))
      for (let row = 0; row < used; row++)
        use(start + row, read(port.value)[row]!, read(baselineValuePort)[row]!, this.#rowsOf(found, row, 1))
      this.cost.gradients += used
      this.cost.forwards += used
      if (step) this.progress(start + used, count, step)
    })
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
    const key = this.#targetKey('moments')
    const rows = this.#chunk(key, momentsProgram, count)
    const sum = this.#zeros()
    const squares = this.#zeros()
    const feeds = (start: number, used: number): TensorValues => ({
      ...this.#classFeed(),
      ...this.#padded(make(start, used), used, rows),
      [port.weights]: { dtype: 'float32', dims: [rows], data: new Float32Array(rows).fill(weight, 0, used) },
    })
    await this.#chunks(key, momentsProgram, count, rows, feeds, (start, used, result) => {
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
    const key = this.#targetKey('path')
    const rows = this.#chunk(key, pathProgram, count)
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
    await this.#chunks(key, pathProgram, count, rows, feeds, (start, used, result) => {
      this.#accumulate(sum, result, port.sum)
      for (let row = 0; row < used; row++) values[start + row] = (result[port.value]!.data as Float32Array)[row]!
      this.cost.gradients += used
      this.progress(start + used, count, step)
    })
    return { sum, values }
  }

  /** A layer's values and the target's gradient there, for the input itself. */
  async layer(name: string): Promise<{ values: Float32Array; gradient: Float32Array; dims: readonly number[] }> {
    return (await this.layers([name]))[name]!
  }

  /** The same for several values inside the model (or explained tensors) in one pass. */
  async layers(
    names: readonly string[],
  ): Promise<Record<string, { values: Float32Array; gradient: Float32Array; dims: readonly number[] }>> {
    const rows = this.#rows(1)
    const make: ProgramMaker = source => layerProgram(source, names)
    for (const name of names) this.model.checkTensor(name)
    const source = this.#source(rows, names)
    const feeds = { ...this.#classFeed(), ...this.#padded(this.point, 1, rows) }
    const result = await this.#run(this.#targetKey(`layers ${JSON.stringify(names)}`), rows, make, feeds, names)
    this.cost.gradients += 1
    return Object.fromEntries(
      names.map(name => {
        const dims = rowDims(source, name)
        const row = (key: string): Float32Array => (result[key]!.data as Float32Array).slice(0, elementCount(dims))
        const gradient = row(port.sum(name))
        checkFinite(gradient, name)
        return [name, { values: row(port.layer(name)), gradient, dims }]
      }),
    )
  }

  /**
   * The same target explained at a value inside the model, for one forward pass: `sweep` and `gradient` then start from there, with
   * everything else as this input makes it. Cost and warnings are shared.
   * @throws UsageError for a value that the model does not have, or that is no float
   */
  async inside(name: string): Promise<Evaluator> {
    this.model.checkTensor(name)
    const { model, target, outputs, batching, context, rules, cost, warnings, at } = this
    const rows = this.#rows(1)
    const dims = rowDims(this.#source(rows, [name]), name)
    const make: ProgramMaker = source => valuesProgram(source, [name])
    const result = await this.#run(valuesKey([name]), rows, make, this.#padded(this.point, 1, rows), [name])
    cost.forwards += 1
    const data = (result[`value/${name}`]!.data as Float32Array).slice(0, elementCount(dims))
    const others: Record<string, TensorValue> = { ...this.inputs }
    for (const [key, value] of Object.entries(this.fixed)) others[key.slice(port.input('').length)] = value
    delete others[name]
    // What was explained before is an input now, wherever it lies.
    const outside = at.filter(other => other !== name)
    const cutBatching: Batching = {
      ...batching,
      graph: (count, keep = []) => cut(batching.graph(count, [...outside, ...keep]), outside),
    }
    const bound = boundBatching(cutBatching, others, [name], target.output)
    const needed = new Set(cut(bound.graph(rows, [name]), [name]).inputs.map(port => port.name))
    const fixed = Object.fromEntries(
      Object.entries(others).flatMap(([other, value]) => (needed.has(other) ? [[port.input(other), value] as const] : [])),
    )
    const inputs = { [name]: { dtype: 'float32', dims, data } as const }
    return new Evaluator(model, inputs, target, outputs, fixed, bound, context, rules, cost, warnings)
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
