/** @file Masked rows of a model that begins with a linear layer, put together behind it: no row is ever written out. */
import { elementCount, type Node, type Tensor } from '@ascribe/onnx'
import type { RowBinder } from '../evaluation/forward.js'
import { cut, type ProgramSource, port } from '../programs.js'
import type { Shared } from './shared-labels.js'

/** The layer that the one explained tensor enters, and nothing else does. */
interface LinearBegin {
  /** The model behind the layer, explained at the layer's output. */
  readonly source: ProgramSource
  readonly name: string
  /** The layer's weights, [columns, width], or [width, columns] where they stand transposed. */
  readonly weights: string
  readonly transposed: boolean
  readonly bias: string | undefined
  readonly columns: number
  readonly width: number
}

/** Products of differences and weights are held once per run; larger ones would cost more than they spare. */
const mostElements = 2 ** 20

interface Layer {
  readonly output: string
  readonly weights: string
  readonly transposed: boolean
  readonly bias: string | undefined
}

/** What a node computes where it is a linear layer of its first input, by operator. */
const layers: Readonly<Record<string, (node: Node) => Layer | undefined>> = {
  MatMul: ({ inputs, outputs }) => ({ output: outputs[0]!, weights: inputs[1]!, transposed: false, bias: undefined }),
  Gemm: ({ inputs, outputs, attributes }) => {
    const number = (name: string, usual: number): unknown => attributes[name]?.value ?? usual
    if (Number(number('alpha', 1)) !== 1 || Number(number('beta', 1)) !== 1 || Number(number('transA', 0)) !== 0) return undefined
    return {
      output: outputs[0]!,
      weights: inputs[1]!,
      transposed: Number(number('transB', 0)) === 1,
      bias: inputs[2] || undefined,
    }
  },
}

/**
 * The linear layer that the rows enter, with every column its own place, in blocks of several baselines; undefined where the model
 * does not begin so.
 */
export function linearBegin(
  source: ProgramSource,
  views: Readonly<Record<string, Shared>>,
  block: number,
): LinearBegin | undefined {
  const { graph, at, rows } = source
  const [name] = at
  if (name === undefined || at.length > 1 || block < 2) return undefined
  const dims = graph.dims(name)
  const readers = graph.consumers(name)
  const [node] = readers
  const read = (value: string): boolean => graph.outputs.some(output => output.name === value)
  if (
    dims?.length !== 2 ||
    dims[0] !== rows ||
    !node ||
    readers.length > 1 ||
    node.domain !== '' ||
    node.inputs[0] !== name ||
    read(name)
  )
    return undefined
  if (!Object.hasOwn(layers, node.operator) || views[name]!.places !== dims[1]) return undefined
  const found = layers[node.operator]!(node)
  const weights = graph.initializers.get(found?.weights ?? '')
  if (!found || weights?.dtype !== 'float32' || weights.dims.length !== 2 || node.inputs.lastIndexOf(name) > 0) return undefined
  const columns = dims[1]!
  const width = elementCount(weights.dims) / columns
  const row = (value: string | undefined): boolean => {
    const tensor = value === undefined ? undefined : graph.initializers.get(value)
    return (
      tensor?.dtype === 'float32' &&
      tensor.dims.at(-1) === width &&
      elementCount(tensor.dims) === width &&
      tensor.dims.length <= 2
    )
  }
  if (columns * block * width > mostElements || (found.bias !== undefined && !row(found.bias))) return undefined
  let { output, bias } = found
  const after = graph.consumers(output)
  const [add] = after
  if (bias === undefined && after.length === 1 && add!.operator === 'Add' && add!.domain === '' && !read(output)) {
    const other = add!.inputs.find(input => input !== output)
    if (row(other)) [output, bias] = [add!.outputs[0]!, other]
  }
  const behind = cut(graph, [output])
  const kept = [found.weights, bias]
    .filter(value => value !== undefined)
    .map((value): [string, Tensor] => [value, graph.initializers.get(value)!])
  const inputs = behind.inputs.filter(input => input.name !== name)
  const rest = behind.with({ inputs, initializers: new Map([...behind.initializers, ...kept]) })
  return { source: { ...source, graph: rest, at: [output] }, name, ...found, bias, columns, width }
}

/**
 * The layer's output W^T (m x + (1 - m) b) + c as [m, 1] [diag(x - b) W; W^T b + c]: one product for all coalitions and baselines. Up to
 * float32 rounding what the layer gives for the row itself. Ports as maskedProgram has them.
 */
export const linearRows =
  ({ name, weights, transposed, bias, columns, width }: LinearBegin, block: number): RowBinder =>
  (source, builder) => {
    const coalitions = source.rows / block
    const reshape = (value: string, dims: readonly number[]): string => builder.emit('Reshape', [value, builder.ints(dims)])
    const mask = builder.input(port.mask(name), 'bool', [coalitions, 1, 1, columns, 1])
    const input = reshape(builder.input(port.input(name), 'float32', [1, 1, 1, columns, 1]), [1, columns])
    const baseline = reshape(builder.input(port.baseline(name), 'float32', [1, block, 1, columns, 1]), [block, columns])
    const matrix = transposed ? builder.emit('Transpose', [weights], { perm: [1, 0] }) : weights
    const differences = builder.emit('Transpose', [builder.emit('Sub', [input, baseline])], { perm: [1, 0] })
    const products = builder.emit('Mul', [reshape(differences, [columns, block, 1]), reshape(matrix, [columns, 1, width])])
    const outputs = builder.emit('MatMul', [baseline, matrix])
    const absent = bias === undefined ? outputs : builder.emit('Add', [outputs, bias])
    const all = [reshape(products, [columns, block * width]), reshape(absent, [1, block * width])]
    const present = [
      reshape(builder.emit('Cast', [mask], { to: 1 }), [coalitions, columns]),
      builder.float(new Array(coalitions).fill(1), [coalitions, 1]),
    ]
    const both = builder.emit('MatMul', [builder.emit('Concat', present, { axis: 1 }), builder.emit('Concat', all, { axis: 0 })])
    return reshape(both, source.graph.dims(source.at[0]!)!)
  }
