/** @file Every form of a target's text, listed once: the command's help and the docs read this list. */
import { box } from './box.js'
import { kl } from './divergence.js'
import { index, value } from './element.js'
import type { TargetForm } from './form.js'
import { mean, sum } from './region.js'
import { token, tokens } from './token.js'

/** Forms by the word before the colon. */
export const targetForms: Readonly<Record<string, TargetForm>> = { mean, sum, box, index, value, token, tokens, kl }

/** Every way to write a target, with what it means, for lists. */
export const targetSyntax: readonly (readonly [syntax: string, summary: string])[] = [
  ['predicted', 'the class with the largest score'],
  ['207, label:tench', 'a class, counted through all of the output'],
  ['207-208', 'one class minus another'],
  ['5/CLASS', 'a class of row 5, the last axis holding the classes (nodes, tokens)'],
  ...Object.values(targetForms).map(({ syntax, summary }) => [syntax, summary] as const),
  ['softmax:..., log-softmax:..., log-odds:...', 'before any of these: its probability, log probability or log odds'],
  ['...,axis=K', 'after mean, sum or box: the axis that counts the classes, where it cannot be told'],
]
