/** @file `ascribe greedy image`: Greedy PIG and its rivals over a folder of pictures, with every metric and control. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '@ascribe/core'
import { ensureFolder, webpVersion, writeFileAtomic } from '@ascribe/core/node'
import {
  assembleImageReport,
  type ImagePreset,
  type ImageReport,
  imageFills,
  imagePresetNamed,
  imagePresets,
  progressPrinter,
  renderImageReport,
  runImageStudy,
} from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

/** Parts of a study that can be left out. */
const parts = ['controls', 'ablation', 'information', 'mosaics', 'examples'] as const
type Part = (typeof parts)[number]

interface Options extends CommonOptions {
  readonly data?: string
  readonly folder: string
  readonly preset: string
  readonly limit?: number
  readonly without?: readonly Part[]
  readonly fill?: readonly ImagePreset['baselines'][number][]
  readonly segments?: string
  readonly share?: number
  readonly points?: number
  readonly set?: 'obj' | 'scene'
  readonly twin?: string
  readonly processes?: number
  readonly seed: number
}

function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 1))
    throw new UsageError(`--share must be a share of the features, above 0 and at most 1, not "${text}"`)
  return value
}

const oneOf =
  (what: string, names: readonly string[]) =>
  (text: string): string => {
    if (!names.includes(text)) throw new UsageError(`${what} must be one of ${names.join(', ')}, not "${text}"`)
    return text
  }

/** The preset with what the flags change. */
function presetOf({ preset, limit, fill, without = [], segments, share: perRound, points }: Options): ImagePreset {
  const own = imagePresetNamed(preset)
  return {
    ...own,
    ...(limit === undefined ? {} : { pictures: limit }),
    ...(fill === undefined ? {} : { baselines: [...new Set(fill)] }),
    ...(segments === undefined ? {} : { segments }),
    ...(perRound === undefined ? {} : { share: perRound }),
    ...(points === undefined ? {} : { points }),
    ...Object.fromEntries(without.map(part => [part, 0])),
  }
}

async function run(model: string, options: Options, { terminal, signal }: Context): Promise<void> {
  const { data, folder, seed, set, twin, processes = availableParallelism() } = options
  if (data === undefined)
    throw new UsageError('name the pictures: --data DIR, or --data generated for models of the generated data')
  const study = await runImageStudy({
    preset: presetOf(options),
    model,
    data,
    folder: join(folder, 'results'),
    seed,
    processes,
    signal,
    ...(set && { set }),
    ...(twin !== undefined && { twin }),
    log: line => terminal.note(line),
    onProgress: progressPrinter(terminal),
  })
  terminal.bar('')
  const report = assembleImageReport(study, webpVersion())
  await ensureFolder(folder)
  const numbers = { ...report, examples: [] }
  await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(numbers, undefined, 1)}\n`)
  await writeFileAtomic(join(folder, 'report.html'), renderImageReport(report))
  await ensureFolder(join(folder, 'curves'))
  for (const { title, svg } of report.figures)
    await writeFileAtomic(join(folder, 'curves', `${title.toLowerCase().replace(/[^a-z]+/g, '-')}.svg`), `${svg}\n`)
  terminal.json({ ...numbers, figures: undefined, examples: undefined })
  tell(report, terminal)
  terminal.print(`\n${join(folder, 'report.html')}`)
  if (study.failed.length > 0)
    throw new ReportedFailure(`${study.failed.length} results failed; the same command tries them again`)
}

function tell(report: ImageReport, terminal: Context['terminal']): void {
  for (const fact of report.facts) terminal.print(fact)
  for (const warning of report.warnings) terminal.print(`note: ${warning}`)
  for (const { text, verdict, details } of report.statements) {
    terminal.print(`\n${verdict}: ${text}`)
    for (const line of details) terminal.print(`  ${line}`)
  }
}

export const image: Command = {
  name: 'image',
  summary: 'Greedy PIG and its rivals over a folder of pictures: curves, metrics, controls, one report',
  arguments: [['<model>', 'an .onnx classifier of pictures, its preprocessor_config.json beside it']],
  flags: [
    {
      flags: '--data <dir>',
      describe:
        'a folder of pictures, labels.csv (file, class_index) beside them; or generated: pictures of the lab, for its models',
    },
    { flags: '--folder <dir>', describe: 'where everything goes: results, report.html, report.json', default: 'greedy-image' },
    {
      flags: '--preset <name>',
      describe: imagePresets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
      choices: imagePresets.map(({ name }) => name),
      default: 'quick',
    },
    { flags: '--limit <n>', describe: "pictures scored at most (default: the preset's)", parse: whole('--limit', 1) },
    {
      flags: '--without <part>',
      describe: `leave a part out: ${parts.join(', ')}; may repeat`,
      parse: oneOf('--without', parts),
      repeat: true,
    },
    {
      flags: '--fill <name>',
      describe: "what absent features show while optimising; may repeat (default: the preset's)",
      parse: oneOf('--fill', imageFills),
      repeat: true,
    },
    { flags: '--segments <spec>', describe: "the features, as in slic:64 or grid:8 (default: the preset's)" },
    { flags: '--share <s>', describe: "share of the features selected per round (default: the preset's)", parse: share },
    { flags: '--points <n>', describe: "points of each round's path (default: the preset's)", parse: whole('--points', 1) },
    {
      flags: '--set <name>',
      describe: "what generated pictures are named by (default: by the model's labels)",
      choices: ['obj', 'scene'],
    },
    { flags: '--twin <model>', describe: 'the same model fine-tuned on masked pictures; it predicts beside the model' },
    {
      flags: '--processes <n>',
      describe: 'processes, each with one thread (default: the cores)',
      parse: whole('--processes', 1),
    },
    seedFlag,
    ...commonFlags,
  ],
  examples: [
    ['ascribe greedy image model.onnx --data photos', 'every rival, metric and control; interrupted, the same line goes on'],
    ['ascribe greedy image model.onnx --data photos --limit 20 --without information', 'sooner: fewer pictures, no SIC and AIC'],
    ['ascribe greedy image resnet-obj.onnx --data generated', "one of the lab's models on pictures it has not seen"],
  ],
  run: ([model]: readonly [string], options: Options, context) => run(model, options, context),
}
