/** @file `ascribe bam`: Benchmarking Attribution Methods. */
import { build } from '../bam/build.js'
import { report, score } from '../bam/score.js'
import { train } from '../bam/train.js'
import type { Command, CommandGroup } from '../command.js'

/** The three steps one after the other, with the flags of the last. */
const all: Command = {
  name: 'run',
  summary: 'build, train and score: everything from nothing',
  arguments: [],
  flags: score.flags,
  examples: [['ascribe bam run --preset quick', 'a ResNet and a ViT, ten methods, one report']],
  async run(args: readonly [], options, context) {
    await build.run(args, { source: 'generated', ...options }, context)
    await train.run(args, options, context)
    await score.run(args, options, context)
  },
}

export const bam: CommandGroup = {
  name: 'bam',
  summary: 'benchmark attribution methods on data and models with known relative importance',
  commands: [build, train, score, report, all],
}
