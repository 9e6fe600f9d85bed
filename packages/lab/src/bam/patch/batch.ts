/** @file A batch of patches: made ready, moved down the loss, and their functional counterparts moved up the distance. */
import { InputError } from '@ascribe/core'
import type { BamPicture } from '../source.js'
import { type DescentName, descents } from './descent.js'
import { ascend, scaleToRms } from './functional.js'
import { channelRange } from './loss.js'
import type { PixelModel } from './pixel-model.js'
import { addPlanes, binaryMask, checkPicture } from './pixels.js'

/** A scene, and the same scene with the object that gives the patch its place and its start. */
export interface PatchTask {
  readonly scene: BamPicture
  readonly object: BamPicture
}

export interface DescentOptions {
  /** Default `backtracking`; `paper` is the fixed step. */
  readonly descent?: DescentName
  /** Default 300. */
  readonly steps?: number
  /** Step size, first one for backtracking, in squared pixel levels per logit; default 500. */
  readonly step?: number
  /** Weights of the norm and of leaving the range, per pixel level; default 0.01. */
  readonly normWeight?: number
  readonly rangeWeight?: number
}

/** A task ready to run. */
export interface Item {
  readonly scene: Uint8Array
  /** [size, size], 1 inside. */
  readonly mask: Uint8Array
  /** [3, size, size], object minus scene inside the mask. */
  readonly start: Float32Array
  readonly logits: Float32Array
}

/** Share of the patch's norm that one ascent step of the functional counterpart moves. */
const ascentShare = 0.2

/** @throws InputError where the pictures differ in size or the object has no mask */
export function prepareTask({ scene, object }: PatchTask, size: number, index: number): Omit<Item, 'logits'> {
  checkPicture(scene.pixels, size, `scene ${index}`)
  checkPicture(object.pixels, size, `object ${index}`)
  if (object.mask?.length !== size * size) throw new InputError(`object ${index} has no mask of ${size} x ${size} pixels`)
  const mask = binaryMask(object.mask)
  const area = size * size
  const start = new Float32Array(area * 3)
  mask.forEach((inside, i) => {
    if (!inside) return
    for (let channel = 0; channel < 3; channel++)
      start[channel * area + i] = object.pixels[i * 3 + channel]! - scene.pixels[i * 3 + channel]!
  })
  return { scene: scene.pixels, mask, start }
}

/** The optimised pictures of one batch, rounded. */
export async function descend(
  pixelModel: PixelModel,
  batch: readonly Item[],
  { descent = 'backtracking', steps = 300, step = 500, normWeight = 0.01, rangeWeight = 0.01 }: DescentOptions,
  progress: () => void,
): Promise<{ pictures: Uint8Array[]; losses: readonly Float64Array[] }> {
  const { range, run } = descents[descent]
  const weights = { norm: normWeight, range: rangeWeight }
  const loss = pixelModel.loss(weights, range(pixelModel.preprocessing))
  const pictures = pixelModel.planes(batch.map(({ scene }) => scene))
  const logits = joined(batch.map(item => item.logits))
  const length = batch[0]!.start.length
  const problem = {
    rows: batch.length,
    length,
    start: joined(batch.map(({ start }) => start)),
    mask: joined(batch.flatMap(({ mask }) => [mask, mask, mask])),
    weights,
    evaluate: (delta: Float32Array) => loss(pictures, delta, logits),
    onStep: progress,
  }
  const { delta, losses } = await run(problem, steps, step)
  const rounded = batch.map(({ scene }, row) => addPlanes(scene, delta.subarray(row * length, (row + 1) * length)))
  return { pictures: rounded, losses }
}

/** The functional counterparts of one batch: projected gradient ascent on the logit distance from the object, best iterate kept. */
export async function functionals(
  pixelModel: PixelModel,
  batch: readonly Item[],
  strengths: readonly number[],
  steps: number,
  progress: () => void,
): Promise<Uint8Array[]> {
  const loss = pixelModel.loss({ norm: 0, range: 0 }, channelRange())
  const scenes = batch.map(({ scene }) => scene)
  const pictures = pixelModel.planes(scenes)
  const logits = joined(batch.map(item => item.logits))
  const length = batch[0]!.start.length
  let current = batch.map(({ scene, mask, start }, row) =>
    addPlanes(scene, start, scaleToRms(scene, start, mask, strengths[row]!)),
  )
  const best = [...current]
  const furthest = batch.map(() => Number.NEGATIVE_INFINITY)
  for (let step = 0; ; step++) {
    const delta = pixelModel.planes(current).map((value, i) => value - pictures[i]!)
    const { distance, gradient } = await loss(pictures, delta, logits)
    progress()
    batch.forEach((_, row) => {
      if (distance[row]! <= furthest[row]!) return
      furthest[row] = distance[row]!
      best[row] = current[row]!
    })
    if (step === steps) return best
    const part = (values: Float32Array, row: number): Float32Array => values.subarray(row * length, (row + 1) * length)
    current = batch.map(({ scene, mask }, row) =>
      ascend(scene, part(delta, row), part(gradient, row), mask, strengths[row]!, ascentShare),
    )
  }
}

const joined = (rows: readonly ArrayLike<number>[]): Float32Array => {
  const out = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0))
  let at = 0
  for (const row of rows) {
    out.set(row, at)
    at += row.length
  }
  return out
}
