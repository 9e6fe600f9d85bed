/** @file Cells of a harmony study: what each kind's options and value say. */
import type { Subject } from './subject.js'

/** Raised whenever the same cell gives another value. */
export const version = '1'

/** A method with options as text: plain data. */
export interface MethodSpec {
  /** Unique in a study. */
  readonly label: string
  readonly method: string
  readonly options: Readonly<Record<string, string>>
}

/** kind `answer`: what a model says of a picture. Classes are the study's, those of its first model. */
export interface AnswerValue {
  readonly predicted: number
  readonly probability: number
  /** The most probable class but the first. */
  readonly second: number
  /** Of the picture's own class; absent where it has none. */
  readonly own?: number
}

/** kind `map`: [size, size], kept beside the value. */
export interface MapOptions {
  readonly spec: MethodSpec
  readonly class: number
  readonly size: number
  /** Explained at the picture with noise, draw by draw; absent: the picture itself. */
  readonly draw?: number
}

/** kind `score`: what a tester makes of a picture with parts kept, and with them removed. */
export interface ScoreOptions {
  readonly subject: Subject
  readonly class: number
  readonly size: number
  readonly fractions: readonly number[]
  readonly fills: readonly string[]
  /** Whether the inverse mask is scored too. */
  readonly inverse: boolean
  /** The mask is put onto something else: noise, or the picture with this key. */
  readonly onto?: string
}

/** Fill by fill, share by share. */
export interface ScoreValue {
  readonly keptTop: readonly number[]
  readonly keptProbability: readonly number[]
  readonly removedTop?: readonly number[]
  readonly removedProbability?: readonly number[]
}

/** kind `agree`: two maps of one picture compared by every measure. */
export interface AgreeOptions {
  readonly first: Subject
  readonly second: Subject
  readonly size: number
  /** Each map is blurred until it is as smooth as this one, where it is rougher. */
  readonly smoothAs?: Subject
}

/** Null where a measure is not defined. */
export type AgreeValue = Readonly<Record<string, number | null>>

/** kind `detect`: a map as a detector of the object. */
export interface DetectOptions {
  readonly subject: Subject
  readonly size: number
}
export type DetectValue = Readonly<Record<string, number | null>>
