/** @file Flags that several commands share, and the parsers of their values. */
import { type Device, UsageError } from '@ascribe/core'
import type { Flag } from './command.js'

export interface CommonOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly debug?: boolean
}

export interface RuntimeFlags {
  readonly threads?: number
  readonly processes?: number
  readonly device: Device
  readonly memory?: number
}

export interface TargetFlags {
  readonly target: string
  readonly output?: string
  readonly at?: readonly string[]
}

/** A whole number of at least `minimum`. */
export const whole =
  (what: string, minimum: number) =>
  (text: string): number => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < minimum)
      throw new UsageError(`${what} must be a whole number of at least ${minimum}, not "${text}"`)
    return value
  }

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Bytes from `512M`, `2G`, `1.5GiB`, `800000`. */
export function bytes(text: string): number {
  const match = /^([\d.]+)\s*([kmgt]?)(?:i?b)?$/i.exec(text.trim())
  const value = match ? Number(match[1]) * units[match[2]!.toLowerCase()]! : Number.NaN
  if (!Number.isFinite(value) || value < 1) throw new UsageError(`--memory must be a size such as 512M or 2G, not "${text}"`)
  return Math.floor(value)
}

/** Numbers between commas. */
export const numbers =
  (what: string) =>
  (text: string): number[] => {
    const list = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
    if (!list.every(Number.isFinite)) throw new UsageError(`${what} must be numbers between commas, not "${text}"`)
    return list
  }

/** `224` or `224x256` (height x width). */
export function size(text: string): { height: number; width: number } {
  const match = /^(\d+)(?:[x,](\d+))?$/i.exec(text.trim())
  const [height, width] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (!match || height < 1 || width < 1) throw new UsageError(`--size must be HEIGHTxWIDTH or one number, not "${text}"`)
  return { height, width }
}

export const commonFlags: readonly Flag[] = [
  { flags: '--json', describe: 'machine-readable result on standard output' },
  { flags: '-q, --quiet', describe: 'no progress; warnings and errors stay' },
  { flags: '--debug', describe: 'print where an error was raised' },
]

export const targetFlags: readonly Flag[] = [
  {
    flags: '-t, --target <target>',
    describe:
      'what is explained: predicted, 207, label:tench, 207-208, softmax:207, 5/207 (row 5), mean:15@predicted, ... (ascribe explain --help lists all)',
    default: 'predicted',
  },
  { flags: '--output <name>', describe: "the model's output to explain (default: its first float output)" },
  { flags: '--at <tensor>', describe: 'explain a tensor inside the graph instead of the inputs; may repeat', repeat: true },
]

export const runtimeFlags: readonly Flag[] = [
  {
    flags: '--threads <n>',
    describe: 'threads inside one operator (default: the cores, at most 8)',
    parse: whole('--threads', 1),
  },
  { flags: '--device <name>', describe: 'where graphs run', choices: ['cpu', 'webgpu', 'cuda'], default: 'cpu' },
  { flags: '--memory <size>', describe: 'budget for the activations of one run: 512M, 2G (default: 1G)', parse: bytes },
]

export const processesFlag: Flag = {
  flags: '--processes <n>',
  describe: 'processes that inputs are spread over',
  default: 1,
  parse: whole('--processes', 1),
}

export const seedFlag: Flag = {
  flags: '--seed <n>',
  describe: 'seed of every random choice',
  default: 0,
  parse: whole('--seed', 0),
}
