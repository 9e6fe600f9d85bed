/** @file The page that every study's report is: one file that reaches for nothing outside. */
import { escapeHtml as esc } from '@ascribe/core'
import { style } from './style.js'
import { sortScript, sortScriptHash } from './table.js'

interface Page {
  readonly title: string
  /** Short facts under the title. */
  readonly facts: readonly string[]
  /** HTML after the facts: warnings, the table of contents. */
  readonly header?: string
  /** HTML of the sections. */
  readonly body: string
  /** Style beside the common one. */
  readonly style?: string
}

/**
 * The page as HTML. Title and facts are escaped; the rest goes in as it is. A content security policy forbids everything but the page's own style,
 * data: pictures and the script that sorts tables.
 */
export const reportPage = ({ title, facts, header = '', body, style: more = '' }: Page): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${sortScriptHash}'">
<title>${esc(title)}</title>
<style>
${style}${more}
</style>
</head>
<body>
<main>
<header>
<h1>${esc(title)}</h1>
<ul class="facts">${facts.map(fact => `<li>${esc(fact)}</li>`).join('')}</ul>
${header && `${header}\n`}</header>
${body}
<footer>The same numbers lie beside this page in report.json.</footer>
</main>
<script>${sortScript}</script>
</body>
</html>
`
