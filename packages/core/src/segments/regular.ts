/** @file Partitions that look at dimensions only: elements, columns, tokens, channels, pixels, grid. */
import { byPlace } from './place.js'
import type { SegmentKind } from './segments.js'

export const elements: SegmentKind = {
  summary: 'every element of the tensor',
  parameters: [],
  make: ({ data }) => Int32Array.from(data, (_, i) => i),
}

export const columns: SegmentKind = {
  summary: 'one per index along the last axis: the columns of a table',
  parameters: [],
  make: ({ dims, data }) => Int32Array.from(data, (_, i) => i % (dims.at(-1) ?? 1)),
}

export const tokens: SegmentKind = {
  summary: 'one per vector along the last axis: tokens [1, tokens, features], nodes [nodes, features], time steps',
  parameters: [],
  make: ({ dims, data }) => Int32Array.from(data, (_, i) => Math.floor(i / (dims.at(-1) ?? 1))),
}

export const channels: SegmentKind = {
  summary: 'one per channel of a picture; one per index along the second axis of other tensors',
  parameters: [],
  make: ({ dims, data, axes }) => {
    const axis = axes?.channel ?? Math.min(1, dims.length - 1)
    const step = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
    return Int32Array.from(data, (_, i) => Math.floor(i / step) % (dims[axis] ?? 1))
  },
}

export const pixels: SegmentKind = {
  summary: 'one per place of a picture, all channels together',
  parameters: [],
  make: source => byPlace(source, 'pixels', ({ height, width }) => Int32Array.from({ length: height * width }, (_, i) => i)),
}

/** Cell of row y is floor(y rows / height): cells differ by at most one pixel in size. */
export const grid: SegmentKind = {
  summary: 'cells of equal size over a picture: grid:8, or grid:ROWSxCOLUMNS',
  parameters: [
    { name: 'rows', default: 8, minimum: 1 },
    { name: 'columns', default: 0, minimum: 0 },
  ],
  expected: ([rows, across]) => rows! * (across || rows!),
  make: (source, [rows, across]) =>
    byPlace(source, 'grid', ({ height, width }) => {
      const [down, over] = [Math.min(height, Math.round(rows!)), Math.min(width, Math.round(across || rows!))]
      return Int32Array.from({ length: height * width }, (_, i) => {
        const [y, x] = [Math.floor(i / width), i % width]
        return Math.floor((y * down) / height) * over + Math.floor((x * over) / width)
      })
    }),
}
