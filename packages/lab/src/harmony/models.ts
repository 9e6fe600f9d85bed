/** @file The models of a harmony study: opened, told apart, their classes and sizes brought together or refused with the reason. */
import { createHash } from 'node:crypto'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  InputError,
  type Model,
  overridePreprocessing,
  type Preprocessing,
  type Runtime,
  UniqueNames,
  UsageError,
} from '@ascribe/core'
import { load } from '@ascribe/core/node'

export const families = ['cnn', 'transformer', 'mixer'] as const
export type Family = (typeof families)[number]

export interface HarmonyModel {
  /** Unique in a study. */
  readonly name: string
  readonly path: string
  readonly model: Model
  readonly family: Family
  /** Equal for models whose graphs differ in their weights' values alone: seeds of one architecture. */
  readonly architecture: string
  /** From a square picture of any size; the whole picture is seen, also where the model's own preprocessing would crop. */
  readonly preprocessing: Preprocessing
  readonly height: number
  readonly width: number
  /** For each class of the study, the model's. */
  readonly classes: readonly number[]
  /** The model fine-tuned on masked pictures: it tests in the model's place. */
  readonly twin?: HarmonyTwin
}

interface HarmonyTwin {
  readonly path: string
  readonly model: Model
  readonly preprocessing: Preprocessing
  readonly classes: readonly number[]
}

/** Attention makes a transformer; more matrix products than convolutions a Mixer; anything else is a CNN. */
function familyOf(model: Model): Family {
  const { graph } = model
  const count = (operators: readonly string[]): number =>
    graph.nodes.filter(({ operator }) => operators.includes(operator)).length
  if (count(['Attention', 'MultiHeadAttention']) > 0) return 'transformer'
  const products = count(['MatMul', 'Gemm'])
  // Attention multiplies values by a softmax inside the network; a softmax at the end is none.
  const softmaxes = graph.nodes.filter(({ operator }) => operator === 'Softmax')
  const attends = softmaxes.some(node =>
    graph
      .consumers(node.outputs[0]!)
      .some(({ operator }) => operator === 'MatMul' || operator === 'Cast' || operator === 'Dropout'),
  )
  if (attends) return 'transformer'
  return products > Math.max(2, count(['Conv'])) ? 'mixer' : 'cnn'
}

/** Operators, attributes' names and shapes of weights in order: what the values of the weights do not change. */
function architectureOf({ graph }: Model): string {
  const hash = createHash('sha256')
  for (const { operator, inputs } of graph.nodes)
    hash.update(`${operator}(${inputs.map(name => graph.initializers.get(name)?.dims.join('x') ?? '').join()})\n`)
  return hash.digest('hex')
}

function sizeOf(model: Model, path: string): { height: number; width: number; preprocessing: Preprocessing } {
  const { preprocessing } = model
  if (!preprocessing)
    throw new InputError(`${path}: no preprocessor_config.json is beside it, so how pictures become its input is not known`)
  const shape = model.graph.inputs.find(({ name }) => name === model.floatInputs[0])?.type.shape ?? []
  if (shape.length !== 4 || model.graph.inputs.length !== 1)
    throw new UsageError(`${path}: a study of pictures needs a model with one picture as its only input`)
  const [h, w] = preprocessing.layout === 'NHWC' ? [shape[1], shape[2]] : [shape[2], shape[3]]
  const { crop, resize } = preprocessing
  const named = crop ?? (resize && 'height' in resize ? resize : undefined)
  const height = typeof h === 'number' ? h : named?.height
  const width = typeof w === 'number' ? w : named?.width
  if (height === undefined || width === undefined)
    throw new InputError(`${path}: neither the model nor its preprocessor_config.json says how large its pictures are`)
  return { height, width, preprocessing: overridePreprocessing(preprocessing, { size: { height, width } }) }
}

const plain = (label: string): string => label.trim().toLowerCase()

function classCount(model: Model): number | undefined {
  const last = model.graph.outputs.find(({ name }) => name === model.outputName(undefined))?.type.shape?.at(-1)
  return typeof last === 'number' ? last : undefined
}

/**
 * For each class of the first model, the same class of another, by label; where one of the two has no labels, by number.
 * @throws InputError where they do not answer the same classes
 */
export function classesLike(
  first: { readonly path: string; readonly labels?: Model['labels']; readonly count: number | undefined },
  other: { readonly path: string; readonly labels?: Model['labels']; readonly count: number | undefined },
): number[] {
  const count = first.labels?.length ?? first.count ?? other.labels?.length ?? other.count
  if (count === undefined)
    throw new InputError(`${other.path}: neither labels nor the model's output say how many classes there are`)
  const own = other.labels?.length ?? other.count ?? count
  if (own !== count)
    throw new InputError(
      `${other.path}: answers ${own} classes, ${first.path} ${count}; transfer needs models that answer the same classes`,
    )
  if (!first.labels || !other.labels) return Array.from({ length: count }, (_, i) => i)
  const places = new Map(other.labels.map((label, i) => [plain(label ?? ''), i] as const))
  return first.labels.map((label, i) => {
    const found = places.get(plain(label ?? ''))
    if (found === undefined)
      throw new InputError(
        `${other.path}: has no class "${label}", which is class ${i} of ${first.path}; transfer needs models that answer the same classes`,
      )
    return found
  })
}

interface OpenOptions {
  /** Families that the user says, by model name. */
  readonly families?: Readonly<Record<string, Family>>
  /** Files of mask-adapted twins, by model name; default `twins/NAME.onnx` beside a model, where there is one. */
  readonly twins?: Readonly<Record<string, string>>
}

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

type Like = Parameters<typeof classesLike>[0]

/** @throws InputError, UsageError where the twin answers other classes or reads pictures of another size */
async function openTwin(path: string, of: HarmonyModel, first: Like, runtime: Runtime): Promise<HarmonyTwin> {
  const beside = await there(join(dirname(path), 'preprocessor_config.json'))
  const own = of.model.preprocessing
  const model = await load(path, { runtime, ...(!beside && own && { preprocessing: own }) })
  if (model.digest === of.model.digest)
    throw new UsageError(`${path}: is the model itself; a twin is the model fine-tuned on masked pictures`)
  const { height, width, preprocessing } = sizeOf(model, path)
  if (height !== of.height || width !== of.width)
    throw new UsageError(`${path}: reads ${width} x ${height}, ${of.path}, whose twin it is, ${of.width} x ${of.height}`)
  const labels = model.labels ?? of.model.labels
  return {
    path,
    model,
    preprocessing,
    classes: classesLike(first, { path, count: classCount(model), ...(labels && { labels }) }),
  }
}

/**
 * Opens the models of a study, each with its twin.
 * @throws InputError, UsageError where models cannot stand in one study
 */
export async function openHarmonyModels(
  paths: readonly string[],
  runtime: Runtime,
  { families: given = {}, twins = {} }: OpenOptions = {},
): Promise<HarmonyModel[]> {
  const names = new UniqueNames()
  const opened: HarmonyModel[] = []
  let first: Like | undefined
  for (const path of paths) {
    const model = await load(path, { runtime })
    const name = names.take(basename(path).replace(/\.onnx$/, ''))
    const own = { path, count: classCount(model), ...(model.labels && { labels: model.labels }) }
    const same = opened.find(one => one.model.digest === model.digest)
    if (same) throw new UsageError(`${path} and ${same.path} are the same model; every model of a study must be another`)
    first ??= own
    const plain: HarmonyModel = {
      name,
      path,
      model,
      family: given[name] ?? familyOf(model),
      architecture: architectureOf(model),
      ...sizeOf(model, path),
      classes: classesLike(first, own),
    }
    const beside = join(dirname(path), 'twins', basename(path))
    const twinPath = twins[name] ?? ((await there(beside)) ? beside : undefined)
    opened.push(twinPath === undefined ? plain : { ...plain, twin: await openTwin(twinPath, plain, first, runtime) })
  }
  for (const [flag, named] of [
    ['--family', given],
    ['--twin', twins],
  ] as const) {
    const unknown = Object.keys(named).find(name => !opened.some(one => one.name === name))
    if (unknown !== undefined)
      throw new UsageError(`${flag}: there is no model "${unknown}" (there are ${opened.map(({ name }) => name).join(', ')})`)
  }
  return opened
}
