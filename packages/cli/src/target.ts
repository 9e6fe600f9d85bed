/** @file Targets as asked for on the command line: masks and target graphs come from files. */
import { basename } from 'node:path'
import { graphTarget, InputError, type Target, targetSyntax } from '@ascribe/core'
import { readTensorFile } from '@ascribe/core/node'
import { readModelFile } from '@ascribe/onnx/node'

/** `mean:15@mask.npy`, also with settings after it. */
const maskFile = /^(.*@)([^@]+\.npy)((?:,[a-z]+=-?\d+)*)$/i
const graphFile = /\.onnx$/i

/**
 * A target with the file that its text names: a mask in a region's place, or an .onnx graph of the model's outputs.
 * @throws InputError for a file that cannot be read, OnnxError for a bad graph
 */
export async function readTarget(text: string): Promise<Target> {
  if (graphFile.test(text)) return graphTarget(readModelFile(text), basename(text))
  const mask = maskFile.exec(text)
  if (!mask) return text
  const file = await readTensorFile(mask[2]!)
  if (file.kind !== 'tensor') throw new InputError(`${mask[2]}: a mask is one array, as .npy`)
  return { text: `${mask[1]}mask${mask[3]}`, mask: file.value }
}

/** The text as records show it: without the folder of a file. */
export function shownTarget(text: string): string {
  const mask = maskFile.exec(text)
  if (mask) return `${mask[1]}${basename(mask[2]!)}${mask[3]}`
  return graphFile.test(text) ? basename(text) : text
}

/** Every way to write a target, for help. */
export const targetHelp: readonly (readonly [string, string])[] = [
  ...targetSyntax,
  ['mean:CLASS@MASK.npy', 'a mask from a file: one weight per place of the output'],
  ['FILE.onnx', 'any function: a graph from outputs of the model, by their names, to one number'],
]
