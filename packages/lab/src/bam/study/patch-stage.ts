/** @file Functionally insignificant patches and their functional counterparts for each architecture's scene_only model. */
import { InputError, type TensorValue } from '@ascribe/core'
import { type Cell, makeCell, readMap, type Work } from '../../runner/index.js'
import { type DescentOptions, forestTasks, optimisePatches, withDog } from '../patch/index.js'
import type { BamPicture, BamSource } from '../source.js'
import type { StudyModel } from './models.js'
import type { PatchedPictures } from './pictures.js'

const version = '1'
const perCell = 10
/** Scenes of all classes between whose logits the reference distance is taken. */
const referencePictures = 100

export interface PatchValue {
  readonly indices: readonly number[]
  readonly referenceDistance: number
  readonly patches: readonly {
    readonly distance: number
    readonly rms: number
    readonly kept: boolean
    readonly accepted: boolean
    readonly functional: boolean
  }[]
}

/** The first `limit` bamboo pictures that have a partner with the dog. */
function patchIndices(source: BamSource, limit: number): number[] {
  const found: number[] = []
  for (let i = 0; i < source.count('bamboo_forest', 'val') && found.length < limit; i++) if (withDog(source, i)) found.push(i)
  if (found.length === 0)
    throw new InputError('no picture of bamboo_forest has a partner with the dog on it; build obj or scene10 with it')
  return found
}

export class Patches {
  readonly #jobs = new Map<string, { readonly model: StudyModel; readonly indices: readonly number[] }>()
  readonly #cells: Cell[] = []

  constructor(
    private readonly source: BamSource,
    private readonly limit: number,
    private readonly seed: number,
    private readonly descent: DescentOptions = {},
  ) {}

  get cells(): readonly Cell[] {
    return this.#cells
  }

  add(model: StudyModel): void {
    const all = patchIndices(this.source, this.limit)
    const steps = this.descent.steps ?? 300
    for (let start = 0; start < all.length; start += perCell) {
      const indices = all.slice(start, start + perCell)
      const cell = makeCell(
        {
          kind: 'patch',
          version,
          model: model.model.digest,
          options: { ...this.descent },
          sample: `${this.source.digest.slice(0, 16)}:${indices.join(',')}/${all.length}`,
          seed: this.seed,
        },
        { cost: { forwards: 0, gradients: indices.length * steps } },
      )
      this.#jobs.set(cell.key, { model, indices })
      this.#cells.push(cell)
    }
  }

  readonly work: Work<PatchValue> = async ({ key }, { signal }) => {
    const { model, indices } = this.#jobs.get(key)!
    const { source } = this
    const reference: Uint8Array[] = []
    const others = Math.min(referencePictures, source.count('scene_only', 'val'))
    for (let i = 0; i < others; i++) reference.push((await source.picture('scene_only', 'val', i)).pixels)
    const tasks = await forestTasks(source, indices)
    const result = await optimisePatches(
      model.model,
      tasks.map(({ task }) => task),
      { ...this.descent, reference, signal },
    )
    const stack = (pictures: readonly Uint8Array[]): TensorValue => {
      const data = new Uint8Array(pictures.length * pictures[0]!.length)
      pictures.forEach((pixels, i) => {
        data.set(pixels, i * pixels.length)
      })
      return { dtype: 'uint8', dims: [pictures.length, source.size, source.size, 3], data }
    }
    return {
      value: {
        indices,
        referenceDistance: result.referenceDistance,
        patches: result.patches.map(({ distance, rms, kept, accepted, functional }) => ({
          distance,
          rms,
          kept,
          accepted,
          functional: functional.valid,
        })),
      },
      maps: {
        patched: stack(result.patches.map(({ picture }) => picture.pixels)),
        functional: stack(result.patches.map(({ functional }) => functional.picture.pixels)),
      },
    }
  }

  /** The pictures of one model's finished cells, and the masks of their regions. */
  async pictures(folder: string, values: ReadonlyMap<string, PatchValue>, path: string): Promise<PatchedPictures> {
    const [patched, functional] = [new Map<number, BamPicture>(), new Map<number, BamPicture>()]
    for (const [key, { model, indices }] of this.#jobs) {
      if (model.path !== path || !values.has(key)) continue
      const pixels = { patched: await readMap(folder, key, 'patched'), functional: await readMap(folder, key, 'functional') }
      const size = this.source.size * this.source.size * 3
      for (const [i, index] of indices.entries()) {
        const [set, at] = withDog(this.source, index)!
        const { mask, box } = await this.source.picture(set, 'val', at)
        const cut = ({ data }: TensorValue) => (data as Uint8Array).slice(i * size, (i + 1) * size)
        patched.set(index, { pixels: cut(pixels.patched), mask, box })
        functional.set(index, { pixels: cut(pixels.functional), mask, box })
      }
    }
    return { patched, functional }
  }

  /** Values of one model's finished cells. */
  valuesOf(values: ReadonlyMap<string, PatchValue>, path: string): PatchValue[] {
    return [...this.#jobs].flatMap(([key, { model }]) => (model.path === path ? (values.get(key) ?? []) : []))
  }
}
