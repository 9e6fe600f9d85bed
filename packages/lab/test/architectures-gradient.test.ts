import { evaluate, ndarray } from '@ascribe/onnx'
import { describe, expect, test } from 'vitest'
import { adamw } from '../src/train/optimizers/adamw.js'
import { sgd } from '../src/train/optimizers/sgd.js'
import { arrays, batch, carriedFeeds, optimizerOptions, plainSgd, smallNetworks, stepOf } from './support/networks.js'

const scalar = (value: number) => ndarray([], [value])

describe.each(smallNetworks.map(network => [network.label, network] as const))('%s', (_, network) => {
  test('the gradient of every parameter is what differences of the loss give', () => {
    const step = stepOf(network, sgd, plainSgd, { labelSmoothing: 0.1 })
    const feeds = { ...arrays(batch(network, step)), ...carriedFeeds(step, sgd.slots) }
    const start = feeds['parameters']!.data
    const next = evaluate(step.graph, feeds, ['next/parameters']).get('next/parameters')!.data
    const gradient = start.map((value, i) => value - next[i]!)
    const loss = (index: number, change: number): number => {
      const moved = start.slice()
      moved[index]! += change
      return evaluate(step.graph, { ...feeds, parameters: ndarray([start.length], moved) }, ['loss']).get('loss')!.data[0]!
    }
    const h = 1e-5
    for (const { name, start: from, end } of step.layout.parameters) {
      const index = from + Math.floor(0.6 * (end - from))
      const difference = (loss(index, h) - loss(index, -h)) / (2 * h)
      expect(Math.abs(gradient[index]! - difference), `${name}: ${gradient[index]} and ${difference}`).toBeLessThan(
        1e-6 * Math.max(0.1, Math.abs(difference)),
      )
    }
    expect(gradient.filter(value => Math.abs(value) > 1e-9).length).toBeGreaterThan(0.6 * gradient.length)
  })

  test('running statistics take a tenth of the batch', () => {
    const step = stepOf(network)
    if (step.layout.statisticCount === 0) return
    const feeds = { ...arrays(batch(network, step)), ...carriedFeeds(step, sgd.slots) }
    const followed = evaluate(step.graph, feeds, ['next/statistics']).get('next/statistics')!.data
    const again = evaluate(step.graph, { ...feeds, statistics: ndarray([followed.length], followed) }, ['next/statistics'])
    const first = feeds['statistics']!.data
    again.get('next/statistics')!.data.forEach((value, i) => {
      // Both moved towards the same batch: s2 - s1 = 0.9 (s1 - s0).
      expect(Math.abs(value - followed[i]! - 0.9 * (followed[i]! - first[i]!))).toBeLessThan(1e-6)
    })
  })
})

test('running statistics start from mean and unbiased variance of the batch', () => {
  const network = smallNetworks[0]!
  const step = stepOf(network)
  const feeds = { ...arrays(batch(network, step)), ...carriedFeeds(step, sgd.slots) }
  const first = step.graph.nodes.find(({ operator }) => operator === 'Conv')!.outputs[0]!
  const { dims, data } = evaluate(step.graph, feeds, [first]).get(first)!
  const followed = evaluate(step.graph, feeds, ['next/statistics']).get('next/statistics')!.data
  const [, channels, height, width] = dims as [number, number, number, number]
  for (let channel = 0; channel < channels; channel++) {
    const values = [...data].filter((_, i) => Math.floor(i / (height * width)) % channels === channel)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
    const held = (name: string): readonly [number, number] => {
      const { start } = step.layout.statistics.find(slice => slice.name === `stage1.1.bn.${name}`)!
      return [feeds['statistics']!.data[start + channel]!, followed[start + channel]!]
    }
    for (const [name, own] of [
      ['running_mean', mean],
      ['running_variance', variance],
    ] as const) {
      const [before, after] = held(name)
      expect(Math.abs(after - (0.9 * before + 0.1 * own))).toBeLessThan(1e-6)
    }
  }
})

describe('one step equals a slow one', () => {
  const network = smallNetworks[0]!

  /** Gradient, clipped as told, from a plain step. */
  function pieces(clip: number) {
    const step = stepOf(network)
    const feeds = { ...arrays(batch(network, step)), ...carriedFeeds(step, sgd.slots) }
    const p = feeds['parameters']!.data
    const next = evaluate(step.graph, feeds, ['next/parameters']).get('next/parameters')!.data
    const raw = p.map((value, i) => value - next[i]!)
    const norm = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0))
    const factor = clip > 0 ? Math.min(1, clip / norm) : 1
    expect(norm).toBeGreaterThan(0.2)
    return { p, g: raw.map(value => value * factor), decayed: step.layout.decayed() }
  }

  test.each([
    [0, false],
    [0.1, false],
    [0, true],
  ])('sgd, clip %d, nesterov %s', (clip, nesterov) => {
    const options = { ...optimizerOptions.sgd, decay: 0.03, nesterov }
    const step = stepOf(network, sgd, options, { clip })
    const feeds = { ...arrays(batch(network, step)), ...carriedFeeds(step, sgd.slots, 0.7) }
    const out = evaluate(step.graph, feeds, ['next/parameters', 'next/slot/momentum'])
    const { p, g, decayed } = pieces(clip)
    const held = feeds['slot/momentum']!.data
    p.forEach((value, i) => {
      const full = g[i]! + 0.03 * decayed[i]! * value
      const momentum = 0.9 * held[i]! + full
      const move = nesterov ? full + 0.9 * momentum : momentum
      expect(Math.abs(out.get('next/slot/momentum')!.data[i]! - momentum)).toBeLessThan(1e-6)
      expect(Math.abs(out.get('next/parameters')!.data[i]! - (value - 0.7 * move))).toBeLessThan(1e-6)
    })
  })

  test.each([0, 0.1])('adamw, clip %d', clip => {
    const step = stepOf(network, adamw, optimizerOptions.adamw, { clip })
    const t = 3
    const corrections = adamw.scalars(optimizerOptions.adamw, t)
    const feeds = {
      ...arrays(batch(network, step)),
      ...carriedFeeds(step, adamw.slots, 0.02),
      ...Object.fromEntries(Object.entries(corrections).map(([name, value]) => [name, scalar(value)])),
    }
    const out = evaluate(step.graph, feeds, ['next/parameters', 'next/slot/mean', 'next/slot/square'])
    const { p, g, decayed } = pieces(clip)
    p.forEach((value, i) => {
      const mean = 0.9 * feeds['slot/mean']!.data[i]! + 0.1 * g[i]!
      const square = 0.999 * feeds['slot/square']!.data[i]! + 0.001 * g[i]! ** 2
      const move = mean / (1 - 0.9 ** t) / (Math.sqrt(square / (1 - 0.999 ** t)) + 1e-8)
      const next = value - 0.02 * 0.05 * decayed[i]! * value - 0.02 * move
      expect(Math.abs(out.get('next/slot/mean')!.data[i]! - mean)).toBeLessThan(1e-6)
      expect(Math.abs(out.get('next/slot/square')!.data[i]! - square)).toBeLessThan(1e-6)
      expect(Math.abs(out.get('next/parameters')!.data[i]! - next)).toBeLessThan(1e-6)
    })
  })
})
