/** @file A graph by name: a generated one, or a folder with one in files. */
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InputError, suggestion, UsageError } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import { readContentGraph, readCsvGraph } from './citation.js'
import { generatedGraphs } from './generated.js'
import type { NodeGraph } from './node-graph.js'
import { planetoidParts, readPlanetoid } from './planetoid.js'

export interface OpenGraphOptions {
  readonly seed: number
  /** Size of generated graphs; 1 is that in the literature. */
  readonly scale?: number
}

/**
 * `ba-shapes`, `ba-community`, `tree-cycles`, `tree-grid`, or a folder with nodes.csv and edges.csv, with NAME.content and NAME.cites, or
 * with the Planetoid files ind.NAME.*.
 * @throws UsageError where it is neither, InputError for files that cannot be read
 */
export async function openGraph(text: string, { seed, scale = 1 }: OpenGraphOptions): Promise<NodeGraph> {
  if (Object.hasOwn(generatedGraphs, text)) return generatedGraphs[text]!(seed, scale)
  const files = await readdir(text).catch(() => undefined)
  const names = Object.keys(generatedGraphs)
  if (!files)
    throw new UsageError(
      `there is no graph "${text}"${suggestion(text, names)}: name ${names.join(', ')}, or a folder with nodes.csv and edges.csv, NAME.content and NAME.cites, or the Planetoid files ind.NAME.*`,
    )
  const name = basename(resolve(text))
  const read = async (file: string): Promise<string> => new TextDecoder().decode(await readBytes(join(text, file)))
  if (files.includes('nodes.csv') && files.includes('edges.csv'))
    return readCsvGraph(name, await read('nodes.csv'), await read('edges.csv'))
  const stem = files
    .find(file => file.endsWith('.content') && files.includes(file.replace(/content$/, 'cites')))
    ?.replace(/\.content$/, '')
  if (stem !== undefined) return readContentGraph(stem, await read(`${stem}.content`), await read(`${stem}.cites`), seed)
  const planetoid = files.map(file => /^ind\.(.+)\.graph$/.exec(file)?.[1]).find(found => found !== undefined)
  if (planetoid !== undefined) {
    const missing = planetoidParts.find(part => !files.includes(`ind.${planetoid}.${part}`))
    if (missing !== undefined)
      throw new InputError(`${text}: ind.${planetoid}.${missing} is missing beside ind.${planetoid}.graph`)
    const parts = await Promise.all(
      planetoidParts.map(async part => [part, await readBytes(join(text, `ind.${planetoid}.${part}`))] as const),
    )
    return readPlanetoid(planetoid, Object.fromEntries(parts) as Parameters<typeof readPlanetoid>[1])
  }
  throw new InputError(
    `${text}: neither nodes.csv with edges.csv, nor NAME.content with NAME.cites, nor the files ind.NAME.* are there`,
  )
}
