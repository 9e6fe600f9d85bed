/** @file Which pictures stand for all of them where only some are run. */
import type { Scored } from '../result.js'

/**
 * The pictures in an order whose beginning comes from as many sources as there are: one of each source, another one from source to
 * source, then a second of each, and so on. Pictures of one source say less together than as many of different ones.
 */
export function spread(scored: readonly Scored[]): Scored[] {
  const groups = new Map<string, Scored[]>()
  for (const one of scored) {
    const own = groups.get(one.item.source)
    if (own) own.push(one)
    else groups.set(one.item.source, [one])
  }
  const list = [...groups.values()]
  const most = Math.max(0, ...list.map(({ length }) => length))
  return Array.from({ length: most }, (_, round) =>
    list.flatMap((own, g) => (round < own.length ? [own[(round + g) % own.length]!] : [])),
  ).flat()
}
