/** @file Labels that the user gives: one per element, or one per place, token or column. */
import { UsageError } from '../errors.js'
import { pictureStrides } from '../picture.js'
import type { TensorValue } from '../tensor-value.js'
import type { SegmentSource } from './segments.js'

/**
 * A label for every element. A map as large as the tensor has one each; one of height x width labels the places of a picture; one
 * as long as the other axes together labels the vectors along the last axis (tokens).
 * @throws UsageError for other sizes, or labels that are not whole numbers
 */
export function labelsOf(given: TensorValue, { name, dims, data, axes }: SegmentSource): Int32Array {
  const labels = Array.from(given.data as Float32Array, Number)
  const wrong = labels.find(label => !Number.isInteger(label) || Math.abs(label) >= 2 ** 31)
  if (wrong !== undefined) throw new UsageError(`the labels for "${name}" must be whole numbers; there is ${wrong}`)
  if (labels.length === data.length) return Int32Array.from(labels)
  if (axes) {
    const { channels, places } = pictureStrides(dims, axes)
    if (labels.length === places)
      return Int32Array.from(data, (_, i) => labels[axes.layout === 'NHWC' ? Math.floor(i / channels) : i % places]!)
  }
  const width = dims.at(-1) ?? 1
  if (!axes && labels.length * width === data.length) return Int32Array.from(data, (_, i) => labels[Math.floor(i / width)]!)
  throw new UsageError(
    `the labels for "${name}" have dims [${given.dims}], the input [${dims}]; give one label per element${axes ? ' or per place' : ' or per token'}`,
  )
}
