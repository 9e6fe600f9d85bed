/** @file Pictures of a study: a folder with labels beside them, or the lab's generated data. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, type Labels, type Pixels, UsageError } from '@ascribe/core'
import { readBytes, readPicture } from '@ascribe/core/node'
import { GeneratedSource } from '../../bam/generated.js'
import { labelOf } from '../../bam/source.js'
import { isPictureName } from '../../data/folder/pictures.js'

export interface ImageItem {
  /** Decides the picture: its name with a digest of its bytes, or its place in a data set with the data set's digest. */
  readonly key: string
  readonly name: string
  /** The class it is of, where that is known. */
  readonly label?: number
  /** Pictures with the same source are drawn together in the bootstrap. */
  readonly source: string
}

export interface ImageSet {
  readonly kind: 'photos' | 'generated'
  /** One line for the report. */
  readonly description: string
  readonly items: readonly ImageItem[]
  picture(key: string): Promise<Pixels>
}

/** What decides an image set: plain data, for worker processes. */
export interface ImageSetRequest {
  /** A folder, or `generated`. */
  readonly data: string
  /** Pixels along each side of generated pictures. */
  readonly size: number
  readonly seed: number
  /** Which class generated pictures are labelled by. */
  readonly set: 'obj' | 'scene'
  /** Generated pictures. */
  readonly limit: number
}

/** @throws InputError where the folder has no pictures, or labels.csv cannot be read */
export const openImages = (request: ImageSetRequest): Promise<ImageSet> | ImageSet =>
  request.data === 'generated' ? generatedImages(request) : folderImages(request.data)

/** Rows of labels.csv: the columns `file` and `class_index`; other columns are left alone. No field holds a comma before them. */
function labelsOf(text: string, path: string): Map<string, number> {
  const [head = '', ...lines] = text.split(/\r?\n/).filter(line => line.trim() !== '')
  const columns = head.split(',').map(column => column.trim())
  const [file, index] = [columns.indexOf('file'), columns.indexOf('class_index')]
  if (file < 0 || index < 0) throw new InputError(`${path}: needs the columns file and class_index; it has ${columns.join(', ')}`)
  return new Map(
    lines.map((line, i) => {
      const cells = line.split(',')
      const label = Number(cells[index])
      if (!cells[file] || !Number.isInteger(label) || label < 0)
        throw new InputError(`${path}, line ${i + 2}: "${line}" names no file or no class index`)
      return [cells[file].trim(), label] as const
    }),
  )
}

async function folderImages(folder: string): Promise<ImageSet> {
  const names = await readdir(folder).catch(cause => {
    throw new InputError(`${folder}: ${cause.code === 'ENOTDIR' ? 'is a file, not a folder' : 'there is no such folder'}`, {
      cause,
    })
  })
  const pictures = names.filter(isPictureName).sort()
  if (pictures.length === 0) throw new InputError(`${folder}: has no pictures (JPEG, PNG, WebP, GIF, TIFF or AVIF)`)
  const path = join(folder, 'labels.csv')
  const labels = names.includes('labels.csv') ? labelsOf(await readFile(path, 'utf8'), path) : new Map<string, number>()
  const paths = new Map<string, string>()
  const items: ImageItem[] = []
  for (const name of pictures) {
    const digest = createHash('sha256')
      .update(await readBytes(join(folder, name)))
      .digest('hex')
    const key = `${name}#${digest.slice(0, 16)}`
    paths.set(key, join(folder, name))
    const label = labels.get(name)
    items.push({ key, name, source: name, ...(label === undefined ? {} : { label }) })
  }
  const labelled = items.filter(({ label }) => label !== undefined).length
  return {
    kind: 'photos',
    description: `${items.length} pictures of ${folder.split(/[\\/]/).filter(Boolean).at(-1)}, ${labelled === 0 ? 'without labels' : `${labelled} with labels`}`,
    items,
    picture: key => readPicture(paths.get(key)!),
  }
}

function generatedImages({ size, seed, set, limit }: ImageSetRequest): ImageSet {
  // The digest of a source that does not depend on the limit: a picture is the same however many there are.
  const { objects, scenes, digest: whole } = new GeneratedSource({ size, seed, train: 0, validation: 1 })
  const source = new GeneratedSource({ size, seed, train: 0, validation: Math.max(1, Math.ceil(limit / objects.length)) })
  const indices = new Map<string, number>()
  const items = Array.from({ length: source.count(set, 'val') }, (_, index) => index).flatMap((index): ImageItem[] => {
    const entry = source.entry(set, 'val', index)
    // Of each instance, pictures with no object and no scene in common: what they share is the place alone.
    if (entry.object === null || (entry.object + entry.instance) % scenes.length !== entry.scene) return []
    const key = `${whole.slice(0, 16)}:${set}/${entry.object}/${entry.scene}/${entry.instance}`
    indices.set(key, index)
    return [
      {
        key,
        name: `${objects[entry.object]} on ${scenes[entry.scene]}`,
        label: labelOf(set, entry),
        source: String(entry.instance),
      },
    ]
  })
  items.sort((a, b) => Number(a.source) - Number(b.source))
  return {
    kind: 'generated',
    description: `generated pictures of ${size} x ${size}, named by ${set === 'obj' ? 'object' : 'scene'}, seed ${seed}`,
    items,
    picture: async key => {
      const { pixels } = source.picture(set, 'val', indices.get(key)!)
      return { width: size, height: size, channels: 3, data: pixels }
    },
  }
}

/** Whether a model names objects or scenes, by its labels. @throws UsageError where they are neither */
export function generatedSet(labels: Labels | undefined): 'obj' | 'scene' {
  const { objects, scenes } = new GeneratedSource({ train: 0, validation: 1 })
  const same = (names: readonly string[]): boolean =>
    labels?.length === names.length && names.every((name, i) => labels[i] === name)
  if (same(objects)) return 'obj'
  if (same(scenes)) return 'scene'
  throw new UsageError("--data generated: the model's labels are neither the generated objects nor the scenes; use a folder")
}
