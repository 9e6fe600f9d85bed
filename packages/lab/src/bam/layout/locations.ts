/** @file Location files: one line per picture with an object, `name row_min,column_min,row_max,column_max`. */
import { InputError } from '@ascribe/core'
import type { Box } from '../source.js'

export const formatBox = ({ rowMin, columnMin, rowMax, columnMax }: Box): string =>
  [rowMin, columnMin, rowMax, columnMax].join(',')

/** Lines `name rest`, split at the last space. @throws InputError naming the line */
export function parseLines(text: string, path: string): { name: string; rest: string }[] {
  const lines = text.split(/\r?\n/)
  while (lines.at(-1) === '') lines.pop()
  return lines.map((line, i) => {
    const at = line.lastIndexOf(' ')
    if (at <= 0) throw new InputError(`${path}, line ${i + 1}: '${line.slice(0, 60)}' is not a name and a value`)
    return { name: line.slice(0, at), rest: line.slice(at + 1) }
  })
}

/** @throws InputError naming the line where it is no box within size x size pixels */
export function parseLocations(text: string, path: string, size: number): Map<string, Box> {
  return new Map(
    parseLines(text, path).map(({ name, rest }, i) => {
      const numbers = /^\d+,\d+,\d+,\d+$/.test(rest) ? rest.split(',').map(Number) : []
      const [rowMin = 0, columnMin = 0, rowMax = 0, columnMax = 0] = numbers
      if (rowMin >= rowMax || columnMin >= columnMax || rowMax > size || columnMax > size)
        throw new InputError(`${path}, line ${i + 1}: '${rest}' is no box within ${size} x ${size} pixels`)
      return [name, { rowMin, columnMin, rowMax, columnMax }]
    }),
  )
}
