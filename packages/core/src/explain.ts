/** @file One explanation: a method run on one input of a model. */
import { MissingRuleError, NoGradientPathError } from '@ascribe/autodiff'
import { type Graph, UnknownShapeError } from '@ascribe/onnx'
import { type Attribution, relativeResidual } from './attribution.js'
import { NoGradientError, NotFiniteError } from './errors.js'
import { checkForm } from './methods/forms.js'
import { methodNamed, methods } from './methods/index.js'
import { type Method, type Options, resolveOptions } from './methods/method.js'
import type { Model } from './model.js'
import { type PrepareOptions, prepare } from './prepare.js'
import type { TensorValues } from './tensor-value.js'
import { hasTrees } from './trees/margin.js'

export interface ExplainOptions extends PrepareOptions {
  /** Options of the method, by name; unknown ones are an error. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Seed of every random choice; default 0. */
  readonly seed?: number
}

/** A relative residual above this is reported as a warning. */
export const residualTolerance = 0.05

/**
 * Explains one row of a model's inputs.
 * @param row one value per model input, leading dimension 1 where the model is batched
 * @throws UsageError, InputError, RuntimeError, MemoryBudgetError, NotFiniteError, AbortedError, NoGradientError
 */
export async function explain(
  model: Model,
  row: TensorValues,
  method: Method | string,
  options: ExplainOptions = {},
): Promise<Attribution> {
  const chosen = typeof method === 'string' ? methodNamed(method) : method
  const settings = resolveOptions(chosen, options.options)
  checkForm(chosen, { at: options.at, output: options.output, layer: settings['layer'] })
  const evaluator = await prepare(model, row, options)
  const seed = options.seed ?? 0
  const started = performance.now()
  const result = await chosen.run(evaluator, settings, seed).catch(cause => explainMissingGradient(cause, evaluator.graph))
  const milliseconds = performance.now() - started
  const maps = Object.values(result.maps)
  for (const [name, { values }] of Object.entries(result.maps))
    if (values.some(value => !Number.isFinite(value)))
      throw new NotFiniteError(`${chosen.name} gave a value that is not finite at "${name}"`)
  const value = result.value ?? evaluator.value
  const attribution: Attribution = {
    maps: result.maps,
    values: maps[0]!.values,
    dims: maps[0]!.dims,
    ...(result.order ? { order: result.order } : {}),
    method: chosen.name,
    options: { ...settings, ...result.settled } as Options,
    target: evaluator.target,
    seed,
    value,
    ...residualOf(value, result.baselineValue, result.total ?? sumOf(maps)),
    cost: { ...evaluator.cost, milliseconds },
    warnings: evaluator.warnings,
  }
  const relative = relativeResidual(attribution)
  if (relative !== undefined && relative > residualTolerance && evaluator.warnings.length === 0)
    evaluator.warnings.push(
      `the values miss f(x) - f(baseline) by ${(100 * relative).toPrecision(3)}%; use more points (tolerance=0.01 doubles them as needed) or another baseline`,
    )
  return attribution
}

/** Needs that do not depend on what the model is. */
const anyModel: ReadonlySet<string> = new Set(['picture', 'tokens', 'data set'])

/** Adds to an error of differentiation what can still be done. */
function explainMissingGradient(cause: unknown, graph: Graph): never {
  if (cause instanceof MissingRuleError || cause instanceof NoGradientPathError || cause instanceof UnknownShapeError) {
    const trees = hasTrees(graph)
    const without = methods
      .filter(({ control }) => !control)
      .filter(({ needs }) => needs.every(need => (need === 'trees' ? trees : anyModel.has(need))))
      .map(({ name }) => name)
    throw new NoGradientError(`${cause.message}; methods that need no gradient still work: ${without.join(', ')}`, { cause })
  }
  throw cause
}

function sumOf(maps: readonly { values: Float32Array }[]): number {
  let total = 0
  for (const { values } of maps) for (const one of values) total += one
  return total
}

function residualOf(value: number, baselineValue: number | undefined, total: number) {
  if (baselineValue === undefined) return {}
  return { baselineValue, residual: value - baselineValue - total }
}
