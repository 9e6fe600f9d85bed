/** @file `ascribe greedy tabular`: columns of tables in the order of their worth to a model. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ensureFolder, writeFileAtomic } from '@ascribe/core/node'
import {
  assembleTabularReport,
  columnSelectorNamed,
  columnSelectors,
  openTabular,
  progressPrinter,
  renderTabularReport,
  runTabularStudy,
  type TabularData,
  type TabularReport,
  tabularPresetNamed,
  tabularPresets,
} from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

interface Options extends CommonOptions {
  readonly preset: string
  readonly folder: string
  readonly label?: string
  readonly drop?: readonly string[]
  readonly names?: readonly string[]
  readonly selector?: readonly string[]
  readonly generated: boolean
  readonly stored?: boolean
  readonly processes?: number
  readonly seed: number
}

export const tabular: Command = {
  name: 'tabular',
  summary: 'select the columns of tables that a trained network needs, and score the selections',
  arguments: [['[tables...]', 'CSV files, or folders that hold adult.data, beside the generated tables']],
  flags: [
    {
      flags: '--preset <name>',
      describe: tabularPresets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
      choices: tabularPresets.map(({ name }) => name),
      default: 'quick',
    },
    { flags: '--folder <dir>', describe: 'where everything goes: models, results, report.html', default: 'greedy-tabular' },
    { flags: '--no-generated', describe: 'leave the generated tables out' },
    { flags: '--label <column>', describe: 'column of the class (default: the last)' },
    { flags: '--drop <column>', describe: 'a column to leave out; may repeat', repeat: true },
    {
      flags: '--names <list>',
      describe: 'names of the columns between commas, where the file has no header',
      parse: text => text.split(',').map(name => name.trim()),
    },
    {
      flags: '-s, --selector <name>',
      describe: `only this selector: ${columnSelectors.map(({ name }) => name).join(', ')}; may repeat`,
      repeat: true,
    },
    { flags: '--stored', describe: 'only write the report, from results that are there' },
    {
      flags: '--processes <n>',
      describe: 'processes, each with one thread (default: the cores)',
      parse: whole('--processes', 1),
    },
    seedFlag,
    ...commonFlags,
  ],
  examples: [
    ['ascribe greedy tabular', 'five generated designs, 20 seeds each; greedy-tabular/report.html'],
    ['ascribe greedy tabular --no-generated census.csv --label income', 'a table of your own'],
    ['ascribe greedy tabular --preset smoke', 'everything once, in seconds'],
  ],
  async run([tables]: readonly [readonly string[]], options: Options, { terminal, signal }) {
    const preset = tabularPresetNamed(options.preset)
    const { seed, folder, label, drop, names } = options
    const files: TabularData[] = []
    for (const path of tables)
      files.push(await openTabular(path, seed, { ...(label && { label }), ...(drop && { drop }), ...(names && { names }) }))
    const results = await runTabularStudy({
      preset: options.generated ? preset : { ...preset, designs: [] },
      files,
      selectors: options.selector ? [...new Set(options.selector)].map(columnSelectorNamed) : columnSelectors,
      folder,
      seed,
      processes: options.processes ?? availableParallelism(),
      ...(options.stored && { stored: true }),
      signal,
      log: line => terminal.note(line),
      onProgress: progressPrinter(terminal),
    })
    terminal.bar('')
    const facts = [
      `preset ${preset.name}, seed ${seed}`,
      ...files.map(
        ({ name, columns, train, validation, test }) =>
          `${name}: ${columns.length} columns, ${train.count} rows to train, ${validation.count} for validation, ${test.count} to test`,
      ),
    ]
    const report = await assembleTabularReport({ results, facts, seed })
    await ensureFolder(folder)
    await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 1)}\n`)
    await writeFileAtomic(join(folder, 'report.html'), renderTabularReport(report))
    tell(report, join(folder, 'report.html'), terminal)
    if (results.failed.length > 0)
      throw new ReportedFailure(`${results.failed.length} results failed; the same command tries them again`)
  },
}

function tell(report: TabularReport, page: string, terminal: Context['terminal']): void {
  terminal.json(report)
  let heading = ''
  for (const { table, training, selector, area, areaDifference, cues, complete } of report.scores) {
    const own = `${table}, ${training} training`
    if (own !== heading) terminal.print(`\n${own}: area below the loss${cues ? ', cues in the first K, all cues first' : ''}`)
    heading = own
    const found = cues && complete ? `  ${cues.value.toFixed(3)}  ${complete.count} of ${complete.of}` : ''
    const words = areaDifference ? `  ${areaDifference.verdict}` : ''
    terminal.print(`  ${selector.padEnd(22)} ${area.value.toFixed(4)}${found}${words}`)
  }
  terminal.print('')
  for (const { statement, met, detail } of report.bars) terminal.print(`${met ? 'met' : 'not met'}: ${statement} (${detail})`)
  terminal.print(`\n${page}`)
}
