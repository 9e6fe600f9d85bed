/** @file A shard: a file of JSON lines, one per finished or failed cell. Only added to, never changed. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { InputError } from '@ascribe/core'
import type { JsonValue } from './canonical.js'
import type { ErrorRecord } from './errors.js'
import type { CellIdentity } from './plan.js'

interface RecordBase {
  readonly key: string
  /** Beside the key, so that a shard can be read without the plan it was written for. */
  readonly cell: CellIdentity
  /** From 1, within one run. */
  readonly attempt: number
  readonly milliseconds: number
}

export interface DoneRecord extends RecordBase {
  readonly value: JsonValue
  /** Names of the tensors kept beside the value. */
  readonly maps?: readonly string[]
}

export interface FailedRecord extends RecordBase {
  readonly error: ErrorRecord
}

export type CellRecord = DoneRecord | FailedRecord

export const isDone = (record: CellRecord): record is DoneRecord => 'value' in record

/** The index: what the shards say about each cell. */
export interface CellIndex {
  readonly done: ReadonlyMap<string, DoneRecord>
  /** The last failure of cells that are not done. */
  readonly failed: ReadonlyMap<string, FailedRecord>
  /** What a reader should know: lines cut off, cells with two values. */
  readonly notices: readonly string[]
}

/** First line of every shard. */
export interface ShardHeader {
  readonly format: typeof shardFormat
  readonly study: string
  /** Digest of the plan that was on disk when the shard was begun. */
  readonly plan: string
}

export const shardFormat = 'ascribe-cells-1'

/** What the store needs of a file that is written. */
export interface ShardFile {
  write(bytes: Uint8Array): Promise<void>
  /** Returns when what was written is on the disk. */
  sync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

export async function createShard(path: string): Promise<ShardFile> {
  const file = await open(path, 'ax')
  return {
    write: bytes => file.appendFile(bytes),
    sync: () => file.datasync(),
    truncate: length => file.truncate(length),
    close: () => file.close(),
  }
}

export interface ShardContents {
  readonly records: readonly CellRecord[]
  /** Bytes up to the end of the last whole line. */
  readonly length: number
  /** Bytes after it: a line whose writing was cut off. Its cell was never counted. */
  readonly torn: number
}

/** @throws InputError naming file and line for a line that is whole and yet no record */
export async function readShard(path: string): Promise<ShardContents> {
  const records: CellRecord[] = []
  let pieces: Uint8Array[] = []
  let [line, length, torn] = [0, 0, 0]
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    let rest = chunk as Uint8Array
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const text = Buffer.concat([...pieces, rest.subarray(0, end)])
      const record = parse(text, path, ++line)
      if (record) records.push(record)
      length += text.length + 1
      pieces = []
      torn = 0
      rest = rest.subarray(end + 1)
    }
    pieces.push(rest)
    torn += rest.length
  }
  return { records, length, torn }
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The record of a line; undefined for a header. */
function parse(bytes: Uint8Array, path: string, line: number): CellRecord | undefined {
  const refuse = (why: string, cause?: unknown): never => {
    throw new InputError(
      `${path}, line ${line}: ${why}; put the file back from a copy, or delete this line and its cell is computed again`,
      { cause },
    )
  }
  let record: Partial<DoneRecord & FailedRecord & ShardHeader> | null
  try {
    record = JSON.parse(decoder.decode(bytes))
  } catch (cause) {
    return refuse('the line is damaged', cause)
  }
  if (typeof record !== 'object' || record === null) return refuse('the line is no record of a cell')
  if (record.format !== undefined) {
    if (record.format !== shardFormat)
      throw new InputError(`${path}: format "${record.format}" is unknown here, which reads "${shardFormat}"; update ascribe`)
    return undefined
  }
  const whole = typeof record.key === 'string' && (record.value !== undefined || typeof record.error?.message === 'string')
  return whole ? (record as CellRecord) : refuse('the line is no record of a cell')
}
