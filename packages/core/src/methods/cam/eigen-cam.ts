/** @file eigen-cam and eigen-grad-cam: the first principal component of a layer. */

import { centred, principalDirection } from './principal.js'
import { type Activation, type CamRule, camMethod } from './rule.js'

/** X, centred per channel or as it is. */
const weighted =
  (values: (activation: Activation) => Float64Array): NonNullable<CamRule['weighted']> =>
  (activation, { centre }) =>
    centre ? centred(activation, values(activation)) : values(activation)

const eigenRule = (
  values: (activation: Activation) => Float64Array,
): Pick<CamRule, 'relu' | 'options' | 'weights' | 'weighted'> => ({
  relu: false,
  options: { centre: { kind: 'flag', default: true, describe: "subtract each channel's mean over places first" } },
  weighted: weighted(values),
  weights: (activation, { options }) => principalDirection(activation, Float64Array.from(weighted(values)(activation, options))),
})

/**
 * X = A, centred per channel (as pytorch-grad-cam does; `centre=false` is the paper, which factorises A itself); v is the first right
 * singular vector. The sign of v is free: here the map goes up where the sum of channels does; peers leave it to chance. Knows no target.
 */
export const eigenCam = camMethod({
  ...eigenRule(({ values }) => values),
  name: 'eigen-cam',
  aliases: ['eigencam'],
  summary: "the first principal component of a layer's channels; the same for every target",
  formula: 'L = sum_c v_c (A_c - mean_c), v the first principal direction over channels',
  citation: 'Muhammad, Yeasin: Eigen-CAM, IJCNN 2020',
  reads: 'values',
})

/** The same for X = G A, value times gradient, which knows the target. */
export const eigenGradCam = camMethod({
  ...eigenRule(({ values, gradient }) => values.map((value, i) => value * gradient[i]!)),
  name: 'eigen-grad-cam',
  aliases: ['eigengradcam'],
  summary: 'the first principal component of a layer times its gradient: Eigen-CAM for one target',
  formula: 'L = sum_c v_c (G_c A_c - mean of G_c A_c), v the first principal direction over channels',
  citation: 'Muhammad, Yeasin: Eigen-CAM, IJCNN 2020, on value times gradient (pytorch-grad-cam)',
  reads: 'gradient',
})
