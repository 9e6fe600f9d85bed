/** @file `ascribe bam build`: the data set on disk. */
import { UsageError } from '@ascribe/core'
import { type BamSource, bamSets, buildStudy, openNatural, readOriginalBam } from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { type BamFlags, folderFlags, placesOf } from './flags.js'

interface Options extends BamFlags {
  readonly source: string
  readonly coco?: string
  readonly places?: string
  readonly original?: string
  readonly trainFiles?: boolean
}

/** Where the pictures come from, by --source; undefined for the generator. */
const sources: Readonly<Record<string, (options: Options, context: Context) => Promise<BamSource | undefined>>> = {
  generated: async () => undefined,
  async natural({ coco, places, seed }, { signal }) {
    if (!coco || !places) throw new UsageError('--source natural needs --coco DIR (pictures and instances JSON) and --places DIR')
    return openNatural({ coco, places, seed, signal })
  },
  async original({ original }) {
    if (!original) throw new UsageError('--source original needs --original DIR, the folder that the published scripts make')
    return readOriginalBam(original)
  },
}

export const build: Command = {
  name: 'build',
  summary: "make the data set, in the paper's layout",
  arguments: [],
  flags: [
    ...folderFlags,
    { flags: '--source <kind>', describe: 'where pictures come from', choices: Object.keys(sources), default: 'generated' },
    { flags: '--coco <dir>', describe: 'COCO pictures with their instances JSON (natural)' },
    { flags: '--places <dir>', describe: 'MiniPlaces or Places folder (natural)' },
    { flags: '--original <dir>', describe: 'folder of original BAM files (original)' },
    { flags: '--train-files', describe: 'write the training pictures of generated data too; training draws them otherwise' },
  ],
  examples: [
    ['ascribe bam build', 'generated pictures of 64 x 64 in bam/data'],
    ['ascribe bam build --source natural --coco coco/ --places places/ --data natural/', "the paper's recipe on your photos"],
  ],
  async run(_: readonly [], options: Options, context) {
    const { data, preset } = placesOf(options)
    const { signal, terminal } = context
    const source = await sources[options.source]!(options, context)
    const built = await buildStudy({
      preset,
      folder: data,
      seed: options.seed,
      signal,
      onProgress: ({ done, total }) => terminal.bar(`${data}: ${done} of ${total} pictures`),
      ...(source && { source }),
      ...(options.trainFiles && { trainFiles: true }),
    })
    terminal.bar('')
    const counts = bamSets.flatMap(set => {
      const [train, validation] = [built.count(set, 'train'), built.count(set, 'val')]
      return train + validation > 0 ? [{ set, train, validation }] : []
    })
    terminal.json({ folder: data, kind: built.kind, size: built.size, digest: built.digest, sets: counts })
    for (const { set, train, validation } of counts)
      terminal.print(
        `${set.padEnd(20)} ${String(validation).padStart(6)} validation${train > 0 ? ` ${String(train).padStart(7)} training` : ''}`,
      )
    terminal.print(`${data}: ${built.kind} pictures of ${built.size} x ${built.size}`)
  },
}
