/** @file Row numbers that cut places out of tensors: which rows of [clean values; one outside; changed values] hold them. */
import { elementCount } from '@ascribe/onnx'
import { boxOf, type Span, spanOf, wholeSpan } from './extent.js'
import type { Cut, Group, Moving, Plan } from './plan.js'

/** One window: which range it is along each axis of space, and which variant of the changed values it shows. */
export interface WindowPlace {
  readonly ranges: readonly number[]
  readonly variant: number
}

/** Row numbers for the rows of one run. */
export interface Places {
  /** [rows, ...places cut out along each axis] */
  readonly dims: readonly number[]
  readonly data: Int32Array
}

/** Row of the table for places outside the tensor. */
export const outsideRow = ({ dims }: Moving): number => elementCount(dims.slice(2))

/** Equal cuts take equal places, whatever the value. */
export const cutKey = ({ value, reader }: Cut, start: Moving): string =>
  JSON.stringify([value === start, value.extents, reader ?? null])

/** Every cut of a plan, equal ones once. */
export function cutsOf({ steps, frontier, moving, start }: Plan): ReadonlyMap<string, Cut> {
  const all = [...steps.flatMap(step => step.cuts), ...frontier.map((name): Cut => ({ value: moving.get(name)! }))]
  return new Map(all.flatMap(cut => (cut ? [[cutKey(cut, start), cut] as const] : [])))
}

/** The ranges of windows that run together. */
export const groupOf = (windows: readonly WindowPlace[]): Group =>
  windows[0]!.ranges.map((_, axis) => new Set(windows.map(({ ranges }) => ranges[axis]!)))

/** Offsets along one axis of the places of a window: in the clean tensor and among the changed values; -1 where not there. */
interface Offsets {
  readonly clean: Int32Array
  readonly changed: Int32Array
}

/** The row numbers that a cut takes for these windows. The changed values of `start` are whole, one per variant; others are boxes, one per row. */
export function placesOf({ value, reader }: Cut, start: Moving, windows: readonly WindowPlace[]): Places {
  const group = groupOf(windows)
  const whole = value === start
  const space = value.dims.slice(2)
  const boxes = value.extents.map((extent, axis) => boxOf(extent, group[axis]!))
  const held = whole ? space : boxes.map(({ size }) => size)
  const spans = value.extents.map(
    (extent, axis): Span => (reader ? spanOf(boxOf(reader.extents[axis]!, group[axis]!), reader.axes[axis]!) : wholeSpan(extent)),
  )
  const counts = spans.map(({ count }) => count)
  const after = (sizes: readonly number[], axis: number): number => elementCount(sizes.slice(axis + 1))
  const offsets = spans.map((span, axis) => {
    const extent = value.extents[axis]!
    const [step, stepHeld, length] = [after(space, axis), after(held, axis), space[axis]!]
    return new Map(
      Array.from(group[axis]!, (range): readonly [number, Offsets] => {
        const [clean, changed] = [new Int32Array(span.count), new Int32Array(span.count)]
        const box = boxes[axis]!
        const low = whole ? extent.from[range]! : box.starts[range]!
        const high = whole ? extent.to[range]! : low + box.size
        for (let i = 0; i < span.count; i++) {
          const place = span.starts[range]! + i * span.step
          clean[i] = place < 0 || place >= length ? -1 : place * step
          changed[i] = place < low || place >= high ? -1 : (whole ? place : place - low) * stepHeld
        }
        return [range, { clean, changed }]
      }),
    )
  })
  const outside = outsideRow(value)
  const data = new Int32Array(windows.length * elementCount(counts))
  let at = 0
  windows.forEach(({ ranges, variant }, row) => {
    const base = outside + 1 + (whole ? variant : row) * elementCount(held)
    const walk = (axis: number, cleanFrom: number, changedFrom: number): void => {
      const { clean, changed } = offsets[axis]!.get(ranges[axis]!)!
      const last = axis === offsets.length - 1
      for (let i = 0; i < clean.length; i++) {
        const cleanAt = cleanFrom < 0 || clean[i]! < 0 ? -1 : cleanFrom + clean[i]!
        const changedAt = changedFrom < 0 || changed[i]! < 0 ? -1 : changedFrom + changed[i]!
        if (!last) walk(axis + 1, cleanAt, changedAt)
        else data[at++] = cleanAt < 0 ? outside : changedAt < 0 ? cleanAt : base + changedAt
      }
    }
    walk(0, 0, 0)
  })
  return { dims: [windows.length, ...counts], data }
}
