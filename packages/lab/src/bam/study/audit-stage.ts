/** @file The shortcut audit of a study's data, in a process of its own. */
import { join } from 'node:path'
import { InputError } from '@ascribe/core'
import { forkWorkers, makeCell, makePlan, runPlan } from '../../runner/index.js'
import type { AuditRow } from '../audit/index.js'
import type { BamSource } from '../source.js'

const version = '1'
/** Pictures learned from and tested on: enough to tell 30% from chance. */
const sizes = { pictures: 1500, test: 800 }

export interface AuditStudyOptions {
  readonly source: BamSource
  /** Folder of the data, and the preset it was built with. */
  readonly data: string
  readonly preset: string
  /** Where the result is kept. */
  readonly folder: string
  readonly seed: number
  readonly signal?: AbortSignal
  readonly log?: (line: string) => void
}

/** The rows of the audit; at once where they are stored. @throws AbortedError, InputError where it failed */
export async function auditStudy({ source, data, preset, folder, seed, signal, log }: AuditStudyOptions): Promise<AuditRow[]> {
  const cell = makeCell({ kind: 'audit', version, sample: source.digest, seed, options: sizes })
  const pool = forkWorkers(new URL('audit-worker.js', import.meta.url), {
    processes: 1,
    settings: { data, preset, ...sizes },
  })
  try {
    const { values, failed } = await runPlan(makePlan({ study: 'audit', version, cells: [cell] }), pool.work, {
      folder: join(folder, 'audit'),
      retries: 0,
      ...(signal && { signal }),
      ...(log && { log }),
    })
    const rows = values.get(cell.key)
    if (rows) return rows as unknown as AuditRow[]
    throw new InputError(`the audit of the data failed: ${failed[0]?.error.message}`)
  } finally {
    await pool.dispose()
  }
}
