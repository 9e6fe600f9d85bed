/** @file From a row of model inputs to an evaluator: checked, run once, target resolved. */
import { boundBatching } from './bound.js'
import { InputError, UsageError } from './errors.js'
import { Evaluator, type RunContext } from './evaluator.js'
import type { Model } from './model.js'
import { cut, type ProgramSource, port, valuesProgram } from './programs.js'
import { sessionKey, valuesKey } from './session-key.js'
import { resolveTarget, type Target } from './target.js'
import { repeated, type TensorValue, type TensorValues } from './tensor-value.js'

export interface PrepareOptions extends RunContext {
  /** Default `predicted`. */
  readonly target?: Target
  /** The output to explain, or a float tensor inside the graph, whose neurons the target then names; default the first float output. */
  readonly output?: string
  /** The tensors to explain: inputs or values inside the graph; default every float input. */
  readonly at?: readonly string[]
}

/**
 * Makes one input ready to be explained: checks it, runs the model once, resolves the target, and computes the explained tensors
 * where they lie inside the graph.
 * @param row every model input, one row each (leading dimension 1 where the model is batched)
 * @throws InputError for missing, unknown or misshapen inputs; UsageError for a target or tensor the model does not have
 */
export async function prepare(model: Model, row: TensorValues, options: PrepareOptions = {}): Promise<Evaluator> {
  checkInputs(model, row)
  const at = options.at ?? model.defaultAt()
  for (const name of at) model.checkTensor(name)
  const output = model.outputName(options.output)
  const dims = Object.fromEntries(model.graph.inputs.map(({ name }) => [name, row[name]!.dims]))
  const batching = model.batching(dims)
  const rows = batching.fixed ?? 1
  const graph = batching.graph(rows, model.kept(output, at))
  const allInputs = model.graph.inputs.map(({ name }) => name)
  const inner = at.filter(name => !allInputs.includes(name))
  const source: ProgramSource = { graph, rows, batched: batching.batched, at: allInputs, output, link: 'logit' }
  const wanted = [...new Set([...model.graph.outputs.map(({ name }) => name), output, ...inner])]
  const feeds = Object.fromEntries(allInputs.map(name => [port.points(name), repeat(row[name]!, rows, batching.batched)]))
  const identity = sessionKey(valuesKey(wanted), rows, allInputs, dims)
  const session = await model.session(identity, () => valuesProgram(source, wanted))
  const values = await session.run(feeds, undefined, options.signal ? { signal: options.signal } : {})
  const firstRow = (name: string): TensorValue => {
    const value = values[`value/${name}`]!
    if (!batching.batched) return value
    const size = value.data.length / rows
    return { ...value, dims: [1, ...value.dims.slice(1)], data: value.data.slice(0, size) } as TensorValue
  }
  const outputs = Object.fromEntries([...model.graph.outputs.map(({ name }) => name), output].map(name => [name, firstRow(name)]))
  const scores = outputs[output]!.data as Float32Array
  const target = resolveTarget(options.target ?? 'predicted', {
    output,
    classCount: scores.length,
    rowClasses: outputs[output]!.dims.at(-1) ?? 1,
    dims: outputs[output]!.dims,
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { dims }]) => [name, dims])),
    scores,
    ...(model.labels ? { labels: model.labels } : {}),
  })
  const inputs = Object.fromEntries(
    at.map(name => [name, (allInputs.includes(name) ? row[name]! : firstRow(name)) as TensorValue<'float32'>]),
  )
  const bound = boundBatching(batching, row, at, output)
  const whole = cut(bound.graph(rows, model.kept(output, at)), at)
  if (!whole.producer(output) && !whole.inputs.some(({ name }) => name === output))
    throw new UsageError(`"${output}" is not computed from ${at.map(name => `"${name}"`).join(', ')}; explain a tensor before it`)
  const needed = new Set(whole.inputs.map(({ name }) => name))
  const fixed = Object.fromEntries(
    allInputs.filter(name => !at.includes(name) && needed.has(name)).map(name => [port.input(name), row[name]!]),
  )
  return new Evaluator({
    model,
    inputs,
    target,
    outputs,
    row,
    fixed,
    batching: bound,
    context: options,
    rules: 'gradient',
    cost: { forwards: 1, gradients: 0, milliseconds: 0 },
    warnings: [],
  })
}

function repeat(value: TensorValue, rows: number, batched: boolean): TensorValue {
  if (!batched || rows === 1) return value
  return { ...value, dims: [rows, ...value.dims.slice(1)], data: repeated(value.data, rows) } as TensorValue
}

function checkInputs(model: Model, row: TensorValues): void {
  const names = model.graph.inputs.map(({ name }) => name)
  for (const { name, type } of model.graph.inputs) {
    const given = row[name]
    if (!given)
      throw new InputError(`the model's input "${name}" is missing; it takes ${names.join(', ')} (use .npz with these names)`)
    if (given.dtype !== type.dtype)
      throw new InputError(`input "${name}" must hold ${type.dtype}, the given tensor holds ${given.dtype}`)
    const shape = type.shape
    if (!shape) continue
    const fits =
      shape.length === given.dims.length &&
      shape.every((dim, axis) => typeof dim !== 'number' || axis === 0 || dim === given.dims[axis])
    if (!fits)
      throw new InputError(
        `input "${name}" must have shape [${shape.map(dim => dim ?? '?').join(', ')}], the given tensor has [${given.dims.join(', ')}]`,
      )
  }
  for (const name of Object.keys(row))
    if (!names.includes(name)) throw new InputError(`the model has no input "${name}"; it takes ${names.join(', ')}`)
}
