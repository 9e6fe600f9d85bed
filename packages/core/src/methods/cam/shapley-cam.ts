/** @file shapley-cam: a layer's channels weighted by gradient and curvature. */
import { layerCurvature } from '../../evaluation/curvature.js'
import { camMethod, perChannel, sumOver } from './rule.js'

/**
 * w_c = mean over space of (G - H A / 2)_c, H the second derivative of the target in the layer: the Shapley value of a channel, with the
 * target expanded to second order. The head of a network of linear layers and ReLU has no second derivative in a logit, and the map is then
 * grad-cam's; softmax targets, GELU, SiLU and normalisations have one. Differentiates the gradient's own graph.
 */
export const shapleyCam = camMethod({
  name: 'shapley-cam',
  aliases: ['shapleycam'],
  summary: 'Grad-CAM with the second-order part of the target: gradient minus half of curvature times activation',
  formula: 'L = relu(sum_c w_c A_c), w_c = mean over space of (G - H A / 2)_c, H = d^2 f / d A^2',
  citation: 'Cai: CAMs as Shapley Value-based Explainers, 2025',
  relu: true,
  reads: 'gradient',
  gradients: 1,
  weights: async (activation, { evaluator, planes }) => {
    const curved = planes(await layerCurvature(evaluator.rows, activation.name))
    return perChannel(
      activation,
      (from, to) => sumOver(from, to, i => activation.gradient[i]! - curved[i]! / 2) / activation.size,
    )
  },
})
