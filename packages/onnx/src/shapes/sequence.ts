/** @file Sequences, optionals, strings and signals: types mostly, shapes where they are plain. */
import { dataTypeOfCode } from '../dtype.js'
import type { Shape } from '../graph.js'
import { axisOf, broadcast, like, one, unknownDims } from './common.js'
import { addDims, floorDivideDims, subtractDims } from './dimension.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'

const sequence = (c: ShapeContext, shape: Shape | null = null): readonly ShapeResult[] => [
  { dtype: c.dtype(0), shape, kind: 'sequence' },
]

const splitToSequence: ShapeRule = c => {
  const from = c.shape(0)
  if (!from) return sequence(c)
  const axis = axisOf(c, c.int('axis', 0), from.length)
  if (!c.has(1) && !c.int('keepdims', 1))
    return sequence(
      c,
      from.filter((_, i) => i !== axis),
    )
  return sequence(
    c,
    from.map((dim, i) => (i === axis ? (c.has(1) ? null : 1) : dim)),
  )
}

const concatFromSequence: ShapeRule = c => {
  const item = c.shape(0)
  if (!item) return one(c.dtype(0), null)
  if (c.int('new_axis', 0)) {
    const axis = axisOf(c, c.int('axis', 0), item.length + 1)
    return one(c.dtype(0), [...item.slice(0, axis), null, ...item.slice(axis)])
  }
  const axis = axisOf(c, c.int('axis', 0), item.length)
  return one(
    c.dtype(0),
    item.map((dim, i) => (i === axis ? null : dim)),
  )
}

/** Of unknown element shape: items of a sequence may differ. */
const item: ShapeRule = c => one(c.dtype(0), c.shape(0))

const dft: ShapeRule = c => {
  const x = c.shape(0)
  if (!x) return one(c.dtype(0), null)
  const at = c.has(2) ? c.numbers(2)?.[0] : c.int('axis', -2)
  if (at === undefined) return one(c.dtype(0), unknownDims(x.length))
  const axis = axisOf(c, at, x.length)
  const length = c.has(1) ? (c.elements(1)?.[0] ?? null) : x[axis]!
  const onesided = c.int('onesided', 0) !== 0
  const bins = onesided && !c.int('inverse', 0) ? addDims(floorDivideDims(length, 2), 1) : length
  return one(
    c.dtype(0),
    x.map((dim, i) => (i === axis ? bins : i === x.length - 1 ? (onesided && c.int('inverse', 0) ? 1 : 2) : dim)),
  )
}

const stft: ShapeRule = c => {
  const x = c.shape(0)
  const step = c.elements(1)?.[0] ?? null
  const frame = c.elements(3)?.[0] ?? c.shape(2)?.[0] ?? null
  const bins = c.int('onesided', 1) ? addDims(floorDivideDims(frame, 2), 1) : frame
  const frames = step === null ? null : addDims(floorDivideDims(subtractDims(x?.[1] ?? null, frame), step), 1)
  return one(c.dtype(0), [x?.[0] ?? null, frames, bins, 2])
}

const tfIdf: ShapeRule = c => {
  const indexes = c.ints('ngram_indexes')
  const from = c.shape(0)
  return one('float32', from ? [...from.slice(0, -1), indexes ? Math.max(...indexes) + 1 : null] : null)
}

export const sequenceRules: ShapeRules = {
  SequenceConstruct: c => sequence(c, c.inputCount === 1 ? c.shape(0) : null),
  SequenceEmpty: c => [{ dtype: dataTypeOfCode(c.int('dtype', 1)) ?? 'float32', shape: null, kind: 'sequence' }],
  SequenceInsert: c => sequence(c),
  SequenceErase: c => sequence(c, c.shape(0)),
  SequenceAt: item,
  SequenceLength: () => one('int64', []),
  SplitToSequence: splitToSequence,
  ConcatFromSequence: concatFromSequence,
  Optional: c => (c.has(0) ? [{ dtype: c.dtype(0), shape: c.shape(0), kind: 'optional' }] : []),
  OptionalGetElement: item,
  OptionalHasElement: () => one('bool', []),
  DFT: dft,
  STFT: stft,
  StringNormalizer: c => one('string', c.shape(0) && unknownDims(c.shape(0)!.length)),
  StringConcat: c => one('string', broadcast(c, [c.shape(0), c.shape(1)])),
  StringSplit: c => [...one('string', c.shape(0) && [...c.shape(0)!, null]), ...one('int64', c.shape(0))],
  RegexFullMatch: like(0, 'bool'),
  TfIdfVectorizer: tfIdf,
}
