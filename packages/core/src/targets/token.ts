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

/** Ids between commas. */
function idsOf(list: string, classCount: number, context: FormContext): number[] {
  const ids = list.split(',').map(part => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN))
  if (!ids.every(id => id < classCount))
    throw new UsageError(`target "${context.text}": tokens are ids between commas, each below ${classCount}`)
  return ids
}

function severalTokens(body: string, context: FormContext): Elements {
  const { count, classes: classCount } = positionsOf(context)
  const slash = body.indexOf('/')
  const [ids, others, ...more] = body
    .slice(slash + 1)
    .split('-')
    .map(list => idsOf(list, classCount, context)) as [number[], number[]?, ...number[][]]
  if (more.length > 0) throw new UsageError(`target "${context.text}": tokens are compared with one other sequence: A,B-C,D`)
  const first = slash < 0 ? count - 1 - ids.length : position(body.slice(0, slash), count, context.text)
  const longest = Math.max(ids.length, others?.length ?? 0)
  if (first < 0 || first + longest > count)
    throw new UsageError(`target "${context.text}": ${longest} tokens do not fit the ${count} positions of the output`)
  const weights = new Map<number, number>()
  const add = (list: readonly number[], weight: number): void =>
    list.forEach((id, i) => {
      const index = (first + i) * classCount + id
      weights.set(index, (weights.get(index) ?? 0) + weight)
    })
  add(ids, 1)
  add(others ?? [], -1)
  const classes = [...weights].flatMap(([index, weight]) => (weight === 0 ? [] : [{ index, weight }]))
  if (classes.length === 0) throw new UsageError(`target "${context.text}": the two sequences are the same`)
  const words = `tokens ${ids.join(', ')} at positions ${first} to ${first + ids.length - 1}, summed`
  return { classes, rowClasses: classCount, words: others ? `${words}, minus tokens ${others.join(', ')}` : words }
}

export const token: TargetForm = {
  syntax: 'token:POSITION/CLASS',
  summary: 'a class (a token id) at one position of an output [1, positions, classes]; -1 is the last: the next token',
  example: 'token:-1/464',
  settings: [],
  resolve: oneToken,
}

export const tokens: TargetForm = {
  syntax: 'tokens:ID,ID,..., tokens:POSITION/ID,ID,... or tokens:ID,...-ID,...',
  summary:
    'log probability of tokens one after another, the first at POSITION of the output; without one, of the tokens that the input ends with; minus that of others in their places, all after the tokens of the input',
  example: 'tokens:464,2068',
  settings: [],
  link: 'log-softmax',
  resolve: severalTokens,
}
