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
  /** Where results are kept. */
  readonly folder: string
}

/** Stages that keep maps: of pictures as they are, and of noise draws. */
const stages = ['maps', 'draws'] as const

/** A stored map of a study's results, by the key of its cell. */
export const mapsIn =
  (folder: string) =>
  async (key: string): Promise<Float64Array> => {
    const [maps, draws] = stages.map(stage => join(folder, stage)) as [string, string]
    const { data } = await readMap(maps, key, 'map').catch(() => readMap(draws, key, 'map'))
    return Float64Array.from(data as Float32Array)
  }

export const createWork: CreateWork = async settings => {
  const { models, families, twins, images, folder } = settings as unknown as WorkerSettings
  return harmonyWork({
    models: await openHarmonyModels(models, nodeRuntime({ threads: 1 }), { families, twins }),
    pictures: await openHarmonyPictures(images),
    map: mapsIn(folder),
  })
}
