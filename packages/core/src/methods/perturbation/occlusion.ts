/** @file occlusion: how much the target drops when a window of the input is replaced by the baseline. */
import { elementCount } from '@ascribe/onnx'
import { UsageError } from '../../errors.js'
import type { Evaluator } from '../../evaluator.js'
import { incremental } from '../../incremental/sweep.js'
import { repeated } from '../../tensor-value.js'
import type { Method, Options } from '../method.js'
import { baselinePoints } from '../path/integrated-gradients.js'

/** Windows along one axis: one every stride until the edge is reached; the last one is cut off there. */
function ranges(length: number, window: number, stride: number): { from: number; to: number }[] {
  const count = Math.ceil(Math.max(0, length - window) / stride) + 1
  return Array.from({ length: count }, (_, k) => ({ from: k * stride, to: Math.min(length, k * stride + window) }))
}

/** "16" or "3,16,16": one number for every occluded axis, or one per axis. */
function perAxis(text: string, count: number, what: string): number[] {
  const list = String(text).split(/[x,]/).map(Number)
  if (list.some(value => !Number.isInteger(value) || value < 1))
    throw new UsageError(`occlusion: ${what} "${text}" must be whole numbers of at least 1`)
  if (list.length === 1) return Array(count).fill(list[0])
  if (list.length !== count)
    throw new UsageError(`occlusion: ${what} "${text}" has ${list.length} numbers, the input has ${count} axes to occlude`)
  return list
}

/** Axes that windows slide over: the spatial ones of pictures (all channels at once), every axis but the first otherwise. */
const slidAxes = (dims: readonly number[], channel: number | undefined): number[] =>
  dims.map((_, axis) => axis).filter(axis => axis > 0 && axis !== channel)

/**
 * A window slides over the input, cut off at the far edge; each value gets f(x) - f(x with the window at the baseline), averaged over the windows that
 * cover it. Pictures lose all channels of a window at once unless `window` gives one number per axis.
 * Only what a window can reach is recomputed where that saves work (`incremental`): f of every window is the same but for rounding, and the
 * settled `computed` says which share of a full pass a window costs (an estimate; 1: full passes).
 * `overlap=sum` adds instead of averaging (PAIR). Peers: Captum averages; zennit's default keeps the window and blanks the rest.
 */
export const occlusion: Method = {
  name: 'occlusion',
  summary: 'how much the target drops when a window is covered; needs no gradient',
  formula: 'A_i = mean over windows W that hold i of f(x) - f(x with x_W = b_W)',
  citation: 'Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014',
  options: {
    window: {
      kind: 'text',
      default: 'auto',
      describe: 'side of the window, or one number per axis (16x16); auto: an eighth of each axis',
    },
    stride: { kind: 'text', default: 'auto', describe: 'step of the window; auto: half of it' },
    baseline: { kind: 'baseline', default: 'zeros', describe: 'zeros, constant:V, mean, blur:SIGMA, uniform, or an .npy file' },
    overlap: { kind: 'choice', default: 'mean', values: ['mean', 'sum'], describe: 'what values covered by several windows get' },
    incremental: {
      kind: 'choice',
      default: 'auto',
      values: ['auto', 'on', 'off'],
      describe: 'recompute only what a window can reach: where that saves work, always, or never; the values are the same',
    },
  },
  needs: [],
  promises: ['dummy'],
  signed: true,
  // Without an input, of a picture in windows of an eighth of each side.
  cost: (options, evaluator) => ({ forwards: 1 + (evaluator ? windowCount(evaluator, options) : 225), gradients: 0 }),
  async run(evaluator, options, seed) {
    const { value } = evaluator
    const baseline = baselinePoints(evaluator, options['baseline'], seed)
    const maps: Record<string, { values: Float32Array; dims: readonly number[] }> = {}
    const shares: Record<string, number> = {}
    for (const name of evaluator.at) {
      const { dims, data } = evaluator.inputs[name]!
      const windows = windowsOf(dims, options, evaluator.pictureAxes(name)?.channel)
      const total = new Float64Array(data.length)
      const count = new Float64Array(data.length)
      const use = (start: number, covered: Float64Array): void => {
        covered.forEach((other, row) => {
          for (const place of placesOf(windows[start + row]!, dims)) {
            total[place]! += value - other
            count[place]! += 1
          }
        })
      }
      const choice = options['incremental']
      const extend = choice === 'on' ? 'cheapest' : 'saving'
      const partly = choice === 'off' ? undefined : incremental(evaluator.rows, name, baseline[name]!, windows, extend)
      if (!partly && choice === 'on')
        throw new UsageError(
          `occlusion: what windows over "${name}" change cannot be followed in this model (a fixed batch, or an operator that reads every place first); use incremental=auto`,
        )
      shares[name] = partly?.share ?? 1
      if (partly) use(0, await partly.sweep('windows'))
      else
        await evaluator.sweep(
          windows.length,
          (start, used) => {
            const points = Object.fromEntries(evaluator.at.map(other => [other, repeated(evaluator.inputs[other]!.data, used)]))
            for (let row = 0; row < used; row++)
              for (const place of placesOf(windows[start + row]!, dims))
                points[name]![row * data.length + place] = baseline[name]![place]!
            return points
          },
          use,
          'windows',
        )
      const average = options['overlap'] === 'mean'
      maps[name] = { dims, values: Float32Array.from(total, (sum, i) => (average && count[i]! > 0 ? sum / count[i]! : sum)) }
    }
    return { maps, settled: { computed: shares } }
  },
}

const windowCount = (evaluator: Evaluator, options: Options): number =>
  Object.entries(evaluator.inputs).reduce(
    (sum, [name, { dims }]) => sum + windowsOf(dims, options, evaluator.pictureAxes(name)?.channel).length,
    0,
  )

type Window = readonly { readonly from: number; readonly to: number }[]

/** Every window: its range of each axis but the first. */
function windowsOf(dims: readonly number[], options: Options, channel: number | undefined): Window[] {
  const everyAxis = dims.length - 1
  const given = String(options['window'])
  const withChannels = given.split(/[x,]/).length === everyAxis && everyAxis > 2
  const axes = slidAxes(dims, withChannels ? undefined : channel)
  const window =
    given === 'auto' ? axes.map(axis => Math.max(1, Math.ceil(dims[axis]! / 8))) : perAxis(given, axes.length, 'window')
  const sizes = window.map((size, i) => Math.min(size, dims[axes[i]!]!))
  const stride =
    options['stride'] === 'auto'
      ? sizes.map(size => Math.max(1, Math.floor(size / 2)))
      : perAxis(String(options['stride']), axes.length, 'stride')
  let windows: Window[] = [[]]
  dims.slice(1).forEach((dim, i) => {
    const slid = axes.indexOf(i + 1)
    const along = slid < 0 ? [{ from: 0, to: dim }] : ranges(dim, sizes[slid]!, stride[slid]!)
    windows = windows.flatMap(window => along.map(range => [...window, range]))
  })
  return windows
}

/** Flat indices of a window. */
function placesOf(window: Window, dims: readonly number[]): number[] {
  let places = [0]
  window.forEach(({ from, to }, i) => {
    const step = elementCount(dims.slice(i + 2))
    places = places.flatMap(place => Array.from({ length: to - from }, (_, k) => place + (from + k) * step))
  })
  return places
}
