/** @file Targets of sequence models: a token at a position, and how likely several tokens are one after another. */
import { UsageError } from '../errors.js'
import type { Elements, FormContext, TargetForm } from './form.js'
import { argmax, classesOf, classNames, scoresOf } from './request.js'
import { rowScores } from './resolved.js'

function positionsOf({ dims, text }: FormContext): { count: number; classes: number } {
  const classes = dims.at(-1) ?? 1
  const count = dims.slice(0, -1).reduce((product, dim) => product * dim, 1)
  if (dims.length < 2) throw new UsageError(`target "${text}": the output [${dims}] has no positions`)
  return { count, classes }
}

/** @throws UsageError for a position that the output does not have; negative ones count from the end */
function position(word: string, count: number, text: string): number {
  const given = /^-?\d+$/.test(word.trim()) ? Number(word) : Number.NaN
  const at = given < 0 ? count + given : given
  if (!(at >= 0 && at < count))
    throw new UsageError(
      `target "${text}": there is no position "${word}"; the output has ${count} (0 to ${count - 1}, or -1 for the last)`,
    )
  return at
}

function oneToken(body: string, context: FormContext): Elements {
  const { count, classes: classCount } = positionsOf(context)
  const slash = body.indexOf('/')
  const at = position(slash < 0 ? '-1' : body.slice(0, slash), count, context.text)
  const chosen = classesOf(
    body.slice(slash + 1),
    {
      classCount,
      labels: context.labels,
      predicted: () => argmax(rowScores(scoresOf(context), at * classCount, classCount, 1)),
    },
    context.notUnderstood,
  )
  return {
    classes: chosen.map(({ index, weight }) => ({ index: at * classCount + index, weight })),
    rowClasses: classCount,
    words: `${classNames(chosen, context.labels)} at position ${at}`,
  }
}

function severalTokens(body: string, context: FormContext): Elements {
  const { count, classes: classCount } = positionsOf(context)
  const slash = body.indexOf('/')
  const ids = body
    .slice(slash + 1)
    .split(',')
    .map(part => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
  if (!ids.every(id => id < classCount))
    throw new UsageError(`target "${context.text}": tokens are ids between commas, each below ${classCount}`)
  const first = slash < 0 ? count - 1 - ids.length : position(body.slice(0, slash), count, context.text)
  if (first < 0 || first + ids.length > count)
    throw new UsageError(`target "${context.text}": ${ids.length} tokens do not fit the ${count} positions of the output`)
  return {
    classes: ids.map((id, i) => ({ index: (first + i) * classCount + id, weight: 1 })),
    rowClasses: classCount,
    words: `tokens ${ids.join(', ')} at positions ${first} to ${first + ids.length - 1}, summed`,
  }
}

export const token: TargetForm = {
  syntax: 'token:POSITION/CLASS',
  summary: 'a class (a token id) at one position of an output [1, positions, classes]; -1 is the last: the next token',
  example: 'token:-1/464',
  settings: [],
  resolve: oneToken,
}

export const tokens: TargetForm = {
  syntax: 'tokens:ID,ID,... or tokens:POSITION/ID,ID,...',
  summary:
    'log probability of tokens one after another, the first at POSITION of the output; without one, of the tokens that the input ends with',
  example: 'tokens:464,2068',
  settings: [],
  link: 'log-softmax',
  resolve: severalTokens,
}
