/** @file Errors of explaining: what was wrong, where, and what to do. `usage` marks those the caller mends by asking differently. */

/** Base class of every error that ascribe raises on purpose. */
export class AscribeError extends Error {
  /** True where the request was wrong (exit code 2), false where carrying it out failed (exit code 1). */
  readonly usage: boolean = false

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** A request that cannot be meant: unknown name, option out of range, target the model does not have. */
export class UsageError extends AscribeError {
  override readonly usage = true
}

/** An input file or tensor does not fit: unreadable, wrong shape, wrong type. */
export class InputError extends AscribeError {}

/** The runtime refused a model or a run. */
export class RuntimeError extends AscribeError {}

/** The process that held the sessions died (crash, out of memory, killed); the next call starts a new one. */
export class RuntimeCrashed extends RuntimeError {}

/** Not even one row fits the memory budget. */
export class MemoryBudgetError extends AscribeError {}

/** The caller's AbortSignal fired. */
export class AbortedError extends AscribeError {}

/** A result that cannot be trusted: NaN or infinity in the attribution. */
export class NotFiniteError extends AscribeError {}

/** A file could not be written. */
export class OutputError extends AscribeError {}

/** The model has no gradient at the explained tensor; the message says which operator is in the way and what works without one. */
export class NoGradientError extends AscribeError {}
