/** @file What the study found, as tables and curves. */
import { keptShares } from '../metrics/levels.js'
import type { GraphPage, PageTable } from '../report/page.js'
import { barLines, barSection } from './bar-tables.js'
import { type Bar, barsOf } from './bars.js'
import { compressionFigure, nodeFigures } from './figures.js'
import { fixed, interval, percent } from './format.js'
import { type Group, groupsOf } from './groups.js'
import type { GraphStudy } from './study.js'
import { type Gate, gatesOf, type SummaryRow, summaryOf } from './summary.js'

/** Everything the page and the JSON beside it show. */
export interface GraphReport extends GraphPage {
  readonly gates: readonly Gate[]
  readonly bars: readonly Bar[]
  readonly rows: readonly SummaryRow[]
}

export function graphReport(study: GraphStudy, facts: readonly string[], seed: number): GraphReport {
  const rows = summaryOf(study.scores, seed)
  const gates = gatesOf(study.scores)
  const bars = barsOf(study.scores, seed)
  return {
    title: 'Greedy PIG on graphs',
    facts: [...facts, `plan ${study.digest.slice(0, 16)}`],
    gates,
    bars,
    rows,
    findings: barLines(bars),
    sections: [barSection(bars, gates), ...groupsOf(study.scores).map(group => sectionOf(group, rows, gates))],
    failures: study.failed.map(
      ({ cell, error }) => `${cell.identity.kind} ${cell.identity.method ?? cell.identity.sample}: ${error.message}`,
    ),
  }
}

/** What the gates of a group say together: every network must pass. */
interface Truth {
  readonly exists: boolean
  readonly counts: boolean
}

function sectionOf(group: Group, rows: readonly SummaryRow[], gates: readonly Gate[]): GraphPage['sections'][number] {
  const { graph, architecture, networks } = group
  const own = rows.filter(row => row.graph === graph.name && row.architecture === architecture)
  const passed = gates.filter(gate => gate.graph === graph.name && gate.architecture === architecture)
  const truth = { exists: graph.motifs !== undefined, counts: passed.every(({ counts }) => counts) }
  const [first] = networks
  const compressed = first!.compression.size > 0
  return {
    title: `${graph.name}, ${architecture}`,
    introduction: `${graph.nodes} nodes, ${graph.edges} edges; of ${graph.splits.test.length} test nodes ${passed.map(({ accuracy }) => percent(accuracy)).join(', ')} are answered with their class. ${truthLine(truth, passed)}${networks.length > 1 ? ' Curves are those of the first network.' : ''}`,
    figures: [...nodeFigures(first!), ...(compressed ? [compressionFigure(first!)] : [])],
    tables: [
      nodeTable(own, first!.nodes.length, truth),
      ...['fidelity-auc', 'twin-fidelity-auc', 'kl-auc', 'roc-auc', 'mask-only-noise', 'mask-only-other'].flatMap(measure =>
        versusTable(own, 'nodes', measure),
      ),
      ...compressionTables(group, own),
    ],
  }
}

const truthLine = ({ exists, counts }: Truth, gates: readonly Gate[]): string =>
  exists
    ? `Deleting the motif changes ${gates.map(({ flips = 0 }) => percent(flips)).join(', ')} of ${gates[0]!.n} predictions; ground truth ${counts ? 'counts' : 'does not count'} (accuracy of 95% and changes of 90% are needed of every network).`
    : 'There is no ground truth.'

const shown = [
  ['fidelity-auc', 'fidelity AUC'],
  ['fid-plus', 'fid+'],
  ['fid-minus', 'fid−'],
  ['fidelity-auc-accuracy', 'fidelity AUC, accuracy'],
  ['fid-plus-accuracy', 'fid+, accuracy'],
  ['fid-minus-accuracy', 'fid−, accuracy'],
  ['softmax-auc', 'softmax AUC'],
  ['accuracy-auc', 'accuracy AUC'],
  ['kl-auc', 'KL AUC'],
  ['kl-auc-relative', 'relative KL AUC'],
  ['reverse-kl-auc', 'reverse KL AUC'],
  ['jensen-shannon-auc', 'JS AUC'],
  ['twin-fidelity-auc', 'fidelity AUC, twin'],
  ['twin-fid-plus', 'fid+, twin'],
  ['twin-fid-minus', 'fid−, twin'],
  ['twin-kl-auc', 'KL AUC, twin'],
  ['mask-only-noise', 'mask on noise'],
  ['mask-only-other', 'mask on another node'],
  ['roc-auc', 'ROC AUC'],
] as const

function nodeTable(rows: readonly SummaryRow[], n: number, { counts, exists }: Truth): PageTable {
  const nodes = rows.filter(({ task }) => task === 'nodes')
  const methods = [...new Set(nodes.map(({ method }) => method))]
  const columns = shown.filter(([measure]) => nodes.some(row => row.measure === measure))
  return {
    title: 'Explanations of single nodes',
    caption: `Means over ${n} nodes with 95% intervals (bootstrap over motifs, or nodes where there are none); f is the probability of the class predicted with all edges, S the explanation: fid+ = f(all) − f(all but S), fid− = f(all) − f(S), in the accuracy forms 1 where the prediction changes; means over 50 to 95% sparsity. Curves over 0, 5, ... 100% of the edges kept, KL in nats. Higher is better but for fid− and the divergences. A selection that avoids redundancy leaves copies of its edges among the rest, which keep fid+ low; fid− and the curves do not punish it. Compared with the prediction, never with the label. Mask on noise, on another node: probability of the explained class that the order of edges alone makes, with the values of other nodes or laid over a node of another class; what is above that of random edges leaks.${!exists || counts ? '' : ' ROC AUC is shown, but the network does not need its motifs: it does not count.'} n differs where a method is for few edges only.`,
    columns: ['method', 'n', 'gradients', ...columns.map(([, label]) => label)],
    rows: methods.map(method => {
      const own = nodes.filter(row => row.method === method)
      return {
        muted: own[0]!.control,
        cells: [
          method,
          String(Math.max(...own.map(row => row.n))),
          own[0]!.gradients.toFixed(0),
          ...columns.map(([measure]) => {
            const found = own.find(row => row.measure === measure)
            return found ? interval(found.score) : '–'
          }),
        ],
      }
    }),
  }
}

function versusTable(rows: readonly SummaryRow[], task: SummaryRow['task'], measure: string): PageTable[] {
  const compared = rows.filter(row => row.task === task && row.measure === measure && row.versus)
  if (compared.length === 0) return []
  const counts = [...new Set(compared.map(({ versus }) => versus!.n))]
  const detectable = compared.map(({ versus }) => versus!.detectable)
  return [
    {
      title: `Greedy PIG minus each rival: ${compared[0]!.title}`,
      caption: `Paired differences on ${counts.length === 1 ? counts[0] : `${Math.min(...counts)} to ${Math.max(...counts)}`} nodes, with 95% intervals and p adjusted by Holm over the rivals. Detectable differences (2.8 s / √n) ${fixed(Math.min(...detectable))} to ${fixed(Math.max(...detectable))}; smaller ones read "not resolved". ${compared[0]!.higherIsBetter ? 'Higher' : 'Lower'} is better.`,
      columns: ['rival', 'difference', 'interval', 'n', 'detectable', 'p (Holm)', 'Greedy PIG is'],
      rows: compared.map(({ method, control, versus }) => ({
        muted: control,
        cells: [
          method,
          fixed(versus!.value),
          `[${fixed(versus!.low)}, ${fixed(versus!.high)}]`,
          String(versus!.n),
          fixed(versus!.detectable),
          fixed(versus!.p),
          versus!.verdict,
        ],
      })),
    },
  ]
}

function compressionTables({ networks, graph }: Group, rows: readonly SummaryRow[]): PageTable[] {
  const { compression, retrained } = networks[0]!
  if (compression.size === 0) return []
  const own = rows.filter(({ task }) => task === 'compression')
  const measures = [...new Set(own.map(({ measure }) => measure))]
  const at = [0.1, 0.3, 0.5].map(share => keptShares.indexOf(share))
  const main: PageTable = {
    title: 'Compression of the whole graph, network frozen',
    caption: `Edges chosen so that the answers of all nodes stay (no labels); areas over 0 to 100% of the edges kept and accuracies on ${graph.splits.test.length} test nodes, with 95% intervals over nodes. Test nodes share edges: intervals are about these nodes, not about other graphs. Areas are means over training seeds; accuracies and divergences at single shares are the first network's.`,
    columns: ['method', 'gradients', ...measures, 'accuracy at 10%', 'at 30%', 'at 50%', 'KL at 10%', 'at 30%', 'at 50%'],
    rows: [...compression].map(([method, { scores, cost }]) => ({
      muted: own.find(row => row.method === method)?.control ?? false,
      cells: [
        method,
        String(cost.gradients),
        ...measures.map(measure => {
          const { score } = own.find(row => row.method === method && row.measure === measure)!
          return interval(score)
        }),
        ...at.map(i => percent(scores.accuracy[i]!)),
        ...at.map(i => fixed(scores.divergence[i]!)),
      ],
    })),
  }
  return [
    main,
    ...['kl-auc', 'accuracy-auc'].flatMap(measure => versusTable(rows, 'compression', measure)),
    {
      title: 'Compression, networks trained anew on the edges kept',
      caption: 'Accuracy on the test nodes, mean over training seeds and each of them; edges chosen for the first network.',
      columns: ['edges of', 'share kept', 'accuracy', 'by seed'],
      rows: retrained.map(({ method, share, accuracies }) => ({
        muted: false,
        cells: [
          method,
          percent(share),
          percent(accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length),
          accuracies.map(percent).join(', '),
        ],
      })),
    },
  ]
}
