/** @file `ascribe ensemble --study`: which ensembles are worth it, over a folder of pictures. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { UniqueNames, UsageError } from '@ascribe/core'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import {
  assembleEnsembleReport,
  defaultMembers,
  type EnsembleReport,
  ensemblePresetNamed,
  ensemblePresets,
  type MemberSpec,
  progressPrinter,
  renderEnsembleReport,
  runEnsembleStudy,
} from '@ascribe/lab'
import type { Context, Flag } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { parseMethod } from '../methods.js'
import { whole } from '../options.js'

export interface StudyFlags {
  readonly study?: boolean
  readonly data?: string
  readonly twin?: string
  readonly preset: string
  readonly processes?: number
}

interface StudyOptions extends StudyFlags {
  readonly method?: readonly string[]
  readonly out: string
  readonly limit?: number
  readonly seed: number
}

export const studyFlags: readonly Flag[] = [
  {
    flags: '--study',
    describe: 'score members and ensembles over the pictures of --data instead; interrupted, the same line goes on',
  },
  {
    flags: '--data <dir>',
    describe:
      'of a study: pictures, labels.csv (file, class_index) beside them; or generated: pictures of the lab, for its models',
  },
  {
    flags: '--twin <model>',
    describe:
      'of a study: the same model fine-tuned on masked pictures (ascribe train --adapt); it predicts in the first place, the model beside it',
  },
  {
    flags: '--preset <name>',
    describe: `of a study: ${ensemblePresets.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}`,
    choices: ensemblePresets.map(({ name }) => name),
    default: 'quick',
  },
  {
    flags: '--processes <n>',
    describe: 'of a study: processes, each with one thread (default: the cores)',
    parse: whole('--processes', 1),
  },
]

/** Members as given, or the study's own. */
function membersOf(specs: readonly string[] | undefined): readonly MemberSpec[] {
  if (!specs) return defaultMembers
  const names = new UniqueNames()
  return specs.map(spec => {
    const { name, options } = parseMethod(spec)
    return { label: names.take(name), method: name, options }
  })
}

export async function ensembleStudy(model: string, options: StudyOptions, { terminal, signal }: Context): Promise<void> {
  const { data, twin, out, seed, preset, limit, processes = availableParallelism() } = options
  if (data === undefined)
    throw new UsageError('name the pictures of the study: --data DIR, or --data generated for models of the generated data')
  const own = ensemblePresetNamed(preset)
  const study = await runEnsembleStudy({
    preset: limit === undefined ? own : { ...own, pictures: limit },
    model,
    ...(twin === undefined ? {} : { twin }),
    members: membersOf(options.method),
    data,
    folder: join(out, 'results'),
    seed,
    processes,
    signal,
    log: line => terminal.note(line),
    onProgress: progressPrinter(terminal),
  })
  terminal.bar('')
  const report = assembleEnsembleReport(study)
  await ensureFolder(out)
  const { examples: _, ranking: __, ...numbers } = report
  await writeFileAtomic(join(out, 'report.json'), `${JSON.stringify(numbers, undefined, 1)}\n`)
  await writeFileAtomic(join(out, 'report.html'), renderEnsembleReport(report))
  terminal.json(numbers)
  tell(report, terminal)
  terminal.print(`\n${join(out, 'report.html')}`)
  if (study.failed.length > 0)
    throw new ReportedFailure(`${study.failed.length} results failed; the same command tries them again`)
}

function tell(report: EnsembleReport, terminal: Context['terminal']): void {
  for (const fact of report.facts) terminal.print(fact)
  for (const warning of report.warnings) terminal.print(`note: ${warning}`)
  for (const { text, verdict, details } of report.statements) {
    terminal.print(`\n${verdict}: ${text}`)
    for (const line of details) terminal.print(`  ${line}`)
  }
}
