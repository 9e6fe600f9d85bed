/** @file `ascribe bam score` and `ascribe bam report`: metrics over methods and models, and the page that shows them. */
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { resolveOptions, UsageError } from '@ascribe/core'
import { ensureFolder, nodeRuntime, writeFileAtomic } from '@ascribe/core/node'
import {
  assembleReport,
  auditStudy,
  auditTable,
  type BamReport,
  listedMethods,
  type ModelRole,
  openStudyData,
  type Preset,
  progressPrinter,
  readRecord,
  renderBamReport,
  type StudyMethod,
  type StudyTraining,
  scoreStudy,
} from '@ascribe/lab'
import type { Command, Context, Flag } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { methodRequests } from '../methods.js'
import { type BamFlags, folderFlags, type Places, placesOf, rolesOf, type Selection, selectionFlags } from './flags.js'

interface Options extends BamFlags, Selection {
  readonly method?: readonly string[]
  readonly target: string
  readonly model?: readonly (readonly [string, string])[]
  readonly descent: string
  readonly audit: boolean
}

function ownModel(text: string): readonly [string, string] {
  const match = /^([^/=]+\/[^/=]+)=(.+)$/.exec(text)
  if (!match) throw new UsageError(`--model must be ARCHITECTURE/SET=FILE, as in mine/obj=model.onnx, not "${text}"`)
  return [match[1]!, match[2]!]
}

const scoreFlags: readonly Flag[] = [
  ...folderFlags,
  ...selectionFlags,
  {
    flags: '-m, --method <spec>',
    describe: "method as NAME or NAME:key=value,... (default: the preset's list); may repeat",
    repeat: true,
  },
  {
    flags: '-t, --target <target>',
    describe: "what is explained; the paper's is predicted (the logit)",
    default: 'log-odds:predicted',
  },
  {
    flags: '--model <spec>',
    describe: 'your own model, as ARCHITECTURE/SET=FILE; may repeat',
    parse: ownModel,
    repeat: true,
  },
  {
    flags: '--descent <name>',
    describe: 'how patches are optimised: backtracking, or the fixed step of the paper',
    choices: ['backtracking', 'paper'],
    default: 'backtracking',
  },
  { flags: '--no-audit', describe: 'leave the shortcut audit of the data out' },
]

/** @throws UsageError where two requests have one name */
async function methodsOf(options: Options, preset: Preset): Promise<StudyMethod[]> {
  if (!options.method) return listedMethods(preset.methods)
  const requests = await methodRequests(options.method)
  return requests.map(({ label, method, options: given }) => ({ name: label, method, options: resolveOptions(method, given) }))
}

/** Architectures of the preset, or those that --architecture and --model name. */
function architecturesOf(options: Options, preset: Preset): string[] {
  const own = (options.model ?? []).map(([key]) => key.split('/')[0]!)
  if (options.architecture) return [...new Set([...options.architecture, ...own])]
  return own.length > 0 ? [...new Set(own)] : preset.architectures.map(({ name }) => name)
}

async function run(options: Options, { terminal, signal }: Context, stored: boolean): Promise<void> {
  const places = placesOf(options)
  const { preset } = places
  const methods = await methodsOf(options, preset)
  const source = await openStudyData(places.data, preset)
  const stopped = new AbortController()
  const auditing = options.audit
    ? auditStudy({
        source,
        data: places.data,
        preset: preset.name,
        folder: places.scores,
        seed: options.seed,
        signal: AbortSignal.any([signal, stopped.signal]),
        log: line => terminal.note(line),
      })
    : undefined
  // It is awaited at the end; until then its failure must not be an unhandled one.
  auditing?.catch(() => {})
  const runtime = nodeRuntime({ threads: 1, processes: options.processes ?? availableParallelism() })
  try {
    const scores = await scoreStudy({
      preset,
      source,
      models: places.models,
      folder: places.scores,
      architectures: architecturesOf(options, preset),
      roles: rolesOf(preset, options),
      own: new Map(options.model ?? []),
      methods,
      target: options.target,
      descent: { descent: options.descent as 'backtracking' | 'paper' },
      seed: options.seed,
      runtime,
      stored,
      signal,
      log: line => terminal.note(line),
      onProgress: progressPrinter(terminal),
    })
    terminal.bar('')
    const report = await assembleReport({
      title: 'Benchmarking attribution methods',
      facts: [
        `${source.kind} data, ${source.size} x ${source.size}, ${source.objects.length} objects and ${source.scenes.length} scenes`,
        `explained: ${options.target}; preset ${preset.name}, seed ${options.seed}`,
      ],
      source,
      methods,
      scores,
      seed: options.seed,
      trainings: await trainings(places.models),
      tables: auditing ? [auditTable(await auditing)] : [],
    })
    await writeReport(places, report)
    tell(report, places, terminal)
    if (scores.failed.length > 0)
      throw new ReportedFailure(`${scores.failed.length} results failed; the same command tries them again`)
  } finally {
    stopped.abort()
    await runtime.dispose()
  }
}

async function writeReport(places: Places, report: BamReport): Promise<void> {
  await ensureFolder(places.scores)
  await writeFileAtomic(join(places.scores, 'report.json'), `${JSON.stringify({ ...report, examples: [] }, undefined, 1)}\n`)
  await writeFileAtomic(places.report, renderBamReport(report))
}

/** Records beside the models, as far as there are any. */
async function trainings(folder: string): Promise<StudyTraining[]> {
  const names = await readdir(folder).catch((): string[] => [])
  const found: StudyTraining[] = []
  for (const name of names) {
    const match = /^(.+)-([^-]+)\.training\.json$/.exec(name)
    if (match)
      found.push({
        architecture: match[1]!,
        role: match[2] as ModelRole,
        record: await readRecord(join(folder, name.replace('.training.json', '.onnx'))),
      })
  }
  return found
}

function tell(report: BamReport, places: Places, terminal: Context['terminal']): void {
  terminal.json({ ...report, examples: undefined })
  for (const { architecture, set, accuracy } of report.models)
    terminal.print(`${`${architecture}-${set}`.padEnd(20)} ${(100 * accuracy).toFixed(1)}%`)
  for (const architecture of new Set(report.scores.map(row => row.architecture)))
    for (const metric of new Set(report.scores.map(row => row.metric))) {
      const rows = report.scores
        .filter(row => row.architecture === architecture && row.metric === metric && row.variant === 'positive')
        .sort((a, b) => b.score.value - a.score.value)
      if (rows.length === 0) continue
      terminal.print(`\n${architecture}, ${metric}`)
      for (const { name, method, score, valid, count } of rows)
        terminal.print(
          `  ${(name ?? method).padEnd(38)} ${score.value.toFixed(3)} [${score.low.toFixed(3)}, ${score.high.toFixed(3)}]  ${valid} of ${count}`,
        )
    }
  terminal.print('')
  for (const { architecture, statement, verdict } of report.findings) terminal.print(`${verdict}: ${statement} (${architecture})`)
  terminal.print(`\n${places.report}`)
}

export const score: Command = {
  name: 'score',
  summary: 'run the methods on the models, compute the metrics, write the report',
  arguments: [],
  flags: scoreFlags,
  examples: [
    ['ascribe bam score', "the preset's methods on the models of bam/models"],
    ['ascribe bam score -m gradient -m occlusion:window=8,stride=4', 'methods of your choice'],
    ['ascribe bam score --model mine/obj=o.onnx --model mine/scene=s.onnx --model mine/scene_only=so.onnx', 'your own models'],
  ],
  run: (_: readonly [], options: Options, context) => run(options, context, false),
}

export const report: Command = {
  name: 'report',
  summary: 'write the report from the results that are there',
  arguments: [],
  flags: scoreFlags,
  examples: [['ascribe bam report', 'bam/report.html from bam/scores']],
  run: (_: readonly [], options: Options, context) => run(options, context, true),
}
