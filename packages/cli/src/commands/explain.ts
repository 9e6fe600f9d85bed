/** @file `ascribe explain`: maps, pictures, explanation.json and report.html for inputs of a model. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  colormapOf,
  colormaps,
  type Evaluator,
  formatShare,
  type Method,
  type MethodCost,
  type Model,
  renderReport,
  resolveOptions,
  type Target,
  UsageError,
} from '@ascribe/core'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import type { Command, Context } from '../command.js'
import { costText } from '../cost-text.js'
import type { Drawing } from '../explain/draw.js'
import { collect, type Item } from '../explain/inputs.js'
import { reportData } from '../explain/page.js'
import { type PictureFlags, type PicturePlan, pictureFlags, pictureInput, picturePlan } from '../explain/pictures.js'
import { ProgressMeter } from '../explain/progress.js'
import { type ExplanationRecord, type FailureRecord, type InputRecord, modelRecord, versionsOf } from '../explain/record.js'
import { explainItem, type Job, type Outcome } from '../explain/run.js'
import { type TextFlags, textAt, textFlags, textItems } from '../explain/text.js'
import { isExpected, ReportedFailure } from '../failures.js'
import { type MethodRequest, methodRequests } from '../methods.js'
import { type ModelFlags, withModel } from '../open.js'
import {
  type CommonOptions,
  commonFlags,
  processesFlag,
  runtimeFlags,
  seedFlag,
  type TargetFlags,
  targetFlags,
  whole,
} from '../options.js'
import { readTarget, shownTarget, targetHelp } from '../target.js'

interface Options extends CommonOptions, TargetFlags, ModelFlags, PictureFlags, TextFlags {
  readonly method?: readonly string[]
  readonly out: string
  readonly limit?: number
  readonly seed: number
  readonly colormap?: readonly string[]
  readonly date?: boolean
  readonly timeAxis?: number
}

export const explain: Command = {
  name: 'explain',
  summary: 'explain what a model looked at: maps (.npy), pictures (.png), explanation.json, report.html',
  arguments: [
    ['<model>', 'ONNX file'],
    ['[input...]', 'pictures, folders of pictures, .npy (a batch row by row), .npz (arrays by input name); none with --text'],
  ],
  flags: [
    {
      flags: '-m, --method <spec>',
      describe: 'method as NAME or NAME:key=value,...; may repeat (default: integrated-gradients; see ascribe methods)',
      repeat: true,
    },
    ...targetFlags,
    { flags: '-o, --out <folder>', describe: 'where results go; files of the same names are replaced', default: 'explanation' },
    { flags: '--limit <n>', describe: 'explain only the first n inputs', parse: whole('--limit', 1) },
    seedFlag,
    ...textFlags,
    ...pictureFlags,
    {
      flags: '--time-axis <axis>',
      describe:
        'the axis of a series that is time, for its picture: 1 or 2, 0 for no series (default: the longer one, where the other is short)',
      parse: whole('--time-axis', 0),
    },
    {
      flags: '--colormap <name>',
      describe: `colours of maps of its kind; may repeat (${Object.keys(colormaps).join(', ')})`,
      repeat: true,
      parse: name => {
        colormapOf(name)
        return name
      },
    },
    { flags: '--date', describe: 'put the time into explanation.json and report.html' },
    ...runtimeFlags,
    processesFlag,
    ...commonFlags,
  ],
  lists: [{ title: 'Targets', rows: targetHelp }],
  examples: [
    ['ascribe explain model.onnx photo.jpg -o out', 'integrated gradients of the predicted class'],
    [
      'ascribe explain model.onnx photos/ -m grad-cam -m integrated-gradients:points=100,baseline=blur:10 -o out',
      'two methods on a folder',
    ],
    ['ascribe explain model.onnx photo.jpg -m occlusion -t 207-208 -o out', 'what speaks for class 207 rather than 208'],
    ['ascribe explain segmenter.onnx street.jpg -t mean:15@predicted -m grad-cam', 'a segmentation: one class where it is seen'],
    ['ascribe explain detector.onnx street.jpg -t box:best/2 -m rise', 'a detector: the box that is surest of class 2'],
    ['ascribe explain table.onnx rows.npy -t softmax:1 -m kernel-shap:baseline=background.npy', 'a table, row by row'],
    ['ascribe explain bert.onnx --text "a fine film" -m integrated-gradients', 'a text, by the tokenizer.json beside the model'],
    ['ascribe explain gpt.onnx --text "The cat sat on the" -t log-softmax:token:-1/2603', 'why this token comes next'],
    ['ascribe explain bert.onnx tokens.npz --at /embeddings/Add_1_output_0 -o out', 'a token model at a tensor of your own'],
    ['ascribe explain series.onnx recordings.npy -m feature-ablation:segments=time:10', 'a time series in windows of ten steps'],
    ['ascribe explain graph.onnx nodes.npz -t 5/2', 'a graph network: the features of nodes, for class 2 of node 5'],
    ['ascribe explain graph.onnx nodes.npz --at edge_weight -t 5/2 -m exact-shapley:segments=edges', 'the edges instead'],
    ['ascribe explain model.onnx photo.jpg -m kernel-shap:segments=labels.npy', 'your own segments: one label per place'],
  ],
  async run([path, inputs]: readonly [string, readonly string[]], options: Options, context) {
    const requests = await methodRequests(options.method ?? ['integrated-gradients'])
    const target = await readTarget(options.target)
    await withModel(path, options, context.terminal, async model => {
      let plan: PicturePlan | undefined
      const planned = (): PicturePlan => {
        if (plan) return plan
        plan = picturePlan(model, options)
        for (const warning of plan.warnings) context.terminal.warn(warning)
        return plan
      }
      if (inputs.length === 0 && !options.text)
        throw new UsageError('there is nothing to explain; name pictures or tensors, or give --text "a sentence"')
      const at = options.text ? textAt(model, options.at) : options.at
      if (options.text && !options.at && at) context.terminal.note(`note: explained at "${at[0]}", the output of the embedding`)
      const placed = { ...options, ...(at ? { at } : {}) }
      checkNames(model, placed)
      const texts = options.text ? (await textItems(model, path, options)).slice(0, options.limit) : []
      const left = options.limit === undefined ? undefined : options.limit - texts.length
      const items = [...texts, ...(await collect(inputs, model, planned, left))]
      await ensureFolder(options.out)
      const outcomes = await explainAll(
        model,
        requests,
        items,
        target,
        placed,
        context,
        () => plan?.preprocessing ?? model.preprocessing,
      )
      await finish(model, outcomes, plan, placed, context)
    })
  },
}

/** What can be known to be wrong before any work. */
function checkNames(model: Model, { at, output }: Options): void {
  for (const name of at ?? model.defaultAt()) model.checkTensor(name)
  model.outputName(output)
}

/** A gradient costs about as much as three forward passes. */
function weightOf({ method, options }: MethodRequest): number {
  const { forwards, gradients } = method.cost(resolveOptions(method, options))
  return forwards + 3 * gradients
}

/** Cost for this input; undefined where the method will refuse it, and say why. */
function expectedCost(method: Method, options: Readonly<Record<string, unknown>>, evaluator: Evaluator): MethodCost | undefined {
  try {
    return method.cost(options, evaluator)
  } catch (error) {
    if (isExpected(error)) return undefined
    throw error
  }
}

/** Files about all results together, written last. */
const records = { json: 'explanation.json', page: 'report.html' } as const

/** An interrupted run must not leave the records of an earlier one beside its own maps. */
const clearRecords = async (folder: string): Promise<void> => {
  for (const name of Object.values(records)) await rm(join(folder, name), { force: true })
}

/** Most results for which the report shows each map without the picture too: beyond, its size matters more. */
const fullReport = 60

async function explainAll(
  model: Model,
  requests: readonly MethodRequest[],
  items: readonly Item[],
  target: Target,
  options: Options,
  context: Context,
  preprocessing: Job['preprocessing'],
): Promise<Outcome[]> {
  const { terminal } = context
  const meter = new ProgressMeter(terminal, items.length * requests.reduce((sum, request) => sum + weightOf(request), 0))
  let cleared: Promise<void> | undefined
  let announced = false
  const job: Job = {
    model,
    requests,
    folder: options.out,
    target,
    seed: options.seed,
    colormaps: options.colormap ?? [],
    announce: evaluator => {
      if (announced) return
      announced = true
      for (const { label, method, options: given } of requests) {
        const cost = expectedCost(method, resolveOptions(method, given), evaluator)
        if (cost) terminal.note(`${label}: ${costText(cost)}${items.length > 1 ? ` for each of ${items.length} inputs` : ''}`)
      }
    },
    beforeFirstFile: () => (cleared ??= clearRecords(options.out)),
    mapsAlone: items.length * requests.length <= fullReport,
    preprocessing,
    layout: options.layout ?? pictureInput(model.graph.inputs)?.layout ?? 'NCHW',
    weight: weightOf,
    ...(options.timeAxis === undefined ? {} : { timeAxis: options.timeAxis }),
    text: { unit: options.unit, special: options.special, spans: options.spans ?? [] },
    meter,
    context,
    ...(options.output === undefined ? {} : { output: options.output }),
    ...(options.at === undefined ? {} : { at: options.at }),
  }
  const outcomes: Outcome[] = new Array(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      const outcome = await explainItem(job, items[index]!)
      outcomes[index] = outcome
      tell(outcome, terminal)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(items.length, options.processes ?? 1) }, worker))
  } finally {
    meter.end()
  }
  return outcomes
}

function tell({ record, failures }: Outcome, terminal: Context['terminal']): void {
  if (record) {
    const [best] = record.prediction
    const share = best?.probability === undefined ? '' : ` ${formatShare(best.probability)}`
    const name = record.row === undefined ? record.file : `${record.file}, row ${record.row}`
    terminal.print(`${name}: ${best ? `${best.label}${share}; ` : ''}explained: ${record.target.description}`)
    for (const { label, relativeResidual, warnings, maps } of record.results) {
      const residual = relativeResidual === undefined ? '' : ` (residual ${formatShare(relativeResidual)})`
      terminal.print(`  ${label}${residual}: ${maps.map(map => map.picture ?? map.values).join(', ')}`)
      for (const warning of warnings) terminal.warn(`${name}, ${label}: ${warning}`)
    }
  }
  for (const { file, method, message } of failures)
    terminal.error(message.startsWith(file) ? message : `${file}${method ? `, ${method}` : ''}: ${message}`)
}

/** Pictures inside the report stop at this many bytes, so that browsers still open it. */
const pictureBudget = 96 * 2 ** 20

async function finish(
  model: Model,
  outcomes: readonly Outcome[],
  plan: PicturePlan | undefined,
  options: Options,
  context: Context,
): Promise<void> {
  const failures: FailureRecord[] = outcomes.flatMap(outcome => outcome.failures)
  const explained: InputRecord[] = outcomes.flatMap(({ record }) => (record && record.results.length > 0 ? [record] : []))
  const preprocessing = plan?.preprocessing ?? null
  const record: ExplanationRecord = {
    versions: versionsOf(model),
    ...(options.date ? { date: new Date().toISOString() } : {}),
    model: modelRecord(model),
    settings: {
      target: shownTarget(options.target),
      ...(options.output === undefined ? {} : { output: options.output }),
      ...(options.at === undefined ? {} : { at: options.at }),
      seed: options.seed,
      device: options.device,
      memory: model.memory,
    },
    preprocessing,
    warnings: [...(plan?.warnings ?? []), ...model.notices],
    inputs: explained,
    failures,
  }
  if (explained.length > 0) {
    const { gallery, left } = gather(outcomes)
    const more = left > 0 ? [`The pictures of the last ${left} inputs are left out of this page; they lie in its folder.`] : []
    await writeFileAtomic(join(options.out, records.json), `${JSON.stringify(record, undefined, 2)}\n`)
    const page = renderReport(reportData(record, gallery, more))
    await writeFileAtomic(join(options.out, records.page), page)
    context.terminal.print(`report: ${join(options.out, records.page)}`)
  }
  context.terminal.json(record)
  if (failures.length > 0) throw new ReportedFailure('some inputs were not explained')
}

/** Pictures of the inputs, in order, up to the budget. */
function gather(outcomes: readonly Outcome[]) {
  const seen = new Map<string, Uint8Array>()
  const drawings = new Map<string, Drawing>()
  let [bytes, left] = [0, 0]
  for (const outcome of outcomes) {
    if (!outcome.record) continue
    const { name } = outcome.record
    const size = [...outcome.drawings.values()].reduce(
      (sum, { overlay, map }) => sum + (overlay?.length ?? 0) + (map?.length ?? 0),
      outcome.seen?.length ?? 0,
    )
    if ((bytes += size) > pictureBudget) {
      left++
      continue
    }
    if (outcome.seen) seen.set(name, outcome.seen)
    for (const [key, drawing] of outcome.drawings) drawings.set(key, drawing)
  }
  return { gallery: { seen, drawings }, left }
}
