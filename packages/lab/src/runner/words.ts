/** @file Counts and durations as people read them. */

/** `1,204 cells`, `1 cell`; the number alone without a noun. */
export const count = (value: number, one = '', many = `${one}s`): string =>
  `${Math.round(value).toLocaleString('en-US')}${one && ` ${Math.round(value) === 1 ? one : many}`}`

/** Seconds in the unit that suits them, from under 1 s to hours. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'under 1 s'
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

/** An expectation: `about 12 min`. */
export const roughly = (seconds: number): string => `${seconds < 1 ? '' : 'about '}${duration(seconds)}`
