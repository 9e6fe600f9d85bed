/** @file Names with options on the command line: `resnet:width=32,blocks=2`. */
import { UsageError } from '@ascribe/core'

/** @throws UsageError where the text has another form */
export function parseSpec(text: string): { readonly name: string; readonly options: Readonly<Record<string, string>> } {
  const colon = text.indexOf(':')
  if (colon < 0) return { name: text.trim(), options: {} }
  const options: Record<string, string> = {}
  for (const part of text.slice(colon + 1).split(',')) {
    const equals = part.indexOf('=')
    if (equals < 1) throw new UsageError(`"${text}": options are written NAME:option=value,option=value`)
    const option = part.slice(0, equals).trim()
    if (Object.hasOwn(options, option)) throw new UsageError(`"${text}": option "${option}" is given twice`)
    options[option] = part.slice(equals + 1).trim()
  }
  return { name: text.slice(0, colon).trim(), options }
}
