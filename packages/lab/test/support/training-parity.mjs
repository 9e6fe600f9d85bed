/** @file Networks, batches and steps of the comparison with PyTorch; plain JavaScript, for the test and for the tool that makes its fixture. */
import { Random, resolveOptionSpecs } from '@ascribe/core'
import { architectureNamed, optimizerNamed, trainingStep } from '@ascribe/lab'

const common = { rows: 8, batches: 20, side: 32, smoothing: 0.1 }

/** What bench/peers/training.py reads, but for labels and parameters. */
export const parityNetworks = [
  { ...common, architecture: 'resnet', options: { width: 8, stages: 2, blocks: 2 }, optimizer: 'sgd', rate: 0.05, decay: 5e-4 },
  { ...common, architecture: 'vit', options: { width: 16, depth: 2, heads: 2 }, optimizer: 'adamw', rate: 1e-3, decay: 0.05 },
]

/** @param {typeof parityNetworks[number]} network */
export function parityStep({ architecture: name, options, optimizer: optimizerName, decay, rows, side, smoothing }) {
  const architecture = architectureNamed(name)
  const optimizer = optimizerNamed(optimizerName)
  return trainingStep({
    architecture,
    architectureOptions: resolveOptionSpecs(name, architecture.options, options),
    task: { row: [3, side, side], classes: 10 },
    optimizer,
    optimizerOptions: resolveOptionSpecs(optimizerName, optimizer.options, { decay }),
    rows,
    labelSmoothing: smoothing,
    clip: 0,
  })
}

/** Stripes whose spacing is the class, in noise. @param {typeof parityNetworks[number]} network */
export function parityBatches({ rows, batches, side }) {
  const random = new Random(0)
  const labels = Array.from({ length: batches * rows }, () => random.integer(10))
  const bytes = new Uint8Array(batches * rows * side * side * 3)
  for (const [n, label] of labels.entries())
    for (let i = 0; i < side * side; i++)
      for (let c = 0; c < 3; c++)
        bytes[(n * side * side + i) * 3 + c] = 128 + 60 * Math.sin(((i % side) * (label + 2)) / 5) + 60 * (random.uniform() - 0.5)
  return { labels, bytes }
}
