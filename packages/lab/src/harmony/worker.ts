/** @file A process that computes cells of a harmony study. */
import { join } from 'node:path'
import { nodeRuntime } from '@ascribe/core/node'
import type { ImageSetRequest } from '../greedy/image/images.js'
import { type CreateWork, readMap } from '../runner/index.js'
import { type Family, openHarmonyModels } from './models.js'
import { openHarmonyPictures } from './pictures.js'
import { harmonyWork } from './work.js'

export interface WorkerSettings {
  readonly models: readonly string[]
  readonly families: Readonly<Record<string, Family>>
  readonly twins: Readonly<Record<string, string>>
  readonly images: ImageSetRequest
  /** Where maps are kept. */
  readonly maps: string
}

/** A stored map of a stage's folder. */
export const mapsIn =
  (folder: string) =>
  async (key: string): Promise<Float64Array> =>
    Float64Array.from((await readMap(folder, key, 'map')).data as Float32Array)

export const mapsFolder = (folder: string): string => join(folder, 'maps')

export const createWork: CreateWork = async settings => {
  const { models, families, twins, images, maps } = settings as unknown as WorkerSettings
  return harmonyWork({
    models: await openHarmonyModels(models, nodeRuntime({ threads: 1 }), { families, twins }),
    pictures: await openHarmonyPictures(images),
    map: mapsIn(maps),
  })
}
