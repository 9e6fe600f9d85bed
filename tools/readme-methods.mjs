/** @file Writes the table of methods in README.md between its markers; --check only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs'
import { methods } from 'ascribe'

const path = new URL('../README.md', import.meta.url)
const [start, end] = ['<!-- methods: written by tools/readme-methods.mjs -->\n', '<!-- /methods -->']

const cell = text => text.replaceAll('|', '\\|')
const rows = methods.map(({ name, summary, needs, promises, citation }) => [
  `\`${name}\``,
  cell(summary),
  needs.join(', ') || 'forward passes only',
  promises.join(', ') || '-',
  cell(citation),
])
const table = [['Method', 'What it gives', 'Needs', 'Promises', 'Source'], ['---', '---', '---', '---', '---'], ...rows]
  .map(columns => `| ${columns.join(' | ')} |\n`)
  .join('')

const text = readFileSync(path, 'utf8')
const [from, to] = [text.indexOf(start), text.indexOf(end)]
if (from < 0 || to < from) {
  console.error('README.md has lost its markers around the table of methods')
  process.exit(1)
}
const current = text.slice(0, from + start.length) + table + text.slice(to)
if (process.argv.includes('--check')) {
  if (current !== text) {
    console.error('the table of methods in README.md is not current: run node tools/readme-methods.mjs')
    process.exitCode = 1
  }
} else writeFileSync(path, current)
