/** @file The recipe that the arguments and flags ask for, checked against the data before anything runs. */
import { resolveOptionSpecs, UsageError } from '@ascribe/core'
import { type Architecture, architectureNamed, architectures, optimizerNamed, type Recipe, type TrainingData } from '@ascribe/lab'
import type { TrainFlags } from './flags.js'
import { parseSpec } from './spec.js'

const described = { picture: 'pictures', table: 'a table', graph: 'a graph' } as const

/** The architecture with its options. @throws UsageError */
export function architectureOf(text: string): Pick<Recipe, 'architecture' | 'options'> {
  const { name, options } = parseSpec(text)
  const architecture = architectureNamed(name)
  return { architecture, options: resolveOptionSpecs(architecture.name, architecture.options, options) }
}

/** @throws UsageError where the architecture reads something else than the data */
function checkReads({ name, reads }: Architecture, data: TrainingData): void {
  const given = data.row.length === 3 ? 'picture' : 'table'
  if (reads === given) return
  const fitting = architectures.filter(one => one.reads === given).map(one => one.name)
  throw new UsageError(`${name} reads ${described[reads]}, ${data.name} holds ${described[given]}: take ${fitting.join(', ')}`)
}

/** The optimiser asked for, if one is. @throws UsageError */
export function optimizerOf({ optimizer, weightDecay }: TrainFlags): Pick<Recipe, 'optimizer' | 'optimizerOptions'> {
  if (optimizer === undefined) return {}
  const { name, options } = parseSpec(optimizer)
  resolveOptionSpecs(name, optimizerNamed(name).options, options)
  if (weightDecay !== undefined && Object.hasOwn(options, 'decay'))
    throw new UsageError(`--weight-decay and --optimizer ${optimizer} both give the weight decay; leave one out`)
  return { optimizer: name, optimizerOptions: options }
}

/** What is known before the data is read. */
type Asked = Pick<Recipe, 'architecture' | 'options' | 'optimizer' | 'optimizerOptions'>

/** @throws UsageError where architecture, data and flags do not go together */
export function recipeOf(asked: Asked, data: TrainingData, flags: TrainFlags): Recipe {
  const { epochs = 10, batch = 64, labelSmoothing = 0, clip = 0, flip, crop, colour, learningRate, weightDecay, warmUp } = flags
  checkReads(asked.architecture, data)
  if (batch > data.count)
    throw new UsageError(`--batch is ${batch}, but ${data.name} has ${data.count} rows to train on; take at most that many`)
  return {
    ...asked,
    epochs,
    batch,
    labelSmoothing,
    clip,
    seed: flags.seed,
    augmentation: { flip: flip ?? false, crop: crop ?? 0, colour: colour ?? 0 },
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(warmUp === undefined ? {} : { warmUp }),
  }
}
