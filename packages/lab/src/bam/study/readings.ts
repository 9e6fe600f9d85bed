/** @file Readings: one number per variant from each attribution that a metric asks for, in cells of a few pictures. */
import { explain, type Model, Random } from '@ascribe/core'
import type { Cell, JsonValue, Work } from '../../runner/index.js'
import { makeCell } from '../../runner/index.js'
import { predictedClass } from '../importance.js'
import {
  attributionInside,
  type Metric,
  type MetricImage,
  type ModelRole,
  metricOptions,
  type PictureForm,
  type Reading,
  type Variant,
  variantNames,
  visualMaps,
} from '../metrics/index.js'
import { type BamSet, type BamSource, labelOf } from '../source.js'
import { logitsOf } from './logits.js'
import type { StudyMethod } from './methods.js'
import type { StudyModel } from './models.js'
import { modelRow, type PictureOf } from './pictures.js'
import { shuffledModel } from './shuffled.js'

/** Raised whenever the same attribution gives another number. */
const version = '1'
/** Pictures per cell. */
const perCell = 20

/** An attribution that is wanted: a model's, of a picture, read inside the region of picture `region` of `regionSet`. */
export interface Wanted {
  readonly role: ModelRole
  readonly form: PictureForm
  readonly index: number
  readonly regionSet: BamSet
  readonly region: number
}

/** The attributions that a metric's image needs, one per view; the region is that of the first. */
export function wantedBy({ pictures }: MetricImage): Wanted[] {
  const [first] = pictures
  const regionSet = canonical(first!.picture as BamSet)
  return pictures.map(({ model, picture, index }) => ({
    role: model,
    form: canonical(picture),
    index: index!,
    regionSet,
    region: first!.index!,
  }))
}

/** The sets obj and scene hold the same pictures at the same places. */
const canonical = <T extends PictureForm>(form: T): T => (form === 'scene' ? ('obj' as T) : form)

const nameOf = ({ form, index, regionSet, region }: Wanted): string => `${form}/${index}@${regionSet}/${region}`
const keyOf = (wanted: Wanted): string => `${wanted.role}:${nameOf(wanted)}`

interface Job {
  readonly cell: Cell
  readonly model: StudyModel
  readonly method: StudyMethod
  readonly items: readonly Wanted[]
}

export interface ReadingValue {
  /** In the order of `variantNames`. */
  readonly g: readonly number[]
  readonly correct: boolean
  /** Indices of the variants whose map was constant. */
  readonly constant: readonly number[]
}

export interface ReadingOptions {
  readonly source: BamSource
  readonly pictureOf: PictureOf
  /** Mask of the region of a picture. */
  readonly maskOf: (set: BamSet, index: number) => Promise<Uint8Array>
  readonly target: string
  readonly seed: number
  /** Part of the identity of pictures made with a model: digest of what made them. */
  readonly madeBy: string
}

/** All readings of a study, each attribution once however many metrics want it. */
export class Readings {
  readonly #jobs = new Map<string, Job>()
  readonly #places = new Map<string, readonly [cell: string, item: number]>()

  constructor(private readonly options: ReadingOptions) {}

  get cells(): Cell[] {
    return [...this.#jobs.values()].map(({ cell }) => cell)
  }

  /** Adds what the images of some metrics need of one method on one architecture's models. */
  add(models: readonly StudyModel[], method: StudyMethod, images: readonly MetricImage[]): void {
    const { source, target, seed, madeBy } = this.options
    const byModel = new Map<ModelRole, Map<string, Wanted>>()
    for (const wanted of images.filter(({ excluded }) => !excluded).flatMap(wantedBy)) {
      const group = byModel.get(wanted.role) ?? new Map<string, Wanted>()
      byModel.set(wanted.role, group)
      group.set(nameOf(wanted), wanted)
    }
    for (const [role, group] of byModel) {
      const model = models.find(one => one.role === role)!
      const all = [...group.values()]
      for (let start = 0; start < all.length; start += perCell) {
        const items = all.slice(start, start + perCell)
        const made = items.some(({ form, regionSet }) => form.endsWith('patch') || regionSet === 'bamboo_forest')
        const { forwards, gradients } = method.method.cost(method.options)
        const cell = makeCell(
          {
            kind: 'reading',
            version,
            model: model.model.digest,
            method: method.method.name,
            options: { ...(method.options as Record<string, JsonValue>), target, spoiled: method.spoiled },
            sample: `${source.digest.slice(0, 16)}${made ? `+${madeBy.slice(0, 16)}` : ''}:${items.map(nameOf).join(',')}`,
            seed,
          },
          { cost: { forwards: forwards * items.length, gradients: gradients * items.length } },
        )
        this.#jobs.set(cell.key, { cell, model, method, items })
        items.forEach((item, i) => {
          this.#places.set(`${model.path}|${method.name}|${keyOf(item)}`, [cell.key, i])
        })
      }
    }
  }

  readonly work: Work<readonly ReadingValue[]> = async ({ key }, { signal }) => {
    const { model, method, items } = this.#jobs.get(key)!
    const value: ReadingValue[] = []
    for (const item of items) value.push(await this.#read(model, method, item, signal))
    return { value }
  }

  async #read({ model, role }: StudyModel, method: StudyMethod, item: Wanted, signal: AbortSignal): Promise<ReadingValue> {
    const { source, pictureOf, maskOf, target, seed } = this.options
    const { pixels } = await pictureOf(item.form, item.index)
    const mask = await maskOf(item.regionSet, item.region)
    const set = item.form === 'placebo' ? 'obj' : item.form
    const entry = source.entry(set.endsWith('patch') ? 'bamboo_forest' : (set as BamSet), 'val', item.index)
    const label = labelOf(role === 'obj' ? 'obj' : 'scene', entry)
    const asked = { target, seed, signal }
    const { attribution, predicted } = method.spoiled
      ? await spoiledAttribution(model, pixels, source.size, method, label, asked)
      : await plainAttribution(model, pixels, source.size, method, asked)
    const { values, dims } = attribution
    const size = { width: source.size, height: source.size }
    const place = model.preprocessing?.layout === 'NHWC' ? 'last' : 'first'
    const maps = visualMaps(values, dims, size, variantNames, place)
    return {
      g: maps.map(map => attributionInside(map, mask)),
      correct: predicted === label,
      constant: maps.flatMap(({ scale }, i) => (scale === 'constant' ? [i] : [])),
    }
  }

  /** The reading of one attribution; undefined where its cell failed. */
  find(
    values: ReadonlyMap<string, readonly ReadingValue[]>,
    models: readonly StudyModel[],
    method: StudyMethod,
    wanted: Wanted,
    variant: Variant,
  ): Reading | undefined {
    const model = models.find(({ role }) => role === wanted.role)!
    const [cell, item] = this.#places.get(`${model.path}|${method.name}|${keyOf(wanted)}`) ?? ['', 0]
    const value = values.get(cell)?.[item]
    if (!value) return undefined
    const at = variantNames.indexOf(variant)
    return { g: value.g[at]!, correct: value.correct, constant: value.constant.includes(at) }
  }
}

export const metricUses = (metrics: readonly Metric[], roles: readonly ModelRole[]): Metric[] =>
  metrics.filter(metric => metric.views(metricOptions(metric)).every(({ model }) => roles.includes(model)))

interface Asked {
  readonly target: string
  readonly seed: number
  readonly signal?: AbortSignal
}

async function plainAttribution(model: Model, pixels: Uint8Array, size: number, method: StudyMethod, asked: Asked) {
  const attribution = await explainPicture(model, pixels, size, method, asked)
  return { attribution, predicted: attribution.target.classes[0]!.index }
}

/** The link of a target: `log-odds:` of `log-odds:predicted`. */
const linkOf = (target: string): string => /^[a-z-]+:/.exec(target)?.[0] ?? ''

/** An explanation of a class other than the label, or of the label by the model with its weights shuffled. */
async function spoiledAttribution(
  model: Model,
  pixels: Uint8Array,
  size: number,
  method: StudyMethod,
  label: number,
  asked: Asked,
) {
  const [logits] = await logitsOf(model, size, [pixels], asked, 1)
  const classes = logits!.length
  const other = (label + 1 + new Random(asked.seed, label).integer(classes - 1)) % classes
  const wrong = method.spoiled === 'class'
  const attribution = await explainPicture(wrong ? model : shuffledModel(model, asked.seed), pixels, size, method, {
    ...asked,
    target: `${linkOf(asked.target)}${wrong ? other : label}`,
  })
  return { attribution, predicted: predictedClass(logits!) }
}

/** The attribution of a picture for one of a study's methods. */
export const explainPicture = (
  model: Model,
  pixels: Uint8Array,
  size: number,
  { method, options }: StudyMethod,
  { target, seed, signal }: Asked,
) =>
  explain(model, { [model.graph.inputs[0]!.name]: modelRow(pixels, size, model.preprocessing!) }, method, {
    options,
    target,
    seed,
    ...(signal && { signal }),
  })
