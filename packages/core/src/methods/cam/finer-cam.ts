/** @file finer-cam: a class activation map of what tells a class from those most like it. */
import { UsageError } from '../../errors.js'
import { Evaluator } from '../../evaluator.js'
import type { ResolvedTarget } from '../../target.js'
import { innerMethod, settledInside } from '../inner-method.js'
import type { Method } from '../method.js'

const links: readonly string[] = ['logit', 'softmax', 'log-softmax']

/** The target z_c - alpha sum_r p_r z_r / sum_r p_r over the `count` classes r whose scores are closest to z_c. */
function finerTarget(target: ResolvedTarget, scores: ArrayLike<number>, count: number, alpha: number): ResolvedTarget {
  const [only, another] = target.classes
  if (!only || another || !links.includes(target.link))
    throw new UsageError('finer-cam compares one class with others like it; its target is a class, of logits or softmax')
  const { rowClasses = scores.length, rowStep = 1 } = target as ResolvedTarget & { rowStep?: number }
  const start = only.index - (Math.floor(only.index / rowStep) % rowClasses) * rowStep
  const row = Array.from({ length: rowClasses }, (_, i) => start + i * rowStep)
  if (row.length < 2) throw new UsageError('finer-cam compares classes, and the output has only one')
  const apart = (index: number): number => Math.abs(scores[index]! - scores[only.index]!)
  const references = row
    .filter(index => index !== only.index)
    .sort((a, b) => apart(a) - apart(b) || a - b)
    .slice(0, count)
  const most = Math.max(...references.map(index => scores[index]!))
  const parts = references.map(index => Math.exp(scores[index]! - most))
  const total = parts.reduce((sum, part) => sum + part, 0)
  return {
    ...target,
    classes: [only, ...references.map((index, i) => ({ index, weight: (-alpha * parts[i]!) / total }))],
    description: `${target.description} against classes ${references.join(', ')}`,
  }
}

/**
 * The map of the method `of` (any class activation map; its options as `of.NAME`) for the target z_c - alpha sum_r p_r z_r / sum_r p_r: r
 * are the classes whose scores are closest to the target's, p their softmax at the input, held fixed. alpha=0 is the plain map.
 * pytorch-grad-cam also differentiates p.
 */
export const finerCam = (methodNamed: (name: string) => Method): Method => {
  const method: Method = {
    name: 'finer-cam',
    aliases: ['finercam'],
    summary: 'a class activation map of what tells the class from those most like it; options of the map are written of.NAME',
    formula: 'M for f = z_c - alpha sum_r p_r z_r / sum_r p_r over the classes r closest to c',
    citation: 'Zhang et al.: Finer-CAM, CVPR 2025',
    options: {
      of: { kind: 'text', default: 'grad-cam', describe: 'the class activation map' },
      alpha: { kind: 'number', default: 1, minimum: 0, describe: 'strength of the comparison' },
      references: { kind: 'number', default: 3, minimum: 1, integer: true, describe: 'classes to compare with' },
    },
    wraps: { option: 'of', methodNamed },
    needs: ['gradient', 'spatial layer'],
    promises: [],
    signed: false,
    cost: (options, evaluator) => {
      const inner = innerMethod(method, options)
      return inner.method.cost(inner.options, evaluator)
    },
    async run(evaluator, options, seed) {
      const inner = innerMethod(method, options)
      const scores = evaluator.outputs[evaluator.target.output]!.data as Float32Array
      const target = finerTarget(evaluator.target, scores, options['references'], options['alpha'])
      const finer = new Evaluator({ ...evaluator.rows.situation, target })
      const { maps, settled } = await inner.method.run(finer, inner.options, seed)
      return { maps, settled: { ...settledInside(settled), against: target.classes.slice(1).map(({ index }) => index) } }
    },
  }
  return method
}
