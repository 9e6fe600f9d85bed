/** @file An explanation as an ONNX model of its own: one run, no ascribe needed where it is used. */
import { Graph, GraphBuilder, inferShapes, type Port, prune, sortNodes, Tensor } from '@ascribe/onnx'
import { batchingOf, type RowDims } from './batching.js'
import { UsageError } from './errors.js'
import { chunkSize } from './memory.js'
import { checkForm } from './methods/forms.js'
import { methods } from './methods/index.js'
import { type Method, type PathRule, resolveOptions } from './methods/method.js'
import type { Model } from './model.js'
import { pictureAxes } from './picture.js'
import { alias, classCount, cut, type ProgramSource, pathProgram, port, rowDims } from './programs.js'
import { isPredicted, resolveTarget, type Target, targetShape } from './target.js'
import { standardOperators } from './tune.js'

export interface CompileOptions {
  readonly options?: Readonly<Record<string, unknown>>
  /** Default `predicted`: the class with the highest score at the input, found inside the compiled model. */
  readonly target?: Target
  readonly output?: string
  readonly at?: readonly string[]
  /** Sizes of inputs whose dimensions the model leaves open, leading dimension 1. */
  readonly inputs?: RowDims
}

interface CompiledBaseline {
  readonly emit: (builder: GraphBuilder, input: string, dims: readonly number[], parameter: number) => string
}

/** Baselines that a graph can compute from the input. */
const baselines: Readonly<Record<string, CompiledBaseline>> = {
  zeros: { emit: (builder, _, dims) => builder.emit('Expand', [builder.float(0), builder.ints(dims)]) },
  constant: { emit: (builder, _, dims, value) => builder.emit('Expand', [builder.float(value), builder.ints(dims)]) },
  mean: {
    emit: (builder, input, dims) => {
      const picture = pictureAxes(dims)
      const axes = picture ? [picture.height, picture.width] : dims.map((_, axis) => axis)
      return builder.emit('Expand', [
        builder.emit('ReduceMean', [input, builder.ints(axes)], { keepdims: 1 }),
        builder.ints(dims),
      ])
    },
  },
}

const factors: Readonly<
  Record<PathRule['multiply'], (builder: GraphBuilder, sum: string, input: string, baseline: string) => string>
> = {
  nothing: (_, sum) => sum,
  input: (builder, sum, input) => builder.emit('Mul', [sum, input]),
  difference: (builder, sum, input, baseline) => builder.emit('Mul', [sum, builder.emit('Sub', [input, baseline])]),
}

/**
 * Writes an explanation as one graph. Its inputs are the model's (one row; explained tensors inside the model become inputs), its
 * outputs `attribution` (one per explained tensor, `attribution/NAME` where there are several), `value` = f(x) and, for methods
 * that promise completeness, `baseline_value` and `residual`. Points run in a Loop over chunks with the weights inside its body.
 * @throws UsageError for a method that has no graph form, or a baseline that needs more than the input
 */
export function compileExplanation(model: Model, method: Method, options: CompileOptions = {}): Graph {
  if (!method.path) {
    const able = methods.filter(({ path }) => path).map(({ name }) => name)
    throw new UsageError(`${method.name} cannot be compiled: it is not one graph (${able.join(', ')} can)`)
  }
  checkForm(method, { at: options.at, output: options.output, layer: options.options?.['layer'] })
  const rule = method.path(resolveOptions(method, options.options))
  if (rule.adaptive) throw new UsageError(`${method.name} cannot be compiled with a tolerance: name the number of points`)
  const row = options.inputs ?? declaredRow(model)
  const at = options.at ?? model.defaultAt()
  for (const name of at) model.checkTensor(name)
  const batching = batchingOf(model.graph, row, standardOperators)
  const complete = rule.multiply === 'difference'
  // The input and the baseline go along as points of weight zero, for f(x) and f(baseline).
  const lead = complete ? [1, 0] : rule.positions[0] === 1 ? [] : [1]
  const positions = [...lead, ...rule.positions]
  const weights = [...lead.map(() => 0), ...rule.weights]
  const rows = batching.fixed ?? chunkSize(positions.length, 1, 8)
  const output = model.outputName(options.output)
  const base: ProgramSource = {
    graph: cut(batching.graph(rows, model.kept(output, at)), at),
    rows,
    batched: batching.batched,
    at,
    output,
    link: 'logit',
    rules: rule.rules ?? 'gradient',
  }
  const count = classCount(base)
  const predicted = isPredicted(options.target ?? 'predicted')
  const target = resolveTarget(options.target ?? 'predicted', {
    output,
    classCount: count,
    rowClasses: rowDims(base, output).at(-1) ?? 1,
    dims: rowDims(base, output),
    outputs: Object.fromEntries(base.graph.outputs.map(({ name }) => [name, rowDims(base, name)])),
    ...(predicted ? { scores: new Float32Array(count) } : {}),
    ...(model.labels ? { labels: model.labels } : {}),
  })
  const source = { ...base, ...targetShape(target) }
  const program = pathProgram(source)
  const classes = new Float32Array(count)
  if (!predicted) for (const { index, weight } of target.classes) classes[index] = weight
  const chunks = Math.ceil(positions.length / rows)
  const padded = (list: readonly number[], fill: number): Tensor =>
    Tensor.float32(
      [chunks, rows],
      Float32Array.from({ length: chunks * rows }, (_, i) => list[i] ?? fill),
    )
  return assemble({
    source,
    program,
    rule,
    predicted,
    complete,
    chunks,
    classes: Tensor.float32([1, count], classes),
    positions: padded(positions, positions.at(-1)!),
    weights: padded(weights, 0),
    metadata: new Map([
      ...model.graph.metadata,
      ['ascribe.method', method.name],
      ['ascribe.target', predicted ? `${target.link} of the predicted class` : target.description],
      ['ascribe.output', output],
    ]),
  })
}

function declaredRow(model: Model): RowDims {
  return Object.fromEntries(
    model.graph.inputs.map(({ name, type }) => {
      const shape = type.shape
      const dims = shape?.map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : undefined))
      if (!dims || dims.includes(undefined))
        throw new UsageError(
          `input "${name}" has shape [${shape?.map(dim => dim ?? '?')}]; give its size, as in --shape ${name}=${(shape ?? []).map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? 1 : 16)).join(',')}`,
        )
      return [name, dims as number[]]
    }),
  )
}

interface Parts {
  readonly source: ProgramSource
  readonly program: Graph
  readonly rule: PathRule
  readonly predicted: boolean
  readonly complete: boolean
  readonly chunks: number
  readonly classes: Tensor
  readonly positions: Tensor
  readonly weights: Tensor
  readonly metadata: ReadonlyMap<string, string>
}

/** Port of the compiled model for one explained tensor. */
const attributionName = (at: readonly string[], name: string): string => (at.length === 1 ? 'attribution' : `attribution/${name}`)

function assemble(parts: Parts): Graph {
  const { source, rule, complete, chunks } = parts
  const outer = new GraphBuilder(undefined, 'explain')
  const others = parts.program.inputs.filter(
    ({ name }) => name.startsWith('input/') && !source.at.some(at => name === port.input(at)),
  )
  const inputs: Port[] = [
    ...source.at.map((name): Port => ({ name, type: { dtype: 'float32', shape: rowDims(source, name) } })),
    ...others.map(({ name, type }): Port => ({ name: name.slice('input/'.length), type })),
  ]
  for (const { name, type } of inputs) outer.input(name, type.dtype, type.shape)
  const wanted = typeof rule.baseline === 'string' ? rule.baseline : 'values'
  const [kind, parameter] = wanted.split(':')
  const baseline = baselines[kind!]
  if (!baseline) throw new UsageError(`baseline "${wanted}" cannot be compiled; use ${Object.keys(baselines).join(', ')}`)
  const bases = new Map(source.at.map(name => [name, baseline.emit(outer, name, rowDims(source, name), Number(parameter ?? 0))]))
  const body = bodyGraph(parts, bases)
  const sums = source.at.map(name => outer.emit('Expand', [outer.float(0), outer.ints(rowDims(source, name))]))
  const carried = outer.constant(parts.classes, 'classes')
  const loop = outer.emitAll(
    'Loop',
    [outer.constant(Tensor.from('int64', [], [chunks]), 'chunks'), '', ...sums, carried],
    source.at.length + 2,
    { body },
  )
  const values = loop[source.at.length + 1]!
  const flat = outer.emit('Reshape', [values, outer.ints([-1])])
  const pick = (index: number): string => outer.emit('Slice', [flat, outer.ints([index]), outer.ints([index + 1])])
  const named: [string, string][] = []
  const totals: string[] = []
  source.at.forEach((name, i) => {
    const product = factors[rule.multiply](outer, loop[i]!, name, bases.get(name)!)
    const attribution = rule.absolute ? outer.emit('Abs', [product]) : product
    named.push([attribution, attributionName(source.at, name)])
    totals.push(outer.emit('Reshape', [outer.emit('ReduceSum', [attribution], { keepdims: 0 }), outer.ints([1])]))
  })
  named.push([pick(0), 'value'])
  if (complete) {
    const difference = outer.emit('Sub', [pick(0), pick(1)])
    named.push([pick(1), 'baseline_value'])
    named.push([totals.reduce((left, total) => outer.emit('Sub', [left, total]), difference), 'residual'])
  }
  for (const [value, name] of named) outer.append(alias(value, name))
  const built = outer.build({ name: 'explanation', metadata: parts.metadata })
  const typed = inferShapes(built.with({ outputs: named.map(([, name]) => ({ name, type: { dtype: 'float32', shape: null } })) }))
  const port1 = (name: string): Port => {
    const explained = source.at.find(at => attributionName(source.at, at) === name)
    return { name, type: { dtype: 'float32', shape: explained === undefined ? [1] : rowDims(source, explained) } }
  }
  return prune(typed.with({ outputs: named.map(([, name]) => port1(name)) }))
}

/** One chunk: (iteration, condition, sums..., classes) -> (condition, sums..., classes, values). Inputs and baselines are read from outside. */
function bodyGraph(parts: Parts, bases: ReadonlyMap<string, string>): Graph {
  const { source, program } = parts
  const builder = new GraphBuilder(undefined, 'chunk')
  const iteration = builder.input('chunk/iteration', 'int64', [])
  const condition = builder.input('chunk/condition', 'bool', [])
  const sums = source.at.map(name => builder.input(`chunk/sum/${name}`, 'float32', rowDims(source, name)))
  const carried = builder.input('chunk/classes', 'float32', parts.classes.dims)
  const gather = (tensor: Tensor, hint: string): string =>
    builder.emit('Gather', [builder.constant(tensor, hint), iteration], { axis: 0 })
  const bound = new Map<string, string>([
    [port.positions, gather(parts.positions, 'positions')],
    [port.weights, gather(parts.weights, 'weights')],
  ])
  for (const { name } of program.inputs) {
    if (name.startsWith('input/')) bound.set(name, name.slice('input/'.length))
    if (name.startsWith('baseline/')) bound.set(name, bases.get(name.slice('baseline/'.length))!)
  }
  bound.set(port.classes, parts.predicted ? predictedClasses(builder, parts, iteration, carried) : carried)
  const totals = source.at.map((name, i) => builder.emit('Add', [sums[i]!, port.sum(name)]))
  const keep = builder.emit('Identity', [condition])
  const classes = builder.emit('Identity', [port.classes])
  const values = builder.emit('Identity', [port.value])
  const own = builder.build()
  const outerNames = [...bound.values()].filter(name => !own.names().has(name))
  const available = new Set([
    ...own.inputs.map(({ name }) => name),
    ...own.initializers.keys(),
    ...program.initializers.keys(),
    ...outerNames,
  ])
  const port1 = (name: string): Port => ({ name, type: { dtype: 'float32', shape: null } })
  return new Graph({
    name: 'chunk',
    nodes: sortNodes([...own.nodes, ...[...bound].map(([name, value]) => alias(value, name)), ...program.nodes], available),
    inputs: own.inputs,
    outputs: [{ name: keep, type: { dtype: 'bool', shape: [] } }, ...totals.map(port1), port1(classes), port1(values)],
    initializers: new Map([...own.initializers, ...program.initializers]),
    opsets: new Map(),
  })
}

/** One-hot of the largest score of the first row of the first chunk (which is the input itself); carried on afterwards. */
function predictedClasses(builder: GraphBuilder, { source, classes }: Parts, iteration: string, carried: string): string {
  const count = classes.dims[1]!
  const scores = builder.emit('Reshape', [source.output, builder.ints([source.batched ? source.rows : 1, count])])
  const first = builder.emit('Slice', [scores, builder.ints([0]), builder.ints([1]), builder.ints([0])])
  const best = builder.emit('ArgMax', [first], { axis: 1, keepdims: 1 })
  const places = builder.constant(
    Tensor.from(
      'int64',
      [1, count],
      Array.from({ length: count }, (_, i) => i),
    ),
    'places',
  )
  const chosen = builder.emit('Cast', [builder.emit('Equal', [best, places])], { to: 1 })
  const isFirst = builder.emit('Equal', [iteration, builder.constant(Tensor.from('int64', [], [0]), 'zero')])
  return builder.emit('Where', [isFirst, chosen, carried])
}
