/** @file `ascribe schemes` and `ascribe normalisers`: how maps are combined, and brought to one scale; with defaults and sources. */
import {
  normalisers as allNormalisers,
  schemes as allSchemes,
  normaliserNamed,
  type OptionSpecs,
  schemeNamed,
} from '@ascribe/core'
import type { Command } from '../command.js'
import { optionLines, shownValue } from '../option-lines.js'
import { commonFlags } from '../options.js'

interface Entry {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly summary: string
  readonly formula: string
  readonly citation?: string
  readonly options: OptionSpecs
  readonly mostPlaces?: number
}

/** As plain data, for programs. */
const describe = ({ name, aliases = [], summary, formula, citation, options, mostPlaces }: Entry) => ({
  name,
  aliases,
  summary,
  formula,
  ...(citation === undefined ? {} : { citation }),
  ...(mostPlaces === undefined ? {} : { mostPlaces }),
  options: Object.entries(options).map(([option, spec]) => ({ name: option, ...spec })),
})

const full = ({ name, summary, formula, citation, options, mostPlaces }: Entry): string[] => [
  `${name}: ${summary}`,
  '',
  `  formula    ${formula}`,
  ...(citation === undefined ? [] : [`  source     ${citation}`]),
  ...(mostPlaces === undefined ? [] : [`  places     at most ${mostPlaces}: combined over segments`]),
  ...optionLines(options),
]

function table(all: readonly Entry[]): string[] {
  const width = Math.max(...all.map(({ name }) => name.length))
  const indent = `\n${' '.repeat(width + 4)}`
  return all.flatMap(({ name, summary, options, citation }) => {
    const settings = Object.entries(options).map(([option, spec]) => `${option}=${shownValue(spec.default)}`)
    const lines = [summary, ...(settings.length > 0 ? [settings.join(' ')] : []), ...(citation === undefined ? [] : [citation])]
    return [`  ${name.padEnd(width)}  ${lines.join(indent)}`, '']
  })
}

interface Listing {
  readonly name: string
  readonly summary: string
  readonly all: readonly Entry[]
  readonly named: (name: string) => Entry
  readonly example: string
}

const listing = ({ name: command, summary, all, named, example }: Listing): Command => ({
  name: command,
  summary,
  arguments: [['[name]', 'show this one in full']],
  flags: commonFlags,
  examples: [
    [`ascribe ${command}`, 'all, with defaults'],
    [`ascribe ${command} ${example}`, 'formula and options of one'],
    [`ascribe ${command} --json`, 'the same as a JSON array'],
  ],
  async run([name]: readonly [string | undefined], _, { terminal }) {
    if (name === undefined) {
      terminal.json(all.map(describe))
      for (const line of table(all)) terminal.print(line)
      terminal.print(`ascribe ${command} NAME shows formula and options of one.`)
      return
    }
    const found = named(name)
    terminal.json([describe(found)])
    for (const line of full(found)) terminal.print(line)
  },
})

export const schemes = listing({
  name: 'schemes',
  summary: 'list how ensembles combine maps, or show one in full',
  all: allSchemes,
  named: schemeNamed,
  example: 'upper-confidence-bound',
})

export const normalisers = listing({
  name: 'normalisers',
  summary: 'list how maps are brought to one scale, or show one in full',
  all: allNormalisers,
  named: normaliserNamed,
  example: 'quantile',
})
