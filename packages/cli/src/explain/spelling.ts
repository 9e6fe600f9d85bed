/** @file Tokens as people read them: byte-level and sentence-piece spellings are undone, continuations lose their mark. */

/** How a tokenizer spells: bytes as letters, `▁` for a space, or `##` before a continuation. */
export type Spelling = 'bytes' | 'pieces'

export interface Readable {
  /** Without spaces around it; the tokenizer's own spelling where nothing else is left. */
  readonly text: string
  /** Whether a space stands before it. */
  readonly spaced: boolean
}

/** The letter that stands for each byte: printable ones for themselves, the others counted from U+0100 in order. */
const byteOf: ReadonlyMap<string, number> = (() => {
  const letters = new Map<string, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    letters.set(String.fromCodePoint(printable ? byte : next++), byte)
  }
  return letters
})()

function fromBytes(token: string): string {
  const bytes = Array.from(token, letter => byteOf.get(letter))
  return bytes.includes(undefined) ? token : new TextDecoder().decode(Uint8Array.from(bytes as number[]))
}

/** How the tokenizer of a tokenizer.json spells. */
export const spellingOf = (settings: Record<string, unknown>): Spelling =>
  ['pre_tokenizer', 'decoder'].some(part => JSON.stringify(settings[part] ?? null).includes('"ByteLevel"')) ? 'bytes' : 'pieces'

/** @param marked whether the tokenizer marks the tokens that begin a word, and not those that go on */
export function readable(token: string, spelling: Spelling, marked: boolean): Readable {
  const plain = spelling === 'bytes' ? fromBytes(token) : token.replaceAll('▁', ' ').replace(/^##/, '')
  const spaced = marked ? /^\s/.test(plain) : !token.startsWith('##')
  return { text: plain.trim() === '' ? token : plain.trim(), spaced }
}
