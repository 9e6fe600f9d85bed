/** @file Canonical JSON: one text for one value, so that its hash can be a key. */
import { InputError } from '@ascribe/core'

/** What a cell may be described by and what it may give back. A member that is undefined counts as absent. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

/** Deeper values are taken for circular ones. */
const deepest = 64

/**
 * JSON without spaces, members sorted by the UTF-16 code units of their names, numbers as ECMAScript writes them, -0 as 0: the form of
 * RFC 8785 (JSON Canonicalization Scheme).
 *
 * @param name what to call the value in errors
 * @throws InputError for what JSON cannot hold: NaN, infinities, undefined elements, functions, class instances
 */
export function canonicalJson(value: unknown, name = 'value'): string {
  const write = (part: unknown, path: string, depth: number): string => {
    const refuse = (what: string): never => {
      throw new InputError(`${path}: ${what} is no JSON value; use null for a value that does not exist`)
    }
    if (depth > deepest) return refuse(`nesting of more than ${deepest} levels`)
    if (part === null || typeof part === 'boolean') return String(part)
    if (typeof part === 'number') return Number.isFinite(part) ? JSON.stringify(part) : refuse(String(part))
    if (typeof part === 'string') return JSON.stringify(part)
    if (typeof part !== 'object') return refuse(typeof part)
    if (Array.isArray(part))
      return `[${Array.from(part, (item, index) => write(item, `${path}[${index}]`, depth + 1)).join(',')}]`
    const prototype = Object.getPrototypeOf(part)
    if (prototype !== null && prototype !== Object.prototype) return refuse(prototype.constructor?.name ?? 'an object of a class')
    const members = Object.entries(part)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member, `${path}.${key}`, depth + 1)}`).join(',')}}`
  }
  return write(value, name, 0)
}
