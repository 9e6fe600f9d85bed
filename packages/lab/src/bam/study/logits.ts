/** @file Logits of many pictures, in batches. */
import type { Model, RunContext } from '@ascribe/core'
import { PixelModel } from '../patch/pixel-model.js'

/** Pictures per run. */
const usualRows = 50

/** One vector of logits per picture. */
export const logitsOf = (
  model: Model,
  size: number,
  pictures: readonly Uint8Array[],
  { signal }: RunContext = {},
  rows = usualRows,
): Promise<Float32Array[]> => new PixelModel(model, size, { rows, ...(signal && { signal }) }).logits(pictures)
