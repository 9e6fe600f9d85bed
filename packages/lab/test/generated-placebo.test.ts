import { InputError } from '@ascribe/core'
import { expect, it } from 'vitest'
import { GeneratedSource } from '../src/bam/generated.js'
import { placeboPicture } from '../src/bam/placebo.js'

const source = new GeneratedSource({ size: 32, train: 2, validation: 2 })

it('fills the silhouette with another picture of the same scene class', async () => {
  const entry = source.entry('obj', 'val', 31)
  const picture = source.picture('obj', 'val', 31)
  const placebo = await placeboPicture(source, 'obj', 'val', 31)
  expect(placebo.mask).toEqual(picture.mask)
  expect(placebo.box).toEqual(picture.box)
  const own = source.find('scene_only', 'val', { ...entry, object: null })!
  const others = Array.from({ length: source.count('scene_only', 'val') }, (_, i) => i).filter(
    i => i !== own && source.entry('scene_only', 'val', i).scene === entry.scene,
  )
  expect(others).toHaveLength(19)
  const inside = (pixels: Uint8Array) => pixels.filter((_, i) => picture.mask![Math.floor(i / 3)] === 255)
  const outside = (pixels: Uint8Array) => pixels.filter((_, i) => picture.mask![Math.floor(i / 3)] === 0)
  expect(outside(placebo.pixels)).toEqual(outside(source.picture('scene_only', 'val', own).pixels))
  const filled = inside(placebo.pixels)
  expect(filled.length).toBeGreaterThan(150)
  const matches = others.filter(i => Buffer.compare(inside(source.picture('scene_only', 'val', i).pixels), filled) === 0)
  expect(matches).toHaveLength(1)
  expect(placebo).toEqual(await placeboPicture(source, 'obj', 'val', 31))
})

it('refuses a picture without an object', async () => {
  await expect(placeboPicture(source, 'scene_only', 'val', 0)).rejects.toThrow(InputError)
})
