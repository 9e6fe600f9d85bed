/** @file Which errors end a run, and which only their cell. */
import { AbortedError, AscribeError, OutputError } from '@ascribe/core'

/** Thrown by work where no other cell can succeed either: the run stops at once, and what is finished stays. */
export class FatalCellError extends AscribeError {}

/** Every further cell would meet these as well. By name, because errors of worker processes arrive as names and messages. */
const fatal: Readonly<Record<string, new (message: string, options?: ErrorOptions) => AscribeError>> = {
  FatalCellError,
  AbortedError,
  OutputError,
}

/** How an error is kept in a record and passed between processes. */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
}

export const errorRecord = (error: unknown): ErrorRecord =>
  error instanceof Error ? { name: error.name, message: error.message } : { name: 'Error', message: String(error) }

export const isFatal = (error: unknown): boolean => error instanceof Error && Object.hasOwn(fatal, error.name)

/** The error that a worker process reported. */
export function revive({ name, message }: ErrorRecord): Error {
  if (Object.hasOwn(fatal, name)) return new fatal[name]!(message)
  const error = new Error(message)
  error.name = name
  return error
}

/** The same kind of error with more to say. */
export function extended(error: unknown, more: string): Error {
  const { name, message } = errorRecord(error)
  return Object.hasOwn(fatal, name) ? new fatal[name]!(`${message}; ${more}`, { cause: error }) : (error as Error)
}
