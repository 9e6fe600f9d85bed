/** @file Errors as people read them: one line, and an exit code. */

import { AbortedError, AscribeError } from '@ascribe/core'
import { OnnxError } from '@ascribe/onnx'
import { oneLine } from './terminal.js'

/** Exit codes: 1 carrying the request out failed, 2 the request was wrong, 130 interrupted. */
export const exitCodes = { failed: 1, usage: 2, interrupted: 130 } as const

/** Something failed and has been told already: only the exit code is left. */
export class ReportedFailure extends AscribeError {}

/** True for errors that are raised on purpose and explain themselves. */
export const isExpected = (error: unknown): error is Error => error instanceof AscribeError || error instanceof OnnxError

/** The error in one line; a defect of ascribe itself is called one. */
export function messageOf(error: unknown): string {
  const message = oneLine(error instanceof Error ? error.message : String(error))
  return isExpected(error) ? message : `unexpected error: ${message} (a defect of ascribe; --debug prints where)`
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof AbortedError) return exitCodes.interrupted
  return error instanceof AscribeError && error.usage ? exitCodes.usage : exitCodes.failed
}
