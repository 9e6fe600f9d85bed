/** @file Targets over places of a segmentation: a class, averaged or summed over a region. */
import { UsageError } from '../errors.js'
import { suggestion } from '../suggest.js'
import { type ClassAxis, classAxis } from './axis.js'
import type { Elements, FormContext, TargetForm } from './form.js'
import { argmax, classesOf, classNames, isDifference, scoresOf } from './request.js'
import { rowScores } from './resolved.js'

/** The class with the largest score at a place. */
const largestAt = (scores: ArrayLike<number>, { start, count, step }: ClassAxis, place: number): number =>
  argmax(rowScores(scores, start(place), count, step))

/** The class that most of these places have as their largest, the first of equal ones. */
function commonest(weights: Float64Array, axis: ClassAxis, scores: ArrayLike<number>): number {
  const counts = new Float64Array(axis.count)
  weights.forEach((weight, place) => {
    if (weight !== 0) counts[largestAt(scores, axis, place)]! += 1
  })
  return argmax(counts)
}

/** A region as weights of places, before the class is known; `predicted` waits for it. */
interface Region {
  readonly words: string
  readonly weights: (axis: ClassAxis, chosen: (() => number) | undefined) => Float64Array
}

const all: Region = { words: '', weights: ({ placeCount }) => new Float64Array(placeCount).fill(1) }

const predicted = (context: FormContext): Region => ({
  words: 'where it is the largest',
  weights: (axis, chosen) => {
    const scores = scoresOf(context)
    const wanted = chosen?.() ?? commonest(all.weights(axis, undefined), axis, scores)
    const weights = Float64Array.from({ length: axis.placeCount }, (_, place) =>
      Number(largestAt(scores, axis, place) === wanted),
    )
    if (!weights.includes(1))
      throw new UsageError(`target "${context.text}": class ${wanted} is the largest at no place; use a box, a mask, or @all`)
    return weights
  },
})

const masked = ({ mask, text }: FormContext): Region => ({
  words: 'of the mask',
  weights: ({ placeCount, places }) => {
    if (!mask) throw new UsageError(`target "${text}": @mask needs a mask, with one weight per place of the output`)
    if (mask.data.length !== placeCount)
      throw new UsageError(`the mask has dims [${mask.dims}]; the output has places [${places}]: give one weight for each`)
    return Float64Array.from(mask.data as Float32Array, Number)
  },
})

/** `y0,x0,y1,x1`: starts of every axis of places, then their ends, which are outside. */
const box = (text: string, target: string): Region => ({
  words: `of [${text}]`,
  weights: ({ places, placeCount }) => {
    const numbers = text.split(',').map(part => (/^\d+$/.test(part.trim()) ? Number(part) : Number.NaN))
    const [starts, ends] = [numbers.slice(0, places.length), numbers.slice(places.length)]
    const fits =
      numbers.length === 2 * places.length &&
      places.every((size, i) => starts[i]! < ends[i]! && ends[i]! <= size && starts[i]! >= 0)
    if (!fits)
      throw new UsageError(
        `target "${target}": region "${text}" is not understood; use predicted, all, mask, or ${places.length === 2 ? 'y0,x0,y1,x1' : `${places.length} starts and ${places.length} ends`} within [${places}]${suggestion(text, ['predicted', 'all', 'mask'])}`,
      )
    return Float64Array.from({ length: placeCount }, (_, place) => {
      let rest = place
      let inside = 1
      for (let i = places.length - 1; i >= 0; i--) {
        const at = rest % places[i]!
        rest = Math.floor(rest / places[i]!)
        if (at < starts[i]! || at >= ends[i]!) inside = 0
      }
      return inside
    })
  },
})

const regions: Readonly<Record<string, (context: FormContext) => Region>> = { all: () => all, predicted, mask: masked }

/** @param mean whether weights are divided by their sum */
function over(body: string, context: FormContext, mean: boolean): Elements {
  const at = body.lastIndexOf('@')
  const [chosen, where] = at < 0 ? [body, context.mask ? 'mask' : 'all'] : [body.slice(0, at), body.slice(at + 1)]
  const axis = classAxis(context.dims, 'places', context.labels, context.settings['axis'])
  const region = Object.hasOwn(regions, where) ? regions[where]!(context) : box(where, context.text)
  const own = chosen === 'predicted'
  const reading = { classCount: axis.count, labels: context.labels, notUnderstood: context.notUnderstood }
  if (where === 'predicted' && isDifference(chosen))
    throw new UsageError(`target "${context.text}": two classes have no common region; name the places by a box or a mask`)
  const weights = region.weights(
    axis,
    own ? undefined : () => classesOf(chosen, { ...reading, predicted: () => 0 }, context.notUnderstood)[0]!.index,
  )
  const classes = classesOf(
    chosen,
    { ...reading, predicted: () => commonest(weights, axis, scoresOf(context)) },
    context.notUnderstood,
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (total === 0) throw new UsageError(`target "${context.text}": the region is empty`)
  const count = weights.reduce((sum, weight) => sum + Number(weight !== 0), 0)
  return {
    classes: classes.flatMap(({ index, weight }) =>
      Array.from(weights, (share, place) => ({
        index: axis.start(place) + index * axis.step,
        weight: (weight * share) / (mean ? total : 1),
      })).filter(({ weight: found }) => found !== 0),
    ),
    rowClasses: axis.count,
    rowStep: axis.step,
    words: `${classNames(classes, context.labels)}, ${mean ? 'mean' : 'sum'} over the ${count} places ${region.words}`.trimEnd(),
  }
}

export const mean: TargetForm = {
  syntax: 'mean:CLASS@REGION',
  summary:
    'a class averaged over places of an output [1, C, H, W] or [1, H, W, C]; REGION: predicted (where the class is the largest), all, y0,x0,y1,x1 (ends outside), mask (or a file)',
  example: 'mean:15@predicted',
  settings: ['axis'],
  resolve: (body, context) => over(body, context, true),
}

export const sum: TargetForm = {
  syntax: 'sum:CLASS@REGION',
  summary: 'the same, summed',
  example: 'sum:15@0,0,32,32',
  settings: ['axis'],
  resolve: (body, context) => over(body, context, false),
}
