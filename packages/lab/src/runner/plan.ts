/** @file What a study will compute, as a set of cells known before any of them is run. */
import { createHash } from 'node:crypto'
import { InputError } from '@ascribe/core'
import { canonicalJson, type JsonValue } from './canonical.js'

/**
 * Everything that decides a cell's value, and nothing else: no paths, no thread counts, no dates. Two cells with equal identities are one
 * cell, in whatever plan they stand.
 */
export interface CellIdentity {
  /** What is computed: 'score', 'patch', 'train'. */
  readonly kind: string
  /** Version of that computation; a new one whenever the same inputs give other values. */
  readonly version: string
  /** What it is computed on: an entry of a data set, with the data set's digest where names alone do not decide the contents. */
  readonly sample: string
  readonly seed: number
  /** Digest of the model's file. */
  readonly model?: string
  readonly method?: string
  /** Options with their defaults filled in, so that another default is another cell. */
  readonly options?: { readonly [name: string]: JsonValue | undefined }
}

/** Rows passed forward only, and rows passed forward and backward. */
export interface CellCost {
  readonly forwards: number
  readonly gradients: number
}

/** What helps to run a cell and leaves its value alone. */
export interface CellHints {
  /** Cells of one group run after each other in one place, which keeps what they share loaded. Default: the model's digest. */
  readonly group?: string
  /** Expected cost, for the estimate of time. */
  readonly cost?: CellCost
}

export interface Cell extends CellHints {
  /** SHA-256 of the identity as canonical JSON. */
  readonly key: string
  readonly identity: CellIdentity
}

export interface Plan {
  readonly study: string
  readonly version: string
  /** What the study fixes in advance besides its cells: thresholds, families of tests, folds. */
  readonly protocol?: JsonValue
  /** SHA-256 of study, version, protocol and the set of keys, whatever their order. */
  readonly digest: string
  /** In the order given, each once. */
  readonly cells: readonly Cell[]
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** @throws InputError naming the member that is no JSON value */
export const cellKey = (identity: CellIdentity): string => sha256(canonicalJson(identity, 'cell'))

/** @throws InputError for a seed that is no whole number, an empty kind, version or sample, or what JSON cannot hold */
export function makeCell(identity: CellIdentity, hints: CellHints = {}): Cell {
  if (!Number.isSafeInteger(identity.seed)) throw new InputError(`cell.seed: must be a whole number, not ${identity.seed}`)
  for (const name of ['kind', 'version', 'sample'] as const)
    if (typeof identity[name] !== 'string' || identity[name] === '')
      throw new InputError(`cell.${name}: must be a text that is not empty`)
  return { key: cellKey(identity), identity, ...hints }
}

/** The plan of a study. A cell that is given twice stands in it once. */
export function makePlan(parts: {
  readonly study: string
  readonly version: string
  readonly cells: Iterable<Cell>
  readonly protocol?: JsonValue
}): Plan {
  const { study, version, protocol } = parts
  const cells = new Map<string, Cell>()
  for (const cell of parts.cells) if (!cells.has(cell.key)) cells.set(cell.key, cell)
  const digest = sha256(canonicalJson({ study, version, protocol, cells: [...cells.keys()].sort() }, 'plan'))
  return { study, version, ...(protocol === undefined ? {} : { protocol }), digest, cells: [...cells.values()] }
}

/** Sum over cells; cells of unknown cost add nothing. */
export function costOf(cells: Iterable<Cell>): CellCost {
  let [forwards, gradients] = [0, 0]
  for (const { cost } of cells) {
    forwards += cost?.forwards ?? 0
    gradients += cost?.gradients ?? 0
  }
  return { forwards, gradients }
}

/** A cell in few words, for people. */
export const describeCell = ({ kind, method, model, sample, seed }: CellIdentity): string =>
  [kind, method, sample, model === undefined ? undefined : `model ${model.slice(0, 8)}`, `seed ${seed}`]
    .filter(part => part !== undefined)
    .join(', ')
