/** @file The process that audits a study's data: a minute of plain arithmetic, beside the scoring. */
import type { CreateWork } from '../../runner/index.js'
import { auditSource } from '../audit/index.js'
import { openStudyData } from './build.js'
import { presetNamed } from './presets.js'

export interface AuditSettings {
  readonly data: string
  readonly preset: string
  readonly pictures: number
  readonly test: number
}

export const createWork: CreateWork = async settings => {
  const { data, preset, pictures, test } = settings as unknown as AuditSettings
  const source = await openStudyData(data, presetNamed(preset))
  return async ({ identity }, { signal, progress }) => {
    const rows = await auditSource(source, {
      pictures,
      test,
      seed: identity.seed,
      signal,
      onProgress: (done, total) => progress(done / total),
    })
    return { value: rows.map(row => ({ ...row, interval: [...row.interval] })) }
  }
}
