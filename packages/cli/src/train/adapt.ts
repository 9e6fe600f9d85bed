/** @file `ascribe train --adapt`: the twin of a model that is at home with masked pictures. */
import { formatShare, UsageError } from '@ascribe/core'
import { nodeRuntime, readBytes } from '@ascribe/core/node'
import { adaptModel, measuredAreas, type TwinRecord, twinSource } from '@ascribe/lab'
import type { Context } from '../command.js'
import { ProgressMeter } from '../explain/progress.js'
import { openDataset } from './dataset.js'
import type { TrainFlags } from './flags.js'

const ownFlags = ['fill', 'clean', 'distil', 'agreement', 'retreat'] as const
/** What the model itself decides, or what would move or recolour the masks. */
const foreignFlags = ['optimizer', 'labelSmoothing', 'flip', 'crop', 'colour', 'size', 'label', 'drop'] as const

const spelled = (key: string): string => `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** @throws UsageError for flags that only adapting reads */
export function refuseWithoutAdapt(flags: TrainFlags): void {
  const found = ownFlags.find(key => flags[key] !== undefined)
  if (found) throw new UsageError(`${spelled(found)} is for --adapt MODEL.onnx`)
}

/** Share of a run that training takes; the rest measures the twin. */
const trainingShare = 0.85

/** @param given the command's arguments, of which adapting reads one: the dataset */
export async function adapt(
  model: string,
  given: readonly (string | undefined)[],
  flags: TrainFlags,
  { terminal, signal }: Context,
): Promise<void> {
  const [dataset, another] = given
  if (dataset === undefined || another !== undefined)
    throw new UsageError(
      'with --adapt name the dataset alone, as in ascribe train --adapt obj.onnx generated:obj -o obj-twin.onnx',
    )
  const foreign = foreignFlags.find(key => flags[key] !== undefined)
  if (foreign) throw new UsageError(`${spelled(foreign)} does not go with --adapt`)
  const { out: output, threads, fill, epochs = 3 } = flags
  const { row } = twinSource(await readBytes(model), model)
  const sized = /\.csv$/i.test(dataset) ? flags : { ...flags, size: row[1]! }
  const { data } = await openDataset(dataset, sized)
  terminal.note(`${model} on ${data.name}, masked: ${data.count} rows per epoch, ${data.validationCount} for validation`)
  const runtime = nodeRuntime(threads === undefined ? {} : { threads })
  const meter = new ProgressMeter(terminal, 1)
  let first: number | undefined
  let finished = 0
  try {
    const record = await adaptModel({
      model,
      data,
      output,
      runtime,
      signal,
      seed: flags.seed,
      epochs,
      ...(fill === undefined ? {} : { fills: fill }),
      ...optional(flags, ['batch', 'learningRate', 'weightDecay', 'warmUp', 'clip', 'clean', 'distil', 'agreement', 'retreat']),
      onResume: epoch => {
        finished = epoch
        terminal.note(`going on after epoch ${epoch} of ${epochs}`)
      },
      onStep: ({ step, steps }) => {
        first ??= step - 1
        meter.update('adapting', (step - first) / (steps - first), trainingShare)
      },
      onEpoch: ({ epoch, loss, validationAccuracy, seconds }) => {
        finished = epoch + 1
        terminal.note(
          `epoch ${finished}/${epochs}: loss ${loss.toFixed(3)}, accuracy on whole pictures ${formatShare(validationAccuracy)}, ${seconds.toFixed(1)} s`,
        )
      },
      onMeasure: share => meter.update('measuring', share, 1 - trainingShare),
    })
    meter.end()
    tell(record, output, { terminal })
  } catch (error) {
    if (signal.aborted)
      terminal.note(
        finished > 0
          ? `stopped after epoch ${finished} of ${epochs}; the same command goes on from there`
          : 'stopped within the first epoch; the same command starts anew',
      )
    throw error
  } finally {
    meter.end()
    await runtime.dispose()
  }
}

const optional = <Key extends keyof TrainFlags>(
  flags: TrainFlags,
  keys: readonly Key[],
): { [K in Key]?: NonNullable<TrainFlags[K]> } =>
  Object.fromEntries(keys.flatMap(key => (flags[key] === undefined ? [] : [[key, flags[key]]]))) as {
    [K in Key]?: NonNullable<TrainFlags[K]>
  }

const percent = (value: number): string => String(Math.round(100 * value))

function tell(record: TwinRecord, output: string, { terminal }: Pick<Context, 'terminal'>): void {
  const { of, way, agreement, pictures, before, after, masked, maskedPictures, fills } = record.twin
  terminal.print(
    `twin of ${of}: ${formatShare(agreement)} of ${pictures} whole pictures answered as before; accuracy ${formatShare(before)}, now ${formatShare(after)}`,
  )
  if (way < 1)
    terminal.print(`to agree so often its weights went back to ${percent(way)}% of the way from the model to the fine-tuned ones`)
  terminal.print(`accuracy on ${maskedPictures} pictures with so much removed, before and now:`)
  terminal.print(
    ['', ...measuredAreas.map(area => `${percent(area)}%`)]
      .map(cell => cell.padEnd(9))
      .join('')
      .trimEnd(),
  )
  for (const name of fills) {
    const cells = masked.filter(({ fill }) => fill === name).map(one => `${percent(one.before)} ${percent(one.after)}`)
    terminal.print(
      [name, ...cells]
        .map(cell => cell.padEnd(9))
        .join('')
        .trimEnd(),
    )
  }
  terminal.print(`model: ${output}`)
  const { losses: _, ...short } = record
  terminal.json({ model: output, ...short })
}
