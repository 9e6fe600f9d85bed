/** @file All parameters of a network as one vector: what optimisers step, checkpoints keep and the training graph cuts into pieces. */
import { Random } from '@ascribe/core'
import { elementCount } from '@ascribe/onnx'
import type { ParameterSpec, StatisticSpec } from '../architectures/network.js'

/** Where each parameter starts and ends in the vector. */
export interface Slice {
  readonly name: string
  readonly dims: readonly number[]
  readonly start: number
  readonly end: number
}

const slicesOf = (parts: readonly { readonly name: string; readonly dims: readonly number[] }[]): Slice[] => {
  let start = 0
  return parts.map(({ name, dims }) => {
    const slice = { name, dims, start, end: start + elementCount(dims) }
    start = slice.end
    return slice
  })
}

export class Layout {
  readonly parameters: readonly Slice[]
  readonly statistics: readonly Slice[]

  constructor(
    readonly parameterSpecs: readonly ParameterSpec[],
    readonly statisticSpecs: readonly StatisticSpec[],
  ) {
    this.parameters = slicesOf(parameterSpecs)
    this.statistics = slicesOf(statisticSpecs.map(({ name, length }) => ({ name, dims: [length] })))
  }

  get parameterCount(): number {
    return this.parameters.at(-1)?.end ?? 0
  }

  get statisticCount(): number {
    return this.statistics.at(-1)?.end ?? 0
  }

  /** Starting values; parameter number i draws from stream i of the seed. */
  initialize(seed: number): { readonly parameters: Float32Array; readonly statistics: Float32Array } {
    const parameters = new Float32Array(this.parameterCount)
    this.parameterSpecs.forEach(({ dims, initialize }, i) => {
      parameters.set(initialize(dims, new Random(seed, i)), this.parameters[i]!.start)
    })
    const statistics = new Float32Array(this.statisticCount)
    this.statisticSpecs.forEach(({ initial }, i) => {
      statistics.fill(initial, this.statistics[i]!.start, this.statistics[i]!.end)
    })
    return { parameters, statistics }
  }

  /** 1 where weight decay applies. */
  decayed(): Float32Array {
    const mask = new Float32Array(this.parameterCount)
    this.parameterSpecs.forEach(({ decay }, i) => {
      if (decay) mask.fill(1, this.parameters[i]!.start, this.parameters[i]!.end)
    })
    return mask
  }

  /** The piece of a vector that belongs to a name. */
  reader(parameters: Float32Array, statistics: Float32Array): (name: string) => Float32Array | undefined {
    const pieces = new Map<string, Float32Array>()
    for (const { name, start, end } of this.parameters) pieces.set(name, parameters.subarray(start, end))
    for (const { name, start, end } of this.statistics) pieces.set(name, statistics.subarray(start, end))
    return name => pieces.get(name)
  }
}
