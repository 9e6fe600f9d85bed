/** @file A process that computes cells of an ensemble study. */
import { load, nodeRuntime } from '@ascribe/core/node'
import { type ImageSetRequest, openImages } from '../greedy/image/images.js'
import type { CreateWork } from '../runner/index.js'
import { storedIn } from './stored.js'
import { ensembleWork } from './work.js'

export interface WorkerSettings {
  readonly model: string
  readonly twin?: string
  readonly images: ImageSetRequest
  readonly members: readonly string[]
  readonly folder: string
}

export const createWork: CreateWork = async settings => {
  const { model, twin, images, members, folder } = settings as unknown as WorkerSettings
  const runtime = nodeRuntime({ threads: 1 })
  return ensembleWork(
    await openImages(images),
    await load(model, { runtime }),
    members,
    storedIn(folder),
    twin === undefined ? undefined : await load(twin, { runtime }),
  )
}
