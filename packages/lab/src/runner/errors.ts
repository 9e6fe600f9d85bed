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
  /** File and line, for errors that are no one's intention. */
  readonly at?: string
}

/** Errors of the language itself: a defect of the work, whose message alone does not say where. */
const defects: ReadonlySet<string> = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError'])

export function errorRecord(error: unknown): ErrorRecord {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message } = error
  const known = (error as { at?: string }).at
  const at = defects.has(name) ? (known ?? /([^\s(/\\]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1]) : undefined
  return { name, message, ...(at === undefined ? {} : { at }) }
}

/** For people. */
export const messageOf = ({ name, message, at }: ErrorRecord): string =>
  at === undefined ? message : `${name} at ${at}: ${message}`

export const isFatal = (error: unknown): boolean => error instanceof Error && Object.hasOwn(fatal, error.name)

/** The error that a worker process reported. */
export function revive({ name, message, at }: ErrorRecord): Error {
  if (Object.hasOwn(fatal, name)) return new fatal[name]!(message)
  return Object.assign(new Error(message), { name, ...(at === undefined ? {} : { at }) })
}

/** The same kind of error with more to say. */
export function extended(error: unknown, more: string): Error {
  const { name, message } = errorRecord(error)
  return Object.hasOwn(fatal, name) ? new fatal[name]!(`${message}; ${more}`, { cause: error }) : (error as Error)
}
