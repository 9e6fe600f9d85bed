/** @file `ascribe methods`: what there is, with defaults and citations. */
import { methods as all, type Form, formsOf, type Method, methodNamed, resolveOptions } from '@ascribe/core'
import type { Command } from '../command.js'
import { costText } from '../cost-text.js'
import { optionLines, shownValue } from '../option-lines.js'
import { commonFlags } from '../options.js'

/** What each form must be given, as the command takes it. */
const given: Readonly<Record<Form['required'], string>> = {
  at: '--at TENSOR',
  output: '--output TENSOR and the neuron as target',
  layer: 'layer=TENSOR',
}

const defaultCost = (method: Method) => method.cost(resolveOptions(method))

/** A method as plain data, for programs. */
const describe = (method: Method) => ({
  name: method.name,
  aliases: method.aliases ?? [],
  summary: method.summary,
  formula: method.formula,
  citation: method.citation,
  control: method.control ?? false,
  needs: method.needs,
  promises: method.promises,
  signed: method.signed,
  compiles: method.path !== undefined,
  cost: defaultCost(method),
  forms: formsOf(method).map(({ name, required }) => ({ name, required })),
  options: Object.entries(method.options).map(([name, spec]) => ({ name, ...spec })),
})

function full(method: Method): string[] {
  const list = (items: readonly string[]): string => (items.length > 0 ? items.join(', ') : 'nothing')
  const forms = formsOf(method)
  const names = (method.aliases ?? []).filter(alias => !forms.some(({ name }) => name === alias))
  return [
    `${method.name}: ${method.summary}`,
    '',
    `  formula    ${method.formula}`,
    `  source     ${method.citation}`,
    `  needs      ${list(method.needs)}`,
    `  promises   ${list(method.promises)}`,
    `  values     ${method.signed ? 'signed' : 'never negative'}`,
    `  compiles   ${method.path ? 'yes' : 'no'}`,
    `  cost       ${costText(defaultCost(method))} an input at the defaults, on a model of usual size`,
    ...(names.length > 0 ? [`  aliases    ${names.join(', ')}`] : []),
    ...forms.map(({ name, required }, i) => `  ${i === 0 ? 'forms' : '     '}      ${name} (with ${given[required]})`),
    ...optionLines(method.options),
  ]
}

function table(): string[] {
  const width = Math.max(...all.map(({ name }) => name.length))
  return all.flatMap(method => {
    const options = Object.entries(method.options).map(([name, spec]) => `${name}=${shownValue(spec.default)}`)
    const indent = `\n${' '.repeat(width + 4)}`
    const facts = [
      method.needs.length > 0 ? `needs ${method.needs.join(', ')}` : 'needs no gradient',
      ...(method.promises.length > 0 ? [`promises ${method.promises.join(', ')}`] : []),
    ].join('; ')
    const lines = [method.summary, ...(options.length > 0 ? [options.join(' ')] : []), facts, method.citation]
    return [`  ${method.name.padEnd(width)}  ${lines.join(indent)}`, '']
  })
}

export const methods: Command = {
  name: 'methods',
  summary: 'list the attribution methods, or show one in full',
  arguments: [['[name]', 'show this method in full']],
  flags: commonFlags,
  examples: [
    ['ascribe methods', 'every method with defaults, needs and source'],
    ['ascribe methods integrated-gradients', 'formula and options of one'],
    ['ascribe methods --json', 'the same as a JSON array'],
  ],
  async run([name]: readonly [string | undefined], _, { terminal }) {
    if (name === undefined) {
      terminal.json(all.map(describe))
      for (const line of table()) terminal.print(line)
      terminal.print('ascribe methods NAME shows formula and options of one.')
      return
    }
    const method = methodNamed(name)
    terminal.json([describe(method)])
    for (const line of full(method)) terminal.print(line)
  },
}
