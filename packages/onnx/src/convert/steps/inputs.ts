/** @file Steps by which attributes became inputs. */
import { attribute } from '../../attributes.js'
import type { Node } from '../../graph.js'
import { Tensor } from '../../tensor.js'
import type { ConvertContext } from '../context.js'
import { changed, type VersionStep } from '../step.js'

/** An ints attribute becomes an optional input at `index`. */
const intsToInput =
  (name: string, index: number) =>
  (node: Node, ctx: ConvertContext): Node => {
    const values = attribute(node, name, 'ints')
    if (values === undefined || values.length === 0) return changed(node, { drop: [name] })
    const inputs = [...node.inputs]
    while (inputs.length < index) inputs.push('')
    inputs[index] = ctx.ints(values)
    return changed(node, { inputs, drop: [name] })
  }

const axesToInput = (operator: string, from: number, to: number): VersionStep => ({
  operator,
  from,
  to,
  convert: intsToInput('axes', 1),
})

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'SumSquare']

export const inputSteps: readonly VersionStep[] = [
  axesToInput('ReduceSum', 12, 13),
  axesToInput('Squeeze', 12, 13),
  axesToInput('Unsqueeze', 12, 13),
  ...reductions.map(kind => axesToInput(`Reduce${kind}`, 17, 18)),
  { operator: 'Split', from: 12, to: 13, convert: intsToInput('split', 1) },
  {
    operator: 'Split',
    from: 17,
    to: 18,
    convert: node => (node.inputs[1] ? node : changed(node, { set: { num_outputs: node.outputs.length } })),
  },
  {
    operator: 'Clip',
    from: 10,
    to: 11,
    convert(node, ctx) {
      const bound = (name: string): string => {
        const value = attribute(node, name, 'float')
        return value === undefined ? '' : ctx.float(value)
      }
      return changed(node, { inputs: [node.inputs[0]!, bound('min'), bound('max')], drop: ['min', 'max'] })
    },
  },
  {
    operator: 'Slice',
    from: 9,
    to: 10,
    convert(node, ctx) {
      const starts = attribute(node, 'starts', 'ints', [])
      const ends = attribute(node, 'ends', 'ints', [])
      const axes = attribute(node, 'axes', 'ints')
      const inputs = [node.inputs[0]!, ctx.ints(starts), ctx.ints(ends), axes ? ctx.ints(axes) : '']
      return changed(node, { inputs, drop: ['starts', 'ends', 'axes'] })
    },
  },
  {
    operator: 'Pad',
    from: 10,
    to: 11,
    convert(node, ctx) {
      const pads = ctx.ints(attribute(node, 'pads', 'ints', []))
      const constant = ctx.attributeString('mode', 'constant') === 'constant'
      const value = constant ? ctx.float(attribute(node, 'value', 'float', 0)) : ''
      return changed(node, { inputs: [node.inputs[0]!, pads, value], drop: ['pads', 'value'] })
    },
  },
  {
    operator: 'TopK',
    from: 9,
    to: 10,
    convert: (node, ctx) => changed(node, { inputs: [node.inputs[0]!, ctx.ints([attribute(node, 'k', 'int', 1)])], drop: ['k'] }),
  },
  {
    operator: 'Upsample',
    from: 8,
    to: 9,
    convert(node, ctx) {
      const scales = attribute(node, 'scales', 'floats', [])
      return changed(node, {
        inputs: [node.inputs[0]!, ctx.constant(Tensor.float32([scales.length], scales), 'scales')],
        drop: ['scales'],
      })
    },
  },
  {
    operator: 'DFT',
    from: 19,
    to: 20,
    convert(node, ctx) {
      const axis = ctx.constant(Tensor.from('int64', [], [attribute(node, 'axis', 'int', 1)]))
      return changed(node, { inputs: [node.inputs[0]!, node.inputs[1] ?? '', axis], drop: ['axis'] })
    },
  },
  // Only the test-time meaning is kept: before 12 the operator had no training flag in its inputs.
  { operator: 'Dropout', from: 11, to: 12, convert: node => changed(node, { drop: ['ratio', 'is_test'] }) },
]
