/** @file Runs programs over rows of one input of a model: chunk by chunk within the memory budget, in order, with the cost counted. */
import type { RuleSetName } from '@ascribe/autodiff'
import type { Graph } from '@ascribe/onnx'
import type { Cost } from '../attribution.js'
import type { Batching } from '../batching.js'
import { AbortedError, NotFiniteError } from '../errors.js'
import type { Model } from '../model.js'
import { cut, type ProgramSource, port } from '../programs.js'
import { sessionKey } from '../session-key.js'
import { type ResolvedTarget, targetShape, targetShapeKey } from '../target.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'

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

/** What one input of a model is made of. */
export interface Situation {
  readonly model: Model
  /** The explained tensors' values, one row each. */
  readonly inputs: Readonly<Record<string, TensorValue<'float32'>>>
  readonly target: ResolvedTarget
  /** Every output's values for the input. */
  readonly outputs: TensorValues
  /** Every model input as it was given, by name. */
  readonly row: TensorValues
  /** Feeds of the inputs that are not explained, by port. */
  readonly fixed: TensorValues
  readonly batching: Batching
  readonly context: RunContext
  readonly rules: RuleSetName
  readonly cost: Cost
  readonly warnings: string[]
}

/** A program, and how rows of work go through it. */
export interface RowProgram {
  /** Says which graph `make` makes: equal keys, equal graphs. `target(...)` of `Rows` where it holds the target. */
  readonly key: string
  readonly make: ProgramMaker
  /** Values inside the model that the program reads beside the explained ones. */
  readonly read?: readonly string[]
}

/** Runs programs for the rows of one situation. */
export class Rows {
  constructor(readonly situation: Situation) {}

  /** Names of the explained tensors. */
  get at(): readonly string[] {
    return Object.keys(this.situation.inputs)
  }

  /** Rows of one run where `wanted` are wanted: as many as the model's fixed batch has, if it has one. */
  rows(wanted: number): number {
    return this.situation.batching.fixed ?? wanted
  }

  /** @param more values that must be in the graph beside the explained ones */
  source(rows: number, more: readonly string[] = []): ProgramSource {
    const { batching, target, rules, model } = this.situation
    return {
      graph: cut(batching.graph(rows, model.kept(target.output, [...this.at, ...more])), this.at),
      rows,
      batched: batching.batched,
      at: this.at,
      ...targetShape(target),
      rules,
    }
  }

  /**
   * Rows per run for `count` rows of a program.
   * @param small most rows of a run where rows take next to nothing
   */
  chunk({ key, make, read = [] }: RowProgram, count: number, small?: number): number {
    const { batching, model } = this.situation
    return batching.fixed ?? model.rowsPerRun(this.#identity(key, 1), () => make(this.source(1, read)), count, small)
  }

  /** Runs a program for `rows` rows; feeds of the tensors that are not explained are added. */
  async run({ key, make, read = [] }: RowProgram, rows: number, feeds: TensorValues): Promise<TensorValues> {
    const { context, model, fixed, cost } = this.situation
    if (context.signal?.aborted) throw new AbortedError('interrupted')
    const session = await model.session(this.#identity(key, rows), () => make(this.source(rows, read)))
    const started = performance.now()
    try {
      return await session.run({ ...fixed, ...feeds }, undefined, context.signal ? { signal: context.signal } : {})
    } finally {
      cost.milliseconds += performance.now() - started
    }
  }

  #identity(key: string, rows: number): string {
    return sessionKey(key, rows, this.at, this.#dims(), this.situation.batching.key)
  }

  /** Key of a program that holds the target and its gradient. */
  targetKey(program: string): string {
    const { target, rules } = this.situation
    return JSON.stringify([program, targetShapeKey(target), rules])
  }

  #dims(): Record<string, readonly number[]> {
    const { fixed, inputs } = this.situation
    const others = Object.entries(fixed).map(([name, value]) => [name.slice('input/'.length), value.dims] as const)
    return Object.fromEntries([...Object.entries(inputs).map(([name, value]) => [name, value.dims] as const), ...others])
  }

  /** The weight of each class in the target, as programs with a gradient take it. */
  classFeed(): TensorValues {
    const { outputs, target } = this.situation
    if (target.custom) return {}
    const data = new Float32Array(outputs[target.output]!.data.length)
    for (const { index, weight } of target.classes) data[index] = weight
    return { [port.classes]: { dtype: 'float32', dims: [1, data.length], data } }
  }

  /**
   * Runs a program chunk by chunk, `rows` rows at a time and as many chunks at once as the runtime has processes, while the next ones are
   * made. `feeds` and `use` are called in order, so that sums do not depend on how many run at once; `feeds` may be several chunks ahead.
   */
  async chunks(
    program: RowProgram,
    count: number,
    rows: number,
    feeds: (start: number, used: number) => TensorValues,
    use: (start: number, used: number, result: TensorValues) => void,
  ): Promise<void> {
    const ahead = 2 * (this.situation.model.runtime.processes ?? 1)
    const used = (start: number): number => Math.min(rows, count - start)
    const begun: Promise<TensorValues>[] = []
    try {
      for (let start = 0, next = 0; start < count; start += rows) {
        for (; next < count && begun.length < ahead; next += rows) begun.push(this.run(program, rows, feeds(next, used(next))))
        use(start, used(start), await begun[0]!)
        begun.shift()
      }
    } finally {
      // After an error, what has begun ends before anything else does.
      await Promise.allSettled(begun)
    }
  }

  /** Feeds of `used` rows of points for a program of `rows` rows, padded by repeating the last one. */
  padded(points: Points, used: number, rows: number, key = port.points): Record<string, TensorValue> {
    const feeds: Record<string, TensorValue> = {}
    for (const name of this.at) {
      const { dims, data: input } = this.situation.inputs[name]!
      const size = input.length
      let data = points[name]!
      if (used < rows) {
        data = new Float32Array(rows * size)
        data.set(points[name]!)
        for (let row = used; row < rows; row++) data.copyWithin(row * size, (used - 1) * size, used * size)
      }
      feeds[key(name)] = { dtype: 'float32', dims: this.situation.batching.batched ? [rows, ...dims.slice(1)] : dims, data }
    }
    return feeds
  }

  /** Rows `start` to `start + used` of points. */
  part(points: Points, start: number, used: number): Points {
    return Object.fromEntries(
      this.at.map(name => {
        const size = this.situation.inputs[name]!.data.length
        return [name, points[name]!.subarray(start * size, (start + used) * size)]
      }),
    )
  }

  progress(done: number, total: number, step: string | undefined): void {
    if (step !== undefined) this.situation.context.onProgress?.({ done, total, step })
  }

  zeros(): Record<string, Float64Array> {
    return Object.fromEntries(this.at.map(name => [name, new Float64Array(this.situation.inputs[name]!.data.length)]))
  }

  /** Adds one chunk's values to sums in double precision. */
  accumulate(into: Record<string, Float64Array>, result: TensorValues, key: (name: string) => string): void {
    for (const name of this.at) {
      const part = result[key(name)]!.data as Float32Array
      const total = into[name]!
      checkFinite(part, name)
      for (let i = 0; i < total.length; i++) total[i]! += part[i]!
    }
  }
}

/** @throws NotFiniteError where a gradient holds NaN or infinity */
export function checkFinite(values: Float32Array, name: string): void {
  for (let i = 0; i < values.length; i++)
    if (!Number.isFinite(values[i]!))
      throw new NotFiniteError(
        `the gradient at "${name}" holds ${Number.isNaN(values[i]!) ? 'NaN' : 'infinity'} at element ${i}; run \`ascribe doctor\` on the model, or use occlusion or rise`,
      )
}
