/** @file plan.json: the plan on disk before the first cell is run, and what changed since the last one. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '@ascribe/core/node'
import { canonicalJson } from './canonical.js'
import { costOf, type Plan } from './plan.js'
import { count } from './words.js'

const fileName = 'plan.json'

interface StoredPlan {
  readonly digest: string
  readonly keys: ReadonlySet<string>
}

/** One cell per line. */
function textOf({ study, version, digest, protocol, cells }: Plan): string {
  const head = canonicalJson({ study, version, digest, protocol, cost: costOf(cells), count: cells.length })
  const lines = cells.map(({ key, identity }) => `\n${canonicalJson({ key, ...identity })}`)
  return `${head.slice(0, -1)},"cells":[${lines.join(',')}\n]}\n`
}

async function readPlan(path: string): Promise<StoredPlan | 'absent' | 'unreadable'> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unreadable'
  }
  try {
    const { digest, cells } = JSON.parse(text)
    if (typeof digest !== 'string') return 'unreadable'
    return { digest, keys: new Set(cells.map((cell: { key: string }) => cell.key)) }
  } catch {
    return 'unreadable'
  }
}

/**
 * Writes plan.json where it differs from the one there is.
 *
 * @returns what changed since the last plan of this folder, in words; undefined where there was none or nothing changed
 * @throws OutputError where it cannot be written
 */
export async function recordPlan(folder: string, plan: Plan): Promise<string | undefined> {
  const path = join(folder, fileName)
  const earlier = await readPlan(path)
  if (typeof earlier === 'object' && earlier.digest === plan.digest) return undefined
  await writeFileAtomic(path, textOf(plan))
  if (earlier === 'absent') return undefined
  if (earlier === 'unreadable') return `${path} could not be read and was written anew; finished cells are found by their keys`
  const kept = plan.cells.filter(({ key }) => earlier.keys.has(key)).length
  const [added, dropped] = [plan.cells.length - kept, earlier.keys.size - kept]
  const digests = `${earlier.digest.slice(0, 8)} to ${plan.digest.slice(0, 8)}`
  return (
    `the plan changed since the last run here (${digests}): ${count(kept, 'cell')} as before, ${count(added)} new, ` +
    `${count(dropped)} no longer asked for; finished cells are used again`
  )
}
