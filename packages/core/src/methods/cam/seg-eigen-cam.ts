/** @file seg-eigen-cam: the first principal component of a layer times the size of its gradient, turned so that its peak is positive. */
import { centred, principalDirection } from './principal.js'
import { type Activation, camMethod } from './rule.js'

const weighted = (activation: Activation): Float64Array =>
  centred(
    activation,
    activation.values.map((value, i) => value * Math.abs(activation.gradient[i]!)),
  )

/**
 * X = |G| A (equation 10), centred per channel; v its first right singular vector; L = sum_c v_c X_c, times -1 where -min L > max L
 * (equation 13), which is where the sign of eigen-cam is free. Made for segmentation; a target over a region suits it.
 */
export const segEigenCam = camMethod({
  name: 'seg-eigen-cam',
  aliases: ['segeigencam'],
  summary: 'the first principal component of a layer times the magnitude of its gradient, its largest value positive',
  formula: 'L = s sum_c v_c (X_c - mean_c), X = |G| A, v its first principal direction, s the sign of the largest value',
  citation: 'Chung, Ying: Seg-Eigen-CAM, Applied Sciences 2025',
  relu: false,
  reads: 'gradient',
  weighted,
  weights: activation => {
    const x = weighted(activation)
    const { channels, size } = activation
    const direction = principalDirection(activation, Float64Array.from(x))
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let i = 0; i < size; i++) {
      let sum = 0
      for (let c = 0; c < channels; c++) sum += direction[c]! * x[c * size + i]!
      ;[low, high] = [Math.min(low, sum), Math.max(high, sum)]
    }
    return -low > high ? direction.map(value => -value) : direction
  },
})
