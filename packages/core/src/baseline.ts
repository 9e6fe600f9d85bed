/** @file What "absent" means: the input that attribution measures the difference from. */

import { gaussianBlur } from './blur.js'
import { UsageError } from './errors.js'
import type { Layout } from './io/preprocessing.js'
import { fromPlanes, pictureAxes, pictureStrides, toPlanes } from './picture.js'
import { Random } from './random.js'
import { timeAxis } from './segments/time.js'
import { suggestion } from './suggest.js'
import { extent, type TensorValue } from './tensor-value.js'

/** `zeros`, `constant:0.5`, `mean` (per channel), `channel-mean` (over time, per channel of a series), `blur:10` (sigma in pixels), `uniform` (seeded, within the input's own range), or values given. */
export type Baseline = string | TensorValue<'float32'> | Readonly<Record<string, TensorValue<'float32'>>>

interface BaselineKind {
  readonly summary: string
  /** Default of the number after the colon; undefined where the kind takes none. */
  readonly parameter?: number
  readonly make: (input: TensorValue<'float32'>, parameter: number, seed: number, layout?: Layout) => Float32Array
}

export const baselineKinds: Readonly<Record<string, BaselineKind>> = {
  zeros: { summary: 'zero in the model input space', make: input => new Float32Array(input.data.length) },
  constant: {
    summary: 'one value everywhere, in the model input space',
    parameter: 0,
    make: (input, value) => new Float32Array(input.data.length).fill(value),
  },
  mean: {
    summary: 'the mean of each channel (of the whole tensor where there are no channels)',
    make: (input, _value, _seed, layout) => {
      const axes = pictureAxes(input.dims, layout)
      const planes = axes ? toPlanes(input.data, input.dims, axes) : Float32Array.from(input.data)
      const size = axes ? input.dims[axes.height]! * input.dims[axes.width]! : planes.length
      for (let start = 0; start < planes.length; start += size) {
        let sum = 0
        for (let i = start; i < start + size; i++) sum += planes[i]!
        planes.fill(sum / size, start, start + size)
      }
      return axes ? fromPlanes(planes, input.dims, axes) : planes
    },
  },
  'channel-mean': {
    summary: 'the mean over time of each channel of a series (time the longer axis, or channel-mean:AXIS); of all else as mean',
    parameter: 0,
    make: (input, asked, seed, layout) => {
      const { dims, data } = input
      const told = dims.length === 3 && dims[1] !== dims[2]
      if (asked === 0 && (!told || pictureAxes(dims, layout))) return baselineKinds['mean']!.make(input, 0, seed, layout)
      const axis = timeAxis('input', dims, asked, 'baseline "channel-mean"', 'channel-mean:1 (time along axis 1)')
      const [steps, inner] = [dims[axis]!, dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)]
      const channel = (i: number): number => Math.floor(i / inner / steps) * inner + (i % inner)
      const sums = new Float64Array(data.length / steps)
      data.forEach((value, i) => {
        sums[channel(i)]! += value
      })
      return Float32Array.from(data, (_, i) => sums[channel(i)]! / steps)
    },
  },
  blur: {
    summary: 'the input under a Gaussian blur of this sigma in pixels',
    parameter: 10,
    make: (input, sigma, _seed, layout) => {
      const axes = pictureAxes(input.dims, layout)
      if (!axes)
        throw new UsageError(`baseline "blur" needs a picture [1, channels, height, width]; the input has dims [${input.dims}]`)
      const { channels, height, width } = pictureStrides(input.dims, axes)
      const blurred = gaussianBlur(toPlanes(input.data, input.dims, axes), channels, height, width, sigma)
      return fromPlanes(blurred, input.dims, axes)
    },
  },
  uniform: {
    summary: "seeded uniform noise within the input's own range",
    make: (input, _, seed) => {
      const [low, high] = extent(input.data)
      const random = new Random(seed, 0xba5e)
      return Float32Array.from(input.data, () => low + (high - low) * random.uniform())
    },
  },
}

/**
 * The baseline's values for one input.
 * @throws UsageError for an unknown kind or values of the wrong shape
 */
export function makeBaseline(
  baseline: Baseline,
  name: string,
  input: TensorValue<'float32'>,
  seed: number,
  layout?: Layout,
): Float32Array {
  if (typeof baseline !== 'string') {
    const given =
      'data' in baseline && 'dims' in baseline
        ? (baseline as TensorValue<'float32'>)
        : (baseline as Record<string, TensorValue<'float32'>>)[name]
    if (!given) throw new UsageError(`the baseline has no values for input "${name}"`)
    if (given.data.length !== input.data.length)
      throw new UsageError(`the baseline for "${name}" has dims [${given.dims}], the input [${input.dims}]`)
    return given.data
  }
  const [kind, parameter] = baseline.split(':') as [string, string | undefined]
  const definition = Object.hasOwn(baselineKinds, kind) ? baselineKinds[kind] : undefined
  if (!definition)
    throw new UsageError(
      `unknown baseline "${kind}"${suggestion(kind, Object.keys(baselineKinds))} (there are ${Object.keys(baselineKinds).join(', ')}, or a file)`,
    )
  const value = parameter === undefined ? (definition.parameter ?? 0) : Number(parameter)
  if (!Number.isFinite(value)) throw new UsageError(`baseline "${baseline}": "${parameter}" is not a number`)
  return definition.make(input, value, seed, layout)
}
