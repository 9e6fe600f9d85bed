/** @file A process that computes cells of an image study. */
import { load, nodeRuntime } from '@ascribe/core/node'
import type { CreateWork } from '../../runner/index.js'
import { type ImageSetRequest, openImages } from './images.js'
import { imageWork } from './work.js'

interface WorkerSettings {
  readonly model: string
  readonly twin?: string
  readonly images: ImageSetRequest
}

export const createWork: CreateWork = async settings => {
  const { model, twin, images } = settings as unknown as WorkerSettings
  const runtime = nodeRuntime({ threads: 1 })
  return imageWork(
    await openImages(images),
    await load(model, { runtime }),
    twin === undefined ? undefined : await load(twin, { runtime }),
  )
}
