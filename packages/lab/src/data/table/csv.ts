/** @file Comma-separated values (RFC 4180) as cells with the line that each record starts on. */
import { InputError } from '@ascribe/core'

export interface CsvRecord {
  /** Line of the file, counted from 1. */
  readonly line: number
  /** Without blanks around them, unless they were quoted. */
  readonly cells: readonly string[]
}

/**
 * Records of a text; empty lines are left out. Cells may be quoted, with "" for a quote inside, and then hold separators and line breaks.
 * @throws InputError naming the line where a quote is not closed or text follows one that is
 */
export function parseCsv(text: string, separator: string, name: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let [at, line] = [text.charCodeAt(0) === 0xfeff ? 1 : 0, 1]
  let [cells, first]: [string[], number] = [[], line]
  const endRecord = (): void => {
    if (cells.length > 1 || cells[0] !== '') records.push({ line: first, cells })
    cells = []
  }
  while (at < text.length) {
    if (cells.length === 0) first = line
    const start = skipBlanks(text, at, separator)
    const cell = text.charCodeAt(start) === quote ? quoted(text, start, line, name) : plain(text, at, separator)
    cells.push(cell.value)
    line += cell.lines
    at = skipBlanks(text, cell.end, separator)
    if (at >= text.length) break
    if (text.startsWith(separator, at)) {
      at += separator.length
      // A separator at the very end leaves one more, empty cell.
      if (at >= text.length) cells.push('')
      continue
    }
    const long = text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === 10
    if (!long && text.charCodeAt(at) !== 10 && text.charCodeAt(at) !== 13)
      throw new InputError(`${name}, line ${line}: text follows a closed quote; write "" for a quote inside a quoted cell`)
    at += long ? 2 : 1
    line++
    endRecord()
  }
  if (cells.length > 0) endRecord()
  return records
}

const quote = 34

interface Cell {
  readonly value: string
  readonly end: number
  /** Line breaks inside. */
  readonly lines: number
}

/** Over spaces and tabs, but not over the separator. */
function skipBlanks(text: string, from: number, separator: string): number {
  let at = from
  while ((text[at] === ' ' || text[at] === '\t') && text[at] !== separator) at++
  return at
}

function plain(text: string, from: number, separator: string): Cell {
  let end = from
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r' && !text.startsWith(separator, end)) end++
  return { value: text.slice(from, end).trim(), end, lines: 0 }
}

function quoted(text: string, from: number, line: number, name: string): Cell {
  let [value, at] = ['', from + 1]
  for (;;) {
    const close = text.indexOf('"', at)
    if (close < 0) throw new InputError(`${name}, line ${line}: a quote is not closed`)
    value += text.slice(at, close)
    if (text.charCodeAt(close + 1) !== quote) return { value, end: close + 1, lines: value.split('\n').length - 1 }
    value += '"'
    at = close + 2
  }
}
