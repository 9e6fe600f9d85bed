/** @file Targets that are one number of the output: an element, or the only one. */
import { UsageError } from '../errors.js'
import type { TargetForm } from './form.js'

export const value: TargetForm = {
  syntax: 'value',
  summary: 'the only number of an output: a regression',
  example: 'value',
  settings: [],
  resolve: (body, { text, classCount }) => {
    if (body !== '') throw new UsageError(`target "${text}": value stands alone`)
    if (classCount !== 1)
      throw new UsageError(`target "value": the output has ${classCount} numbers; name one as index:I, or a class`)
    return { classes: [{ index: 0, weight: 1 }], rowClasses: 1, words: 'the output' }
  },
}

export const index: TargetForm = {
  syntax: 'index:I,J,K',
  summary: 'one element of an output of any shape, the leading 1 left out or not; negative counts from the end',
  example: 'index:0,2',
  settings: [],
  resolve: (body, { text, dims }) => {
    const given = body
      .replace(/^\[(.*)\]$/, '$1')
      .split(',')
      .map(part => (/^\s*-?\d+\s*$/.test(part) ? Number(part) : Number.NaN))
    const full = given.length === dims.length - 1 && dims[0] === 1 ? [0, ...given] : given
    const place = full.map((at, axis) => (at < 0 ? dims[axis]! + at : at))
    if (place.length !== dims.length || !place.every((at, axis) => at >= 0 && at < dims[axis]!))
      throw new UsageError(`target "${text}": no such element; the output is [${dims}]`)
    const flat = place.reduce((sum, at, axis) => sum * dims[axis]! + at, 0)
    return { classes: [{ index: flat, weight: 1 }], rowClasses: 1, words: `element [${place}]` }
  },
}
