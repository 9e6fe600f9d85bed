/** @file Cells of a harmony study: what each kind's options and value say. */
import type { Subject } from './subject.js'

/** Raised whenever the same cell gives another value. */
export const version = '2'

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
  /** Of the model with its weights shuffled. */
  readonly shuffled?: true
}

/** kind `score`: what testers make of a picture with parts kept, or with them removed. */
export interface ScoreOptions {
  readonly subjects: readonly Subject[]
  /** Digests of the models that test. */
  readonly testers: readonly string[]
  readonly class: number
  readonly size: number
  readonly fractions: readonly number[]
  readonly fills: readonly string[]
  /** The top share is removed instead of kept. */
  readonly inverse: boolean
  /** The mask is put onto something else: noise, or the picture with this key. */
  readonly onto?: string
}

/** Subject by subject, tester by tester, fill by fill, share by share. */
export interface ScoreValue {
  /** 1 where the answer is the class. */
  readonly top: readonly number[]
  readonly probability: readonly number[]
}

/** kind `agree`: two maps of one picture compared. */
export interface AgreeOptions {
  readonly first: Subject
  readonly second: Subject
  readonly size: number
  /** Each map is blurred until it is as smooth as this one, where it is rougher. */
  readonly smoothAs?: Subject
  /** Titles of the measures; default all. */
  readonly measures?: readonly string[]
}

/** Null where a measure is not defined. */
export type AgreeValue = Readonly<Record<string, number | null>>

/** kind `detect`: a map as a detector of the object. */
export interface DetectOptions {
  readonly subject: Subject
  readonly size: number
}
export type DetectValue = Readonly<Record<string, number | null>>
