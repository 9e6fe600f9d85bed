/** @file Every architecture, listed once. */
import { suggestion, UsageError } from '@ascribe/core'
import type { Architecture } from './architecture.js'
import { resnet } from './resnet.js'
import { vit } from './vit.js'

export const architectures: readonly Architecture[] = [resnet, vit]

/** @throws UsageError with a suggestion where there is none */
export function architectureNamed(name: string): Architecture {
  const found = architectures.find(architecture => architecture.name === name)
  if (found) return found
  const names = architectures.map(architecture => architecture.name)
  throw new UsageError(`unknown architecture "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
