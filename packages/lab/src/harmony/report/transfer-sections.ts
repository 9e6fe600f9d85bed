/** @file Transfer in the page: matrices, curves, controls, masks alone. */

import { lineChart } from '../../charts/index.js'
import { textCell } from '../../report/index.js'
import type { HarmonyStudy, Reading } from '../result.js'
import { charts, intervalCell, type Section, table } from './cells.js'
import { heatChart } from './heat.js'
import { mainTables, number } from './statements.js'

export function transferSection(study: HarmonyStudy): Section {
  const { transfer, testers: names, preset } = study
  const maps = mainTables(study).map(({ method, matrix, testers, n }) =>
    heatChart({ title: `${method}, ${preset.fills[0]} fill, ${testers} test, n = ${n}`, names, matrix }),
  )
  const labels = [...new Set(transfer.tables.flatMap(({ groups }) => groups.map(({ label }) => label)))]
  const rowsOf = (tables: typeof transfer.tables) =>
    tables.map(({ method, fill, reading, testers, groups, contrast, adjusted, detectable, ceiling, n }) => [
      textCell(method),
      textCell(fill),
      textCell(reading),
      textCell(testers),
      ...labels.map(label => {
        const found = groups.find(group => group.label === label)
        return found ? intervalCell(found.mean) : textCell('–')
      }),
      Number.isFinite(ceiling.value) ? intervalCell(ceiling) : textCell('–'),
      Number.isFinite(contrast.value) ? intervalCell(contrast) : textCell('–'),
      { html: number(adjusted), sort: adjusted },
      { html: number(detectable), sort: detectable },
      { html: String(n), sort: n },
    ])
  const columns = ['Method', 'Fill', 'Reading', 'Testers', ...labels, 'Above others', 'Contrast', 'p', 'Detectable', 'n']
  const shown = transfer.tables.filter(
    ({ reading, testers }) => reading === 'probability' && testers === transfer.tables[0]!.testers,
  )
  const rest = transfer.tables.filter(one => !shown.includes(one))
  return {
    id: 'transfer',
    title: 'Transfer',
    body:
      '<p class="intro soft">T = (s − s_rand) / (s_full − s_rand): 0 is a mask of the same shape elsewhere (another picture’s, moved), 1 the whole picture. ' +
      'Rows: the model that was explained; columns: the model that tests. Area over the shares kept.</p>' +
      charts(maps) +
      table(
        'Means of T over ordered pairs of different models. Above others: another seed of the tester’s architecture minus other architectures, the same testers. Contrast: within minus across families after main effects of generator and tester; p after Holm over methods; differences smaller than the detectable one read “not resolved”.',
        columns,
        rowsOf(shown),
      ) +
      `<details><summary>Top-1 agreement, and the models as their own testers</summary>${table('The same.', columns, rowsOf(rest))}</details>`,
  }
}

export function curveSection({ transfer, preset, methods, pictures }: HarmonyStudy): Section {
  const explained = new Set(methods.map(({ label }) => label))
  const drawn = preset.fills.flatMap(fill =>
    [true, false].map(real =>
      lineChart({
        title: `Probability kept, ${fill} fill: ${real ? 'methods' : 'controls'}`,
        xLabel: 'share of the picture kept',
        yLabel: 'probability of the class',
        include: [0, 1],
        series: transfer.curves
          .filter(curve => curve.fill === fill && explained.has(curve.label) === real)
          .map(({ label, values }) => ({ label, points: values.map((value, k) => [preset.fractions[k]!, value] as const) })),
      }),
    ),
  )
  const rowsOf = (wanted: Reading) =>
    transfer.rows
      .filter(row => row.reading === wanted)
      .map(({ label, fill, reading, kept, removed }) => [
        textCell(label),
        textCell(fill),
        textCell(reading),
        intervalCell(kept),
        removed ? intervalCell(removed) : textCell('–'),
      ])
  const spoiled = transfer.spoiled.map(({ method, spoiled: what, fill, difference, n }) => [
    textCell(method),
    textCell(what),
    textCell(fill),
    intervalCell(difference),
    { html: String(n), sort: n },
  ])
  const columns = ['Map', 'Fill', 'Reading', 'Kept', 'Removed']
  return {
    id: 'curves',
    title: 'Curves and controls',
    body:
      charts(drawn) +
      table(
        `Area under the curve, mean over pairs of different models (controls: over testers), n = ${pictures.length}. Kept: higher is better; removed (the inverse mask, n = ${Math.min(preset.controls, pictures.length)}): lower is.`,
        columns,
        rowsOf('probability'),
      ) +
      `<details><summary>Top-1 agreement</summary>${table('The same, of answers that are the class.', columns, rowsOf('top-1'))}</details>` +
      table(
        'The map of the right class on the trained model minus that of a wrong class, or of the model with its weights shuffled; all scored by the right class, mean over pairs of different models.',
        ['Map', 'Minus', 'Fill', 'Difference', 'n'],
        spoiled,
      ),
  }
}

export function leakSection({ leaks }: HarmonyStudy): Section {
  const rows = leaks.map(({ method, onto, fill, share }) => [
    textCell(method),
    textCell(onto),
    textCell(fill),
    intervalCell(share),
  ])
  const caption =
    'A picture’s mask (20% kept) put onto noise and onto a picture of another class: share of answers that are the class of the mask’s picture.'
  return { id: 'leaks', title: 'Masks alone', body: table(caption, ['Method', 'Onto', 'Fill', 'Share'], rows) }
}
