/** @file Square pictures of a harmony study, with the object's mask where it is known. */
import { centerCrop, type Pixels, resize, toRgb } from '@ascribe/core'
import { GeneratedSource } from '../bam/generated.js'
import { type ImageItem, type ImageSetRequest, openImages } from '../greedy/image/images.js'
import { Recent } from '../greedy/image/recent.js'

export interface HarmonyPicture {
  /** [size, size], RGB. */
  readonly pixels: Pixels
  /** [size, size], 1 inside the object. */
  readonly mask?: Uint8Array
}

export interface HarmonyPictures {
  readonly kind: 'photos' | 'generated'
  readonly description: string
  readonly items: readonly ImageItem[]
  readonly masks: boolean
  readonly size: number
  readonly picture: (key: string) => Promise<HarmonyPicture>
}

const kept = 16

/** @throws InputError where the folder has no pictures, or labels.csv cannot be read */
export async function openHarmonyPictures(request: ImageSetRequest): Promise<HarmonyPictures> {
  const images = await openImages(request)
  const { size } = request
  const generated = images.kind === 'generated' && request.set === 'obj'
  const { objects } = new GeneratedSource({ train: 0, validation: 1 })
  const source = generated
    ? new GeneratedSource({
        size,
        seed: request.seed,
        train: 0,
        validation: Math.max(1, Math.ceil(request.limit / objects.length)),
      })
    : undefined
  const recent = new Recent<HarmonyPicture>(kept)
  return {
    kind: images.kind,
    description: images.description,
    items: images.items,
    masks: source !== undefined,
    size,
    picture: key =>
      recent.get(key, async () => {
        if (source) {
          const { pixels, mask } = source.picture('obj', 'val', indexOf(source, key))
          const own = { width: size, height: size, channels: 3, data: pixels } as const
          return { pixels: own, ...(mask && { mask: mask.map(value => (value >= 128 ? 1 : 0)) }) }
        }
        return { pixels: square(toRgb(await images.picture(key)), size) }
      }),
  }
}

/** A key of generated pictures ends in what the picture was made of: object, scene, instance. */
function indexOf(source: GeneratedSource, key: string): number {
  const [object, scene, instance] = key.split('/').slice(-3).map(Number) as [number, number, number]
  return source.find('obj', 'val', { object, scene, instance })!
}

/** The shorter side brought to `size`, the middle taken. */
function square(picture: Pixels, size: number): Pixels {
  const { width, height } = picture
  const shorter = Math.min(width, height)
  const scaled = (side: number): number => Math.max(size, Math.floor((size * side) / shorter))
  return centerCrop(resize(picture, scaled(height), scaled(width), 'bilinear'), size, size)
}
