/** @file `ascribe greedy graph`: edges as features; explanations of nodes and compression of graphs. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ensureFolder, nodeRuntime, writeFileAtomic } from '@ascribe/core/node'
import {
  type GraphReport,
  graphPresetNamed,
  graphPresets,
  graphReport,
  networkPlan,
  openGraph,
  progressPrinter,
  renderGraphPage,
  runGraphStudy,
} from '@ascribe/lab'
import type { Command, Context } from '../command.js'
import { ReportedFailure } from '../failures.js'
import { type CommonOptions, commonFlags, seedFlag, whole } from '../options.js'

interface Options extends CommonOptions {
  readonly preset: string
  readonly folder: string
  readonly architecture?: readonly string[]
  readonly nodes?: number
  readonly seeds?: number
  readonly processes?: number
  readonly seed: number
}

export const graph: Command = {
  name: 'graph',
  summary: 'explain nodes of graphs by their edges, compress the graphs, compare Greedy PIG with its rivals',
  arguments: [
    [
      '[graphs...]',
      "ba-shapes, ba-community, tree-cycles, tree-grid, or folders with nodes.csv and edges.csv, NAME.content and NAME.cites, or the Planetoid files ind.NAME.* (default: the preset's)",
    ],
  ],
  flags: [
    {
      flags: '--preset <name>',
      describe: graphPresets.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
      choices: graphPresets.map(({ name }) => name),
      default: 'quick',
    },
    { flags: '--folder <dir>', describe: 'where everything goes: models, scores, report.html', default: 'greedy-graph' },
    { flags: '-a, --architecture <name>', describe: "gcn, gat or sage (default: the preset's); may repeat", repeat: true },
    { flags: '--nodes <n>', describe: "nodes explained per graph (default: the preset's)", parse: whole('--nodes', 1) },
    {
      flags: '--seeds <n>',
      describe: "networks of each architecture, trained from different seeds (default: the preset's)",
      parse: whole('--seeds', 1),
    },
    {
      flags: '--processes <n>',
      describe: 'processes, each with one thread (default: the cores)',
      parse: whole('--processes', 1),
    },
    seedFlag,
    ...commonFlags,
  ],
  examples: [
    ['ascribe greedy graph', 'two generated graphs, three networks; greedy-graph/report.html'],
    ['ascribe greedy graph cora/ -a gcn', 'a citation graph from nodes.csv and edges.csv'],
    ['ascribe greedy graph --preset smoke', 'everything once, in seconds'],
  ],
  async run([names]: readonly [readonly string[]], options: Options, { terminal, signal }) {
    const named = graphPresetNamed(options.preset)
    const preset = { ...named, nodes: options.nodes ?? named.nodes, seeds: options.seeds ?? named.seeds }
    const { seed, folder, processes = availableParallelism() } = options
    const graphs = []
    for (const name of names.length > 0 ? names : preset.data) graphs.push(await openGraph(name, { seed, scale: preset.scale }))
    const architectures = [...new Set(options.architecture ?? preset.architectures)]
    for (const one of graphs) for (const name of architectures) networkPlan(name, one)
    const runtime = nodeRuntime({ threads: 1, processes })
    try {
      const study = await runGraphStudy({
        preset,
        graphs,
        architectures,
        folder,
        seed,
        runtime,
        signal,
        log: line => terminal.note(line),
        onProgress: progressPrinter(terminal),
      })
      terminal.bar('')
      const facts = [
        `preset ${preset.name}, seed ${seed}`,
        'Explained: log-odds of the predicted class; baseline: no edge; 20 rounds of 10 points (our choice), rivals by path with the same 200 gradients.',
      ]
      const report = graphReport(study, facts, seed)
      await ensureFolder(folder)
      const { sections: _, ...numbers } = report
      await writeFileAtomic(join(folder, 'report.json'), `${JSON.stringify(numbers, undefined, 1)}\n`)
      await writeFileAtomic(join(folder, 'report.html'), renderGraphPage(report))
      terminal.json(numbers)
      tell(report, terminal)
      terminal.print(`\n${join(folder, 'report.html')}`)
      if (study.failed.length > 0)
        throw new ReportedFailure(`${study.failed.length} results failed; the same command tries them again`)
    } finally {
      await runtime.dispose()
    }
  },
}

function tell({ gates, rows, findings }: GraphReport, terminal: Context['terminal']): void {
  for (const { graph: name, architecture, repeat, accuracy, flips } of gates) {
    const motif = flips === undefined ? '' : `, ${(100 * flips).toFixed(1)}% change without their motif`
    const which = repeat === 0 ? '' : ` (training ${repeat + 1})`
    terminal.print(`\n${name}, ${architecture}${which}: ${(100 * accuracy).toFixed(1)}% of the test nodes${motif}`)
    if (gates.some(other => other.graph === name && other.architecture === architecture && other.repeat > repeat)) continue
    const own = rows.filter(row => row.graph === name && row.architecture === architecture && row.measure === 'fidelity-auc')
    for (const { method, score, n, versus } of own)
      terminal.print(
        `  ${method.padEnd(36)} fidelity AUC ${score.value.toFixed(3)} [${score.low.toFixed(3)}, ${score.high.toFixed(3)}]  n ${n}${versus ? `  Greedy PIG ${versus.verdict}` : ''}`,
      )
  }
  terminal.print('')
  for (const line of findings) terminal.print(line)
}
