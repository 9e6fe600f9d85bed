/** @file A method as a function: the model, one row of input, and one options object with the method's options among the common ones. */
import type { Attribution } from '../attribution.js'
import { InputError } from '../errors.js'
import { explain } from '../explain.js'
import type { Model } from '../model.js'
import type { PrepareOptions } from '../prepare.js'
import type { TensorValue, TensorValues } from '../tensor-value.js'

/** What every method takes: target, output, at, signal, onProgress, and the seed of its random choices (default 0). */
export interface MethodOptions extends PrepareOptions {
  readonly seed?: number
}

/** A method to call; the options are those that `ascribe methods NAME` shows, beside the common ones. */
export type MethodFunction<O extends MethodOptions = MethodOptions> = (
  model: Model,
  input: TensorValue | TensorValues,
  options?: O,
) => Promise<Attribution>

const common: readonly (keyof MethodOptions)[] = ['target', 'output', 'at', 'signal', 'onProgress', 'seed']

const isValue = (input: TensorValue | TensorValues): input is TensorValue => ArrayBuffer.isView((input as TensorValue).data)

/** A row of inputs by name; a single tensor goes to the only input. */
function rowOf(model: Model, input: TensorValue | TensorValues): TensorValues {
  if (!isValue(input)) return input
  const names = model.graph.inputs.map(({ name }) => name)
  if (names.length !== 1)
    throw new InputError(`the model has ${names.length} inputs (${names.join(', ')}); give one tensor for each, by name`)
  return { [names[0]!]: input }
}

/**
 * The function that runs one method. Throws what `explain` throws, and InputError where a single tensor is given to a model of
 * several inputs.
 */
export function methodFunction<O extends MethodOptions>(name: string): MethodFunction<O> {
  return async (model, input, options) => {
    const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
    const isCommon = ([key]: [string, unknown]): boolean => (common as readonly string[]).includes(key)
    return explain(model, rowOf(model, input), name, {
      ...(Object.fromEntries(given.filter(isCommon)) as MethodOptions),
      options: Object.fromEntries(given.filter(entry => !isCommon(entry))),
    })
  }
}
