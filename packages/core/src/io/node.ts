/** @file Files in Node: pictures through sharp, tensors, labels and preprocessing; output that appears only when whole. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import sharp from 'sharp'
import { InputError, OutputError } from '../errors.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'
import { parsePreprocessorConfig } from './hugging-face.js'
import { type Labels, labelsFromConfig, labelsFromText } from './labels.js'
import { readNpy } from './npy.js'
import { readNpz } from './npz.js'
import type { Pixels } from './pixels.js'
import { fitPicture, pictureToTensor } from './preprocess.js'
import type { Preprocessing } from './preprocessing.js'

const readProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read (permission denied)',
  EPERM: 'may not be read (permission denied)',
  ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GiB',
}

const writeProblems: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  EISDIR: 'a folder of that name is in the way',
  ENOTDIR: 'its folder is a file',
  EEXIST: 'a file of that name is in the way',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENAMETOOLONG: 'the name is too long',
}

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | undefined)?.code ?? ''

/** One line of a library's message. */
const firstLine = (cause: unknown): string =>
  String((cause as Error)?.message ?? cause)
    .split('\n')[0]!
    .trim()

/** Why a file could not be written, in words. */
export const outputProblem = (cause: unknown): string => writeProblems[codeOf(cause)] ?? firstLine(cause)

/**
 * The bytes of a file.
 *
 * @throws InputError naming the file where it cannot be read
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, length } = await readFile(path)
    // A plain view: slice() of Node's own type would share memory instead of copying.
    return new Uint8Array(buffer, byteOffset, length)
  } catch (cause) {
    throw new InputError(`${path}: ${readProblems[codeOf(cause)] ?? `cannot be read (${firstLine(cause)})`}`, { cause })
  }
}

/** Formats that `readPicture` takes, by sharp's names. */
const pictureFormats: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'])

/**
 * Decodes a picture file to 8-bit sRGB: JPEG, PNG, WebP, GIF (first frame), TIFF (first page), AVIF. EXIF orientation is applied,
 * embedded colour profiles are converted, alpha is laid over white, grey is repeated to three channels, 16 bits are reduced to 8.
 *
 * @throws InputError naming the file where it is no picture, damaged, cut short, or of another format
 */
export async function readPicture(path: string): Promise<Pixels> {
  return decodePicture(await readBytes(path), path)
}

/** The same from bytes. @param name what to call them in errors */
export async function decodePicture(bytes: Uint8Array, name = 'picture'): Promise<Pixels> {
  try {
    const image = sharp(bytes, { failOn: 'error' })
    const { format } = await image.metadata()
    if (!pictureFormats.has(format)) throw new InputError(`${name}: ${format} pictures are not read; convert it to PNG or JPEG`)
    const { data, info } = await image
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return {
      width: info.width,
      height: info.height,
      channels: info.channels as 1 | 3,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    }
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    const unknown = /unsupported image format|empty/i.test(firstLine(cause))
    const problem = unknown ? 'not a JPEG, PNG, WebP, GIF, TIFF or AVIF picture' : `the picture is damaged (${firstLine(cause)})`
    throw new InputError(`${name}: ${problem}`, { cause })
  }
}

/** A picture file as the model's tensor, with the 8-bit picture that the tensor shows. */
export async function readModelPicture(
  path: string,
  preprocessing: Preprocessing,
): Promise<{ picture: Pixels; tensor: TensorValue<'float32'> }> {
  const picture = fitPicture(await readPicture(path), preprocessing)
  return { picture, tensor: pictureToTensor(picture, preprocessing) }
}

/** One tensor from a .npy file, or tensors by input name from a .npz file. */
export type TensorFile =
  | { readonly kind: 'tensor'; readonly value: TensorValue }
  | { readonly kind: 'named'; readonly values: TensorValues }

/** True for the names that `readTensorFile` takes. */
export const isTensorFile = (path: string): boolean => /\.np[yz]$/i.test(path)

/**
 * Reads .npy or .npz, told apart by content.
 *
 * @throws InputError naming the file
 */
export async function readTensorFile(path: string): Promise<TensorFile> {
  const bytes = await readBytes(path)
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return { kind: 'named', values: readNpz(bytes, path) }
  return { kind: 'tensor', value: readNpy(bytes, path) }
}

async function readJson(path: string): Promise<unknown> {
  const bytes = await readBytes(path)
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new InputError(`${path}: not JSON (${firstLine(cause)})`, { cause })
  }
}

/** Preprocessing from a preprocessor_config.json. @throws InputError naming the file and the bad key */
export const readPreprocessing = async (path: string): Promise<Preprocessing> =>
  parsePreprocessorConfig(await readJson(path), path)

/** Labels from a config.json (any .json with `id2label`, or a plain list) or a text file with one label per line. */
export async function readLabels(path: string): Promise<Labels | undefined> {
  if (extname(path).toLowerCase() !== '.json') return labelsFromText(new TextDecoder().decode(await readBytes(path)), path)
  const json = await readJson(path)
  return labelsFromConfig(Array.isArray(json) ? { id2label: json } : json, path)
}

/** Temporary files that are being written right now; an interrupted program deletes them. */
const temporaries = new Set<string>()

/** Deletes every temporary file of writes in progress, at once; for the handler of an interruption. */
export function removeTemporaryFiles(): void {
  for (const path of temporaries) {
    try {
      rmSync(path, { force: true })
    } catch {
      // One file that cannot be deleted must not keep the others.
    }
  }
  temporaries.clear()
}

/**
 * Writes a file so that it appears under its name only when whole: to a hidden temporary name in the same folder, flushed to disk,
 * then renamed over `path`. The temporary file is deleted on failure.
 *
 * @throws OutputError naming the file and the cause (no space, no permission, no folder)
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID().slice(0, 8)}.part`)
  temporaries.add(temporary)
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    // Whatever hinders the removal is what hindered the write, which is the error to report.
    await rm(temporary, { force: true }).catch(() => {})
    throw new OutputError(`${path} could not be written: ${outputProblem(cause)}`, { cause })
  } finally {
    temporaries.delete(temporary)
  }
}

/**
 * A folder with its parents, one at a time: Node's own recursive form never returns where the system answers "no such file" for a
 * folder whose parent exists, as it does under /proc.
 */
async function makeFolder(path: string): Promise<void> {
  const known = (place: string) => stat(place).catch(() => undefined)
  if ((await known(path))?.isDirectory()) return
  const parent = dirname(path)
  if (parent !== path && !(await known(parent))) await makeFolder(parent)
  await mkdir(path).catch(async cause => {
    // Another process may have been faster.
    if (!(await known(path))?.isDirectory()) throw cause
  })
}

/**
 * Makes an output folder, with its parents, and makes sure that it can be written to.
 *
 * @throws OutputError before any work is spent, where it cannot
 */
export async function ensureFolder(path: string): Promise<void> {
  const probe = join(path, `.${randomUUID().slice(0, 8)}.part`)
  temporaries.add(probe)
  try {
    await makeFolder(path)
    await (await open(probe, 'wx')).close()
    await rm(probe)
  } catch (cause) {
    const problem = codeOf(cause) === 'EEXIST' ? 'a file of that name is in the way' : outputProblem(cause)
    throw new OutputError(`the folder ${path} cannot be written to: ${problem}`, { cause })
  } finally {
    temporaries.delete(probe)
  }
}
