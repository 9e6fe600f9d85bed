/** @file A model that the lab exported, as an architecture that starts from its weights. */
import { createHash } from 'node:crypto'
import { InputError } from '@ascribe/core'
import { type Graph, readModel, type Tensor } from '@ascribe/onnx'
import type { Architecture } from '../architectures/architecture.js'

export interface TwinSource {
  readonly architecture: Architecture
  /** SHA-256 of the model's bytes. */
  readonly digest: string
  readonly classes: readonly string[]
  /** [channels, height, width] */
  readonly row: readonly number[]
  /** Name of the data that it was trained on. */
  readonly data: string
}

/** Weights: float32 constants with an axis. Scalars are constants of formulas. */
export const isWeight = ({ dtype, dims }: Tensor): boolean => dtype === 'float32' && dims.length > 0

/**
 * The exported graph as an architecture: every weight a parameter that starts at the model's own value. Batch norm was folded into the
 * convolutions at export and stays so: masked pictures change no running statistics, and training computes what the model computes.
 */
function architectureFrom(graph: Graph): Architecture {
  const output = graph.outputs[0]!.name
  return {
    name: graph.name,
    summary: 'the weights of a trained model',
    citation: '',
    reads: 'picture',
    options: {},
    build(net, [input]) {
      const names = new Map([['input', input!]])
      for (const [name, tensor] of graph.initializers) {
        const value = isWeight(tensor)
          ? net.parameter(name, tensor.dims, () => Float32Array.from(tensor.numbers()), tensor.dims.length > 1)
          : net.builder.constant(tensor, name)
        names.set(name, value)
      }
      const read = (name: string): string => (name === '' ? '' : names.get(name)!)
      for (const node of graph.nodes) {
        const inputs = node.inputs.map(read)
        if (node.outputs[0] === output) return inputs[0]!
        const outputs = node.outputs.map(name => (name === '' ? '' : net.builder.fresh(name)))
        node.outputs.forEach((name, i) => {
          names.set(name, outputs[i]!)
        })
        net.builder.append({ ...node, name: net.builder.fresh(node.name), inputs, outputs })
      }
      throw new InputError(`${graph.name}: no node gives ${output}`)
    },
    training: { optimizer: 'adamw', learningRate: 5e-4, weightDecay: 0, warmUp: 0.1 },
  }
}

/**
 * @param path for messages
 * @throws InputError where the model was not exported by the lab, or reads no pictures
 */
export function twinSource(bytes: Uint8Array, path: string): TwinSource {
  const refuse = (why: string, cause?: unknown): InputError =>
    new InputError(`${path}: ${why}; twins are made of picture models that ascribe trained`, cause === undefined ? {} : { cause })
  const graph = read(bytes, refuse)
  const training = parsed(graph.metadata.get('training')) as { readonly data?: unknown } | undefined
  const classes = parsed(graph.metadata.get('labels'))
  if (typeof training?.data !== 'string' || !Array.isArray(classes)) throw refuse('has no record of training in its metadata')
  const last = graph.nodes.at(-1)
  const shape = graph.inputs[0]?.type.shape
  const named = graph.inputs.length === 1 && graph.inputs[0]!.name === 'input' && graph.outputs.length === 1
  if (!named || shape?.length !== 4 || last?.operator !== 'Identity' || last.outputs[0] !== 'logits')
    throw refuse('does not read a picture "input" and answer "logits"')
  return {
    architecture: architectureFrom(graph),
    digest: createHash('sha256').update(bytes).digest('hex'),
    classes: classes as string[],
    row: shape.slice(1) as number[],
    data: training.data,
  }
}

function read(bytes: Uint8Array, refuse: (why: string, cause: unknown) => InputError): Graph {
  try {
    return readModel(bytes)
  } catch (cause) {
    throw refuse('cannot be read', cause)
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
