/** @file What is explained: one number per row, made from the model's outputs by a small graph. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import type { Elements, FormContext } from './form.js'
import { targetForms } from './forms.js'
import { bindFunction } from './function.js'
import { isLink, type Link, links } from './links.js'
import { argmax, classesOf, classNames, scoresOf, type Target, type TargetContext, type WeightedClass } from './request.js'
import { type ResolvedTarget, rowScores } from './resolved.js'

/**
 * Turns what the user asked for into classes. All of one input's scores are its classes, counted through where the output has several
 * axes; `5/2`, `5/predicted`, `5/label:tench`, `5/2-3` name a row first: the last axis holds the classes, the axes before it (nodes,
 * tokens) count the rows, and a link and `predicted` look at the classes of that row alone. The other forms are in `targetForms`.
 * @throws UsageError for a class out of range, an unknown label (with a suggestion), or a form that does not exist
 */
export function resolveTarget(target: Target, context: TargetContext): ResolvedTarget {
  const { output } = context
  if (typeof target === 'object' && 'build' in target) {
    const custom = bindFunction(target, output, context.outputs ?? { [output]: dimsOf(context) })
    return { output, link: 'function', classes: [], custom, description: target.describe }
  }
  const masked = typeof target === 'object' ? target : undefined
  const text = (masked ? masked.text : String(target)).trim()
  const [asked, body] = linkOf(text)
  const colon = body.indexOf(':')
  const head = colon < 0 ? body.split(',')[0]! : body.slice(0, colon)
  const form = Object.hasOwn(targetForms, head) ? targetForms[head] : undefined
  if (masked && form?.settings.includes('axis') !== true)
    throw new UsageError(`target "${text}": a mask goes with mean:CLASS or sum:CLASS`)
  const { rest, settings } = settingsOf(body.slice(form ? head.length + (colon < 0 ? 0 : 1) : 0), form?.settings ?? [])
  const link = asked ?? form?.link ?? 'logit'
  const full: FormContext = {
    ...context,
    text,
    dims: dimsOf(context),
    settings,
    notUnderstood: () => notUnderstood(text, head),
    ...(masked ? { mask: masked.mask } : {}),
  }
  const { classes, rowClasses, rowStep, words } = form ? form.resolve(rest, full) : classTarget(rest, full)
  checkLink(text, link, classes, context.classCount, rowClasses)
  return {
    output,
    link,
    classes,
    ...(rowClasses === undefined ? {} : { rowClasses }),
    ...(rowStep === undefined || rowStep === 1 ? {} : { rowStep }),
    description: `${links[link].describe} of ${words}`,
  }
}

function checkLink(text: string, link: Link, classes: readonly WeightedClass[], count: number, rowClasses = count): void {
  if (link === 'log-odds' && (classes.some(({ weight }) => weight < 0) || rowClasses < 2))
    throw new UsageError(`target "${text}": log-odds needs one class of at least two`)
  if (link !== 'logit' && rowClasses === 1 && count > 1)
    throw new UsageError(`target "${text}": ${link} is over several classes, and this is one number by itself`)
}

const dimsOf = ({ dims, classCount, rowClasses = classCount }: TargetContext): readonly number[] =>
  dims ?? [1, classCount / rowClasses, rowClasses]

function linkOf(text: string): [Link | undefined, string] {
  const colon = text.indexOf(':')
  const head = text.slice(0, colon)
  return colon > 0 && isLink(head) ? [head, text.slice(colon + 1)] : [undefined, text]
}

/** Cuts `,axis=1` off the end, where the form takes it. */
function settingsOf(body: string, names: readonly string[]): { rest: string; settings: Record<string, number> } {
  const settings: Record<string, number> = {}
  let rest = body
  for (;;) {
    const found = /,\s*([a-z]+)=(-?\d+)$/.exec(rest)
    if (!found || !names.includes(found[1]!)) return { rest, settings }
    settings[found[1]!] = Number(found[2])
    rest = rest.slice(0, found.index)
  }
}

const notUnderstood = (text: string, head: string): string =>
  `target "${text}" is not understood${text.includes(':') ? suggestion(head, [...Object.keys(links), ...Object.keys(targetForms), 'label']) : ''}; use predicted, a class index (207), label:NAME, a difference (207-208), a row's class (5/2), softmax:207, log-softmax:207, log-odds:207, or ${Object.values(
    targetForms,
  )
    .map(({ example }) => example)
    .join(', ')}`

/** `CLASS` or `ROW/CLASS`. */
function classTarget(body: string, context: FormContext): Elements {
  const { classCount, rowClasses = classCount, labels, notUnderstood: message } = context
  const rowed = /^(\d+)\/(.*)$/.exec(body)
  const [row, text, count] = rowed ? [Number(rowed[1]), rowed[2]!, rowClasses] : [0, body, classCount]
  const rows = classCount / count
  if (row >= rows)
    throw new UsageError(
      `row ${row} is out of range: the model's output has ${rows} row${rows > 1 ? `s (0 to ${rows - 1})` : ' (0)'}`,
    )
  const start = row * count
  const classes = classesOf(
    text,
    { classCount: count, labels, predicted: () => argmax(rowScores(scoresOf(context), start, count, 1)) },
    message,
  )
  const words = classNames(classes, labels)
  if (!rowed) return { classes, words }
  return {
    classes: classes.map(({ index, weight }) => ({ index: start + index, weight })),
    rowClasses: count,
    words: `${words} at row ${row}`,
  }
}

/** Whether the target is found anew from each input's scores, link aside: `predicted`. */
export const isPredicted = (target: Target): boolean => typeof target === 'string' && linkOf(target.trim())[1] === 'predicted'
