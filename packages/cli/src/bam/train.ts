/** @file `ascribe bam train`: the models of the study. */
import { availableParallelism } from 'node:os'
import { formatShare, UsageError } from '@ascribe/core'
import { openStudyData, type StudyTraining, trainStudy } from '@ascribe/lab'
import type { Command } from '../command.js'
import { type BamFlags, folderFlags, placesOf, rolesOf, type Selection, selectionFlags } from './flags.js'

interface Options extends BamFlags, Selection {}

/** Seconds between lines of progress where there is no bar. */
const everySeconds = 15

export const train: Command = {
  name: 'train',
  summary: 'train the models: one per architecture and label set',
  arguments: [],
  flags: [...folderFlags, ...selectionFlags],
  examples: [
    ['ascribe bam train', 'a ResNet and a ViT on objects, scenes, and scenes alone, in bam/models'],
    ['ascribe bam train --preset paper -a resnet', 'thirteen ResNets, the commonality ladder included'],
  ],
  async run(_: readonly [], options: Options, { terminal, signal }) {
    const { preset, data, models } = placesOf(options)
    for (const name of options.architecture ?? [])
      if (!preset.architectures.some(plan => plan.name === name))
        throw new UsageError(
          `preset ${preset.name} trains ${preset.architectures.map(plan => plan.name).join(', ')}, not "${name}"`,
        )
    const source = await openStudyData(data, preset)
    const shares = new Map<string, { share: number; loss: number }>()
    let told = performance.now()
    const trained = await trainStudy({
      preset,
      source,
      folder: models,
      architectures: preset.architectures.filter(({ name }) => options.architecture?.includes(name) ?? true),
      roles: rolesOf(preset, options),
      seed: options.seed,
      processes: options.processes ?? availableParallelism(),
      signal,
      log: line => terminal.note(line),
      onStep(name, share, loss) {
        shares.set(name, { share, loss })
        if (share >= 1) shares.delete(name)
        const line = [...shares]
          .map(([one, at]) => `${one} ${Math.floor(100 * at.share)}% loss ${at.loss.toFixed(2)}`)
          .join(' · ')
        if (terminal.live) terminal.bar(line)
        else if (performance.now() - told > 1000 * everySeconds) {
          told = performance.now()
          terminal.note(line)
        }
      },
      onEpoch: (name, { epoch, validationAccuracy, validationLoss, seconds }, epochs) =>
        terminal.note(
          `${name}: epoch ${epoch + 1} of ${epochs}, validation ${formatShare(validationAccuracy)}, loss ${validationLoss.toFixed(3)}, ${seconds.toFixed(0)} s`,
        ),
    })
    terminal.bar('')
    terminal.json(trained.map(({ architecture, role, record }) => ({ architecture, set: role, ...brief(record) })))
    for (const { architecture, role, record } of trained)
      terminal.print(
        `${`${architecture}-${role}`.padEnd(20)} ${formatShare(record.accuracy).padStart(6)}  ${record.parameters} parameters, ${record.history.length} epochs`,
      )
    terminal.print(`${models}: ${trained.length} models, each with its loss curve`)
  },
}

const brief = ({ parameters, accuracy, history }: StudyTraining['record']) => ({
  parameters,
  accuracy,
  epochs: history.length,
  seconds: history.reduce((sum, { seconds }) => sum + seconds, 0),
})
