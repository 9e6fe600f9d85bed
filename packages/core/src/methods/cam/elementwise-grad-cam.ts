/** @file elementwise-grad-cam: the positive products of value and gradient. */
import { camMethod } from './rule.js'

/** w_ci = G_ci where G_ci A_ci > 0, else 0; pytorch-grad-cam's GradCAMElementWise before its scaling. */
export const elementwiseGradCam = camMethod({
  name: 'elementwise-grad-cam',
  aliases: ['gradcam-elementwise'],
  summary: 'the positive products of a layer and its gradient, summed over channels',
  formula: 'L_i = sum_c relu(G_ci A_ci)',
  citation: 'Pillai, Pirsiavash: Explainable Models with Consistent Interpretations, AAAI 2021',
  relu: true,
  reads: 'gradient',
  weights: ({ gradient, values }) => gradient.map((value, i) => (value * values[i]! > 0 ? value : 0)),
})
