/** @file What is to be explained: pictures, folders of pictures, tensors; each row one item with its own name. */
import { readdir, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { InputError, type Model, type Pixels, type TensorValue, type TensorValues, UniqueNames } from '@ascribe/core'
import { isTensorFile, readModelPicture, readTensorFile } from '@ascribe/core/node'
import type { PicturePlan } from './pictures.js'
import type { Token } from './tokenizer.js'

export interface Loaded {
  readonly row: TensorValues
  /** What the model sees, where the input is a picture file. */
  readonly picture?: Pixels
  /** What the text consists of, where the input is one. */
  readonly tokens?: readonly Token[]
  /** Words by id. */
  readonly vocabulary?: readonly (string | undefined)[]
}

export interface Item {
  /** Stem of the output files, unique in the folder. */
  readonly name: string
  /** The file's own name, without its folder; the text itself where there is no file. */
  readonly file: string
  /** Which row of a batch. */
  readonly row?: number
  readonly load: () => Promise<Loaded>
}

const pictureExtensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif'])

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  )

/** Pictures in a folder by name, subfolders and hidden files left out. */
async function picturesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((cause: Error) => {
    throw new InputError(`${folder}: the folder cannot be read (${cause.message})`, { cause })
  })
  const found = names.filter(name => !name.startsWith('.') && pictureExtensions.has(extname(name).toLowerCase())).sort()
  if (found.length === 0) throw new InputError(`${folder}: the folder holds no pictures (${[...pictureExtensions].join(' ')})`)
  return found.map(name => join(folder, name))
}

/**
 * The items behind the paths given. Files that cannot be read become items whose `load` fails, so that the others go on.
 * @param plan asked for when the first picture is met
 * @throws InputError for a folder without pictures
 */
export async function collect(
  paths: readonly string[],
  model: Model,
  plan: () => PicturePlan,
  limit = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const names = new UniqueNames()
  const items: Item[] = []
  for (const path of paths) {
    if (items.length >= limit) break
    if (await isFolder(path))
      for (const file of (await picturesIn(path)).slice(0, limit - items.length)) items.push(pictureItem(file, names, plan))
    else if (isTensorFile(path)) items.push(...(await tensorItems(path, model, names, limit - items.length)))
    else items.push(pictureItem(path, names, plan))
  }
  return items
}

const stemOf = (path: string): string => basename(path, extname(path)) || 'input'

function pictureItem(path: string, names: UniqueNames, plan: () => PicturePlan): Item {
  return {
    name: names.take(stemOf(path)),
    file: basename(path),
    async load() {
      const { input, preprocessing } = plan()
      const { picture, tensor } = await readModelPicture(path, preprocessing)
      return { row: { [input.name]: tensor }, picture }
    },
  }
}

async function tensorItems(path: string, model: Model, names: UniqueNames, limit: number): Promise<Item[]> {
  const file = basename(path)
  try {
    const values = await tensorsOf(path, model)
    const count = rowCount(model, values)
    if (count === undefined) return [{ name: names.take(stemOf(path)), file, load: async () => ({ row: values }) }]
    if (count === 0) throw new InputError(`${path}: the batch is empty`)
    return Array.from({ length: Math.min(count, limit) }, (_, row) => ({
      name: names.take(`${stemOf(path)}-${row}`),
      file,
      row,
      load: async () => ({ row: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rowOf(value, row)])) }),
    }))
  } catch (error) {
    return [{ name: names.take(stemOf(path)), file, load: () => Promise.reject(error) }]
  }
}

async function tensorsOf(path: string, model: Model): Promise<TensorValues> {
  const read = await readTensorFile(path)
  if (read.kind === 'named') return read.values
  const inputs = model.graph.inputs.map(({ name }) => name)
  if (inputs.length !== 1)
    throw new InputError(
      `${path}: the model has ${inputs.length} inputs (${inputs.join(', ')}); give one .npz with an array for each`,
    )
  return { [inputs[0]!]: read.value }
}

/** Rows of a batch; undefined where the tensors are one example: one row, an unbatched model, or dims that do not fit. */
function rowCount(model: Model, values: TensorValues): number | undefined {
  const counts = new Set(Object.values(values).map(({ dims }) => dims[0]))
  const [count] = counts
  if (counts.size !== 1 || count === undefined || count === 1) return undefined
  if (count === 0) return 0
  try {
    const dims = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [1, ...value.dims.slice(1)]]))
    return model.batching(dims).batched ? count : undefined
  } catch {
    // The model takes no single row of these dims: explaining the whole says precisely what does not fit.
    return undefined
  }
}

function rowOf(value: TensorValue, row: number): TensorValue {
  const size = value.data.length / value.dims[0]!
  return { ...value, dims: [1, ...value.dims.slice(1)], data: value.data.slice(row * size, (row + 1) * size) } as TensorValue
}
