/**
 * @file A frozen model over the mask space of its columns: g(s) = -loss(f(b + s (x - b))), one s in [0, 1]^columns for all rows. The
 * gradient is a graph; one run takes a block of rows times several masks.
 */
import { differentiate } from '@ascribe/autodiff'
import type { Runtime, Session, TensorValues } from '@ascribe/core'
import { encodeModel, type Graph, GraphBuilder, prune, specialise, Tensor } from '@ascribe/onnx'
import { columnOfFeature, type Rows, type TabularData } from '../data/tabular-data.js'

/** Rows times masks in one run. */
const perRun = 4096

/** Most masks in one run. */
const mostMasks = 16

export interface MaskProgramOptions {
  readonly runtime: Runtime
  /** Inference graph: `input` [batch, features] -> `logits` [batch, classes]. */
  readonly model: Graph
  readonly data: Pick<TabularData, 'columns' | 'features' | 'classes'>
  /** [features]. */
  readonly baseline: Float32Array
  readonly signal?: AbortSignal
  /** Rows times masks in one run; default 4,096. */
  readonly perRun?: number
}

/** A mask: one number per column, 1 where it shows the row, 0 where it shows the baseline. */
export type Mask = ArrayLike<number>

interface Opened {
  readonly session: Session
  readonly rows: number
  readonly masks: number
}

/** Rows passed forward, and rows passed forward and backward, so far. */
export interface MaskCost {
  readonly forwards: number
  readonly gradients: number
}

export class MaskProgram {
  readonly #options: MaskProgramOptions
  readonly #open = new Map<string, Promise<Opened>>()
  #forwards = 0
  #gradients = 0

  constructor(options: MaskProgramOptions) {
    this.#options = options
  }

  get columns(): number {
    return this.#options.data.columns.length
  }

  get cost(): MaskCost {
    return { forwards: this.#forwards, gradients: this.#gradients }
  }

  /** log p(class) of every row under every mask: [masks, rows, classes]. */
  async logProbabilities(rows: Rows, masks: readonly Mask[]): Promise<Float32Array> {
    const classes = this.#options.data.classes.length
    const out = new Float32Array(masks.length * rows.count * classes)
    await this.#run('forward', 'log_probabilities', rows, masks, undefined, (result, part, masksHere, firstMask) => {
      for (let m = 0; m < masksHere; m++)
        for (let r = 0; r < part.count; r++)
          for (let c = 0; c < classes; c++)
            out[((firstMask + m) * rows.count + part.first + r) * classes + c] = result[(m * part.room + r) * classes + c]!
    })
    this.#forwards += masks.length * rows.count
    return out
  }

  /** Mean loss of the rows under every mask: sums in double precision, in the order of rows. */
  async losses(rows: Rows, masks: readonly Mask[]): Promise<Float64Array> {
    const sums = new Float64Array(masks.length)
    await this.#run('forward', 'score', rows, masks, undefined, (result, part, masksHere, firstMask) => {
      for (let m = 0; m < masksHere; m++) for (let r = 0; r < part.count; r++) sums[firstMask + m]! -= result[m * part.room + r]!
    })
    this.#forwards += masks.length * rows.count
    return sums.map(sum => sum / rows.count)
  }

  /**
   * sum over masks p of w_p d(-loss of row) / d s at s_p, for every row and column: [rows, columns].
   * The sum over up to 16 masks is taken in the graph, the rest in double precision.
   */
  async gradients(rows: Rows, masks: readonly Mask[], weights: ArrayLike<number>): Promise<Float64Array> {
    const { columns } = this
    const out = new Float64Array(rows.count * columns)
    await this.#run('gradient', 'gradients', rows, masks, weights, (result, part) => {
      for (let r = 0; r < part.count; r++)
        for (let c = 0; c < columns; c++) out[(part.first + r) * columns + c]! += result[r * columns + c]!
    })
    this.#gradients += masks.length * rows.count
    return out
  }

  async dispose(): Promise<void> {
    for (const opening of this.#open.values()) {
      // One that could not be opened has told so to whoever asked for it.
      const opened = await opening.catch(() => undefined)
      await opened?.session.dispose()
    }
    this.#open.clear()
  }

  async #run(
    kind: 'forward' | 'gradient',
    output: string,
    rows: Rows,
    masks: readonly Mask[],
    weights: ArrayLike<number> | undefined,
    take: (result: Float32Array, part: { first: number; count: number; room: number }, masks: number, firstMask: number) => void,
  ): Promise<void> {
    const { data, signal } = this.#options
    const { features } = data
    const classes = data.classes.length
    const opened = await this.#session(kind, Math.min(mostMasks, masks.length))
    for (let first = 0; first < rows.count; first += opened.rows) {
      const count = Math.min(opened.rows, rows.count - first)
      const values = new Float32Array(opened.rows * features)
      values.set(rows.values.subarray(first * features, (first + count) * features))
      const labels = new Float32Array(opened.rows * classes)
      for (let r = 0; r < count; r++) labels[r * classes + rows.labels[first + r]!] = 1
      for (let firstMask = 0; firstMask < masks.length; firstMask += opened.masks) {
        const here = Math.min(opened.masks, masks.length - firstMask)
        const own = new Float32Array(opened.masks * this.columns)
        for (let m = 0; m < here; m++) own.set(masks[firstMask + m]!, m * this.columns)
        const feeds: Record<string, TensorValues[string]> = {
          rows: { dtype: 'float32', dims: [opened.rows, features], data: values },
          labels: { dtype: 'float32', dims: [opened.rows, classes], data: labels },
          masks: { dtype: 'float32', dims: [opened.masks, this.columns], data: own },
        }
        if (weights) {
          const shares = new Float32Array(opened.masks)
          for (let m = 0; m < here; m++) shares[m] = weights[firstMask + m]!
          feeds['weights'] = { dtype: 'float32', dims: [opened.masks], data: shares }
        }
        const result = await opened.session.run(feeds, [output], signal ? { signal } : {})
        take(result[output]!.data as Float32Array, { first, count, room: opened.rows }, here, firstMask)
      }
    }
  }

  #session(kind: 'forward' | 'gradient', masks: number): Promise<Opened> {
    const key = `${kind}/${masks}`
    const known = this.#open.get(key)
    if (known) return known
    const rows = Math.max(1, Math.floor((this.#options.perRun ?? perRun) / masks))
    const graph = kind === 'forward' ? forwardGraph(this.#options, rows, masks) : gradientGraph(this.#options, rows, masks)
    const opened = this.#options.runtime.open(encodeModel(graph)).then(session => ({ session, rows, masks }))
    this.#open.set(key, opened)
    return opened
  }
}

interface Parts {
  readonly builder: GraphBuilder
  /** [masks * rows, features]. */
  readonly point: string
  /** -loss, [masks, rows]. */
  readonly score: string
  /** [masks, rows, classes]. */
  readonly logProbabilities: string
  /** x - b, [rows, features]. */
  readonly reach: string
}

/** s -> x(s) = b + (s E) (x - b) -> logits -> log p(label). */
function partsOf({ model, data, baseline }: MaskProgramOptions, rows: number, masks: number): Parts {
  const { features, columns } = data
  const classes = data.classes.length
  const builder = new GraphBuilder()
  const x = builder.input('rows', 'float32', [rows, features])
  const labels = builder.input('labels', 'float32', [rows, classes])
  const mask = builder.input('masks', 'float32', [masks, columns.length])
  const base = builder.constant(Tensor.float32([features], baseline), 'baseline')
  const reach = builder.emit('Sub', [x, base])
  const wide = builder.emit('MatMul', [mask, builder.constant(membership(data), 'membership')])
  const spread = builder.emit('Reshape', [wide, builder.ints([masks, 1, features])])
  const moved = builder.emit('Add', [builder.emit('Mul', [spread, reach]), base])
  const point = builder.emit('Reshape', [moved, builder.ints([masks * rows, features])])
  const logits = inlined(builder, model, point)
  const flat = builder.emit('LogSoftmax', [logits], { axis: -1 })
  const logProbabilities = builder.emit('Reshape', [flat, builder.ints([masks, rows, classes])])
  const picked = builder.emit('Mul', [logProbabilities, labels])
  const score = builder.emit('ReduceSum', [picked, builder.ints([2])], { keepdims: 0 })
  return { builder, point, score, logProbabilities, reach }
}

/** 1 where a feature belongs to a column: [columns, features]. */
function membership(data: MaskProgramOptions['data']): Tensor {
  const { columns, features } = data
  const member = new Float32Array(columns.length * features)
  columnOfFeature(data).forEach((column, feature) => {
    member[column * features + feature] = 1
  })
  return Tensor.float32([columns.length, features], member)
}

/** The nodes of a model of one input and one output, reading `input`; gives the name of the output. */
function inlined(builder: GraphBuilder, model: Graph, input: string): string {
  const names = new Map<string, string>([
    ['', ''],
    [model.inputs[0]!.name, input],
  ])
  for (const [name, tensor] of model.initializers) names.set(name, builder.constant(tensor, name))
  for (const node of model.nodes) {
    for (const output of node.outputs) if (output !== '') names.set(output, builder.fresh(output))
    builder.append({
      ...node,
      name: builder.fresh(node.name),
      inputs: node.inputs.map(name => names.get(name)!),
      outputs: node.outputs.map(name => names.get(name)!),
    })
  }
  return names.get(model.outputs[0]!.name)!
}

function named(builder: GraphBuilder, value: string, name: string): void {
  builder.append({ domain: '', operator: 'Identity', name, inputs: [value], outputs: [name], attributes: {} })
  builder.output(name)
}

function forwardGraph(options: MaskProgramOptions, rows: number, masks: number): Graph {
  const { builder, score, logProbabilities } = partsOf(options, rows, masks)
  named(builder, score, 'score')
  named(builder, logProbabilities, 'log_probabilities')
  return specialise(builder.build({ name: 'columns' }), {})
}

/** d score / d s = sum over a column's features of d score / d x (x - b), with x = x(s). */
function gradientGraph(options: MaskProgramOptions, rows: number, masks: number): Graph {
  const { builder, point, score, reach } = partsOf(options, rows, masks)
  const { features } = options.data
  for (const value of [score, reach]) builder.output(value)
  const forward = specialise(builder.build({ name: 'columns' }), {})
  const { graph, gradients } = differentiate(forward, { of: [score], at: [point], cotangents: { [score]: null } })
  const end = new GraphBuilder(graph, 'columns')
  const weights = end.input('weights', 'float32', [masks])
  const each = end.emit('Reshape', [gradients[point]!, end.ints([masks, rows, features])])
  const weighted = end.emit('Mul', [each, end.emit('Reshape', [weights, end.ints([masks, 1, 1])])])
  const path = end.emit('ReduceSum', [weighted, end.ints([0])], { keepdims: 0 })
  const owner = end.emit('Transpose', [end.constant(membership(options.data), 'owner')], { perm: [1, 0] })
  named(end, end.emit('MatMul', [end.emit('Mul', [path, reach]), owner]), 'gradients')
  return prune(end.build())
}
