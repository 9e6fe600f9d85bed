/** @file Every method has a function of its own, whose options are the method's. */
import { readdirSync, readFileSync } from 'node:fs'
import * as core from '@ascribe/core'
import { describe, expect, it } from 'vitest'

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
const folder = new URL('../src/functions/', import.meta.url)
const source = readdirSync(folder)
  .map(name => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n')

/** Keys of the options interface that the source gives a method's function; none where it has no interface of its own. */
function declaredOptions(name: string): string[] {
  const type = new RegExp(`export const ${camel(name)} = methodFunction(?:<(\\w+)>)?\\('${name}'\\)`).exec(source)
  if (!type) throw new Error(`no function for ${name}`)
  if (!type[1]) return []
  const body = new RegExp(`interface ${type[1]} extends MethodOptions \\{([^}]*)\\}`).exec(source)![1]!
  return [...body.matchAll(/readonly (\w+)\?:/g)].map(match => match[1]!)
}

describe('functions of the methods', () => {
  for (const method of core.methods)
    it(`${camel(method.name)} takes the options of ${method.name}`, () => {
      expect((core as Record<string, unknown>)[camel(method.name)]).toBeTypeOf('function')
      expect(declaredOptions(method.name)).toEqual(Object.keys(method.options))
    })
})
