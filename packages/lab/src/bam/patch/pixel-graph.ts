/** @file A model's graph with its preprocessing inside: from pixels in 0..255 to logits. */
import { channelCount, InputError, type Preprocessing, resizedSize, UsageError } from '@ascribe/core'
import { elementCount, type Graph, GraphBuilder, type Node, Tensor } from '@ascribe/onnx'

/** input = pixel * scale + offset for each channel, in the model's channel order. */
export interface PixelScale {
  readonly scale: readonly number[]
  readonly offset: readonly number[]
}

/** ((v * scale + offset) - mean) / std as one product and one sum per channel. */
export function pixelScale({ scale, offset, normalize }: Preprocessing): PixelScale {
  const channels = [0, 1, 2]
  const mean = channels.map(channel => normalize?.mean[channel] ?? 0)
  const std = channels.map(channel => normalize?.std[channel] ?? 1)
  return { scale: std.map(s => scale / s), offset: std.map((s, channel) => (offset - mean[channel]!) / s) }
}

/**
 * Dimensions of one row of the model's input for pictures of this size.
 * @throws InputError for grey models and where the preprocessing would change the pictures' size
 */
export function rowDims(preprocessing: Preprocessing, size: number): readonly number[] {
  const { channels, crop, layout, resize } = preprocessing
  if (channelCount(channels) !== 3) throw new InputError('the model takes grey pictures; these are RGB')
  const sized = resizedSize({ width: size, height: size }, resize)
  const { width, height } = crop ?? sized
  if (sized.width !== size || sized.height !== size || width !== size || height !== size)
    throw new InputError(
      `the model sees ${width} x ${height} pixels, the pictures have ${size} x ${size}; build the data set at the model's size`,
    )
  return layout === 'NCHW' ? [1, 3, size, size] : [1, size, size, 3]
}

/** Emits the preprocessing of `pixels` [rows, 3, size, size] in RGB. */
function preprocessed(builder: GraphBuilder, pixels: string, preprocessing: Preprocessing): string {
  const { scale, offset } = pixelScale(preprocessing)
  const ordered =
    preprocessing.channels === 'BGR' ? builder.emit('Gather', [pixels, builder.ints([2, 1, 0])], { axis: 1 }) : pixels
  const scaled = builder.emit('Mul', [ordered, builder.constant(Tensor.float32([1, 3, 1, 1], scale))])
  const shifted = builder.emit('Add', [scaled, builder.constant(Tensor.float32([1, 3, 1, 1], offset))])
  return preprocessing.layout === 'NCHW' ? shifted : builder.emit('Transpose', [shifted], { perm: [0, 2, 3, 1] })
}

/** A node that gives a value another name; folding takes it away again. */
const alias = (value: string, name: string): Node => ({
  domain: '',
  operator: 'Identity',
  name: `alias/${name}`,
  inputs: [value],
  outputs: [name],
  attributes: {},
})

/**
 * The static model graph with its only input computed from pixels, as a builder to which more can be added.
 * @param make gives the pixels [rows, 3, size, size] from inputs of its own
 * @returns the builder and the name of the logits [rows, classes]
 * @throws UsageError for a model with several inputs
 */
export function fromPixels(
  graph: Graph,
  output: string,
  preprocessing: Preprocessing,
  make: (builder: GraphBuilder) => string,
): { builder: GraphBuilder; logits: string } {
  const [input, ...others] = graph.inputs
  if (!input || others.length > 0)
    throw new UsageError(`the model takes ${graph.inputs.map(({ name }) => name).join(', ')}; BAM needs one picture input`)
  const head = new GraphBuilder(undefined, 'pixels')
  const front = (() => {
    const value = preprocessed(head, make(head), preprocessing)
    const built = head.build()
    return built.with({ nodes: [...built.nodes, alias(value, input.name)] })
  })()
  const joined = graph.with({
    nodes: [...front.nodes, ...graph.nodes],
    inputs: front.inputs,
    outputs: [],
    initializers: new Map([...graph.initializers, ...front.initializers]),
  })
  const builder = new GraphBuilder(joined, 'patch')
  const dims = graph.dims(output)!
  const rows = input.type.shape![0] as number
  const flat = dims.length === 2 ? output : builder.emit('Reshape', [output, builder.ints([rows, elementCount(dims) / rows])])
  return { builder, logits: flat }
}

/** Names the outputs. */
export function withOutputs(graph: Graph, outputs: Readonly<Record<string, string>>): Graph {
  const entries = Object.entries(outputs)
  return graph.with({
    nodes: [...graph.nodes, ...entries.map(([name, value]) => alias(value, name))],
    outputs: entries.map(([name, value]) => ({ name, type: graph.type(value) ?? { dtype: 'float32', shape: null } })),
  })
}
