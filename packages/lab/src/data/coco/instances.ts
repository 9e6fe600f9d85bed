/** @file The largest annotation per picture of named categories in a COCO instances file. */
import { InputError, suggestion } from '@ascribe/core'
import { visitLists } from './json-lists.js'
import type { Segmentation } from './segmentation.js'

export interface CocoObject {
  /** Name within the folder of pictures. */
  readonly file: string
  /** Of the picture. */
  readonly width: number
  readonly height: number
  readonly annotation: CocoAnnotation
}

interface CocoAnnotation {
  readonly area: number
  /** x, y, width, height in pixels. */
  readonly bbox: readonly [number, number, number, number]
  readonly segmentation: Segmentation
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

interface RawAnnotation extends CocoAnnotation {
  readonly image_id: number
  readonly category_id: number
}

/**
 * Per category, the pictures that have it, in order of file name, each with its annotation of largest area (the first of equals;
 * groups marked `iscrowd` take part, as in the paper's recipe). The file is walked twice, as its categories come last; memory is that
 * of the annotations kept.
 *
 * @throws InputError where the file is no COCO instances file, or lacks a category
 */
export async function largestInstances(
  path: string,
  categories: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly CocoObject[]>> {
  const ids = new Map<string, number>()
  const pictures = new Map<number, { file: string; width: number; height: number }>()
  const fail = (key: string, element: unknown): never => {
    throw new InputError(`${path}: not a COCO instances file, an entry of '${key}' lacks what COCO's have: ${describe(element)}`)
  }
  await visitLists(
    path,
    {
      categories(element) {
        const { id, name } = element as { id: unknown; name: unknown }
        if (!isNumber(id) || typeof name !== 'string') return fail('categories', element)
        ids.set(name, id)
      },
      images(element) {
        const { id, file_name: file, width, height } = element as Record<string, unknown>
        if (!isNumber(id) || typeof file !== 'string' || !isNumber(width) || !isNumber(height)) return fail('images', element)
        pictures.set(id, { file, width, height })
      },
      annotations: null,
    },
    signal,
  )
  const largest = new Map<number, Map<number, RawAnnotation>>()
  for (const name of categories) {
    const id = ids.get(name)
    if (id === undefined) {
      throw new InputError(`${path}: has no category '${name}'${suggestion(name, [...ids.keys()])}`)
    }
    largest.set(id, new Map())
  }
  await visitLists(
    path,
    {
      annotations(element) {
        const annotation = element as RawAnnotation
        const { image_id: image, category_id: category, area, bbox, segmentation } = annotation
        if (!isNumber(image) || !isNumber(category)) return fail('annotations', element)
        const kept = largest.get(category)
        if (!kept) return
        const drawn = typeof segmentation === 'object' && segmentation !== null
        if (!isNumber(area) || !drawn || !Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(isNumber))
          return fail('annotations', element)
        if (!pictures.has(image)) throw new InputError(`${path}: an annotation is of picture ${image}, which is not listed`)
        if (area > (kept.get(image)?.area ?? 0)) kept.set(image, annotation)
      },
    },
    signal,
  )
  return new Map(
    categories.map(name => {
      const kept = [...largest.get(ids.get(name)!)!]
      const objects = kept.map(([image, { area, bbox, segmentation }]) => {
        return { ...pictures.get(image)!, annotation: { area, bbox, segmentation } }
      })
      return [name, objects.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0))]
    }),
  )
}

const describe = (element: unknown): string => JSON.stringify(element).slice(0, 60)
