/** @file Every subcommand, listed once. */
import type { Command } from '../command.js'
import { compile } from './compile.js'
import { doctor } from './doctor.js'
import { explain } from './explain.js'
import { methods } from './methods.js'

export const commands: readonly Command[] = [explain, methods, doctor, compile]
