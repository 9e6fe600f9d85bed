/** @file Every architecture, listed once. */
import { suggestion, UsageError } from '@ascribe/core'
import type { Architecture } from './architecture.js'
import { cnn } from './cnn.js'
import { convnext } from './convnext.js'
import { gat } from './gat.js'
import { gcn } from './gcn.js'
import { mixer } from './mixer.js'
import { mlp } from './mlp.js'
import { mobilenet } from './mobilenet.js'
import { resnet } from './resnet.js'
import { sage } from './sage.js'
import { vit } from './vit.js'

export const architectures: readonly Architecture[] = [cnn, resnet, mobilenet, convnext, vit, mixer, mlp, gcn, gat, sage]

/** @throws UsageError with a suggestion where there is none */
export function architectureNamed(name: string): Architecture {
  const found = architectures.find(architecture => architecture.name === name)
  if (found) return found
  const names = architectures.map(architecture => architecture.name)
  throw new UsageError(`unknown architecture "${name}"${suggestion(name, names)} (there are ${names.join(', ')})`)
}
