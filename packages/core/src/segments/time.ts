/** @file Windows along the time axis of a series. */
import { UsageError } from '../errors.js'
import type { SegmentKind } from './segments.js'

/**
 * The time axis of [1, channels, time] or [1, time, channels]: the longer one. Of [time] and [1, time] the last.
 * @param asked the axis where it is named; 0 where not
 * @param option what is asked, for messages: `segments "time"`
 * @param example how the axis is named there
 * @throws UsageError for other dims, and where both axes are equally long
 */
export function timeAxis(name: string, dims: readonly number[], asked: number, option: string, example: string): number {
  if (asked > 0 && asked < dims.length) return asked
  const [a, b] = [dims[1], dims[2]]
  if (asked === 0 && dims.length < 3) return dims.length - 1
  if (asked > 0 || dims.length !== 3 || a === b)
    throw new UsageError(`${option}: which axis of "${name}" [${dims}] is time cannot be told; name it as in ${example}`)
  return a! > b! ? 1 : 2
}

/** Step t is in window floor(t / length): the last one may be shorter. All channels of a step together. */
export const time: SegmentKind = {
  summary: 'windows of a time series, all channels together: time:10 (steps), time:10:1 (along axis 1; default the longer)',
  parameters: [
    { name: 'steps', default: 10, minimum: 1 },
    { name: 'axis', default: 0, minimum: 0 },
  ],
  make: ({ name, dims, data }, [steps, asked]) => {
    const axis = timeAxis(name, dims, asked!, 'segments "time"', 'time:10:1 (windows of 10 steps along axis 1)')
    const step = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
    return Int32Array.from(data, (_, i) => Math.floor((Math.floor(i / step) % dims[axis]!) / Math.round(steps!)))
  },
}
