/** @file Options of methods and metrics as lines of text. */
import type { OptionSpec, OptionSpecs } from '@ascribe/core'

/** What a value may be, in a few words. */
function range(spec: OptionSpec): string {
  if (spec.kind === 'choice') return spec.values.join(' | ')
  if (spec.kind !== 'number') return spec.kind === 'flag' ? 'true | false' : spec.kind
  const bounds = [
    spec.minimum === undefined ? '' : `from ${spec.minimum}`,
    spec.maximum === undefined ? '' : `to ${spec.maximum}`,
  ]
  return [spec.integer ? 'whole number' : 'number', ...bounds].filter(Boolean).join(' ')
}

export const shownValue = (value: unknown): string => (value === '' ? '(none)' : String(value))

/** A heading and one line per option; nothing where there is none. */
export function optionLines(specs: OptionSpecs): string[] {
  const options = Object.entries(specs)
  if (options.length === 0) return []
  const width = Math.max(...options.map(([name, spec]) => name.length + shownValue(spec.default).length + 1))
  return [
    '',
    '  options and their defaults',
    ...options.map(
      ([name, spec]) => `    ${`${name}=${shownValue(spec.default)}`.padEnd(width)}  ${spec.describe} [${range(spec)}]`,
    ),
  ]
}
