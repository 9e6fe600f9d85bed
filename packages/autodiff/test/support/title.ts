/** @file A readable title for a gradient case. */
import type { Given, GradientCase } from './check.js'

const given = (input: Given): string => (input === '' ? '-' : JSON.stringify('dims' in input ? input.dims : input))

export const title = (test: GradientCase): string =>
  [test.operator, test.inputs.map(given).join(' '), JSON.stringify(test.attributes ?? {}), test.note ?? '']
    .filter(Boolean)
    .join(' ')
