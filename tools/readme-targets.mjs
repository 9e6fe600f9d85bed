/** @file Writes the table of targets in packages/cli/README.md between its markers; --check only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs'
import { targetSyntax } from 'ascribe'

const path = new URL('../packages/cli/README.md', import.meta.url)
const [start, end] = ['<!-- targets: written by tools/readme-targets.mjs -->\n', '<!-- /targets -->']

const text = readFileSync(path, 'utf8')
const [from, to] = [text.indexOf(start), text.indexOf(end)]
if (from < 0 || to < from) {
  console.error('packages/cli/README.md has lost its markers around the table of targets')
  process.exit(1)
}
const rows = targetSyntax.map(([syntax, summary]) => `| \`${syntax}\` | ${summary} |\n`)
const current = `${text.slice(0, from + start.length)}| Target | What is explained |\n| --- | --- |\n${rows.join('')}${text.slice(to)}`
if (process.argv.includes('--check')) {
  if (current !== text) {
    console.error('the table of targets in packages/cli/README.md is not current: run node tools/readme-targets.mjs')
    process.exitCode = 1
  }
} else writeFileSync(path, current)
