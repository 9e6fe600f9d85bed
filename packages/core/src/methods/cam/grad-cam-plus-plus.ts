/** @file grad-cam-plus-plus (Grad-CAM++): places weighted by their part in a channel's own evidence. */
import { type CamRule, camMethod, perChannel, sumOver } from './rule.js'

type Alpha = (gradient: number, total: number) => number

/** alpha at one place by variant; `total` is the channel's sum (or mean) of values. */
const alphas: Readonly<Record<string, Alpha>> = {
  ascribe: (g, total) => (g === 0 ? 0 : 1 / (2 + g * total)),
  'pytorch-grad-cam': (g, total) => (g === 0 ? 0 : g ** 2 / (2 * g ** 2 + total * g ** 3 + 1e-6)),
  xplique: (g, total) => (g === 0 ? 0 : g ** 2 / (2 * g ** 2 + total * g ** 3)),
}

/**
 * w_c = sum_i alpha_ci relu(G_ci), alpha = G^2 / (2 G^2 + G^3 S_c) with S_c = sum_i A_ci, and 0 where G = 0 (equations 10 and 19 with
 * the class score's exponential). It is computed as 1 / (2 + G S), which is the same and keeps small gradients.
 * `variant=pytorch-grad-cam` adds 1e-6 to the denominator, which flattens gradients below about 1e-3; `variant=xplique` takes S and w as
 * means over space instead of sums.
 */
const rule: CamRule = {
  name: 'grad-cam-plus-plus',
  aliases: ['grad-cam++', 'gradcam++'],
  summary: 'Grad-CAM with each place weighted by its part in the evidence: several objects of one class all show',
  formula: 'L = relu(sum_c w_c A_c), w_c = sum_i relu(G_ci) G_ci^2 / (2 G_ci^2 + G_ci^3 sum_j A_cj)',
  citation: 'Chattopadhay et al.: Grad-CAM++, WACV 2018',
  relu: true,
  reads: 'gradient',
  options: {
    variant: {
      kind: 'choice',
      default: 'ascribe',
      values: Object.keys(alphas),
      describe: 'the paper exactly, or with the constants of another library',
    },
  },
  weights: (activation, { options }) => {
    const { gradient, values, size } = activation
    const share = options['variant'] === 'xplique' ? 1 / size : 1
    const alpha = alphas[options['variant']]!
    return perChannel(activation, (from, to) => {
      const total = share * sumOver(from, to, i => values[i]!)
      return share * sumOver(from, to, i => (gradient[i]! > 0 ? alpha(gradient[i]!, total) * gradient[i]! : 0))
    })
  },
}

export const gradCamPlusPlus = camMethod(rule)
