/** @file The study's question over all graphs, as tables. */
import type { GraphPage, PageTable } from '../report/page.js'
import { type Bar, barMeasures, champions } from './bars.js'
import { fixed, interval, percent } from './format.js'
import type { Gate } from './summary.js'
import { leastAgreement } from './twin-stage.js'

const lineOf = ({ champion, graph, architecture, rival, versus }: Bar): string =>
  `${graph}, ${architecture}: fidelity AUC of ${champion} minus ${rival} ${interval(versus)}, n = ${versus.n}, detectable ${fixed(versus.detectable)}: ${versus.verdict}`

/** Greedy PIG on the networks themselves, one line per comparison. */
export const barLines = (bars: readonly Bar[]): string[] =>
  bars.filter(({ champion, measure }) => champion === champions[0] && measure === barMeasures[0]).map(lineOf)

export function barSection(bars: readonly Bar[], gates: readonly Gate[]): GraphPage['sections'][number] {
  return {
    title: 'Fidelity AUC on all graphs',
    introduction: `Each champion minus its rivals: mean over nodes of the means over training seeds, intervals over motifs or nodes, p adjusted by Holm over all graphs, architectures and rivals of a table. "Better" and "worse" need p ≤ 0.05, a difference that so many nodes can show, and the same sign for every training seed. Numbers on mask-adapted twins are primary; they are shown where every twin answers at least ${percent(leastAgreement)} of the test nodes as its network does. greedy-two-sided is ours: fid+ − fid− is what it selects for, on log-odds.`,
    figures: [],
    tables: [
      ...champions.flatMap(champion =>
        barMeasures.flatMap(measure => barTable(bars.filter(bar => bar.champion === champion && bar.measure === measure))),
      ),
      gateTable(gates),
    ],
  }
}

function barTable(bars: readonly Bar[]): PageTable[] {
  const [first] = bars
  if (!first) return []
  return [
    {
      title: `${first.champion}, ${first.measure}`,
      caption: 'Higher is better. Smaller differences than the detectable one (2.8 s / √n) read "not resolved".',
      columns: ['network', 'rival', 'difference', 'by seed', 'n', 'detectable', 'p (Holm)', 'it is'],
      rows: bars.map(({ graph, architecture, rival, versus }) => ({
        muted: false,
        cells: [
          `${graph}, ${architecture}`,
          rival,
          interval(versus),
          versus.bySeed.map(fixed).join(', '),
          String(versus.n),
          fixed(versus.detectable),
          fixed(versus.p),
          versus.verdict,
        ],
      })),
    },
  ]
}

function gateTable(gates: readonly Gate[]): PageTable {
  return {
    title: 'Networks',
    caption:
      'Ground truth counts where 95% of the test nodes are answered with their class and deleting the motif changes 90% of the explained predictions.',
    columns: ['network', 'training', 'accuracy', 'changed without motif', 'ground truth', 'twin agrees'],
    rows: gates.map(({ graph, architecture, repeat, accuracy, flips, counts, agreement }) => ({
      muted: false,
      cells: [
        `${graph}, ${architecture}`,
        String(repeat + 1),
        percent(accuracy),
        flips === undefined ? '–' : percent(flips),
        flips === undefined ? 'none' : counts ? 'counts' : 'does not count',
        agreement === undefined ? '–' : percent(agreement),
      ],
    })),
  }
}
