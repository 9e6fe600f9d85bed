/** @file What is read from the model at each point of a curve. */
import type { Evaluator, Points } from '../../evaluator.js'
import type { OptionSpec, Options } from '../../methods/method.js'
import { links, type ResolvedTarget, targetValue } from '../../target.js'

export const linkOption = (standard: string): OptionSpec => ({
  kind: 'choice',
  default: standard,
  values: ['target', ...Object.keys(links)],
  describe: "what is read: the target as it was explained, or the same classes' logit, softmax, log-softmax or log-odds",
})

/** The number that `link` reads from one row of the explained output. */
export function linkReader(evaluator: Evaluator, link: Options['link']): (outputs: ArrayLike<number>) => number {
  const { target } = evaluator
  const read: ResolvedTarget = link === 'target' ? target : { ...target, link }
  return outputs => targetValue(read, outputs)
}

/** The explained output at the input itself. */
export const outputsAtInput = (evaluator: Evaluator): Float32Array =>
  evaluator.outputs[evaluator.target.output]!.data as Float32Array

/** The classes of one row that the target is about: those of its own row where it names one. */
export function targetClasses({ target }: Evaluator, outputs: ArrayLike<number>): Float64Array {
  const { rowClasses, classes } = target
  const length = rowClasses ?? outputs.length
  const start = rowClasses === undefined ? 0 : Math.floor(classes[0]!.index / rowClasses) * rowClasses
  return Float64Array.from({ length }, (_, i) => outputs[start + i]!)
}

/** Reads the explained output at `count` rows, made chunk by chunk. */
export async function readRows(
  evaluator: Evaluator,
  count: number,
  make: (start: number, used: number) => Points,
  read: (outputs: Float32Array, row: number) => number,
  step: string,
): Promise<Float64Array> {
  const { output } = evaluator.target
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
