/** @file Cut-outs from COCO pictures. */
import { InputError, type Pixels } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import sharp from 'sharp'
import type { CocoObject } from '../../data/coco/instances.js'
import { segmentationToMask } from '../../data/coco/segmentation.js'
import type { Box } from '../source.js'
import { cutOut } from './compose.js'

/** The annotation's box in whole pixels: corners rounded down, within the picture. */
function boxOf({ annotation, width, height }: CocoObject): Box {
  const [x, y, w, h] = annotation.bbox
  return {
    rowMin: Math.max(0, Math.floor(y)),
    columnMin: Math.max(0, Math.floor(x)),
    rowMax: Math.min(height, Math.floor(y + h)),
    columnMax: Math.min(width, Math.floor(x + w)),
  }
}

/** The annotation's mask over the whole picture. @throws InputError naming the picture */
function maskOf(object: CocoObject): Uint8Array {
  try {
    return segmentationToMask(object.annotation.segmentation, object.height, object.width)
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(`annotation of ${object.file}: ${cause.message}`, { cause })
    throw cause
  }
}

/** True where the box has pixels and some are the object's; an annotation may be thinner than a pixel. */
export function isUsable(object: CocoObject): boolean {
  const { rowMin, columnMin, rowMax, columnMax } = boxOf(object)
  if (rowMin >= rowMax || columnMin >= columnMax) return false
  const mask = maskOf(object)
  for (let row = rowMin; row < rowMax; row++)
    if (mask.subarray(row * object.width + columnMin, row * object.width + columnMax).includes(1)) return true
  return false
}

/**
 * The object of a picture, cropped to its box. EXIF orientation is not applied: annotations are of the pixels as they are stored.
 *
 * @throws InputError naming the file where it is missing, damaged or of another size than its annotations say
 */
export async function readCutOut(path: string, object: CocoObject): Promise<Pixels> {
  const bytes = await readBytes(path)
  let picture: Pixels
  try {
    const { data, info } = await sharp(bytes, { failOn: 'error' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    picture = { width: info.width, height: info.height, channels: info.channels as 3, data }
  } catch (cause) {
    throw new InputError(`${path}: the picture is damaged (${String((cause as Error).message).split('\n')[0]})`, { cause })
  }
  if (picture.width !== object.width || picture.height !== object.height)
    throw new InputError(
      `${path}: ${picture.width} x ${picture.height} pixels, its annotations are for ${object.width} x ${object.height}`,
    )
  return cutOut(picture, maskOf(object), boxOf(object))
}
