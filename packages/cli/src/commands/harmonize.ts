/** @file `ascribe harmonize`: which explanations carry over between models, and maps harmonised over several; `train` makes models for it. */
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { formatShare, methodNamed, UniqueNames, UsageError } from '@ascribe/core'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import {
  type Family,
  harmonyLines,
  harmonyMarkdown,
  harmonyPresetNamed,
  harmonyPresets,
  type MethodSpec,
  modelFamilies,
  progressPrinter,
  renderHarmonyReport,
  runHarmonyStudy,
  trainHarmonyModels,
} from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { parseMethod } from '../methods.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

interface Options extends CommonOptions {
  readonly model?: readonly string[]
  readonly family?: readonly (readonly [string, Family])[]
  readonly twin?: readonly (readonly [string, string])[]
  readonly data?: string
  readonly method?: readonly string[]
  readonly folder: string
  readonly preset: string
  readonly limit?: number
  readonly size?: number
  readonly processes?: number
  readonly seed: number
}

function family(text: string): readonly [string, Family] {
  const equals = text.lastIndexOf('=')
  const found = modelFamilies.find(name => name === text.slice(equals + 1))
  if (equals < 1 || !found) throw new UsageError(`--family must be NAME=${modelFamilies.join('|')}, not "${text}"`)
  return [text.slice(0, equals), found]
}

function twin(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1 || equals === text.length - 1) throw new UsageError(`--twin must be NAME=FILE, not "${text}"`)
  return [text.slice(0, equals), text.slice(equals + 1)]
}

/** Methods with options as text, each under a label of its own. */
function specsOf(texts: readonly string[]): MethodSpec[] {
  const names = new UniqueNames()
  return texts.map(text => {
    const { name, options } = parseMethod(text)
    const method = methodNamed(name).name
    return { label: names.take(method), method, options }
  })
}

const modelsIn = (folder: string): string => join(folder, 'models')

/** Models that `train` left in the folder. */
async function trainedIn(folder: string): Promise<string[]> {
  const names = await readdir(modelsIn(folder)).catch((): string[] => [])
  return (
    names
      .filter(name => name.endsWith('.onnx'))
      .map(name => name.slice(0, -'.onnx'.length))
      // The first seed of an architecture comes before the others, and tests.
      .sort()
      .map(name => join(modelsIn(folder), `${name}.onnx`))
  )
}

async function train(options: Options, { terminal, signal }: Context): Promise<void> {
  const { folder, seed, processes = availableParallelism() } = options
  const running = new Map<string, string>()
  const trained = await trainHarmonyModels({
    preset: harmonyPresetNamed(options.preset),
    folder: modelsIn(folder),
    seed,
    processes,
    signal,
    log: line => terminal.note(line),
    onStep(name, share, loss) {
      running.set(name, `${name} ${Math.floor(100 * share)}% loss ${loss.toFixed(2)}`)
      if (share >= 1) running.delete(name)
      terminal.bar([...running.values()].join(' · '))
    },
  })
  terminal.bar('')
  terminal.json(trained)
  for (const { name, epoch, accuracy, fullAccuracy, parameters } of trained)
    terminal.print(
      `${name.padEnd(18)} ${formatShare(accuracy).padStart(6)} after epoch ${epoch} (fully trained ${formatShare(fullAccuracy)}), ${parameters} parameters`,
    )
  terminal.print(`${modelsIn(folder)}: the same command without train, with --data generated, studies them`)
}

async function run(options: Options, { terminal, signal }: Context): Promise<void> {
  const { data, folder, seed, processes = availableParallelism(), size, limit } = options
  const model = options.model ?? (await trainedIn(folder))
  if (model.length < 2) throw new UsageError('name two models or more, each with --model, or train some: ascribe harmonize train')
  if (data === undefined)
    throw new UsageError('name the pictures: --data DIR, or --data generated for models of the generated data')
  const preset = harmonyPresetNamed(options.preset)
  const study = await runHarmonyStudy({
    preset: { ...preset, ...(limit === undefined ? {} : { pictures: limit }) },
    models: model,
    families: Object.fromEntries(options.family ?? []),
    twins: Object.fromEntries(options.twin ?? []),
    methods: specsOf(options.method ?? preset.methods),
    data,
    ...(size === undefined ? {} : { size }),
    folder: join(folder, 'results'),
    seed,
    processes,
    signal,
    log: line => terminal.note(line),
    onProgress: progressPrinter(terminal),
  })
  terminal.bar('')
  const { examples: _, transfer, failed, ...rest } = study
  const { selection: __, ...numbers } = transfer
  const report = { ...rest, transfer: numbers, failed: failed.length }
  await ensureFolder(folder)
  await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 1)}\n`)
  await writeFileAtomic(join(folder, 'report.md'), harmonyMarkdown(study))
  await writeFileAtomic(join(folder, 'report.html'), renderHarmonyReport(study))
  terminal.json(report)
  for (const line of harmonyLines(study)) terminal.print(line)
  for (const line of study.left) terminal.print(`note: ${line}`)
  terminal.print(`\n${join(folder, 'report.html')}`)
  if (failed.length > 0) throw new ReportedFailure(`${failed.length} results failed; the same command tries them again`)
}

export const harmonize: Command = {
  name: 'harmonize',
  summary: 'which explanations carry over between models, and maps harmonised over several',
  arguments: [['[step]', 'train: train models on generated pictures first, all stopped at equal accuracy']],
  flags: [
    {
      flags: '--model <file>',
      describe:
        'a classifier of pictures, its preprocessor_config.json beside it; two or more, three for harmonised maps; all must answer the same classes (default: those that train left in FOLDER/models)',
      repeat: true,
    },
    {
      flags: '--data <dir>',
      describe:
        'a folder of pictures, labels.csv (file, class_index of the first model) beside them; or generated: pictures of the lab, for its models',
    },
    {
      flags: '-m, --method <spec>',
      describe: "a method as NAME or NAME:key=value,... (default: the preset's); may repeat",
      repeat: true,
    },
    {
      flags: '--family <name=family>',
      describe: `the family of a model, by its file's name without .onnx: ${modelFamilies.join(', ')} (default: read from its graph); may repeat`,
      parse: family,
      repeat: true,
    },
    {
      flags: '--twin <name=file>',
      describe:
        'the model NAME fine-tuned on masked pictures: it tests in its place (default: twins/NAME.onnx beside the model, where there is one); may repeat',
      parse: twin,
      repeat: true,
    },
    {
      flags: '--folder <dir>',
      describe: 'where everything goes: results, report.html, report.md, report.json',
      default: 'harmonize',
    },
    {
      flags: '--preset <name>',
      describe: harmonyPresets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
      choices: harmonyPresets.map(({ name }) => name),
      default: 'quick',
    },
    { flags: '--limit <n>', describe: "pictures scored at most (default: the preset's)", parse: whole('--limit', 4) },
    {
      flags: '--size <n>',
      describe:
        'side of the square pictures in which parts are removed (default: 64 for generated ones, else the largest model’s)',
      parse: whole('--size', 8),
    },
    {
      flags: '--processes <n>',
      describe: 'processes, each with one thread (default: the cores)',
      parse: whole('--processes', 1),
    },
    seedFlag,
    ...commonFlags,
  ],
  examples: [
    [
      'ascribe harmonize --model resnet.onnx --model vit.onnx --model mobilenet.onnx --data photos',
      'six methods, all ordered pairs, one report; interrupted, the same line goes on',
    ],
    ['ascribe harmonize train', 'two CNNs, a depthwise CNN, two transformers and a Mixer, in harmonize/models; then:'],
    ['ascribe harmonize --data generated', 'the study of those'],
    [
      'ascribe harmonize --model a.onnx --model b.onnx --data photos -m grad-cam -m occlusion --limit 40',
      'transfer and agreement of two methods between two models',
    ],
  ],
  run([step]: readonly [string | undefined], options: Options, context) {
    if (step !== undefined && step !== 'train') throw new UsageError(`unknown step "${step}" (there is train)`)
    return step === 'train' ? train(options, context) : run(options, context)
  },
}
