/** @file Everything that `ascribe doctor` finds out about a model. */
import {
  explain,
  hasAttention,
  hasTrees,
  type Method,
  type Model,
  methods,
  prepare,
  resolveOptions,
  type TensorValues,
} from '@ascribe/core'
import { dimsOf, type PortRecord } from '../explain/record.js'
import { isExpected, messageOf } from '../failures.js'
import { checkGradient, type GradientCheck } from './check.js'
import { coverage, type OperatorCoverage, obstacles } from './coverage.js'

interface MethodAdvice {
  readonly method: string
  readonly works: boolean
  /** Why not; for grad-cam that works, the layer it reads. */
  readonly remark: string
}

export interface Examination {
  readonly model: string
  readonly sha256: string
  readonly opset: number
  readonly nodes: number
  /** Numbers in initialisers. */
  readonly weights: number
  readonly inputs: readonly PortRecord[]
  readonly outputs: readonly PortRecord[]
  readonly batching: string
  readonly labels: number
  readonly preprocessing: boolean
  readonly notices: readonly string[]
  readonly explained: { readonly at: readonly string[]; readonly output: string }
  readonly operators: readonly OperatorCoverage[]
  readonly obstacles: readonly string[]
  readonly input: string
  readonly forward: { readonly milliseconds: number; readonly target: string; readonly value: number }
  /** Milliseconds of one forward and backward pass. */
  readonly gradientMilliseconds?: number
  readonly check: GradientCheck
  readonly methods: readonly MethodAdvice[]
}

export interface ExamineOptions {
  readonly row: TensorValues
  /** What the row is, in words. */
  readonly input: string
  readonly at: readonly string[]
  readonly output: string
  readonly target: string
  readonly seed: number
  readonly signal: AbortSignal
  readonly onStep: (step: string) => void
}

/** How many rows the model takes at a time. */
function describeBatching(model: Model, row: TensorValues): string {
  const { batched, fixed } = model.batching(Object.fromEntries(Object.entries(row).map(([name, { dims }]) => [name, dims])))
  if (!batched) return 'none: the whole input is one example, one run per example'
  if (fixed !== undefined) return `fixed: ${fixed} ${fixed === 1 ? 'row' : 'rows'} at a time, and it cannot be changed`
  const size = model.graph.inputs[0]?.type.shape?.[0]
  return typeof size === 'number'
    ? `fixed at ${size} in the file; other sizes proved possible`
    : 'dynamic: any number of rows at a time'
}

const timed = async <T>(work: () => Promise<T>): Promise<{ result: T; milliseconds: number }> => {
  const started = performance.now()
  const result = await work()
  return { result, milliseconds: performance.now() - started }
}

export async function examine(model: Model, options: ExamineOptions): Promise<Examination> {
  const { row, at, output, target, seed, signal, onStep } = options
  const { graph } = model
  onStep('running the model')
  const evaluator = await prepare(model, row, { at, output, target, signal })
  await evaluator.forward(evaluator.point, 1)
  const forward = await timed(() => evaluator.forward(evaluator.point, 1))
  const operators = coverage(graph, at, output)
  onStep('checking the gradient against central differences')
  let check: GradientCheck
  let gradientMilliseconds: number | undefined
  try {
    check = await checkGradient(evaluator, seed)
    gradientMilliseconds = (await timed(() => evaluator.gradient(evaluator.point, 1))).milliseconds
  } catch (error) {
    if (signal.aborted || !isExpected(error)) throw error
    check = { verdict: 'fail', why: messageOf(error), directions: [] }
  }
  onStep('trying the methods')
  const advice: MethodAdvice[] = []
  // Needs that few models meet, or that only an option can meet: nobody misses a detector's method on a classifier.
  const met: Readonly<Record<string, boolean>> = {
    trees: hasTrees(graph),
    attention: hasAttention(evaluator),
    tokens: model.embedding !== undefined,
    'data set': false,
    detector: false,
    'graph attention': false,
    'linear model': false,
    'additive model': false,
  }
  const concerned = methods.filter(({ control, needs }) => !control && needs.every(need => met[need] ?? true))
  for (const method of concerned) advice.push(await tryMethod(method, model, options, check))
  return {
    model: model.name,
    sha256: model.digest,
    opset: graph.opsets.get('') ?? 0,
    nodes: graph.nodes.length,
    weights: [...graph.initializers.values()].reduce((sum, { size }) => sum + size, 0),
    inputs: graph.inputs.map(({ name, type }) => ({ name, dtype: type.dtype, dims: dimsOf(type.shape) })),
    outputs: graph.outputs.map(({ name, type }) => ({ name, dtype: type.dtype, dims: dimsOf(type.shape) })),
    batching: describeBatching(model, row),
    labels: model.labels?.length ?? 0,
    preprocessing: model.preprocessing !== undefined,
    notices: model.notices,
    explained: { at, output },
    operators,
    obstacles: obstacles(operators).map(({ operator, example, remark }) => `${operator} (node "${example}"): ${remark}`),
    input: options.input,
    forward: { milliseconds: forward.milliseconds, target: evaluator.target.description, value: forward.result[0]! },
    ...(gradientMilliseconds === undefined ? {} : { gradientMilliseconds }),
    check,
    methods: advice,
  }
}

/** The cheapest settings of a method: every count of passes at its least. With segments, how many passes do follows from the input. */
function leastOptions(method: Method): Record<string, unknown> {
  if (method.options['segments']) return {}
  const counts = ['points', 'samples', 'masks', 'steps', 'draws']
  return Object.fromEntries(
    counts.flatMap(name => {
      const spec = method.options[name]
      return spec?.kind === 'number' ? [[name, Math.max(1, spec.minimum ?? 1)]] : []
    }),
  )
}

/** Runs a method once with as few passes as it allows. Methods that stay dear are judged by what they need. */
async function tryMethod(method: Method, model: Model, options: ExamineOptions, check: GradientCheck): Promise<MethodAdvice> {
  if (method.needs.includes('gradient') && check.verdict === 'fail')
    return { method: method.name, works: false, remark: 'the gradient fails, see above' }
  const settings = leastOptions(method)
  const { forwards, gradients } = method.cost(resolveOptions(method, settings))
  if (forwards + gradients > 20)
    return { method: method.name, works: true, remark: `not tried: about ${forwards} forward passes` }
  const { row, at, output, target, signal } = options
  try {
    const { options: used } = await explain(model, row, method, { at, output, target, signal, options: settings })
    const layer = typeof used['layer'] === 'string' ? used['layer'] : ''
    return { method: method.name, works: true, remark: layer ? `reads layer ${layer}` : '' }
  } catch (error) {
    if (signal.aborted || !isExpected(error)) throw error
    return { method: method.name, works: false, remark: messageOf(error) }
  }
}
