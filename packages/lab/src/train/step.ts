/** @file The training step as one graph: forward, loss, reverse walk, optimiser. */
import { differentiate } from '@ascribe/autodiff'
import type { Options } from '@ascribe/core'
import { type Graph, GraphBuilder, prune, specialise, Tensor } from '@ascribe/onnx'
import type { Architecture, Task } from '../architectures/architecture.js'
import { constantValues, type DropoutSpec, Network, type Values } from '../architectures/network.js'
import { batchStatistics } from './batch-statistics.js'
import { crossEntropy } from './loss.js'
import type { Optimizer } from './optimizers/optimizer.js'
import { Layout } from './vector.js'

export interface StepOptions {
  readonly architecture: Architecture
  readonly architectureOptions: Options
  readonly task: Task
  readonly optimizer: Optimizer
  readonly optimizerOptions: Options
  /** Rows per step; for graphs all nodes. */
  readonly rows: number
  /** For graphs: edges, both directions counted. */
  readonly edges?: number
  readonly labelSmoothing: number
  /** Largest norm of the whole gradient; 0 does not clip. */
  readonly clip: number
  /** Rows bring `targets` [N, classes], which are learned in place of the labels. */
  readonly soft?: true
}

export interface TrainingStep {
  readonly graph: Graph
  readonly layout: Layout
  readonly dropouts: readonly DropoutSpec[]
  /** Output -> input of the next step. */
  readonly carried: Readonly<Record<string, string>>
}

/** The layout of an architecture's parameters, found by building it once. */
export function layoutOf(architecture: Architecture, options: Options, task: Task): Layout {
  const net = new Network(new GraphBuilder(), undefined, constantValues())
  architecture.build(net, inputsOf(net.builder, architecture, task, 1, 1), task, options)
  return new Layout(net.parameters, net.statistics)
}

/**
 * Declares what the architecture reads and gives it as float32: pictures come as bytes [N, H, W, C] and become [-1, 1], [N, C, H, W];
 * the edges of a graph [2, edges] come with weights of 1.
 */
function inputsOf(builder: GraphBuilder, architecture: Architecture, { row }: Task, rows: number, edges = 0): string[] {
  if (architecture.reads === 'picture') {
    const [channels, height, width] = row as [number, number, number]
    const bytes = builder.input('rows', 'uint8', [rows, height, width, channels])
    const first = builder.emit('Transpose', [builder.emit('Cast', [bytes], { to: 1 })], { perm: [0, 3, 1, 2] })
    return [builder.emit('Sub', [builder.emit('Mul', [first, builder.float(1 / 127.5)]), builder.float(1)])]
  }
  const table = builder.input('rows', 'float32', [rows, ...row])
  if (architecture.reads !== 'graph') return [table]
  const weights = Tensor.float32([1, edges], new Float32Array(edges).fill(1))
  return [table, builder.input('edge_index', 'int64', [2, edges]), builder.constant(weights, 'edge_weight')]
}

/**
 * Builds the step. Inputs: `rows`, `labels` [N] int64, `weights` [N], where asked `targets` [N, classes], `parameters` [P], `statistics` [S], one `slot/...` [P] per slot of the
 * optimiser, scalars `learning_rate` and the optimiser's own, dropout masks, and for graphs `edge_index` [2, edges].
 * Outputs: `loss`, `correct`, and new values of what is carried.
 */
export function trainingStep(options: StepOptions): TrainingStep {
  const { architecture, task, optimizer, rows } = options
  const layout = layoutOf(architecture, options.architectureOptions, task)
  const builder = new GraphBuilder()
  const vector = builder.input('parameters', 'float32', [layout.parameterCount])
  const statistics = layout.statisticCount > 0 ? builder.input('statistics', 'float32', [layout.statisticCount]) : undefined
  const pieces = cut(builder, vector, layout.parameters)
  const running = statistics === undefined ? new Map<string, string>() : cut(builder, statistics, layout.statistics)
  const values: Values = {
    parameter: ({ name }) => pieces.get(name)!,
    statistic: ({ name }) => running.get(name)!,
  }
  const net = new Network(builder, rows, values)
  const inputs = inputsOf(builder, architecture, task, rows, options.edges)
  const built = architecture.build(net, inputs, task, options.architectureOptions)
  const logits = architecture.reads === 'graph' ? net.reshape(built, [rows, task.classes]) : built
  const labels = builder.input('labels', 'int64', [rows])
  const weights = builder.input('weights', 'float32', [rows])
  const soft = options.soft && builder.input('targets', 'float32', [rows, task.classes])
  const { loss, correct } = crossEntropy(builder, logits, labels, weights, task.classes, options.labelSmoothing, soft)
  for (const value of [loss, correct, ...net.updates.values()]) builder.output(value)
  const forward = specialise(builder.build({ name: `training of ${architecture.name}` }), {})

  const at = layout.parameters.map(({ name }) => pieces.get(name)!)
  const { graph, gradients } = differentiate(forward, { of: [loss], at, cotangents: { [loss]: null } })
  const step = new GraphBuilder(batchStatistics(graph), 'step')
  const flat = at.map(name => step.emit('Reshape', [gradients[name]!, step.ints([-1])]))
  let gradient = flat.length === 1 ? flat[0]! : step.emit('Concat', flat, { axis: 0 })
  if (options.clip > 0) gradient = clipped(step, gradient, options.clip)
  const slots = Object.fromEntries(
    optimizer.slots.map(slot => [slot, step.input(`slot/${slot}`, 'float32', [layout.parameterCount])]),
  )
  const scalars = Object.fromEntries(
    ['learning_rate', ...Object.keys(optimizer.scalars(options.optimizerOptions, 1))].map(name => [
      name,
      step.input(name, 'float32', []),
    ]),
  )
  const next = optimizer.emit(
    step,
    { parameters: vector, gradient, decayed: step.constant(decayMask(layout)), slots, scalars },
    options.optimizerOptions,
  )
  const carried: Record<string, string> = {}
  const carry = (value: string, input: string): void => {
    const name = `next/${input}`
    step.append({ domain: '', operator: 'Identity', name, inputs: [value], outputs: [name], attributes: {} })
    step.output(name, 'float32', null)
    carried[name] = input
  }
  carry(next.parameters, 'parameters')
  for (const slot of optimizer.slots) carry(next.slots[slot]!, `slot/${slot}`)
  if (statistics !== undefined) {
    const updates = layout.statistics.map(({ name }) => net.updates.get(name)!)
    carry(step.emit('Concat', updates, { axis: 0 }), 'statistics')
  }
  for (const [name, value] of [
    ['loss', loss],
    ['correct', correct],
  ] as const) {
    step.append({ domain: '', operator: 'Identity', name, inputs: [value], outputs: [name], attributes: {} })
    step.output(name, 'float32', [])
  }
  return { graph: prune(step.build()), layout, dropouts: net.dropouts, carried }
}

/** Cuts a vector into its pieces and gives the value of each by name. */
function cut(builder: GraphBuilder, vector: string, slices: Layout['parameters']): Map<string, string> {
  const sizes = builder.ints(slices.map(({ start, end }) => end - start))
  const parts = slices.length === 1 ? [vector] : builder.emitAll('Split', [vector, sizes], slices.length, { axis: 0 })
  return new Map(
    slices.map(({ name, dims }, i) => [
      name,
      dims.length === 1 ? parts[i]! : builder.emit('Reshape', [parts[i]!, builder.ints(dims)]),
    ]),
  )
}

const decayMask = (layout: Layout): Tensor => Tensor.float32([layout.parameterCount], layout.decayed())

/** gradient min(1, limit / ||gradient||) */
function clipped(builder: GraphBuilder, gradient: string, limit: number): string {
  const norm = builder.emit('ReduceL2', [gradient, builder.ints([0])], { keepdims: 0 })
  const factor = builder.emit('Min', [
    builder.float(1),
    builder.emit('Div', [builder.float(limit), builder.emit('Add', [norm, builder.float(1e-12)])]),
  ])
  return builder.emit('Mul', [gradient, factor])
}
