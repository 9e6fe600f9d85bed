/** @file grad-cam: a layer's channels weighted by their mean gradient. */
import type { Evaluator } from '../../evaluator.js'
import { type CamRule, camMap, camMethod, perChannel, sumOver } from './rule.js'

/**
 * With A the target layer's values [channels, ...space] and G = d f / d A: w_c = mean over space of G_c, map = sum_c w_c A_c,
 * clipped at zero unless `relu=false`. The map has the layer's own resolution, [1, ...space], raw; of a token tensor the tokens
 * of the picture's grid, without class tokens.
 * Peers: pytorch-grad-cam clips, scales to [0, 1] and resizes; Captum's LayerGradCam does none of these by default.
 */
const rule: CamRule = {
  name: 'grad-cam',
  aliases: ['gradcam'],
  summary: "a layer's channels weighted by their mean gradient: where the network looked, coarsely",
  formula: 'L = relu(sum_c w_c A_c), w_c = mean over space of d f / d A_c',
  citation: 'Selvaraju et al.: Grad-CAM, ICCV 2017',
  relu: true,
  reads: 'gradient',
  weights: activation => perChannel(activation, (from, to) => sumOver(from, to, i => activation.gradient[i]!) / activation.size),
}

export const gradCam = camMethod(rule)

/** The map at a layer (default: the last one with places), and the layer's name and spatial dimensions. */
export const classActivation = (evaluator: Evaluator, layer: string, relu: boolean) => camMap(rule, evaluator, { layer, relu }, 0)
