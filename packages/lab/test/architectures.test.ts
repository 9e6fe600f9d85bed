import { Random, type TensorValues, UsageError } from '@ascribe/core'
import { nodeRuntime } from '@ascribe/core/node'
import { elementCount, encodeModel, evaluate, GraphBuilder, inferShapes, type NdArray, ndarray, specialise } from '@ascribe/onnx'
import { afterAll, describe, expect, test } from 'vitest'
import { architectureNamed, architectures } from '../src/architectures/index.js'
import { constantValues, Network } from '../src/architectures/network.js'
import { exportGraph } from '../src/train/export.js'
import { optimizerNamed } from '../src/train/optimizers/index.js'
import { cosineRate } from '../src/train/schedule.js'
import { layoutOf } from '../src/train/step.js'
import {
  arrays,
  batch,
  edgeIndex,
  links,
  movedParameters,
  optimizerOptions,
  rows,
  type Small,
  smallNetworks,
  stepOf,
  withDefaults,
} from './support/networks.js'

const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.dispose())

const classes = ['ant', 'bee', 'cat']
const edges = links()[0]!.length
/** One weight for both directions of an edge. */
const weights = Float32Array.from({ length: edges }, (_, i) => 1 - 0.1 * (i % (edges / 2)))

function exported(network: Small) {
  const { architecture, options, task } = network
  const layout = layoutOf(architecture, options, task)
  const moved = movedParameters({ layout } as ReturnType<typeof stepOf>)
  const [parameters, statistics] = [Float32Array.from(moved.parameters), Float32Array.from(moved.statistics)]
  const graph = exportGraph({ architecture, architectureOptions: options, task, layout, parameters, statistics, classes })
  return { graph, layout, parameters, statistics }
}

const inputs = ({ architecture, task }: Small, count: number): TensorValues => {
  const random = new Random(8)
  const data = Float32Array.from({ length: count * elementCount(task.row) }, () => random.normal())
  const input = { dtype: 'float32', dims: [count, ...task.row], data } as const
  return architecture.reads === 'graph'
    ? { input, edge_index: edgeIndex(), edge_weight: { dtype: 'float32', dims: [edges], data: weights } }
    : { input }
}

/** The network as it was built, without folding, in double precision. */
function slow(
  { architecture, options, task }: Small,
  { layout, parameters, statistics }: ReturnType<typeof exported>,
  feeds: TensorValues,
) {
  const builder = new GraphBuilder()
  const names = Object.entries(feeds).map(([name, { dtype, dims }]) => builder.input(name, dtype, dims))
  if (architecture.reads === 'graph') names[2] = builder.emit('Unsqueeze', [names[2]!, builder.ints([0])])
  const net = new Network(builder, undefined, constantValues(layout.reader(parameters, statistics)))
  const logits = builder.output(architecture.build(net, names, task, options))
  return evaluate(specialise(builder.build(), {}), arrays(feeds)).get(logits)!.data
}

const largest = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs))

describe.each(smallNetworks.map(network => [network.label, network] as const))('%s', (_, network) => {
  const { architecture, options, task } = network

  test('has as many parameters as counted by hand', () => {
    expect(layoutOf(architecture, options, task).parameterCount).toBe(network.parameters)
  })

  test('is exported without batch norm, with labels, and runs at batch 1 and 3 with equal rows', async () => {
    const made = exported(network)
    expect(made.graph.nodes.filter(({ operator }) => operator === 'BatchNormalization')).toEqual([])
    expect(JSON.parse(made.graph.metadata.get('labels')!)).toEqual(classes)
    const session = await runtime.open(encodeModel(made.graph))
    const run = async (feeds: TensorValues) => (await session.run(feeds, ['logits']))['logits']!.data as Float32Array
    if (architecture.reads === 'graph') {
      const feeds = inputs(network, rows)
      const oracle = slow(network, made, feeds)
      expect(largest((await run(feeds)).map((value, i) => value - oracle[i]!))).toBeLessThan(1e-5)
    } else {
      const feeds = inputs(network, 3)
      const size = elementCount(task.row)
      const together = await run(feeds)
      const oracle = slow(network, made, feeds)
      expect(largest(together.map((value, i) => value - oracle[i]!))).toBeLessThan(1e-4 * largest(oracle))
      for (let row = 0; row < 3; row++) {
        const data = (feeds['input']!.data as Float32Array).slice(row * size, (row + 1) * size)
        const alone = await run({ input: { dtype: 'float32', dims: [1, ...task.row], data } })
        expect(largest(alone.map((value, i) => value - together[row * 3 + i]!))).toBeLessThan(1e-6 * largest(together))
      }
    }
    await session.dispose()
  })

  test('learns', async () => {
    const { training } = architecture
    const optimizer = optimizerNamed(training.optimizer)
    const settings = { ...optimizerOptions[training.optimizer as 'sgd' | 'adamw'], decay: training.weightDecay }
    const step = stepOf(network, optimizer, settings)
    const session = await runtime.open(encodeModel(step.graph))
    const { parameters, statistics } = step.layout.initialize(0)
    const vector = (data: Float32Array) => ({ dtype: 'float32', dims: [data.length], data }) as const
    const scalar = (value: number) => ({ dtype: 'float32', dims: [], data: Float32Array.of(value) }) as const
    let feeds: TensorValues = {
      parameters: vector(parameters),
      ...(statistics.length > 0 && { statistics: vector(statistics) }),
      ...Object.fromEntries(optimizer.slots.map(slot => [`slot/${slot}`, vector(new Float32Array(parameters.length))])),
    }
    const losses: number[] = []
    const steps = 25
    const peak = Math.max(0.02, training.learningRate)
    for (let index = 0; index < steps; index++) {
      const scalars = {
        learning_rate: cosineRate(index, steps, peak, training.warmUp),
        ...optimizer.scalars(settings, index + 1),
      }
      const result = await session.run(
        {
          ...feeds,
          ...batch(network, step, index),
          ...Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, scalar(value)])),
        },
        ['loss'],
        { keep: step.carried },
      )
      feeds = {}
      losses.push((result['loss']!.data as Float32Array)[0]!)
    }
    await session.dispose()
    const mean = (list: number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length
    expect(mean(losses.slice(-3)), losses.map(loss => loss.toFixed(2)).join(' ')).toBeLessThan(0.6 * mean(losses.slice(0, 3)))
  })

  test('starts the same from the same seed, elsewhere from another', () => {
    const layout = layoutOf(architecture, options, task)
    expect(layout.initialize(4)).toEqual(layoutOf(architecture, options, task).initialize(4))
    expect(layout.initialize(4).parameters).not.toEqual(layout.initialize(5).parameters)
  })
})

describe('default sizes', () => {
  const pictures = architectures.filter(({ reads }) => reads === 'picture')
  const tokens = new Set(['vit', 'mixer'])
  const task = { row: [3, 64, 64], classes: 10 }

  test.each(pictures.map(architecture => [architecture.name, architecture] as const))(
    '%s ends on an 8x8 grid',
    (name, architecture) => {
      const options = withDefaults(architecture.options)
      const layout = layoutOf(architecture, options, task)
      expect(layout.parameterCount).toBeGreaterThan(50_000)
      expect(layout.parameterCount).toBeLessThanOrEqual(tokens.has(name) ? 500_000 : 350_000)
      const graph = inferShapes(
        specialise(
          exportGraph({
            architecture,
            architectureOptions: options,
            task,
            layout,
            ...layout.initialize(0),
            classes: Array.from({ length: 10 }, (_, i) => `${i}`),
          }),
          { inputs: { input: [1, 3, 64, 64] } },
        ),
      )
      const pooling = graph.nodes.findLast(({ operator }) => operator === 'GlobalAveragePool' || operator === 'ReduceMean')!
      const dims = graph.dims(pooling.inputs[0]!)!
      expect(tokens.has(name) ? dims[1] : dims[2]! * dims[3]!).toBe(64)
    },
  )
})

describe('starting values', () => {
  const deviation = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)
  const start = (name: string, parameter: string): Float32Array => {
    const architecture = architectureNamed(name)
    const row = architecture.reads === 'picture' ? [3, 64, 64] : [200]
    const layout = layoutOf(architecture, withDefaults(architecture.options), { row, classes: 10 })
    const { parameters, statistics } = layout.initialize(0)
    return layout.reader(parameters, statistics)(parameter)!
  }

  test.each([
    ['cnn', 'stage3.2.conv.weight', Math.sqrt(2 / (96 * 9))],
    ['mobilenet', 'stage3.block2.depthwise.conv.weight', Math.sqrt(2 / 9)],
    ['mobilenet', 'stage3.block2.expand.conv.weight', Math.sqrt(2 / 288)],
    ['mlp', 'hidden1.weight', Math.sqrt(2 / 200)],
    ['gcn', 'convolution1.weight', Math.sqrt(2 / 216)],
    // A normal cut off at two deviations keeps 0.8796 of its deviation.
    ['convnext', 'stage2.block1.first.weight', 0.02 * 0.8796],
    ['vit', 'block1.attention.query.weight', 0.02 * 0.8796],
    ['mixer', 'block1.channels.first.weight', 0.02 * 0.8796],
  ])('%s %s', (name, parameter, expected) => {
    expect(deviation(start(name, parameter)) / expected).toBeGreaterThan(0.95)
    expect(deviation(start(name, parameter)) / expected).toBeLessThan(1.05)
  })

  test('branches of convnext start at a tenth, those of resnet at nothing', () => {
    expect(start('convnext', 'stage1.block1.scale').every(value => value === Math.fround(0.1))).toBe(true)
    expect(start('resnet', 'stage1.block1.bn2.weight').every(value => value === 0)).toBe(true)
  })
})

test('dropout multiplies what is kept by 1 / (1 - rate) in training and is absent from the exported model', () => {
  const network = smallNetworks.find(({ label }) => label.startsWith('mlp') && label.includes('dropout'))!
  const step = stepOf(network)
  const { parameters } = movedParameters(step)
  const feeds: Record<string, NdArray> = {
    ...arrays(batch(network, step)),
    parameters: ndarray([parameters.length], parameters),
  }
  const piece = (name: string): Float64Array => {
    const { start, end } = step.layout.parameters.find(slice => slice.name === name)!
    return parameters.subarray(start, end)
  }
  const masks = step.dropouts.map(({ input }) => feeds[input]!.data)
  const [values, labels, weights] = [feeds['rows']!.data, feeds['labels']!.data, feeds['weights']!.data]
  let [loss, mass] = [0, 0]
  for (let row = 0; row < rows; row++) {
    const layer = (x: number[], name: string, outputs: number): number[] =>
      Array.from({ length: outputs }, (_, k) =>
        x.reduce((sum, value, c) => sum + value * piece(`${name}.weight`)[c * outputs + k]!, piece(`${name}.bias`)[k]!),
      )
    let x = [...values.subarray(row * 5, row * 5 + 5)]
    for (const [index, mask] of masks.entries())
      x = layer(x, `hidden${index + 1}`, 6).map((value, k) => (Math.max(0, value) * mask[row * 6 + k]!) / 0.8)
    const z = layer(x, 'head', 3)
    loss += weights[row]! * (Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0)) - z[labels[row]!]!)
    mass += weights[row]!
  }
  expect(masks.length).toBe(2)
  expect(Math.min(...masks[0]!)).toBe(0)
  expect(Math.abs(evaluate(step.graph, feeds, ['loss']).get('loss')!.data[0]! - loss / mass)).toBeLessThan(1e-6)
  expect(exported(network).graph.inputs.map(({ name }) => name)).toEqual(['input'])
})

describe('options that cannot be', () => {
  const build = (name: string, options: Record<string, unknown>, row = [3, 64, 64]) => {
    const architecture = architectureNamed(name)
    return () => layoutOf(architecture, withDefaults(architecture.options, options), { row, classes: 10 })
  }

  test.each([
    ['vit', { heads: 5 }, undefined, 'vit: option width must be a multiple of 5 (the heads share it), not 96'],
    ['vit', { patch: 6 }, undefined, "vit: option patch must divide the picture's side (64 pixels), not 6"],
    [
      'vit',
      { patch: 1 },
      undefined,
      'vit: option patch must be 2, 4, 8, ... with the convolutional stem, not 1; or take stem=patch',
    ],
    [
      'mixer',
      { patch: 6 },
      [3, 48, 48],
      'mixer: option patch must be 2, 4, 8, ... with the convolutional stem, not 6; or take stem=patch',
    ],
    [
      'mixer',
      { width: 30 },
      undefined,
      'mixer: option width must be a multiple of 4 (the convolutional stem of patch 8 halves it), not 30',
    ],
    ['convnext', { kernel: 4 }, undefined, 'convnext: option kernel must be odd, not 4'],
    [
      'convnext',
      { stages: 6 },
      undefined,
      'convnext: option stages must be lower than 6: 16 places along a side cannot be halved 5 times',
    ],
    ['cnn', {}, [3, 64, 48], 'cnn reads square pictures [channels, side, side], not rows of [3, 64, 48]'],
    ['resnet', {}, [14], 'resnet reads square pictures [channels, side, side], not rows of [14]'],
  ] as const)('%s %j', (name, options, row, message) => {
    const attempt = build(name, options, row && [...row])
    expect(attempt).toThrow(UsageError)
    expect(attempt).toThrow(message)
  })

  test('an unknown architecture is answered with the nearest', () => {
    expect(() => architectureNamed('resnett')).toThrow(/unknown architecture "resnett".*resnet/)
  })

  test('plain patches need no power of two', () => {
    expect(build('vit', { patch: 16, stem: 'patch', heads: 3 })).not.toThrow()
    expect(build('mixer', { patch: 6, stem: 'patch' }, [3, 48, 48])).not.toThrow()
  })
})
