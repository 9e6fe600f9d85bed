/** @file One run at a time in a folder; what a killed run left behind is taken over. */
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { OutputError, UsageError } from '@ascribe/core'
import { outputProblem } from '@ascribe/core/node'

interface Owner {
  readonly token: string
  readonly pid: number
  readonly host: string
  /** When the process began, in the system's own count: process ids are used again. */
  readonly born: string | null
}

export interface FolderLock {
  release(): Promise<void>
}

const fileName = 'run.lock'

/** A live run shows itself this often, in milliseconds; seen from another machine it is over after so many without a sign. */
const [beat, silence] = [5_000, 60_000]

/** A lock whose text is not there yet is being written, unless it is this old (milliseconds). */
const writing = 5_000

/** Start of a running process; null where the system does not say, undefined where the process is over. */
async function bornOf(pid: number): Promise<string | null | undefined> {
  try {
    process.kill(pid, 0)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return undefined
  }
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The name, in parentheses, may hold anything; after it come the state and, as the 20th field, the start.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ')
  if (fields?.[0] === 'Z') return undefined
  return fields?.[19] ?? null
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text)
    return typeof owner?.token === 'string' && typeof owner.pid === 'number' ? owner : undefined
  } catch {
    return undefined
  }
}

async function isOver(owner: Owner | undefined, age: number): Promise<boolean> {
  if (!owner) return age > writing
  if (owner.host !== hostname()) return age > silence
  const born = await bornOf(owner.pid)
  return born === undefined || (born !== null && owner.born !== null && born !== owner.born)
}

/**
 * Takes the folder for this run.
 *
 * @throws UsageError where another run holds it
 * @throws OutputError where the lock cannot be written
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, fileName)
  const own: Owner = { token: randomUUID(), pid: process.pid, host: hostname(), born: (await bornOf(process.pid)) ?? null }
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await writeFile(path, `${JSON.stringify(own)}\n`, { flag: 'wx' })
      return hold(path, own)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        await rm(path, { force: true }).catch(() => {})
        throw new OutputError(`${path} could not be written: ${outputProblem(cause)}`, { cause })
      }
    }
    const text = await readFile(path, 'utf8').catch(() => undefined)
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => undefined,
    )
    if (text === undefined || age === undefined) continue
    const owner = parseOwner(text)
    if (!(await isOver(owner, age))) {
      const who = owner ? `process ${owner.pid}${owner.host === own.host ? '' : ` on ${owner.host}`}` : 'another process'
      throw new UsageError(`${folder} is in use by ${who}; wait for it, stop it, or use another folder (${path} is its lock)`)
    }
    await clear(path, text)
  }
  throw new UsageError(`${path} keeps changing: several runs want this folder; start one of them`)
}

/** Removes a lock of this text; one that another run has taken in between is put back. */
async function clear(path: string, text: string): Promise<void> {
  const aside = join(dirname(path), `.${fileName}.${randomUUID().slice(0, 8)}.part`)
  await rename(path, aside).catch(() => {})
  const found = await readFile(aside, 'utf8').catch(() => undefined)
  if (found !== undefined && found !== text) await rename(aside, path).catch(() => {})
  await rm(aside, { force: true }).catch(() => {})
}

function hold(path: string, own: Owner): FolderLock {
  const timer = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, beat)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      const text = await readFile(path, 'utf8').catch(() => '')
      if (parseOwner(text)?.token === own.token) await rm(path, { force: true })
    },
  }
}
