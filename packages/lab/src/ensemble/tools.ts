/** @file What the computation of a cell is given. */
import { createHash } from 'node:crypto'
import type { Model, Removals } from '@ascribe/core'
import { shuffledModel } from '../bam/study/shuffled.js'
import type { Subject } from '../greedy/image/subject.js'
import type { CellIdentity, CellOutcome, JsonValue } from '../runner/index.js'
import type { PictureMaps } from './combined.js'
import type { FormsValue, MapKeys, ScoreValue } from './identity.js'
import type { Scorer } from './scores.js'

/** What is stored by earlier stages. */
export interface Stored {
  readonly map: (key: string) => Promise<Float64Array>
  readonly forms: (key: string) => Promise<FormsValue>
}

/** A seed of its own for every picture. */
export const seedOf = (seed: number, sample: string): number =>
  createHash('sha256').update(`${seed} ${sample}`).digest().readUIntBE(0, 6)

export interface Tools {
  readonly identity: CellIdentity
  readonly signal: AbortSignal
  readonly model: Model
  readonly twin: Model | undefined
  readonly labels: readonly string[]
  readonly stored: Stored
  readonly subject: (key: string, segments: string) => Promise<Subject>
  readonly maps: (keys: MapKeys, subject: Subject) => Promise<PictureMaps>
  /** @param twin whether the twin predicts */
  readonly scorer: (subject: Subject, index: number, twin: boolean) => Promise<Scorer>
  readonly removals: (perturbations: number, subject: Subject, index: number, twin: boolean) => Promise<Removals>
  readonly curves: (key: string, make: () => Promise<ScoreValue>) => Promise<ScoreValue>
}

export const outcome = (value: object, maps?: CellOutcome['maps']): CellOutcome => ({
  value: value as unknown as JsonValue,
  ...(maps && { maps }),
})

export const optionsOf = <Options>({ identity }: Tools): Options => identity.options as unknown as Options

/** Segments where none matter. */
export const noSegments = 'grid:1'

export const targetOf = (index: number): string => `log-odds:${index}`

/** The model whose maps are asked for. */
export const explainedBy = ({ model, identity }: Tools, shuffled: true | undefined): Model =>
  shuffled ? shuffledModel(model, identity.seed) : model
