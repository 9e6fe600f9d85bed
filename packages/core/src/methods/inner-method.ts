/** @file The method that another one wraps, with the options it is given as OPTION.NAME. */
import { innerOptions, type Method, type Options, resolveOptions } from './method.js'

/** @throws UsageError for an unknown method or option of it */
export function innerMethod(wrapper: Method, options: Options): { method: Method; options: Options } {
  const { option, methodNamed, defaults = {} } = wrapper.wraps!
  const method = methodNamed(options[option])
  const own = Object.entries(defaults).filter(([name]) => name in method.options)
  return { method, options: resolveOptions(method, { ...Object.fromEntries(own), ...innerOptions(wrapper, options) }) }
}

/** Settled options of the wrapped method, by the names that the wrapper gives them. */
export const settledInside = (settled: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settled ?? {}).map(([name, value]) => [`of.${name}`, value]))
