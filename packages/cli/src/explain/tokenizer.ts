/** @file Text into token ids, by a model's own tokenizer.json. */
import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { InputError } from '@ascribe/core'
import { readable, spellingOf } from './spelling.js'

/** One token, as the model gets it and as people read it. */
export interface Token {
  readonly id: number
  /** The tokenizer's own spelling: `##ing`, `Ġword`. */
  readonly token: string
  /** As people read it. */
  readonly text: string
  /** Whether a space stands before it. */
  readonly spaced: boolean
  /** True for what the tokenizer adds: [CLS], [SEP], padding. */
  readonly special: boolean
}

export interface Tokenizer {
  /** Ids with special tokens, and which of two sentences each belongs to. */
  readonly encode: (text: string) => { readonly tokens: readonly Token[]; readonly types: readonly number[] }
  /** Words as people read them, by id. */
  readonly vocabulary: readonly (string | undefined)[]
  /** What fills up to a fixed length; undefined where the tokenizer names none. */
  readonly padding: Token | undefined
}

async function json(path: string, needed: boolean): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (!needed && cause.code === 'ENOENT') return '{}'
    throw new InputError(
      cause.code === 'ENOENT'
        ? `${path}: there is no such file; put the model's tokenizer.json of Hugging Face beside it, or name it with --tokenizer`
        : `${path}: cannot be read (${cause.message})`,
      { cause },
    )
  })
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new InputError(`${path}: is no JSON (${(cause as Error).message})`, { cause })
  }
}

/** The spelling of a special token, which files give as text or as an object. */
const contentOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : (value as { content?: string } | undefined)?.content

/**
 * @param path a folder with tokenizer.json (and tokenizer_config.json, where special tokens are named), or that file itself
 * @throws InputError for files that are missing, no JSON, or of a kind that the tokenizer library does not know
 */
export async function readTokenizer(path: string): Promise<Tokenizer> {
  const folder = await stat(path).then(
    found => found.isDirectory(),
    () => !path.endsWith('.json'),
  )
  const file = folder ? join(path, 'tokenizer.json') : path
  const settings = await json(file, true)
  const config = await json(join(dirname(file), 'tokenizer_config.json'), false)
  const { Tokenizer: Implementation } = await import('@huggingface/tokenizers')
  try {
    const tokenizer = new Implementation(settings, config)
    const spelling = spellingOf(settings)
    const marked = spelling === 'bytes' || JSON.stringify(settings).includes('▁')
    const added = (settings['added_tokens'] ?? []) as readonly { readonly id: number; readonly special?: boolean }[]
    const specials = new Set(added.filter(({ special }) => special).map(({ id }) => id))
    const pad = contentOf(config['pad_token']) ?? contentOf((settings['padding'] as { pad_token?: string } | null)?.pad_token)
    const padId = pad === undefined ? undefined : tokenizer.token_to_id(pad)
    const tokenOf = (id: number, token: string): Token => {
      const special = specials.has(id) || id === padId
      return { id, token, ...readable(token, spelling, marked), special }
    }
    const vocabulary: (string | undefined)[] = []
    for (const [token, id] of tokenizer.get_vocab(true)) vocabulary[id] = readable(token, spelling, marked).text
    return {
      vocabulary,
      padding: padId === undefined ? undefined : tokenOf(padId, pad!),
      encode: text => {
        const { ids, tokens, token_type_ids: types } = tokenizer.encode(text, { return_token_type_ids: true })
        return { tokens: ids.map((id: number, i: number) => tokenOf(id, tokens[i]!)), types: types ?? ids.map(() => 0) }
      },
    }
  } catch (cause) {
    throw new InputError(`${basename(file)}: the tokenizer is not understood (${(cause as Error).message})`, { cause })
  }
}
