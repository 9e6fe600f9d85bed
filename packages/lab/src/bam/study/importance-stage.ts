/** @file What the models answer: accuracies, and logits under swaps. */
import { type Cell, makeCell, type Work } from '../../runner/index.js'
import { partnersOf, predictedClass, type SwapLogits } from '../importance.js'
import { bamMetricNamed, imagesOf, type ModelRole } from '../metrics/index.js'
import { type BamSet, type BamSource, labelOf } from '../source.js'
import { logitsOf } from './logits.js'
import type { StudyModel } from './models.js'

const version = '1'
const perCell = 100

const changes = ['objectSwap', 'sceneSwap', 'removed'] as const

/** Logits of pictures and of their partners; null where there is none. */
export interface AnswerValue {
  readonly logits: readonly (readonly number[])[]
  readonly partners: Readonly<Record<(typeof changes)[number], readonly (readonly number[] | null)[]>>
}

interface Job {
  readonly model: StudyModel
  readonly set: BamSet
  readonly indices: readonly number[]
  readonly swaps: boolean
}

/** Answers of each model on the pictures of one set, with or without swapped partners. */
export class Answers {
  readonly #jobs = new Map<string, Job>()
  readonly #cells: Cell[] = []
  readonly #keys = new Map<string, string[]>()

  constructor(
    private readonly source: BamSource,
    private readonly seed: number,
  ) {}

  get cells(): readonly Cell[] {
    return this.#cells
  }

  add(model: StudyModel, set: BamSet, indices: readonly number[], swaps: boolean): void {
    const keys: string[] = []
    for (let start = 0; start < indices.length; start += perCell) {
      const part = indices.slice(start, start + perCell)
      const cell = makeCell(
        {
          kind: swaps ? 'swaps' : 'answers',
          version,
          model: model.model.digest,
          sample: `${this.source.digest.slice(0, 16)}:${set}:${part.join(',')}`,
          seed: this.seed,
        },
        { cost: { forwards: part.length * (swaps ? 4 : 1), gradients: 0 } },
      )
      this.#jobs.set(cell.key, { model, set, indices: part, swaps })
      this.#cells.push(cell)
      keys.push(cell.key)
    }
    this.#keys.set(`${model.path}|${set}|${swaps}`, keys)
  }

  readonly work: Work<AnswerValue> = async ({ key }, { signal }) => {
    const { model, set, indices, swaps } = this.#jobs.get(key)!
    const { source } = this
    const ask = async (of: BamSet, list: readonly (number | undefined)[]): Promise<(number[] | null)[]> => {
      const present = list.filter(index => index !== undefined)
      const pictures: Uint8Array[] = []
      for (const index of present) pictures.push((await source.picture(of, 'val', index)).pixels)
      const logits = pictures.length === 0 ? [] : await logitsOf(model.model, source.size, pictures, { signal })
      let next = 0
      return list.map(index => (index === undefined ? null : Array.from(logits[next++]!)))
    }
    const partners = indices.map(index => partnersOf(source, set, 'val', index, this.seed))
    const none = indices.map(() => null)
    return {
      value: {
        logits: (await ask(set, indices)) as number[][],
        partners: {
          objectSwap: swaps
            ? await ask(
                set,
                partners.map(one => one.objectSwap),
              )
            : none,
          sceneSwap: swaps
            ? await ask(
                set,
                partners.map(one => one.sceneSwap),
              )
            : none,
          removed: swaps
            ? await ask(
                'scene_only',
                partners.map(one => one.removed),
              )
            : none,
        },
      },
    }
  }

  /** The answers in the order asked for; undefined where a cell failed. */
  rows(values: ReadonlyMap<string, AnswerValue>, model: StudyModel, set: BamSet, swaps: boolean): SwapLogits[] | undefined {
    const rows: SwapLogits[] = []
    for (const key of this.#keys.get(`${model.path}|${set}|${swaps}`) ?? []) {
      const value = values.get(key)
      if (!value) return undefined
      this.#jobs.get(key)!.indices.forEach((index, i) => {
        const entry = this.source.entry(set, 'val', index)
        const partner = (name: (typeof changes)[number]) => value.partners[name][i] ?? undefined
        rows.push({
          entry,
          source: entry.instance,
          logits: value.logits[i]!,
          objectSwap: partner('objectSwap'),
          sceneSwap: partner('sceneSwap'),
          removed: partner('removed'),
        })
      })
    }
    return rows
  }
}

/** The pictures on which importance is measured. */
export const importanceImages = (source: BamSource, limit: number, seed: number): number[] =>
  imagesOf(source, bamMetricNamed('mcs'), { limit, seed }).map(({ pictures }) => pictures[0]!.index!)

/** Share answered correctly. */
export function accuracyOf(rows: readonly SwapLogits[], role: ModelRole): number {
  const set = role === 'obj' ? 'obj' : 'scene'
  return rows.filter(({ entry, logits }) => predictedClass(logits) === labelOf(set, entry)).length / rows.length
}
