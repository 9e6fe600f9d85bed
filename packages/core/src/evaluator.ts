/** @file What a method is given: the target and its gradient at any points, in chunks that fit the memory budget, with the cost counted. */
import { type RuleSetName, ruleSets } from '@ascribe/autodiff'
import type { Graph } from '@ascribe/onnx'
import type { Cost } from './attribution.js'
import { sweepTarget, sweepValues } from './evaluation/forward.js'
import { sumMoments, sweepGradients, sweepPairs } from './evaluation/gradients.js'
import { type LayerValues, layerValues, situationInside, valuesAt } from './evaluation/layers.js'
import { sumPath } from './evaluation/path.js'
import { type Points, Rows, type Situation, type Sums } from './evaluation/rows.js'
import type { Model } from './model.js'
import { type PictureAxes, pictureAxes } from './picture.js'
import { type ResolvedTarget, targetOutputs, targetValue } from './target.js'
import type { TensorValue, TensorValues } from './tensor-value.js'

export type { Points, Progress, RunContext, Sums } from './evaluation/rows.js'

/** One input (one row) of a model, ready to be explained. Made by `prepare`. */
export class Evaluator {
  /** Runs programs of a method's own. */
  readonly rows: Rows

  constructor(private readonly situation: Situation) {
    this.rows = new Rows(situation)
  }

  get model(): Model {
    return this.situation.model
  }

  /** The explained tensors' values, one row each. */
  get inputs(): Readonly<Record<string, TensorValue<'float32'>>> {
    return this.situation.inputs
  }

  get target(): ResolvedTarget {
    return this.situation.target
  }

  /** Every output's values for the input. */
  get outputs(): TensorValues {
    return this.situation.outputs
  }

  /** Every model input as it was given, explained or not. */
  get row(): TensorValues {
    return this.situation.row
  }

  get cost(): Cost {
    return this.situation.cost
  }

  get warnings(): string[] {
    return this.situation.warnings
  }

  /** Names of the explained tensors. */
  get at(): readonly string[] {
    return this.rows.at
  }

  /** f(x): the target's value at the input. */
  get value(): number {
    const values = targetOutputs(this.target).map(name => [name, this.outputs[name]!.data as Float32Array] as const)
    return targetValue(this.target, Object.fromEntries(values))
  }

  /** The explained values as points. */
  get point(): Points {
    return Object.fromEntries(this.at.map(name => [name, this.inputs[name]!.data]))
  }

  /** The static graph that is explained, for one row. */
  get graph(): Graph {
    return this.rows.source(this.rows.rows(1)).graph
  }

  /** The picture axes of an explained tensor, by its dimensions; values inside the model are [1, C, H, W]. */
  pictureAxes(name: string): PictureAxes | undefined {
    const input = this.model.graph.inputs.some(port => port.name === name)
    return pictureAxes(this.inputs[name]!.dims, input ? undefined : 'NCHW')
  }

  progress(done: number, total: number, step: string): void {
    this.rows.progress(done, total, step)
  }

  /**
   * The same input, with these rules wherever a gradient is asked for. Cost and warnings are shared. Warns where they are the
   * gradient's own rules at every operator of the model.
   */
  withRules(rules: RuleSetName): Evaluator {
    if (rules === this.situation.rules) return this
    const { graph } = this
    const [own, gradient] = [ruleSets[rules], ruleSets.gradient]
    const warning = `${rules} is the plain gradient here: the model has no ReLU`
    if (!this.warnings.includes(warning) && graph.nodes.every(node => own(node, graph) === gradient(node, graph)))
      this.warnings.push(warning)
    return new Evaluator({ ...this.situation, rules })
  }

  /**
   * The same target at other points of one row (nothing is predicted anew), for one forward pass. Cost is shared; warnings are its own,
   * and it reports no progress.
   */
  async moved(points: Points): Promise<Evaluator> {
    const names = targetOutputs(this.target)
    const found = await valuesAt(this.rows, names, points)
    const outputs = Object.fromEntries(
      names.map((name): [string, TensorValue] => {
        const { dims, data } = this.outputs[name]!
        return [name, { dtype: 'float32', dims, data: found.row(name, data.length) }]
      }),
    )
    const inputs = Object.fromEntries(
      Object.entries(this.inputs).map(([name, input]) => [name, { ...input, data: points[name]! }] as const),
    )
    const { signal } = this.situation.context
    return new Evaluator({
      ...this.situation,
      inputs,
      outputs,
      context: signal ? { signal } : {},
      warnings: [],
    })
  }

  /**
   * The same target explained at a value inside the model, for one forward pass: `sweep` and `gradient` then start from there, with
   * everything else as this input makes it. Cost and warnings are shared.
   * @throws UsageError for a value that the model does not have, or that is no float
   */
  async inside(name: string): Promise<Evaluator> {
    return new Evaluator(await situationInside(this.rows, name))
  }

  /** f at each of `count` rows of points. */
  async forward(points: Points, count: number): Promise<Float64Array> {
    const out = new Float64Array(count)
    await this.sweep(
      count,
      (start, used) => this.rows.part(points, start, used),
      (start, values) => out.set(values, start),
    )
    return out
  }

  /**
   * f at `count` rows of points, made and used chunk by chunk: `make(start, used)` gives rows, `use(start, values)` takes f of them.
   * The values do not depend on how the rows are chunked.
   */
  sweep(
    count: number,
    make: (start: number, used: number) => Points,
    use: (start: number, values: Float64Array) => void,
    step?: string,
  ): Promise<void> {
    return sweepTarget(this.rows, count, make, use, step)
  }

  /**
   * Outputs or any values inside the model, whole, at `count` rows of points: `use(row, values)` takes one row's, by name, in order.
   * What it is given lasts only until it returns.
   */
  sweepValues(
    names: readonly string[],
    count: number,
    make: (start: number, used: number) => Points,
    use: (row: number, values: Points) => void,
    step?: string,
  ): Promise<void> {
    return sweepValues(this.rows, names, count, make, use, step)
  }

  /** f and its gradient at each of `count` rows of points. */
  async gradient(points: Points, count: number): Promise<{ values: Float64Array; gradients: Points }> {
    const values = new Float64Array(count)
    const gradients: Record<string, Float32Array> = Object.fromEntries(
      this.at.map(name => [name, new Float32Array(count * this.inputs[name]!.data.length)]),
    )
    await this.gradients(
      count,
      (start, used) => this.rows.part(points, start, used),
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
  gradients(
    count: number,
    make: (start: number, used: number) => Points,
    use: (row: number, value: number, gradients: Points) => void,
    step?: string,
  ): Promise<void> {
    return sweepGradients(this.rows, count, make, use, step)
  }

  /**
   * f and multipliers for `count` pairs of an input and a baseline, made chunk by chunk and used row by row, in order, with rules that
   * compare the two (`withRules`): `make(start, used)` gives rows, `use(row, value, baselineValue, multipliers)` takes one pair's.
   */
  pairs(
    count: number,
    make: (start: number, used: number) => { readonly inputs: Points; readonly baselines: Points },
    use: (row: number, value: number, baselineValue: number, multipliers: Points) => void,
    step?: string,
  ): Promise<void> {
    return sweepPairs(this.rows, count, make, use, step)
  }

  /**
   * sum_k w_k grad f(x_k) and sum_k w_k grad f(x_k)^2 over `count` rows of points, made chunk by chunk by `make(start, used)`.
   * Sums across chunks are in double precision.
   */
  moments(
    count: number,
    weight: number,
    make: (start: number, used: number) => Points,
    step: string,
  ): Promise<{ sum: Sums; squares: Sums }> {
    return sumMoments(this.rows, count, weight, make, step)
  }

  /**
   * sum_k w_k grad f(b + p_k (x - b)): the weighted sum of gradients along the straight line from `baseline` to the input.
   * Also f at every position.
   */
  path(
    baseline: Points,
    positions: Float64Array,
    weights: Float64Array,
    step: string,
  ): Promise<{ sum: Sums; values: Float64Array }> {
    return sumPath(this.rows, baseline, positions, weights, step)
  }

  /** A layer's values and the target's gradient there, for the input itself. */
  async layer(name: string): Promise<LayerValues> {
    return (await this.layers([name]))[name]!
  }

  /** The same for several values inside the model (or explained tensors) in one pass. */
  layers(names: readonly string[]): Promise<Record<string, LayerValues>> {
    return layerValues(this.rows, names)
  }
}
