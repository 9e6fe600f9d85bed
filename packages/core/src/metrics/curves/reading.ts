/** @file What is read from the model at each point of a curve. */
import { UsageError } from '../../errors.js'
import type { Evaluator, Points } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import { links, targetOutputs, targetValue } from '../../target.js'
import { placeOf, rowScores } from '../../targets/resolved.js'

export const linkOption = (standard: string): OptionSpec => ({
  kind: 'choice',
  default: standard,
  values: ['target', ...Object.keys(links)],
  describe: "what is read: the target as it was explained, or the same classes' logit, softmax, log-softmax or log-odds",
})

/**
 * The number that `link` reads from one row of the explained output.
 * @throws UsageError for another link than the target's own where that is a function of outputs, one number by itself, or, for log-odds,
 * compares classes
 */
export function linkReader(evaluator: Evaluator, link: Options['link']): (outputs: ArrayLike<number>) => number {
  const { target } = evaluator
  if (link === 'target' || link === target.link) return outputs => targetValue(target, outputs)
  const refuse = (why: string): never => {
    throw new UsageError(`link "${link}" is of classes, and the target (${target.description}) ${why}; use link=target`)
  }
  if (target.custom) refuse('is a function of outputs')
  if (link !== 'logit' && target.rowClasses === 1 && outputsAtInput(evaluator).length > 1) refuse('is one number by itself')
  if (link === 'log-odds' && target.classes.some(({ weight }) => weight < 0)) refuse('compares several')
  return outputs => targetValue({ ...target, link }, outputs)
}

/** The output that the target reads, the first of several. */
const outputRead = ({ target }: Evaluator): string => targetOutputs(target)[0]!

/** The explained output at the input itself. */
export const outputsAtInput = (evaluator: Evaluator): Float32Array =>
  evaluator.outputs[outputRead(evaluator)]!.data as Float32Array

/** The row of classes that a target is about. */
interface TargetRow {
  /** Scores of the row's classes, from one row of the explained output. */
  readonly scores: (outputs: ArrayLike<number>) => Float64Array
  /** The target's first class in it. */
  readonly own: number
}

/**
 * All classes of the one prediction that the target is about: the whole output, or its own row where it names one.
 * @param metric for messages
 * @throws UsageError for a target that is a function of outputs, one number by itself, or about several rows of classes
 */
export function targetRow(evaluator: Evaluator, metric: string): TargetRow {
  const { classes, custom, description, rowClasses, rowStep = 1 } = evaluator.target
  const refuse = (why: string): never => {
    throw new UsageError(
      `${metric} compares the scores of all classes of one prediction, and the target (${description}) ${why}; explain a class`,
    )
  }
  if (custom) refuse('is a function of outputs')
  const { length } = outputsAtInput(evaluator)
  if (rowClasses === undefined) return { scores: outputs => Float64Array.from(outputs), own: classes[0]!.index }
  if (rowClasses === 1 && length > 1) refuse('is one number by itself')
  const places = classes.map(({ index }) => placeOf(index, rowClasses, rowStep))
  const { at: own, start } = places[0]!
  if (places.some(place => place.start !== start)) refuse('is about several')
  return { scores: outputs => rowScores(outputs, start, rowClasses, rowStep), own }
}

/** Reads the explained output at `count` rows, made chunk by chunk. */
export async function readRows(
  evaluator: Evaluator,
  count: number,
  make: (start: number, used: number) => Points,
  read: (outputs: Float32Array, row: number) => number,
  step: string,
): Promise<Float64Array> {
  const output = outputRead(evaluator)
  const found = new Float64Array(count)
  if (count > 0)
    await evaluator.sweepValues(
      [output],
      count,
      make,
      (row, values) => {
        found[row] = read(values[output]!, row)
      },
      step,
    )
  return found
}
