/** @file Guided backpropagation and deconvnet: the gradient, but rectifiers stop what is negative on its way back. */
import { gradientRules } from '../gradient/index.js'
import type { RuleEntry, RuleSet } from '../rule.js'
import { single } from '../rule.js'
import { atRectifiers } from './rectifiers.js'

/** An entry of which the cotangents are clipped at zero first. */
const fromPositive = (entry: RuleEntry | undefined): RuleEntry | undefined =>
  entry?.kind === 'gradient'
    ? {
        ...entry,
        rule: (cotangents, c) =>
          entry.rule(
            cotangents.map(g => g && c.emit('Relu', [g])),
            c,
          ),
      }
    : entry

/**
 * Guided backpropagation (Springenberg et al. 2015): at y = relu(x), g_x = relu(g_y) 1[x > 0]; elsewhere the gradient.
 *
 * Rectifiers are Relu, Clip from the constant 0 (ReLU6: 1[0 < x < 6]), Max with the constant 0 and ThresholdedRelu, however the
 * exporter wrote them: each takes relu(g_y) through its own gradient. Every other activation keeps its gradient, as in the paper
 * and in other libraries: LeakyRelu, PRelu, Elu, Gelu, SiLU, HardSwish, Sigmoid, Tanh. Pooling and softmax do too. A model without
 * rectifiers has no guided backpropagation beside its gradient.
 */
export const guidedRules: RuleSet = atRectifiers((node, graph) => fromPositive(gradientRules(node, graph)), gradientRules)

const positiveOnly: RuleEntry = single((g, c) => {
  const from = c.dims(c.output(0))
  const positive = c.emit('Relu', [g])
  return c.node.inputs.map((input, index) => (c.wants(index) ? c.reduceTo(positive, from, c.dims(input)) : null))
})

/**
 * Deconvnet (Zeiler, Fergus 2014): at a rectifier (as for `guidedRules`), g_x = relu(g_y), whatever x was; elsewhere the gradient.
 * Max pooling's gradient is the unpooling by switches of the paper.
 */
export const deconvnetRules: RuleSet = atRectifiers(() => positiveOnly, gradientRules)
