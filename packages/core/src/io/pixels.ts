/** @file Pictures as 8-bit samples. */

/** Rows of interleaved 8-bit samples: grey, RGB or RGBA (alpha not premultiplied). */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3 | 4
  readonly data: Uint8Array | Uint8ClampedArray
}

/** RGB of any picture: grey is repeated, alpha is laid over white: c·a + 255·(1 - a), rounded. */
export function toRgb(picture: Pixels): Pixels {
  const { width, height, channels, data } = picture
  if (channels === 3) return picture
  const out = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      out[i * 3 + c] =
        channels === 1 ? data[i]! : Math.round((data[i * 4 + c]! * data[i * 4 + 3]! + 255 * (255 - data[i * 4 + 3]!)) / 255)
    }
  }
  return { width, height, channels: 3, data: out }
}

/** Grey of any picture by the ITU-R 601 luma in 16-bit fixed point: (19595 R + 38470 G + 7471 B + 2^15) / 2^16, rounded down. */
export function toGrey(picture: Pixels): Pixels {
  if (picture.channels === 1) return picture
  const { width, height, data } = toRgb(picture)
  const out = new Uint8Array(width * height)
  for (let i = 0; i < out.length; i++) {
    out[i] = (data[i * 3]! * 19595 + data[i * 3 + 1]! * 38470 + data[i * 3 + 2]! * 7471 + 0x8000) >> 16
  }
  return { width, height, channels: 1, data: out }
}

/**
 * The middle of a picture. Where the crop is larger than the picture, the rest is black (0).
 * Row y of the crop is row y + floor((height - cropHeight) / 2) of the picture; the same for columns.
 */
export function centerCrop(picture: Pixels, height: number, width: number): Pixels {
  const { channels, data } = picture
  if (picture.width === width && picture.height === height) return picture
  const top = Math.floor((picture.height - height) / 2)
  const left = Math.floor((picture.width - width) / 2)
  const first = Math.max(0, left)
  const last = Math.min(picture.width, left + width)
  const out = new Uint8Array(width * height * channels)
  for (let y = Math.max(0, -top); y < height && y + top < picture.height; y++) {
    const row = (y + top) * picture.width
    out.set(data.subarray((row + first) * channels, (row + last) * channels), (y * width + first - left) * channels)
  }
  return { width, height, channels, data: out }
}
