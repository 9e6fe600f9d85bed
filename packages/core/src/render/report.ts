/** @file One self-contained HTML page for an explanation: no network, no script, pictures inside. */
import { renderBars } from './bars.js'
import { colorAt, colormapOf } from './colormaps.js'
import type {
  ReportData,
  ReportEntry,
  ReportModel,
  ReportPort,
  ReportPrediction,
  ReportResidual,
  ReportResult,
} from './report-data.js'
import { reportStyle } from './report-style.js'
import { renderSeries } from './series.js'
import { escapeHtml as esc, formatNumber, formatShare } from './text.js'
import { renderTokens } from './token-text.js'

/**
 * The report as HTML. It depends on its argument alone: without a date and milliseconds, equal results give equal bytes. Every text is
 * escaped, pictures are data: URIs, and a content security policy forbids everything else.
 */
export function renderReport(report: ReportData): string {
  const anyResidual = report.entries.some(entry => entry.results.some(result => result.residual))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${esc(report.title)}</title>
<style>
${reportStyle}
</style>
</head>
<body>
<main>
<header>
<h1>${esc(report.title)}</h1>
${report.date ? `<p class="soft">${esc(report.date)}</p>` : ''}
${modelFacts(report.model)}
</header>
${(report.warnings ?? []).map(text => note(text)).join('\n')}
${(report.failures ?? []).map(({ name, message }) => note(withoutName(message, name), 'bad', `${name} was not explained`)).join('\n')}
${report.entries.map(entrySection).join('\n')}
${howToRead(anyResidual)}
<footer>Written by ascribe ${esc(report.version)}. The raw values lie beside this page as .npy files; nothing here is normalised but the colours.</footer>
</main>
</body>
</html>
`
}

function note(text: string, kind: 'warn' | 'bad' = 'warn', lead = 'Warning'): string {
  return `<div class="note${kind === 'bad' ? ' bad' : ''}" role="note"><strong>${esc(lead)}:</strong> ${esc(text)}</div>`
}

/** Messages about a file begin with its name, which stands before them already. */
const withoutName = (message: string, name: string): string =>
  message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message

function modelFacts(model: ReportModel): string {
  const ports = (list: readonly ReportPort[]): string =>
    list.map(({ name, dtype, dims }) => `<code>${esc(name)}</code> ${esc(dtype)} [${esc(dims.join(', '))}]`).join('<br>')
  const rows: [string, string][] = [['Model', esc(model.file)]]
  if (model.digest) rows.push(['Digest', `<code>${esc(model.digest)}</code>`])
  rows.push([model.inputs.length === 1 ? 'Input' : 'Inputs', ports(model.inputs)])
  rows.push([model.outputs.length === 1 ? 'Output' : 'Outputs', ports(model.outputs)])
  for (const [name, value] of Object.entries(model.facts ?? {})) rows.push([esc(name), esc(String(value))])
  return `<dl class="facts">${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`
}

function entrySection(entry: ReportEntry): string {
  return `<section class="entry">
<h2>${esc(entry.name)}</h2>
<p class="target">Explained: ${esc(entry.target)}</p>
${(entry.warnings ?? []).map(text => note(text)).join('\n')}
<div class="seen${entry.picture ? '' : ' bare'}">
${entry.picture ? `<figure>${picture(entry.picture, `What the model saw of ${entry.name}`)}<figcaption>What the model saw</figcaption></figure>` : ''}
${predictionTable(entry)}
</div>
<div class="results">
${entry.results.map(result => resultCard(result, entry)).join('\n')}
</div>
</section>`
}

function predictionTable({ predictions, predictionKind = 'probability' }: ReportEntry): string {
  if (predictions.length === 0) return ''
  const bar = ({ value }: ReportPrediction): string =>
    predictionKind === 'probability'
      ? `<div class="track"><i style="width:${Math.round(Math.max(0, Math.min(1, value)) * 1000) / 10}%"></i></div>`
      : ''
  const rows = predictions.map(
    prediction =>
      `<div class="prediction"><span class="label">${esc(prediction.label)} <span class="soft small">class ${prediction.index}</span></span>` +
      `<span class="number">${predictionKind === 'probability' ? esc(formatShare(prediction.value)) : formatNumber(prediction.value)}</span>${bar(prediction)}</div>`,
  )
  return `<div><p class="caption">${predictionKind === 'probability' ? 'Prediction' : 'Prediction (scores)'}</p>${rows.join('')}</div>`
}

function resultCard(result: ReportResult, entry: ReportEntry): string {
  const options = Object.entries(result.options ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ')
  const alt = `${result.method} for ${entry.name}`
  const pictures = [
    result.overlay
      ? `<figure>${picture(result.overlay, `${alt}, over the picture`)}<figcaption>Over the picture</figcaption></figure>`
      : '',
    result.map ? `<figure>${picture(result.map, `${alt}, the map alone`)}<figcaption>Map alone</figcaption></figure>` : '',
  ].join('')
  return `<article class="result">
<div><div class="heading"><h3>${esc(result.method)}</h3>${residualBadge(result.residual)}</div>${options ? `<p class="options">${esc(options)}</p>` : ''}</div>
${pictures ? `<div class="pair">${pictures}</div>` : ''}
${result.legend ? legend(result.legend) : ''}
${result.words ? renderTokens(result.words) : ''}
${result.series ? renderSeries(result.series) : ''}
${result.bars ? renderBars(result.bars) : ''}
${statistics(result)}
${residualText(result)}
${(result.warnings ?? []).map(text => note(text)).join('\n')}
${foot(result)}
</article>`
}

function residualBadge(residual: ReportResidual | undefined): string {
  if (!residual) return ''
  const warn = residual.state === 'warn'
  return `<span class="badge${warn ? ' warn' : ''}">${warn ? 'Does not add up' : 'Adds up'}: residual ${esc(formatShare(Math.abs(residual.relative)))}</span>`
}

function residualText({ residual, warnings = [] }: ReportResult): string {
  if (!residual) return ''
  const change = residual.expected === undefined ? '' : ` of a change of ${formatNumber(residual.expected)}`
  const advice =
    residual.state === 'warn' && warnings.length === 0
      ? ' That is more than the tolerance: read the map with care, or ask for more points.'
      : ''
  return `<p class="residual">Residual <span class="number">${formatNumber(residual.absolute)}</span>${change}.${advice}</p>`
}

function statistics({ stats }: ReportResult): string {
  const cells = [
    ['Smallest', formatNumber(stats.min)],
    ['Largest', formatNumber(stats.max)],
    ['Sum', formatNumber(stats.sum)],
    ['Above zero', esc(formatShare(stats.positive))],
  ]
  return `<dl class="stats">${cells.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join('')}</dl>`
}

function legend({ range, colormap }: NonNullable<ReportResult['legend']>): string {
  const table = colormapOf(colormap)
  const stops = Array.from({ length: 17 }, (_, i) => `rgb(${colorAt(table, i / 16).join(' ')})`)
  const diverging = range.kind === 'diverging'
  const middle = diverging
    ? '<span class="soft">0</span>'
    : `<span class="soft">${formatNumber((range.low + range.high) / 2)}</span>`
  const words = diverging ? ['against', 'for'] : ['weak', 'strong']
  return (
    `<div><div class="scale" style="background:linear-gradient(to right,${stops.join(',')})"></div>` +
    `<div class="ends"><span><span class="number">${formatNumber(range.low)}</span> <span class="soft">${words[0]}</span></span>${middle}` +
    `<span><span class="soft">${words[1]}</span> <span class="number">${formatNumber(range.high)}</span></span></div></div>`
  )
}

function foot({ cost, files }: ReportResult): string {
  const parts: string[] = []
  if (cost) {
    parts.push(`${count(cost.forwards, 'forward pass', 'forward passes')}, ${count(cost.gradients, 'gradient', 'gradients')}`)
    if (cost.milliseconds !== undefined) parts.push(`${formatNumber(cost.milliseconds)} ms`)
  }
  parts.push(...(files ?? []))
  return parts.length ? `<p class="foot">${parts.map(esc).join(' · ')}</p>` : ''
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

function howToRead(residual: boolean): string {
  const residualWords = residual
    ? `<p>Some methods promise that their values add up to the change of the explained output between the baseline (the input with its
information taken away) and the input. The residual is what is missing from that sum; in per cent it is relative to the change. Near
zero, the values account for the whole change. A large one means that the computation was too coarse, and that values may be wrong by
as much.</p>`
    : ''
  return `<section class="explain"><h3>How to read this page</h3>
<p>Each map says how much each place of the input contributes to the explained output, by that method's own definition. Red speaks for
it, blue against it; maps without a sign run from dark (weak) to bright (strong). Where a place has several values, as a pixel has three
channels, the colour shows them reduced to one, by default their sum. Colours are scaled for each map on its own: the limits
under it are the 99th percentile of its values unless it says otherwise, so colours of two maps do not compare, their numbers do.</p>
${residualWords}</section>`
}

/** Base64 without a Node global; in pieces, because a call takes a limited number of arguments. */
function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768))
  return btoa(text)
}

const picture = (png: Uint8Array, alt: string): string => `<img alt="${esc(alt)}" src="data:image/png;base64,${base64(png)}">`
