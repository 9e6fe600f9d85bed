/** @file `ascribe metrics`: how explanations are scored, with defaults and citations. */
import { metrics as all, type Metric, metricNamed } from '@ascribe/core'
import type { Command } from '../command.js'
import { optionLines, shownValue } from '../option-lines.js'
import { commonFlags } from '../options.js'

/** A metric as plain data, for programs. */
const describe = (metric: Metric) => ({
  name: metric.name,
  aliases: metric.aliases ?? [],
  summary: metric.summary,
  formula: metric.formula,
  citation: metric.citation,
  needs: metric.needs,
  higherIsBetter: metric.higherIsBetter,
  options: Object.entries(metric.options).map(([name, spec]) => ({ name, ...spec })),
})

const better = ({ higherIsBetter }: Metric): string => `${higherIsBetter ? 'higher' : 'lower'} is better`

const needed = ({ needs }: Metric): string => (needs.length > 0 ? needs.join(', ') : 'the map alone')

const full = (metric: Metric): string[] => [
  `${metric.name}: ${metric.summary}`,
  '',
  `  formula    ${metric.formula}`,
  `  source     ${metric.citation}`,
  `  needs      ${needed(metric)}`,
  `  better     ${metric.higherIsBetter ? 'higher' : 'lower'}`,
  ...(metric.aliases ? [`  aliases    ${metric.aliases.join(', ')}`] : []),
  ...optionLines(metric.options),
]

function table(): string[] {
  const width = Math.max(...all.map(({ name }) => name.length))
  const indent = `\n${' '.repeat(width + 4)}`
  return all.flatMap(metric => {
    const options = Object.entries(metric.options).map(([name, spec]) => `${name}=${shownValue(spec.default)}`)
    const lines = [
      metric.summary,
      ...(options.length > 0 ? [options.join(' ')] : []),
      `${better(metric)}; needs ${needed(metric)}`,
      metric.citation,
    ]
    return [`  ${metric.name.padEnd(width)}  ${lines.join(indent)}`, '']
  })
}

export const metrics: Command = {
  name: 'metrics',
  summary: 'list how explanations are scored, or show one metric in full',
  arguments: [['[name]', 'show this metric in full']],
  flags: commonFlags,
  examples: [
    ['ascribe metrics', 'every metric with defaults, needs and source'],
    ['ascribe metrics insertion', 'formula and options of one'],
    ['ascribe metrics --json', 'the same as a JSON array'],
  ],
  async run([name]: readonly [string | undefined], _, { terminal }) {
    if (name === undefined) {
      terminal.json(all.map(describe))
      for (const line of table()) terminal.print(line)
      terminal.print('ascribe metrics NAME shows formula and options of one.')
      return
    }
    const metric = metricNamed(name)
    terminal.json([describe(metric)])
    for (const line of full(metric)) terminal.print(line)
  },
}
