/** @file Every partition of an input into features, listed once. */
import type { Evaluator } from '../evaluator.js'
import { felzenszwalb } from './felzenszwalb.js'
import { edges, graph, nodes } from './graph.js'
import { quickshift } from './quickshift.js'
import { channels, columns, elements, grid, pixels, tokens } from './regular.js'
import { expectedCount, type Features, partition, type SegmentKind, type SegmentKinds, type Segments } from './segments.js'
import { slic } from './slic.js'
import { time } from './time.js'

/** What most explanations want: superpixels of pictures, tokens where there are several vectors, columns otherwise. */
const auto: SegmentKind = {
  summary: 'slic:64 for pictures, tokens for several vectors, else columns',
  parameters: [],
  make: source => {
    if (source.axes) return slic.make(source, [64, 10])
    return source.data.length > (source.dims.at(-1) ?? 1) ? tokens.make(source, []) : columns.make(source, [])
  },
}

export const segmentKinds: SegmentKinds = {
  auto,
  grid,
  slic,
  felzenszwalb,
  quickshift,
  pixels,
  channels,
  tokens,
  columns,
  elements,
  time,
  nodes,
  edges,
  graph,
}

/** Partitions by name, once per evaluator: costs and methods ask for the same one. */
const known = new WeakMap<Evaluator, Map<string, Features>>()

/**
 * Partitions the tensors that are explained.
 * @throws UsageError for an unknown kind, wrong parameters, labels that do not fit, or a picture partition of something else
 */
export function featuresOf(evaluator: Evaluator, segments: Segments): Features {
  const make = (): Features =>
    partition(
      segmentKinds,
      segments,
      Object.entries(evaluator.inputs).map(([name, { dims, data }]) => ({
        name,
        dims,
        data,
        axes: evaluator.pictureAxes(name),
        row: evaluator.row,
      })),
    )
  if (typeof segments !== 'string') return make()
  const own = known.get(evaluator) ?? new Map<string, Features>()
  known.set(evaluator, own)
  const found = own.get(segments) ?? make()
  own.set(segments, found)
  return found
}

/** How many features these segments make of an evaluator's tensors; without one, about how many of a usual tensor. For costs. */
export const expectedFeatures = (segments: Segments, evaluator?: Evaluator): number =>
  evaluator ? featuresOf(evaluator, segments).count : expectedCount(segmentKinds, segments)
