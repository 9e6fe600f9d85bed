/** @file Cells of an image study: what each kind's options say. */
import type { JsonValue } from '../../runner/index.js'
import { contestantNamed } from './contestants.js'
import type { Entry } from './entry.js'

/** Of the stages. */
export const version = '1'

/** Of kinds of cells whose values have changed: raised whenever the same cell gives another value. */
const raised: Readonly<Record<string, string>> = { information: '2' }

export const versionOf = (kind: string): string => raised[kind] ?? version

/** What every cell of a study carries in its options. */
export interface Common {
  readonly segments: string
}

/** What decides a contestant's order beside its method and options. */
export const scoreOf = ({ contestant }: Entry): { score?: 'mean' } => {
  const { score } = contestantNamed(contestant)
  return score ? { score } : {}
}

/** kind `answer`: the prediction for a picture. */
export interface AnswerValue {
  readonly predicted: number
  readonly probability: number
  /** Classes that the model tells apart. */
  readonly classes: number
  /** Prediction of the twin, where there is one. */
  readonly twin?: number
}

/** kind `select`: a run of a contestant on a picture, and its curves. */
export interface SelectOptions extends Common {
  readonly entry: Entry
  /** The class that is optimised, and whose probability is read. */
  readonly class: number
  /** Digest of the mask-adapted twin that scores too. */
  readonly twin?: string
}

export interface SelectValue {
  readonly order: readonly number[]
  readonly cost: { readonly forwards: number; readonly gradients: number; readonly milliseconds: number }
  readonly counts: readonly number[]
  readonly curves: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
  /** The same curves, predicted by the twin. */
  readonly twin?: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
}

/** kind `mask-only`: the mask of one picture over other contents. */
export interface MaskOnlyOptions extends Common {
  readonly order: readonly number[]
  readonly class: number
  /** Key of a picture of another class. */
  readonly other: string
}

/** Softmax AUC of the class over the black fill, by what present features show. */
export interface MaskOnlyValue {
  readonly own: number
  readonly noise: number
  readonly other: number
}

/** kind `information`: AIC and SIC of an order. */
export interface InformationOptions extends Common {
  readonly order: readonly number[]
  readonly class: number
  readonly points: number
}

interface InformationCurve {
  /** Null where the picture has no curve; `reason` says why. */
  readonly value: number | null
  readonly reason?: string
  readonly y?: readonly number[]
}

export interface InformationValue {
  readonly probability: number
  readonly sic: InformationCurve
  readonly aic: InformationCurve
}

/** kind `mosaic`: a contestant on side x side pictures of different classes, explained for that of one cell. */
export interface MosaicOptions extends Common {
  readonly entry: Entry
  readonly members: readonly string[]
  readonly side: number
  readonly cell: number
  readonly class: number
}

export interface MosaicValue {
  /** Share of the first feature inside the cell. */
  readonly pointing: number
  /** Share of the highest places, as many as the cell has, that lie inside it. */
  readonly rank: number
}

/** kind `maps`: orders of a picture as maps, to be shown. */
export interface MapsOptions extends Common {
  readonly orders: readonly (readonly number[])[]
}

export const asJson = (value: object): Readonly<Record<string, JsonValue | undefined>> =>
  value as unknown as Readonly<Record<string, JsonValue | undefined>>
