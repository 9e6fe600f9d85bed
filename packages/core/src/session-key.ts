/** @file Names of the sessions a model keeps: graphs that are equal have equal keys, whoever makes them. */

/** Key of a program for this many rows, of these tensors and dimensions. */
export const sessionKey = (
  program: string,
  rows: number,
  at: readonly string[],
  dims: Readonly<Record<string, readonly number[]>>,
  bound = '',
): string => JSON.stringify([program, rows, at, Object.entries(dims).sort(([a], [b]) => (a < b ? -1 : 1)), bound])

/** Program part of the key of `valuesProgram`. */
export const valuesKey = (names: readonly string[]): string => `values ${JSON.stringify(names)}`
