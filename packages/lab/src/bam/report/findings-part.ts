/** @file The first part of a report's page: what the paper found, what was measured, and the verdict. */
import { escapeHtml as esc, formatNumber } from '@ascribe/core'
import type { FindingNumber } from '../metrics/findings.js'
import type { Verdict } from '../metrics/verdict.js'
import type { BamReport } from './data.js'
import { ends, score, unique, whole } from './words.js'

type ReportFinding = BamReport['findings'][number]

const marks: Readonly<Record<Verdict, { readonly sign: string; readonly kind: string }>> = {
  confirmed: { sign: '✓', kind: 'ok' },
  'not confirmed': { sign: '✗', kind: 'bad' },
  'not resolved': { sign: '≈', kind: 'warn' },
  'not tested': { sign: '–', kind: 'none' },
}

const verdicts = Object.keys(marks) as Verdict[]

const badge = (verdict: Verdict): string =>
  `<span class="badge ${marks[verdict].kind}"><span aria-hidden="true">${marks[verdict].sign}</span> ${verdict}</span>`

export function findingsPart(findings: readonly ReportFinding[]): string {
  const ids = unique(findings.map(finding => finding.id))
  const body = ids.length
    ? `${summary(findings)}<div class="findings">${ids.map(id => card(findings.filter(finding => finding.id === id))).join('\n')}</div>`
    : '<p class="empty">No finding of the paper was tested in this run.</p>'
  return `<section id="findings"><h2>What the paper found, and what we measured</h2>${body}</section>`
}

/** `resnet: 4 confirmed, 2 not resolved`, a line for each architecture. */
function summary(findings: readonly ReportFinding[]): string {
  const lines = unique(findings.map(finding => finding.architecture)).map(architecture => {
    const counts = verdicts.map(verdict => ({
      verdict,
      count: findings.filter(finding => finding.architecture === architecture && finding.verdict === verdict).length,
    }))
    const words = counts.filter(({ count }) => count > 0).map(({ verdict, count }) => `${count} ${verdict}`)
    return `<li><strong>${esc(architecture)}</strong>: ${words.join(', ')}</li>`
  })
  return `<ul class="summary">${lines.join('')}</ul>`
}

function card(same: readonly ReportFinding[]): string {
  const lines = same.map(
    finding =>
      `<div class="outcome"><div class="verdict"><span class="who">${esc(finding.architecture)}</span>${badge(finding.verdict)}</div>` +
      `${finding.numbers.length ? `<ul>${finding.numbers.map(numberLine).join('')}</ul>` : ''}${missing(finding)}${corrected(finding)}</div>`,
  )
  return `<article class="finding"><p class="label">The paper found</p><h3>${esc(capital(same[0]!.statement))}</h3>${lines.join('')}</article>`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

const numberLine = (number: FindingNumber): string =>
  `<li>${esc(number.name)} <strong class="number">${score(number.value)}</strong> <span class="number">${ends(number)}</span>` +
  ` <span class="soft small">n = ${whole(number.valid)}, detectable ${score(number.detectable)}</span></li>`

const missing = ({ missing: names }: ReportFinding): string =>
  names?.length ? `<p class="soft small">Missing: ${esc(names.join(', '))}</p>` : ''

const corrected = ({ p, adjusted }: ReportFinding): string =>
  p === undefined || Number.isNaN(p)
    ? ''
    : `<p class="soft small number">p = ${formatNumber(p, 2)}${adjusted === undefined ? '' : `, after Holm's correction ${formatNumber(adjusted, 2)}`}</p>`
