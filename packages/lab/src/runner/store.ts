/** @file The results of a study on disk: shards in `cells/` as the truth, tensors in `maps/`, and the index rebuilt from the shards. */
import { randomUUID } from 'node:crypto'
import { open, readdir, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, OutputError, readNpy, type TensorValue, writeNpy } from '@ascribe/core'
import { ensureFolder, outputProblem, readBytes, writeFileAtomic } from '@ascribe/core/node'
import { canonicalJson } from './canonical.js'
import { type FolderLock, lockFolder } from './lock.js'
import {
  type CellIndex,
  type CellRecord,
  createShard,
  type DoneRecord,
  type FailedRecord,
  isDone,
  readShard,
  type ShardFile,
  type ShardHeader,
  shardFormat,
} from './shard.js'
import { count } from './words.js'

const cellsIn = (folder: string): string => join(folder, 'cells')
const mapPath = (folder: string, key: string, name: string): string => join(folder, 'maps', `${key}.${name}.npy`)

const listing = (folder: string): Promise<string[]> =>
  readdir(folder).catch(cause => {
    if (cause.code === 'ENOENT') return []
    throw new InputError(`${folder} cannot be read: ${outputProblem(cause)}`, { cause })
  })

/** Shards in the order they were begun in. */
const shardsOf = async (folder: string): Promise<string[]> =>
  (await listing(cellsIn(folder)))
    .filter(name => /^\d+-.*\.jsonl$/.test(name))
    .sort((a, b) => numberOf(a) - numberOf(b) || (a < b ? -1 : 1))

const numberOf = (shard: string): number => Number.parseInt(shard, 10)

/**
 * Reads all shards. Of several values of one cell the first is kept.
 *
 * @param mend cuts off lines that were never whole; only for the run that holds the folder
 * @throws InputError naming file and line where a line inside a shard is damaged
 */
async function buildIndex(folder: string, mend: boolean): Promise<CellIndex> {
  const done = new Map<string, DoneRecord>()
  const failed = new Map<string, FailedRecord>()
  const notices: string[] = []
  const disputed = new Set<string>()
  for (const name of await shardsOf(folder)) {
    const path = join(cellsIn(folder), name)
    const { records, length, torn } = await readShard(path)
    if (torn > 0) {
      notices.push(`${path}: the last line was cut off (${count(torn, 'byte')}) and is left out; its cell is computed again`)
      if (mend) await truncate(path, length)
    }
    for (const record of records) {
      if (!isDone(record)) {
        if (!done.has(record.key)) failed.set(record.key, record)
        continue
      }
      const first = done.get(record.key)
      if (first && canonicalJson(first.value) !== canonicalJson(record.value)) disputed.add(record.key)
      if (!first) done.set(record.key, record)
      failed.delete(record.key)
    }
  }
  if (disputed.size > 0)
    notices.push(
      `${folder}: ${count(disputed.size, 'cell')} with two different values, of which the first is used: the same cell did not give the ` +
        `same value twice (first: ${[...disputed][0]!.slice(0, 12)})`,
    )
  return { done, failed, notices }
}

/** What is in a study's folder, for reports; does not need the folder for itself and changes nothing. */
export const readCells = (folder: string): Promise<CellIndex> => buildIndex(folder, false)

/**
 * A tensor that was kept with a cell.
 *
 * @throws InputError where it is not there
 */
export async function readMap(folder: string, key: string, name: string): Promise<TensorValue> {
  const path = mapPath(folder, key, name)
  return readNpy(await readBytes(path), path)
}

export interface StoreOptions {
  readonly study: string
  /** Digest of the plan. */
  readonly plan: string
  /** How a shard is created; default a file. */
  readonly createShard?: (path: string) => Promise<ShardFile>
}

interface Waiting {
  readonly line: string
  resolve(): void
  reject(error: Error): void
}

/** The folder of a study, held by this run. */
export class CellStore {
  readonly #folder: string
  readonly #options: StoreOptions
  readonly #lock: FolderLock
  #shard: { readonly path: string; readonly file: ShardFile } | undefined
  /** Bytes of the shard that are on the disk. */
  #flushed = 0
  readonly #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #broken: Error | undefined

  private constructor(
    folder: string,
    options: StoreOptions,
    lock: FolderLock,
    readonly index: CellIndex,
  ) {
    this.#folder = folder
    this.#options = options
    this.#lock = lock
  }

  /**
   * Takes the folder, which is made where it is not there, and rebuilds the index.
   *
   * @throws UsageError where another run holds the folder
   * @throws InputError for a damaged shard, OutputError where the folder cannot be written to
   */
  static async open(folder: string, options: StoreOptions): Promise<CellStore> {
    await ensureFolder(folder)
    const lock = await lockFolder(folder)
    try {
      await ensureFolder(cellsIn(folder))
      const maps = join(folder, 'maps')
      await ensureFolder(maps)
      for (const name of await listing(maps)) if (/^\..*\.part$/.test(name)) await rm(join(maps, name), { force: true })
      return new CellStore(folder, options, lock, await buildIndex(folder, true))
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  /**
   * Keeps a record. Returns when it is on the disk; records that come together are flushed together.
   *
   * @throws OutputError where it could not be written: nothing of it counts, and the store takes no more
   */
  append(record: CellRecord): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${canonicalJson(record, 'record')}\n`, resolve, reject })
      this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined))
    })
  }

  /** Keeps tensors of a cell; to be done before its record is. @throws OutputError, InputError for a name that cannot be a file's */
  async writeMaps(key: string, maps: Readonly<Record<string, TensorValue>>): Promise<void> {
    for (const [name, tensor] of Object.entries(maps)) {
      if (!/^[\w-]{1,60}$/.test(name)) throw new InputError(`map "${name}": use letters, digits, - and _ only`)
      await writeFileAtomic(mapPath(this.#folder, key, name), writeNpy(tensor))
    }
  }

  async close(): Promise<void> {
    await this.#flushing
    this.#broken ??= new OutputError(`${this.#folder}: the run is over`)
    await this.#shard?.file.close().catch(() => {})
    await this.#lock.release()
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      try {
        const first = this.#shard === undefined
        const { file } = (this.#shard ??= await this.#begin())
        const { study, plan } = this.#options
        const header: ShardHeader = { format: shardFormat, study, plan }
        const bytes = Buffer.from((first ? `${canonicalJson(header)}\n` : '') + group.map(({ line }) => line).join(''))
        await file.write(bytes)
        await file.sync()
        this.#flushed += bytes.length
        for (const { resolve } of group) resolve()
      } catch (cause) {
        const path = this.#shard?.path ?? cellsIn(this.#folder)
        this.#broken = new OutputError(`${path} could not be written: ${outputProblem(cause)}`, { cause })
        // What could not be flushed must not count at the next start.
        await this.#shard?.file.truncate(this.#flushed).catch(() => {})
        for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(this.#broken)
      }
    }
  }

  async #begin(): Promise<{ path: string; file: ShardFile }> {
    const last = (await shardsOf(this.#folder)).at(-1)
    const number = (last === undefined ? 0 : numberOf(last)) + 1
    const path = join(cellsIn(this.#folder), `${String(number).padStart(5, '0')}-${randomUUID().slice(0, 8)}.jsonl`)
    const file = await (this.#options.createShard ?? createShard)(path)
    await syncFolder(cellsIn(this.#folder))
    return { path, file }
  }
}

/** Makes a new file's name survive a power cut, where the system can: not every one opens folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}
