/** @file Functionally insignificant patches: an object-like change inside the object's mask that the model's output hardly notices. */
import { InputError, type Model, type RunContext, UsageError } from '@ascribe/core'
import type { BamPicture } from '../source.js'
import { type DescentOptions, descend, functionals, type PatchTask, prepareTask } from './batch.js'
import { descents } from './descent.js'
import {
  type Acceptance,
  acceptance,
  accepts,
  changes,
  logitDistance,
  medianDistance,
  type PatchMeasure,
  tolerances,
} from './judge.js'
import { abreast, PixelModel, type PixelModelOptions } from './pixel-model.js'
import { addPlanes, maskedRms } from './pixels.js'

export interface PatchOptions extends PixelModelOptions, DescentOptions, RunContext {
  /** Accepted logit change as a share of the reference distance; default 0.05. */
  readonly tolerance?: number
  /**
   * Pictures whose logits give the reference distance, of all scenes; default the tasks' scenes, which are of one class: a stricter
   * measure.
   */
  readonly reference?: readonly Uint8Array[]
  /** Ascent steps of the functional counterpart; default 20. */
  readonly functionalSteps?: number
}

/** A rounded picture with something in the mask, and what the model makes of it. */
export interface MeasuredPicture extends PatchMeasure {
  /** Mask and box are the object's. */
  readonly picture: BamPicture
}

export interface FunctionalPicture extends MeasuredPicture {
  /** It changes the logits by at least half the reference distance, at a strength within 2% of the patch's. */
  readonly valid: boolean
}

export interface Patch extends MeasuredPicture {
  readonly accepted: boolean
  /** Loss of the best patch so far (`paper`: of the last one) at the start and after each step. */
  readonly losses: Float64Array
  /** The object itself, where the descent started. */
  readonly start: PatchMeasure
  /** Same mask and strength (`rms`), but the logits change as much as possible: a map that does not change here is blind. */
  readonly functional: FunctionalPicture
}

export interface PatchResult {
  /** In the tasks' order, accepted or not. */
  readonly patches: readonly Patch[]
  /** Median logit distance between two reference pictures. */
  readonly referenceDistance: number
  /** At tolerances of 5 to 50%. */
  readonly acceptance: readonly Acceptance[]
  /** Share of patches with the scene's predicted class, of those accepted and of all tried. */
  readonly kept: { readonly accepted: number | null; readonly tried: number | null }
}

/**
 * Optimises a patch per task, in batches: 300 steps of gradient descent on
 * ||f(x+d) - f(x)||_2 - 0.01 ||d||_2 + 0.01 range(x+d), d confined to the object's mask and started at object minus scene
 * (Yang and Kim, 2019, BAM, and its code; see `lossGraph` for the units). The patched picture is rounded to bytes and judged anew: it
 * is accepted if its logits moved by at most `tolerance` times the median distance between two reference pictures' logits and it is visible, with a
 * root mean square of at least 20/255 inside the mask.
 * @throws UsageError, InputError where tasks, options and model do not fit; AbortedError
 */
export async function optimisePatches(
  model: Model,
  tasks: readonly PatchTask[],
  options: PatchOptions = {},
): Promise<PatchResult> {
  const { descent = 'backtracking', steps = 300, functionalSteps = 20, tolerance = tolerances[0]! } = options
  if (!Object.hasOwn(descents, descent))
    throw new UsageError(`descent "${descent}" is not known; there are ${Object.keys(descents).join(', ')}`)
  for (const [name, value] of Object.entries({ steps, functionalSteps }))
    if (!Number.isInteger(value) || value < 0) throw new UsageError(`${name} must be a whole number of at least 0, not ${value}`)
  const size = sideOf(tasks)
  const pixelModel = new PixelModel(model, size, options)
  const prepared = tasks.map((task, index) => prepareTask(task, size, index))
  const scenes = await pixelModel.logits(tasks.map(({ scene }) => scene.pixels))
  const referenceDistance = medianDistance(options.reference ? await pixelModel.logits(options.reference) : scenes)
  const items = prepared.map((task, index) => ({ ...task, logits: scenes[index]! }))
  const starts = Array.from({ length: Math.ceil(items.length / pixelModel.rows) }, (_, chunk) => chunk * pixelModel.rows)
  const progress = counter(options, starts.length * (steps + 1 + functionalSteps + 1))
  const optimised = (
    await abreast(starts, model.runtime.processes ?? 1, async start => {
      const batch = pixelModel.padded(items, start)
      const found = await descend(pixelModel, batch, options, progress)
      const strengths = batch.map(({ scene, mask }, row) => maskedRms(scene, found.pictures[row]!, mask))
      const functional = await functionals(pixelModel, batch, strengths, functionalSteps, progress)
      return found.pictures
        .map((pixels, row) => ({ pixels, losses: found.losses[row]!, functional: functional[row]! }))
        .slice(0, items.length - start)
    })
  ).flat()
  const measure = async (pictures: readonly Uint8Array[]): Promise<PatchMeasure[]> => {
    const logits = await pixelModel.logits(pictures)
    return logits.map((values, index) => ({
      distance: logitDistance(values, scenes[index]!),
      rms: maskedRms(items[index]!.scene, pictures[index]!, items[index]!.mask),
      kept: argmax(values) === argmax(scenes[index]!),
    }))
  }
  const patched = await measure(optimised.map(({ pixels }) => pixels))
  const started = await measure(items.map(({ scene, start }) => addPlanes(scene, start)))
  const functional = await measure(optimised.map(({ functional }) => functional))
  const patches = optimised.map(({ pixels, losses, functional: other }, index): Patch => {
    const { mask, box } = tasks[index]!.object
    return {
      ...patched[index]!,
      picture: { pixels, mask, box },
      accepted: accepts(patched[index]!, tolerance, referenceDistance),
      losses,
      start: started[index]!,
      functional: {
        ...functional[index]!,
        picture: { pixels: other, mask, box },
        valid: changes(functional[index]!, patched[index]!, referenceDistance),
      },
    }
  })
  return {
    patches,
    referenceDistance,
    acceptance: acceptance(patched, referenceDistance),
    kept: { accepted: keptShare(patches.filter(({ accepted }) => accepted)), tried: keptShare(patches) },
  }
}

function sideOf(tasks: readonly PatchTask[]): number {
  const first = tasks[0]
  if (!first) throw new InputError('no pictures to make patches for')
  const size = Math.sqrt(first.scene.pixels.length / 3)
  if (!Number.isInteger(size)) throw new InputError(`${first.scene.pixels.length} bytes are no square RGB picture`)
  return size
}

const argmax = (values: Float32Array): number => values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)

const keptShare = (patches: readonly Patch[]): number | null =>
  patches.length === 0 ? null : patches.filter(({ kept }) => kept).length / patches.length

function counter({ onProgress }: RunContext, total: number): () => void {
  let done = 0
  return () => onProgress?.({ done: ++done, total, step: 'patches' })
}
