/** @file Words of a text: tokens that belong together, and their values summed. */
import { InputError, UsageError } from '@ascribe/core'
import type { Token } from './tokenizer.js'

/** Tokens `start` to `end` - 1 as one. */
export interface Word {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** How a text is shown: by which units, with or without special tokens, which words as one. */
export interface TextView {
  readonly unit: 'tokens' | 'words'
  readonly special: 'keep' | 'skip'
  /** First and last word of each span. */
  readonly spans: readonly (readonly [number, number])[]
}

/**
 * Spans of words: `1-3,5-6`, numbered from 0, ends included.
 * @throws UsageError for other texts, and spans that overlap or do not ascend
 */
export function parseSpans(text: string): [number, number][] {
  let next = 0
  return text.split(',').map(part => {
    const [, first, last] = /^\s*(\d+)-(\d+)\s*$/.exec(part) ?? []
    const [from, to] = [Number(first), Number(last)]
    if (first === undefined || from < next || to < from)
      throw new UsageError(`--spans must be ranges of words between commas, one behind the other, as in 1-3,5-6, not "${text}"`)
    next = to + 1
    return [from, to]
  })
}

const textOf = (tokens: readonly Token[], start: number, end: number): string =>
  tokens
    .slice(start, end)
    .map(({ text, spaced }, i) => (i > 0 && spaced ? ` ${text}` : text))
    .join('')

/**
 * The words of a text: a token with a space before it begins one, and so does a special token and what follows it. Special tokens are
 * words of their own, or none with `special: skip`; the words of a span are one.
 * @throws InputError where a span reaches beyond the words
 */
export function wordsOf(tokens: readonly Token[], { special, spans }: Pick<TextView, 'special' | 'spans'>): Word[] {
  const starts = tokens.flatMap(({ spaced, special: own }, i) => (i === 0 || spaced || own || tokens[i - 1]!.special ? [i] : []))
  const words = starts
    .map((start, i) => ({ start, end: starts[i + 1] ?? tokens.length }))
    .filter(({ start }) => special === 'keep' || !tokens[start]!.special)
  const beyond = spans.find(([, last]) => last >= words.length)
  if (beyond)
    throw new InputError(
      `span ${beyond.join('-')} reaches beyond the ${words.length} words of the text (0 to ${words.length - 1})`,
    )
  return words.flatMap(({ start, end }, i) => {
    const span = spans.find(([first, last]) => first <= i && i <= last)
    if (span && span[0] !== i) return []
    const until = span ? words[span[1]]!.end : end
    return [{ text: textOf(tokens, start, until), start, end: until }]
  })
}

/** The sum over the tokens of each word. */
export const wordValues = (words: readonly Word[], values: ArrayLike<number>): number[] =>
  words.map(({ start, end }) => {
    let sum = 0
    for (let i = start; i < end; i++) sum += values[i]!
    return sum
  })
