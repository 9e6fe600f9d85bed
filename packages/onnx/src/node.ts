/** @file Reading a model file in Node, with its external data read when needed and never from outside the model's folder. */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'
import { ExternalDataError, MalformedModelError, OnnxError } from './errors.js'
import type { Graph } from './graph.js'
import { type ReadOptions, readModel } from './read.js'

export type ReadFileOptions = Omit<ReadOptions, 'location' | 'external'>

/** One read call takes at most this many bytes; the system refuses more than 2 GiB. */
const chunk = 2 ** 30
const lfsPointer = 'version https://git-lfs'

/**
 * Reads a model file into normal form (see `readModel`). Embedded weights are views on one buffer; external ones are read from
 * their file when first asked for. Each carries its origin, whose location is relative to the model's folder.
 * @throws MalformedModelError where the file cannot be read or is no model; ExternalDataError where external data is missing,
 * too short, or outside the model's folder (symbolic links followed)
 */
export function readModelFile(path: string, options: ReadFileOptions = {}): Graph {
  let bytes: Uint8Array
  try {
    bytes = readPart(path, 0, undefined)
  } catch (error) {
    throw new MalformedModelError(`cannot read the model "${path}": ${reason(error)}`, { cause: error })
  }
  if (bytes.length < 1024 && new TextDecoder().decode(bytes.subarray(0, lfsPointer.length)) === lfsPointer)
    throw new MalformedModelError(`"${path}" is a Git LFS pointer, not the model itself; fetch it with "git lfs pull"`)
  // A model cache keeps links to files of one store folder, so what the model itself links to counts as its folder too.
  const folders = [realpathSync(dirname(path)), dirname(realpathSync(path))]
  try {
    return readModel(bytes, { ...options, location: basename(path), external: externalReader(dirname(path), folders) })
  } catch (error) {
    if (error instanceof OnnxError) Object.assign(error, { message: `${basename(path)}: ${error.message}` })
    throw error
  }
}

function externalReader(folder: string, allowed: readonly string[]): NonNullable<ReadOptions['external']> {
  return (location, offset, length) => {
    const path = join(folder, location)
    try {
      const real = realpathSync(path)
      if (!allowed.some(root => isInside(root, real)))
        throw new ExternalDataError(`external data "${location}" is a link that leaves the model's folder; refused`)
      return readPart(real, offset, length)
    } catch (error) {
      if (error instanceof OnnxError) throw error
      throw new ExternalDataError(`cannot read the external data file "${location}" in the model's folder: ${reason(error)}`, {
        cause: error,
      })
    }
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !/^[a-zA-Z]:/.test(way)
}

/** Bytes of a file from `offset`; fewer than `length` where the file ends before. */
function readPart(path: string, offset: number, length: number | undefined): Uint8Array {
  // Asked before opening: a pipe would wait for its writer.
  if (!statSync(path).isFile()) throw new Error('it is not a file')
  const file = openSync(path, 'r')
  try {
    const stat = fstatSync(file)
    const available = Math.max(0, stat.size - offset)
    const bytes = new Uint8Array(Math.min(length ?? available, available))
    let done = 0
    while (done < bytes.length) {
      const count = readSync(file, bytes, done, Math.min(chunk, bytes.length - done), offset + done)
      if (count === 0) break
      done += count
    }
    return done === bytes.length ? bytes : bytes.subarray(0, done)
  } finally {
    closeSync(file)
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
  EISDIR: 'it is a folder',
  ELOOP: 'its links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
}

function reason(error: unknown): string {
  const code = (error as { code?: string } | null)?.code
  return (code && reasons[code]) || (error instanceof Error ? error.message : String(error))
}
