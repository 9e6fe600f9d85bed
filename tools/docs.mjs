/**
 * @file Writes what the docs say of things that are data: methods, targets, metrics, normalisers and schemes, between markers in their pages.
 * `node tools/docs.mjs` after a build; `--check` only says whether all is current.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { counterparts, families, methodNamed, metrics, normalisers, resolveOptions, schemes, targetSyntax } from 'ascribe'

const cell = text => String(text).replaceAll('|', '\\|')
const code = text => `\`${text}\``
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map(columns => `| ${columns.map(cell).join(' | ')} |\n`).join('')
const listed = items => (items.length > 0 ? items.join(', ') : 'nothing')
const settings = options => Object.entries(options).map(([name, value]) => `${name}=${value}`)

const shown = value => (value === '' ? '(none)' : code(value))
const range = ({ kind, values, minimum, maximum }) => {
  if (values) return values.map(code).join(', ')
  const ends = [minimum === undefined ? '' : `from ${minimum}`, maximum === undefined ? '' : `to ${maximum}`]
  return [kind, ...ends].filter(Boolean).join(' ')
}
const optionTable = specs => {
  const rows = Object.entries(specs)
  if (rows.length === 0) return 'No options.\n'
  return table(
    ['Option', 'Default', 'Values', 'Meaning'],
    rows.map(([name, spec]) => [code(name), shown(spec.default), range(spec), spec.describe]),
  )
}

/** Rows passed forward, and forward and backward, at the defaults; for usual sizes where the input or model decides. */
function cost(method) {
  const { forwards, gradients } = method.cost(resolveOptions(method))
  return `${forwards} forward, ${gradients} forward and backward`
}

function methodSection(method) {
  const { name, aliases = [], summary, formula, citation, needs, promises, signed } = method
  const elsewhere = counterparts.filter(one => methodNamed(one.method).name === name)
  return `### ${name}

${summary[0].toUpperCase()}${summary.slice(1)}.

\`\`\`
${formula}
\`\`\`

- Source: ${citation}
- Needs: ${needs.length > 0 ? needs.join(', ') : 'forward passes only'}. Promises: ${listed(promises)}. Values: ${signed ? 'signed' : 'never negative'}.
- Rows at the defaults: ${cost(method)}.
${aliases.length > 0 ? `- Also called: ${aliases.map(code).join(', ')}\n` : ''}${elsewhere.length > 0 ? `- Elsewhere: ${elsewhere.map(shownCounterpart).join('; ')}\n` : ''}
${optionTable(method.options)}`
}

const shownCounterpart = ({ library, call, method, options, note }) => {
  const given = settings(options)
  return `${library} ${code(call)} is ${code([method, given.join(',')].filter(Boolean).join(':'))}${note ? ` (${note})` : ''}`
}

const entry = ({ name, summary, formula, citation, options }, more = '') =>
  `### ${name}\n\n${summary[0].toUpperCase()}${summary.slice(1)}.\n\n\`\`\`\n${formula}\n\`\`\`\n\n${citation ? `Source: ${citation}. ` : ''}${more}\n\n${optionTable(options)}`

const parts = {
  'README.md': {
    methods: () =>
      table(
        ['Family', 'Methods'],
        families.map(({ name, methods }) => [name, methods.map(method => code(method.name)).join(', ')]),
      ),
  },
  'docs/methods.md': {
    methods: () =>
      families
        .map(({ name, summary, methods }) => `## ${name}\n\n${summary}\n\n${methods.map(methodSection).join('\n')}`)
        .join('\n'),
  },
  'docs/metrics.md': {
    metrics: () =>
      metrics
        .map(metric => entry(metric, `${metric.higherIsBetter ? 'Higher' : 'Lower'} is better. Needs: ${listed(metric.needs)}.`))
        .join('\n'),
  },
  'docs/ensembles.md': {
    normalisers: () => normalisers.map(one => entry(one)).join('\n'),
    schemes: () => schemes.map(one => entry(one)).join('\n'),
  },
  'packages/cli/README.md': {
    targets: () =>
      table(
        ['Target', 'What is explained'],
        targetSyntax.map(([syntax, summary]) => [code(syntax), summary]),
      ),
  },
}

const check = process.argv.includes('--check')
for (const [page, sections] of Object.entries(parts)) {
  const file = new URL(`../${page}`, import.meta.url)
  const before = readFileSync(file, 'utf8')
  let text = before
  for (const [name, render] of Object.entries(sections)) {
    const [start, end] = [`<!-- ${name}: written by tools/docs.mjs -->\n`, `<!-- /${name} -->`]
    const [from, to] = [text.indexOf(start), text.indexOf(end)]
    if (from < 0 || to < from) {
      console.error(`${page} has lost its markers around ${name}`)
      process.exit(1)
    }
    text = `${text.slice(0, from + start.length)}\n${render().trim()}\n\n${text.slice(to)}`
  }
  if (text === before) continue
  if (check) {
    console.error(`${page} is not current: run node tools/docs.mjs`)
    process.exitCode = 1
  } else writeFileSync(file, text)
}
