/** @file What a pool and its worker processes say to each other; the other end is child/runner-worker.mjs. */
import type { JsonValue } from './canonical.js'
import type { ErrorRecord } from './errors.js'
import type { Cell } from './plan.js'
import type { CellOutcome } from './work.js'

export type ToWorker =
  | { readonly kind: 'start'; readonly module: string; readonly settings: JsonValue }
  | { readonly kind: 'cell'; readonly id: number; readonly cell: Cell; readonly attempt: number; readonly slot: number }
  | { readonly kind: 'abort'; readonly id: number }

export type FromWorker =
  | { readonly kind: 'ready' }
  /** The module cannot be used; nothing else will come. */
  | { readonly kind: 'broken'; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly outcome: CellOutcome }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorRecord }
  | { readonly kind: 'progress'; readonly id: number; readonly share: number }
  | { readonly kind: 'log'; readonly id: number; readonly line: string }
