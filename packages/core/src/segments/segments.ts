/** @file Partitions of an input into features: which elements are absent or present together. */
import { UsageError } from '../errors.js'
import type { PictureAxes } from '../picture.js'
import { suggestion } from '../suggest.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { labelsOf } from './labels.js'

/** `grid:8`, `slic:64`, `tokens` and so on (`segmentKinds` lists them); or labels given: one tensor for every input, or one by name. */
export type Segments = string | TensorValue | Readonly<Record<string, TensorValue>>

/** One explained tensor, as a partition sees it. */
export interface SegmentSource {
  readonly name: string
  readonly dims: readonly number[]
  readonly data: Float32Array
  /** Its picture axes; undefined where it is no picture. */
  readonly axes: PictureAxes | undefined
  /** Every model input as it was given: the edges of a graph are found among them. */
  readonly row?: TensorValues
}

interface SegmentParameter {
  readonly name: string
  readonly default: number
  readonly minimum: number
}

export interface SegmentKind {
  readonly summary: string
  /** Numbers after the name, each after a colon (or an x): `slic:64:10`. A parameter left out has its default. */
  readonly parameters: readonly SegmentParameter[]
  /** How many features a tensor is likely to get, for the cost that is stated before anything runs. */
  readonly expected?: (parameters: readonly number[]) => number
  /** A label for every element: equal labels are one feature. Labels are whole numbers, in any order, with or without gaps. */
  readonly make: (source: SegmentSource, parameters: readonly number[]) => Int32Array
}

/** Features of all explained tensors together. */
export interface Features {
  readonly count: number
  /** Feature of every element, by tensor: 0 to count - 1, in order of first appearance; -1 for elements of no feature. */
  readonly labels: Readonly<Record<string, Int32Array>>
}

/** Features that are stated before a run where the partition cannot say. */
const usualCount = 64

export type SegmentKinds = Readonly<Record<string, SegmentKind>>

function parse(kinds: SegmentKinds, text: string): { kind: SegmentKind; parameters: number[] } {
  const [name, ...rest] = text.trim().split(':') as [string, ...string[]]
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (!kind)
    throw new UsageError(
      `unknown segments "${name}"${suggestion(name, Object.keys(kinds))} (there are ${Object.keys(kinds).join(', ')}, or a label map)`,
    )
  const given = rest.flatMap(part => part.split('x'))
  const names = kind.parameters.map(parameter => parameter.name)
  if (given.length > names.length)
    throw new UsageError(`segments "${text}": ${name} takes ${names.length > 0 ? names.join(':') : 'no numbers'}`)
  const parameters = kind.parameters.map(({ name: parameter, default: standard, minimum }, i) => {
    const word = given[i]
    const value = word === undefined ? standard : word.trim() === '' ? Number.NaN : Number(word)
    if (!(value >= minimum) || !Number.isFinite(value))
      throw new UsageError(`segments "${text}": ${parameter} must be a number of at least ${minimum}`)
    return value
  })
  return { kind, parameters }
}

const isTensor = (segments: Exclude<Segments, string>): segments is TensorValue =>
  ArrayBuffer.isView((segments as TensorValue).data)

/**
 * Partitions the explained tensors. By name, each tensor has features of its own. Of labels that are given, equal ones are one
 * feature, in whatever tensors they stand; elements labelled below zero belong to none and are never absent.
 * @throws UsageError for an unknown kind, wrong parameters, labels that do not fit, or a picture partition of something else
 */
export function partition(kinds: SegmentKinds, segments: Segments, sources: readonly SegmentSource[]): Features {
  const shared = typeof segments !== 'string'
  const raw = sources.map(source => {
    if (typeof segments === 'string') {
      const { kind, parameters } = parse(kinds, segments)
      return kind.make(source, parameters)
    }
    const given = isTensor(segments) ? segments : segments[source.name]
    if (!given) throw new UsageError(`the segments have no labels for "${source.name}"; give a label map for each input`)
    return labelsOf(given, source)
  })
  let count = 0
  const together = new Map<number, number>()
  const labels = sources.map(({ name }, index) => {
    const numbers = shared ? together : new Map<number, number>()
    const number = (label: number): number => {
      if (label < 0) return -1
      let found = numbers.get(label)
      if (found === undefined) numbers.set(label, (found = count++))
      return found
    }
    return [name, raw[index]!.map(number)] as const
  })
  return { count, labels: Object.fromEntries(labels) }
}

/** About how many features these segments make of one tensor. */
export function expectedCount(kinds: SegmentKinds, segments: Segments): number {
  if (typeof segments === 'string') {
    const { kind, parameters } = parse(kinds, segments)
    return kind.expected?.(parameters) ?? usualCount
  }
  const tensors = isTensor(segments) ? [segments] : Object.values(segments)
  return new Set(tensors.flatMap(({ data }) => Array.from(data as Int32Array, Number)).filter(label => label >= 0)).size
}
