/** @file Where a MiniPlaces or Places folder keeps the pictures of a scene class. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '@ascribe/core'
import { isPictureName } from '../folder/pictures.js'

/** MiniPlaces, Places365 in its three packings, or the classes themselves. */
const roots = ['images/train', 'train', 'data_256', 'data_large', 'data_256_standard', '.']

const isFolder = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isDirectory() ?? false

/**
 * Pictures of a scene class, in order of name. A class stands in LETTER/NAME as Places has it, or in NAME; a slash in the name is a
 * folder, or `_` or `-`.
 *
 * @throws InputError where the folder is missing or has no such class
 */
export async function placesPictures(folder: string, scene: string): Promise<string[]> {
  if (!(await isFolder(folder)))
    throw new InputError(`${folder}: there is no such folder; name the one with the pictures of Places`)
  const spellings = [...new Set([scene, scene.replaceAll('/', '_'), scene.replaceAll('/', '-')])]
  for (const root of roots) {
    for (const name of spellings.flatMap(spelling => [join(scene[0]!, spelling), spelling])) {
      const place = join(folder, root, name)
      if (!(await isFolder(place))) continue
      const files = (await readdir(place)).filter(isPictureName).sort()
      if (files.length > 0) return files.map(file => join(place, file))
    }
  }
  throw new InputError(
    `${folder}: has no pictures of the scene '${scene}'; looked for ${scene[0]}/${scene} and ${scene} in ${roots.join(', ')}`,
  )
}
