/** @file Every subcommand, listed once. */
import type { Command, CommandGroup } from '../command.js'
import { greedy } from '../greedy/index.js'
import { bam } from './bam.js'
import { compile } from './compile.js'
import { doctor } from './doctor.js'
import { ensemble } from './ensemble.js'
import { explain } from './explain.js'
import { harmonize } from './harmonize.js'
import { methods } from './methods.js'
import { metrics } from './metrics.js'
import { normalisers, schemes } from './schemes.js'
import { train } from './train.js'

export const commands: readonly (Command | CommandGroup)[] = [
  explain,
  ensemble,
  methods,
  schemes,
  normalisers,
  metrics,
  doctor,
  compile,
  train,
  bam,
  greedy,
  harmonize,
]
