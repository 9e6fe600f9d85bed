/** @file Maps of a few pictures by every method, for people to look at. */
import type { TensorValue } from '@ascribe/core'
import { type Cell, type JsonValue, makeCell, readMap, type Work } from '../../runner/index.js'
import type { ModelRole } from '../metrics/index.js'
import type { BamSource } from '../source.js'
import type { StudyMethod } from './methods.js'
import type { StudyModel } from './models.js'
import { explainPicture } from './readings.js'

const version = '1'
const pictures = 2

/** One picture as one model explains it. */
export interface ExampleMaps {
  readonly role: ModelRole
  /** In the validation split of `obj`. */
  readonly index: number
  readonly maps: readonly { readonly method: string; readonly value: TensorValue }[]
}

export class Examples {
  readonly #jobs = new Map<string, { readonly model: StudyModel; readonly index: number; readonly method: StudyMethod }>()
  readonly #cells: Cell[] = []

  constructor(
    private readonly source: BamSource,
    private readonly target: string,
    private readonly seed: number,
  ) {}

  get cells(): readonly Cell[] {
    return this.#cells
  }

  /** Pictures spread over the split, each by the object model and by the scene model. */
  add(models: readonly StudyModel[], methods: readonly StudyMethod[]): void {
    const { source, target, seed } = this
    const shown = models.filter(({ role }) => role === 'obj' || role === 'scene')
    for (let i = 0; i < pictures; i++) {
      const index = Math.floor(((i + 0.37) * source.count('obj', 'val')) / pictures)
      for (const model of shown)
        for (const method of methods.filter(({ spoiled }) => spoiled === undefined)) {
          const cell = makeCell({
            kind: 'example',
            version,
            model: model.model.digest,
            method: method.method.name,
            options: { ...(method.options as Record<string, JsonValue>), target },
            sample: `${source.digest.slice(0, 16)}:obj/${index}`,
            seed,
          })
          this.#jobs.set(cell.key, { model, index, method })
          this.#cells.push(cell)
        }
    }
  }

  readonly work: Work = async ({ key }, { signal }) => {
    const { model, index, method } = this.#jobs.get(key)!
    const { source, target, seed } = this
    const { pixels } = await source.picture('obj', 'val', index)
    const { values, dims } = await explainPicture(model.model, pixels, source.size, method, { target, seed, signal })
    return { value: null, maps: { map: { dtype: 'float32', dims: [...dims], data: values } } }
  }

  /** The maps of finished cells, one row per picture and model. */
  async rows(folder: string, values: ReadonlyMap<string, unknown>): Promise<ExampleMaps[]> {
    const rows = new Map<string, { role: ModelRole; index: number; maps: { method: string; value: TensorValue }[] }>()
    for (const [key, { model, index, method }] of this.#jobs) {
      const row = rows.get(`${index}/${model.role}`) ?? { role: model.role, index, maps: [] }
      rows.set(`${index}/${model.role}`, row)
      if (values.has(key)) row.maps.push({ method: method.name, value: await readMap(folder, key, 'map') })
    }
    return [...rows.values()]
  }
}
