/** @file Tables from files. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { InputError } from '@ascribe/core'
import { readBytes } from '@ascribe/core/node'
import { readTable, type Table, type TableOptions } from './table.js'

/** Reads a CSV file. @throws UsageError, InputError naming file, line and column */
export async function openTable(path: string, options: TableOptions = {}): Promise<Table> {
  const bytes = await readBytes(path)
  const table = readTable(decode(bytes, path), path, createHash('sha256').update(bytes).digest('hex'), options)
  return { ...table, name: basename(path) }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new InputError(`${path}: is not text in UTF-8`, { cause })
  }
}
