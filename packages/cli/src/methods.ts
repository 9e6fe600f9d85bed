/** @file Methods as asked for on the command line: `NAME:key=value,...`. */
import { basename } from 'node:path'
import {
  InputError,
  type Method,
  methodNamed,
  type OptionSpec,
  optionSpecs,
  resolveOptions,
  type TensorValue,
  UniqueNames,
  UsageError,
} from '@ascribe/core'
import { isTensorFile, readTensorFile } from '@ascribe/core/node'

/** A method with its options. */
export interface MethodRequest {
  readonly method: Method
  /** Unique among the requests: part of file names. */
  readonly label: string
  /** Ready for `explain`: text, and tensors where a baseline or labels came from a file. */
  readonly options: Readonly<Record<string, unknown>>
  /** Names of files that options were read from, by option. */
  readonly files: Readonly<Record<string, string>>
}

/**
 * Splits `occlusion:window=16,16,stride=8` into the name and its options; a part without `=` belongs to the value before it.
 * @throws UsageError where the text has another form
 */
export function parseMethod(text: string, flag = '-m'): { name: string; options: Record<string, string> } {
  const colon = text.indexOf(':')
  const name = colon < 0 ? text : text.slice(0, colon)
  const options: Record<string, string> = {}
  let last: string | undefined
  for (const part of colon < 0 ? [] : text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=')
    if (equals > 0) {
      last = part.slice(0, equals).trim()
      if (Object.hasOwn(options, last)) throw new UsageError(`${flag} ${text}: option "${last}" is given twice`)
      options[last] = part.slice(equals + 1).trim()
    } else if (last !== undefined) options[last] += `,${part.trim()}`
    else throw new UsageError(`${flag} ${text}: options are written name=value, with commas between them`)
  }
  return { name: name.trim(), options }
}

/**
 * Checks every method and option before anything runs, and reads baselines and label maps from their files.
 * @throws UsageError, InputError
 */
export async function methodRequests(texts: readonly string[]): Promise<MethodRequest[]> {
  const names = new UniqueNames()
  const requests: MethodRequest[] = []
  for (const text of texts) {
    const { name, options } = parseMethod(text)
    const method = methodNamed(name)
    const specs = optionSpecs(method, options)
    const [values, files]: [Record<string, unknown>, Record<string, string>] = [{ ...options }, {}]
    for (const [key, value] of Object.entries(options)) {
      const read = specs[key] && fileReaders[specs[key].kind]
      const path = value.replace(/^@/, '')
      if (!read || !isTensorFile(path)) continue
      values[key] = await read(path)
      files[key] = basename(path)
    }
    resolveOptions(method, values)
    requests.push({ method, label: names.take(method.name), options: values, files })
  }
  return requests
}

type Tensors = TensorValue | Readonly<Record<string, TensorValue>>

/** Kinds of options whose values may lie in a tensor file: `labels.npy` or `@labels.npy`. */
const fileReaders: Readonly<Partial<Record<OptionSpec['kind'], (path: string) => Promise<Tensors>>>> = {
  baseline: baselineFile,
  segments: async path => {
    const file = await readTensorFile(path)
    return file.kind === 'tensor' ? file.value : file.values
  },
}

async function baselineFile(path: string): Promise<Tensors> {
  const file = await readTensorFile(path)
  const values = file.kind === 'tensor' ? [file.value] : Object.values(file.values)
  const wrong = values.find(({ dtype }) => dtype !== 'float32')
  if (wrong) throw new InputError(`${path}: a baseline must hold float32, this file holds ${wrong.dtype}`)
  return file.kind === 'tensor' ? file.value : file.values
}

/** Options as a record shows them: file names in place of tensors, nothing where a text is empty. */
export function shownOptions(options: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>>) {
  const shown: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(options)) {
    const file = files[name]
    if (file !== undefined) shown[name] = file
    else if (value !== '') shown[name] = value as string | number | boolean
  }
  return shown
}
