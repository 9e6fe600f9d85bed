/** @file hires-cam: every value times its own gradient. */
import { camMethod } from './rule.js'

/** Adds up over places to the layer's input x gradient; equals Captum's LayerGradientXActivation summed over channels. */
export const hiresCam = camMethod({
  name: 'hires-cam',
  aliases: ['hirescam'],
  summary: 'every value of a layer times its gradient, summed over channels: no averaging over places',
  formula: 'L_i = sum_c G_ci A_ci',
  citation: 'Draelos, Carin: Use HiResCAM instead of Grad-CAM, 2020',
  relu: false,
  reads: 'gradient',
  weights: ({ gradient }) => gradient,
})
