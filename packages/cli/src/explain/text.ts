/** @file Sentences as inputs: token ids and what else a token model takes, by the names of its inputs. */
import { dirname } from 'node:path'
import { InputError, type Model, type TensorValue, type TensorValues, UniqueNames, UsageError } from '@ascribe/core'
import type { Port } from '@ascribe/onnx'
import type { Flag } from '../command.js'
import type { Item } from './inputs.js'
import { readTokenizer, type Token, type Tokenizer } from './tokenizer.js'
import { parseSpans, type TextView } from './words.js'

export interface TextFlags {
  readonly text?: readonly string[]
  readonly tokenizer?: string
  readonly unit: TextView['unit']
  readonly special: TextView['special']
  readonly spans?: TextView['spans']
}

export const textFlags: readonly Flag[] = [
  { flags: '--text <sentence>', describe: 'a sentence to explain, by the tokenizer of the model; may repeat', repeat: true },
  {
    flags: '--tokenizer <path>',
    describe: "tokenizer.json of Hugging Face, or its folder (default: the model's folder)",
  },
  { flags: '--unit <unit>', describe: 'what pictures of a text show values of', choices: ['tokens', 'words'], default: 'tokens' },
  {
    flags: '--special <what>',
    describe: 'special tokens ([CLS], padding) in pictures and among the words',
    choices: ['keep', 'skip'],
    default: 'keep',
  },
  { flags: '--spans <ranges>', describe: 'words that count as one, by their numbers: 1-3,5-6', parse: parseSpans },
]

interface Encoded {
  readonly tokens: readonly Token[]
  readonly types: readonly number[]
  /** Tokens that are no padding. */
  readonly used: number
}

/** What an input of a token model holds, by the words in its name; the first that fits. */
const roles: readonly (readonly [RegExp, (encoded: Encoded, position: number) => number])[] = [
  [/mask/i, ({ used }, i) => Number(i < used)],
  [/type|segment/i, ({ types }, i) => types[i] ?? 0],
  [/position/i, (_, i) => i],
  [/ids|token|input|word/i, ({ tokens }, i) => tokens[i]!.id],
]

/** Fills up to the length that the model takes. */
function padded({ tokens, types }: Omit<Encoded, 'used'>, ports: readonly Port[], tokenizer: Tokenizer): Encoded {
  const used = tokens.length
  const fixed = ports.map(({ type }) => type.shape?.[1]).find(dim => typeof dim === 'number')
  if (fixed === undefined || fixed === used) return { tokens, types, used }
  if (fixed < used) throw new InputError(`the text has ${used} tokens, and the model takes ${fixed}; shorten it`)
  const { padding } = tokenizer
  if (!padding)
    throw new InputError(`the model takes ${fixed} tokens, the text has ${used}, and tokenizer_config.json names no pad_token`)
  return { tokens: [...tokens, ...Array<Token>(fixed - used).fill(padding)], types, used }
}

function tensorOf(dtype: string, values: readonly number[], name: string): TensorValue {
  const dims = [1, values.length]
  if (dtype === 'int64') return { dtype, dims, data: BigInt64Array.from(values.map(BigInt)) }
  if (dtype === 'int32') return { dtype, dims, data: Int32Array.from(values) }
  if (dtype === 'float32') return { dtype, dims, data: Float32Array.from(values) }
  throw new InputError(`the model's input "${name}" holds ${dtype}, which no text gives; pass an .npz of all inputs`)
}

/** The inputs of a model for one text. */
function rowOf(model: Model, encoded: Encoded): TensorValues {
  const ports = model.graph.inputs
  return Object.fromEntries(
    ports.map(({ name, type }) => {
      const role = ports.length === 1 ? roles.at(-1) : roles.find(([pattern]) => pattern.test(name))
      if (!role || (type.shape && type.shape.length !== 2))
        throw new InputError(`what a text gives for the model's input "${name}" is not known; pass an .npz of all inputs`)
      return [
        name,
        tensorOf(
          type.dtype,
          encoded.tokens.map((_, i) => role[1](encoded, i)),
          name,
        ),
      ]
    }),
  )
}

/**
 * Where a model of texts is explained: the tensors asked for, else the output of its embedding.
 * @throws UsageError for a model without one
 */
export function textAt(model: Model, at: readonly string[] | undefined): readonly string[] {
  if (at) return at
  if (model.embedding === undefined)
    throw new UsageError('no embedding of token ids is found in the model; pass --at TENSOR with a float tensor inside it')
  return [model.embedding]
}

/** One item per sentence. */
export async function textItems(model: Model, modelPath: string, flags: TextFlags): Promise<Item[]> {
  const tokenizer = await readTokenizer(flags.tokenizer ?? dirname(modelPath))
  const names = new UniqueNames()
  return (flags.text ?? []).map(text => ({
    name: names.take('text'),
    file: text,
    load: async () => {
      const encoded = padded(tokenizer.encode(text), model.graph.inputs, tokenizer)
      if (encoded.used === 0) throw new InputError('the text has no tokens')
      return { row: rowOf(model, encoded), tokens: encoded.tokens, vocabulary: tokenizer.vocabulary }
    },
  }))
}
