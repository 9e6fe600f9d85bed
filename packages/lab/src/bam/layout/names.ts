/** @file File names of the layout on disk: `dog-bedroom-0042.png`, `bedroom-0042.png` where there is no object. */
import { InputError, UsageError } from '@ascribe/core'
import type { BamEntry, BamSet, BamSource, Split } from '../source.js'
import { labelOf } from '../source.js'

type Classes = Pick<BamSource, 'objects' | 'scenes'>

/** A class name as part of a file name: runs of anything but letters, digits and underscores become one underscore. */
export const safeName = (name: string): string => name.replace(/[^\p{L}\p{N}_]+/gu, '_')

/** @throws UsageError where two classes would share a name on disk, or one would have none */
export function checkNames({ objects, scenes }: Classes): void {
  for (const names of [objects, scenes]) {
    const seen = new Map<string, string>()
    for (const name of names) {
      const safe = safeName(name)
      const other = seen.get(safe)
      if (other !== undefined) throw new UsageError(`the classes '${other}' and '${name}' have the same name on disk (${safe})`)
      if (safe === '' || safe === '_') throw new UsageError(`the class '${name}' has no letters or digits to name files by`)
      seen.set(safe, name)
    }
  }
}

export const classesOf = (source: Classes, set: BamSet): readonly string[] => (set === 'obj' ? source.objects : source.scenes)

/** Name of an entry's picture without the ending. */
export function entryName({ objects, scenes }: Classes, { object, scene, instance }: BamEntry): string {
  const parts = [safeName(scenes[scene]!), String(instance).padStart(4, '0')]
  return (object === null ? parts : [safeName(objects[object]!), ...parts]).join('-')
}

/** Turns names without ending back into entries. @throws InputError where the name is not of these classes */
export function nameParser({ objects, scenes }: Classes): (name: string, where: string) => BamEntry {
  const objectAt = new Map(objects.map((name, i) => [safeName(name), i]))
  const sceneAt = new Map(scenes.map((name, i) => [safeName(name), i]))
  return (name, where) => {
    const parts = name.split('-')
    const instance = parts.at(-1) ?? ''
    const scene = sceneAt.get(parts.at(-2) ?? '')
    const object = parts.length === 3 ? objectAt.get(parts[0]!) : null
    if (parts.length < 2 || parts.length > 3 || !/^\d+$/.test(instance) || scene === undefined || object === undefined)
      throw new InputError(`${where}: '${name}' is not named after this data set's classes (object-scene-number)`)
    return { object, scene, instance: Number(instance) }
  }
}

/** Place of a picture below the data set's folder: train pictures in a folder per label, validation pictures in one. */
export function picturePath(source: Classes, set: BamSet, split: Split, entry: BamEntry): string {
  const folder = split === 'train' ? `${set}/train/${safeName(classesOf(source, set)[labelOf(set, entry)]!)}` : `${set}/val`
  return `${folder}/${entryName(source, entry)}.png`
}

/** Place of the object's mask below the data set's folder. */
export const maskPath = (source: Classes, set: BamSet, split: Split, entry: BamEntry): string =>
  `${set}/${split}_mask/${entryName(source, entry)}.png`
