/** @file `ascribe train`: an architecture trained on pictures or a table, as an ONNX model. */
import { formatShare, UsageError } from '@ascribe/core'
import { nodeRuntime, writeFileAtomic } from '@ascribe/core/node'
import { architectures, finishedRun, type Recipe, type Table, type TrainingRecord, trainModel } from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { ProgressMeter } from '../explain/progress.js'
import { adapt, refuseWithoutAdapt } from '../train/adapt.js'
import { type Dataset, openDataset } from '../train/dataset.js'
import { type TrainFlags, trainFlags } from '../train/flags.js'
import { architectureOf, optimizerOf, recipeOf } from '../train/recipe.js'

export const train: Command = {
  name: 'train',
  summary: 'train a network on pictures or a table: an ONNX model with its class names and loss curve',
  arguments: [
    [
      '[architecture]',
      `${architectures.map(({ name }) => name).join(', ')}; with options as resnet:width=32,blocks=2; none with --adapt`,
    ],
    ['[dataset]', 'folder with one folder of pictures per class, .csv file, or generated:SET (obj, scene, scene_only, ...)'],
  ],
  flags: trainFlags,
  examples: [
    ['ascribe train resnet photos/ --flip --crop 4 -o birds.onnx', 'a residual network on photos/CLASS/*.jpg'],
    ['ascribe train vit:depth=6 generated:obj --epochs 12 -o obj.onnx', 'a transformer on generated pictures'],
    ['ascribe train --adapt obj.onnx generated:obj -o obj-twin.onnx', 'the model once more, at home with masked pictures'],
    ['ascribe train mlp:dropout=0.2 census.csv --label income -o income.onnx', 'a perceptron on a table'],
  ],
  async run([spec, text]: readonly (string | undefined)[], flags: TrainFlags, context) {
    const output = flags.out
    if (!/[^/\\]\.onnx$/.test(output)) throw new UsageError(`--out must be a file that ends in .onnx, not "${output}"`)
    if (flags.adapt !== undefined) return adapt(flags.adapt, [spec, text], flags, context)
    refuseWithoutAdapt(flags)
    if (spec === undefined || text === undefined)
      throw new UsageError(`name an architecture and a dataset, as in ${train.examples[0]![0]}`)
    const asked = { ...architectureOf(spec), ...optimizerOf(flags) }
    const { data, table } = await openDataset(text, flags)
    const recipe = recipeOf(asked, data, flags)
    const finished = await finishedRun(recipe, data, output)
    if (finished) context.terminal.note(`${output} is the model of this very run; delete it to train again`)
    const record = finished ?? (await trained(recipe, data, output, flags, context))
    if (table) await writeFileAtomic(beside(output, 'columns.json'), `${JSON.stringify(columnsOf(table), undefined, 2)}\n`)
    tell(record, output, table, context)
  },
}

const beside = (output: string, ending: string): string => output.replace(/onnx$/, ending)

/** What the numbers of a row are: needed to make inputs of the model from new rows. */
const columnsOf = ({ label, classes, features, columns }: Table) => ({ label, classes, features, columns })

async function trained(
  recipe: Recipe,
  data: Dataset['data'],
  output: string,
  { threads }: TrainFlags,
  { terminal, signal }: Context,
): Promise<TrainingRecord> {
  const { architecture, epochs } = recipe
  terminal.note(
    `${architecture.name} on ${data.name}: ${data.count} rows per epoch, ${data.validationCount} for validation, ${data.classes.length} classes`,
  )
  const runtime = nodeRuntime(threads === undefined ? {} : { threads })
  const meter = new ProgressMeter(terminal, 1)
  let first: number | undefined
  let finished = 0
  try {
    return await trainModel({
      recipe,
      data,
      output,
      runtime,
      signal,
      onResume: epoch => {
        finished = epoch
        terminal.note(`going on after epoch ${epoch} of ${epochs} from ${output}.checkpoint`)
      },
      onStep: ({ step, steps }) => {
        first ??= step - 1
        meter.update('training', (step - first) / (steps - first), 1)
      },
      onEpoch: ({ epoch, loss, validationLoss, validationAccuracy, seconds }) => {
        finished = epoch + 1
        const parts = [
          `loss ${loss.toFixed(3)}`,
          `validation loss ${validationLoss.toFixed(3)}`,
          `accuracy ${formatShare(validationAccuracy)}`,
          `${seconds.toFixed(1)} s`,
        ]
        terminal.note(`epoch ${finished}/${epochs}: ${parts.join(', ')}`)
      },
    })
  } catch (error) {
    if (signal.aborted)
      terminal.note(
        finished > 0
          ? `stopped after epoch ${finished} of ${epochs}; the same command goes on from ${output}.checkpoint`
          : 'stopped within the first epoch; the same command starts anew',
      )
    throw error
  } finally {
    meter.end()
    await runtime.dispose()
  }
}

function tell(record: TrainingRecord, output: string, table: Table | undefined, { terminal }: Context): void {
  const { architecture, data, parameters, accuracy } = record
  terminal.print(`${architecture} on ${data}: ${parameters} parameters, validation accuracy ${formatShare(accuracy)}`)
  terminal.print(`model: ${output}`)
  if (table) terminal.print(`columns: ${beside(output, 'columns.json')}`)
  terminal.print(`loss: ${beside(output, 'training.svg')}, ${beside(output, 'training.json')}`)
  const { losses: _, ...short } = record
  terminal.json({ model: output, ...short })
}
