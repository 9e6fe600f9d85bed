/** @file Adding up what flows into one value: whole gradients, and blocks that are zero elsewhere. */
import type { DataType, GraphBuilder } from '@ascribe/onnx'
import type { Block } from './rule.js'

/** The sum of all parts. Blocks along the same axis that do not overlap are joined, with zeros between. */
export function summed(parts: readonly (string | Block)[], dtype: DataType, builder: GraphBuilder): string {
  const whole = parts.filter(part => typeof part === 'string')
  const blocks = parts.filter(part => typeof part !== 'string')
  const joined = layers(blocks).map(layer => placed(layer, dtype, builder))
  return [...whole, ...joined].reduce((left, right) => builder.emit('Add', [left, right]))
}

/** Blocks in as few groups as go: in each, one axis, in order, without overlap. */
function layers(blocks: readonly Block[]): Block[][] {
  const found: Block[][] = []
  for (const block of [...blocks].sort((a, b) => a.axis - b.axis || a.start - b.start)) {
    const layer = found.find(others => others[0]!.axis === block.axis && end(others.at(-1)!) <= block.start)
    if (layer) layer.push(block)
    else found.push([block])
  }
  return found
}

const end = ({ start, dims, axis }: Block): number => start + dims[axis]!

function placed(layer: readonly Block[], dtype: DataType, builder: GraphBuilder): string {
  const { axis, dims, size, value, start } = layer[0]!
  if (layer.length === 1) {
    const pads = (length: number): number[] => dims.map((_, i) => (i === axis ? length : 0))
    return builder.emit('Pad', [value, builder.ints([...pads(start), ...pads(size - end(layer[0]!))])])
  }
  const joined: string[] = []
  let filled = 0
  const skipTo = (position: number): void => {
    if (position === filled) return
    const gap = dims.map((dim, i) => (i === axis ? position - filled : dim))
    joined.push(builder.emit('Expand', [builder.float(0, [], dtype), builder.ints(gap)]))
  }
  for (const block of layer) {
    skipTo(block.start)
    joined.push(block.value)
    filled = end(block)
  }
  skipTo(size)
  return builder.emit('Concat', joined, { axis })
}
