/** @file Targets of detectors: the score of a class in a box, or one of its coordinates. */
import { UsageError } from '../errors.js'
import { type ClassAxis, classAxis } from './axis.js'
import type { Elements, FormContext, TargetForm } from './form.js'
import { argmax, classesOf, classNames, scoresOf } from './request.js'
import { rowScores } from './resolved.js'

/** Most numbers before the classes that labels alone are trusted to tell: four coordinates, and whether there is an object. */
const mostBefore = 5

/** How many numbers of a box stand before its classes. */
function firstClass({ settings, labels, text }: FormContext, { count }: ClassAxis): number {
  const asked = settings['first']
  if (asked !== undefined) {
    if (asked < 0 || asked >= count)
      throw new UsageError(`target "${text}": first=${asked} is out of range: a box has ${count} numbers`)
    return asked
  }
  const before = labels ? count - labels.length : 0
  return before > 0 && before <= mostBefore ? before : 0
}

function resolve(body: string, context: FormContext): Elements {
  const slash = body.indexOf('/')
  const [which, what] = [body.slice(0, slash), body.slice(slash + 1)]
  if (slash < 0)
    throw new UsageError(`target "${context.text}": a box is written box:I/CLASS, box:best/CLASS or box:I/coordinate:K`)
  const axis = classAxis(context.dims, 'boxes', context.labels, context.settings['axis'])
  const first = firstClass(context, axis)
  const count = axis.count - first
  const classes = (box: () => number) =>
    classesOf(
      what,
      {
        classCount: count,
        labels: context.labels,
        predicted: () => argmax(rowScores(scoresOf(context), axis.start(box()) + first * axis.step, count, axis.step)),
      },
      context.notUnderstood,
    )
  const scoreAt = (box: number, index: number): number => scoresOf(context)[axis.start(box) + (first + index) * axis.step]!
  const best = (): number => {
    const boxes = Array.from({ length: axis.placeCount }, (_, box) => box)
    if (what !== 'predicted') return argmax(boxes.map(box => scoreAt(box, classes(() => box)[0]!.index)))
    return argmax(
      boxes.map(box => Math.max(...rowScores(scoresOf(context), axis.start(box) + first * axis.step, count, axis.step))),
    )
  }
  const coordinate = /^coordinate:(\d+)$/.exec(what)
  if (coordinate && which === 'best') throw new UsageError(`target "${context.text}": name the box of a coordinate by its number`)
  const box = which === 'best' ? best() : /^\d+$/.test(which) ? Number(which) : Number.NaN
  if (!(box < axis.placeCount))
    throw new UsageError(
      `target "${context.text}": there is no box "${which}"; the output has ${axis.placeCount} boxes (0 to ${axis.placeCount - 1}), or best`,
    )
  if (coordinate) {
    const at = Number(coordinate[1])
    if (at >= axis.count)
      throw new UsageError(`target "${context.text}": a box has ${axis.count} numbers (0 to ${axis.count - 1})`)
    return {
      classes: [{ index: axis.start(box) + at * axis.step, weight: 1 }],
      rowClasses: 1,
      words: `coordinate ${at} of box ${box}`,
    }
  }
  const chosen = classes(() => box)
  return {
    classes: chosen.map(({ index, weight }) => ({ index: axis.start(box) + (first + index) * axis.step, weight })),
    ...(first === 0 ? { rowClasses: axis.count, rowStep: axis.step } : { rowClasses: 1 }),
    words: `${classNames(chosen, context.labels)} in box ${box}`,
  }
}

export const box: TargetForm = {
  syntax: 'box:I/CLASS, box:best/CLASS, box:I/coordinate:K',
  summary:
    'a class of one box (or of the box where it is largest) in [1, boxes, numbers] or [1, numbers, boxes], or one of its numbers; first=4: classes stand after 4 others',
  example: 'box:best/2,first=4',
  settings: ['axis', 'first'],
  resolve,
}
