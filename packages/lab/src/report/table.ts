/** @file Tables of a report's page, and the few lines of script that sort them; without the script they read the same. */
import { escapeHtml as esc } from '@ascribe/core'

interface Column {
  readonly label: string
  readonly numeric?: boolean
}

export interface Cell {
  /** Markup: escape what goes in. */
  readonly html: string
  /** What it sorts by; default its text. */
  readonly sort?: number | string
}

export interface Table {
  readonly columns: readonly Column[]
  /** Headings over several columns, from the first on; an empty label is a gap. */
  readonly groups?: readonly { readonly label: string; readonly span: number }[]
  /** The first cell of a row is its heading. */
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly muted?: boolean }[]
  /** Markup. */
  readonly caption?: string
}

/** Sorts what has no number below all that have one. */
const last = -1e6

export const textCell = (text: string): Cell => ({ html: esc(text) })

export function renderTable({ columns, groups, rows, caption }: Table): string {
  const kind = (i: number): string => (columns[i]?.numeric ? ' class="n"' : '')
  const upper = groups
    ? `<tr>${groups.map(({ label, span }) => (label ? `<th colspan="${span}" scope="colgroup" class="group">${esc(label)}</th>` : `<td colspan="${span}"></td>`)).join('')}</tr>`
    : ''
  const head = columns.map(({ label }, i) => `<th scope="col"${kind(i)}>${esc(label)}</th>`).join('')
  const body = rows.map(({ cells, muted }) => {
    const inner = cells.map(({ html, sort }, i) => {
      const key = sort === undefined ? '' : ` data-sort="${esc(String(Number.isNaN(sort) ? last : sort))}"`
      return i === 0 ? `<th scope="row"${key}>${html}</th>` : `<td${kind(i)}${key}>${html}</td>`
    })
    return `<tr${muted ? ' class="muted"' : ''}>${inner.join('')}</tr>`
  })
  return (
    `<div class="scroll" tabindex="0"><table class="sortable">${caption ? `<caption><span>${caption}</span></caption>` : ''}` +
    `<thead>${upper}<tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
  )
}

/** A click on a column's heading sorts by it, another click the other way round. */
export const sortScript = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells]
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = head.textContent
    head.replaceChildren(button)
    button.addEventListener('click', () => {
      const down = head.getAttribute('aria-sort') === 'ascending' || (!head.hasAttribute('aria-sort') && head.classList.contains('n'))
      heads.forEach(other => other.removeAttribute('aria-sort'))
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      const key = row => row.cells[column].dataset.sort ?? row.cells[column].textContent
      const order = (a, b) => {
        const [x, y] = [Number(key(a)), Number(key(b))]
        const numbers = !Number.isNaN(x) && !Number.isNaN(y)
        return (down ? -1 : 1) * (numbers ? x - y : key(a).localeCompare(key(b)))
      }
      table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order))
    })
  })
}
`

/** Of the script, for the page's content security policy: SHA-256 in base64. */
export const sortScriptHash = 'd9XXwX01IMeZsx3K8eYStrW4rDUpUobPusnmMPazPMM='
