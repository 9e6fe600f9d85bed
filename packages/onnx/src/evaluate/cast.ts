/** @file Conversions between element types. */
import { attribute } from '../attributes.js'
import { type DataType, dataTypeOfCode, dataTypes, isFloat } from '../dtype.js'
import { NotEvaluableError } from '../errors.js'
import type { NdArray, OperatorEvaluations } from './array.js'
import { map } from './strided.js'

const wrapInteger = (dtype: DataType): ((x: number) => number) => {
  const bits = dataTypes[dtype].bits
  if (bits === 64) return Math.trunc
  const range = 2 ** bits
  const top = dtype.startsWith('u') ? range : range / 2
  return x => {
    const rest = Math.trunc(x) % range
    const positive = rest < 0 ? rest + range : rest
    return positive >= top ? positive - range : positive
  }
}

/**
 * To another type: floats to integers truncate and wrap, anything to bool is "not zero". Between float types nothing is
 * rounded, so that a mixed-precision model is evaluated in double precision throughout.
 * @throws NotEvaluableError for strings, complex numbers and the 8-bit and smaller floats
 */
function cast(array: NdArray, dtype: DataType): NdArray {
  if (isFloat(dtype)) return { ...array, dtype }
  if (dtype === 'bool') return map(array, x => (x !== 0 ? 1 : 0), dtype)
  if (!/^u?int/.test(dtype)) throw new NotEvaluableError(`Cast to ${dtype} is not in the reference evaluator`)
  return map(array, wrapInteger(dtype), dtype)
}

export const casts: OperatorEvaluations = {
  Cast: ([x], { node }) => [cast(x!, dataTypeOfCode(attribute(node, 'to', 'int', 1))!)],
  CastLike: ([x, like]) => [cast(x!, like!.dtype)],
}
