/** @file Where a COCO folder keeps its instances file and the pictures it speaks of. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ascribe/core'

export interface CocoPaths {
  readonly instances: string
  readonly pictures: string
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() ?? false

/**
 * Finds `instances_NAME.json` (in `annotations/` or at the top; where there are several, train2017's) and the folder of its pictures:
 * `images/NAME`, `NAME` or `images`.
 *
 * @throws InputError saying what is missing and where it was looked for
 */
export async function cocoPaths(folder: string): Promise<CocoPaths> {
  if (!(await isFolder(folder)))
    throw new InputError(`${folder}: there is no such folder; name the one with COCO's pictures and annotations`)
  const found: { place: string; name: string }[] = []
  for (const place of [join(folder, 'annotations'), folder]) {
    for (const file of await readdir(place).catch(() => [])) {
      const name = /^instances_(.+)\.json$/.exec(file)?.[1]
      if (name) found.push({ place, name })
    }
  }
  const chosen = found.find(({ name }) => name === 'train2017') ?? found[0]
  if (!chosen)
    throw new InputError(
      `${folder}: has no instances_*.json, neither in annotations/ nor at the top; download COCO's annotations`,
    )
  if (found.length > 1 && chosen.name !== 'train2017')
    throw new InputError(`${folder}: has several instances_*.json and none for train2017; keep the one to use`)
  const candidates = [`images/${chosen.name}`, chosen.name, 'images']
  for (const candidate of candidates) {
    const pictures = join(folder, candidate)
    if (await isFolder(pictures)) return { instances: join(chosen.place, `instances_${chosen.name}.json`), pictures }
  }
  throw new InputError(
    `${folder}: has no folder of pictures for instances_${chosen.name}.json; looked for ${candidates.join(', ')}`,
  )
}
