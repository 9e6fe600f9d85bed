/** @file Steps down a gradient. */

/** Moves parameters in place by a gradient; keeps what it needs from step to step. */
type Optimiser = (parameters: Float64Array, gradient: Float64Array) => void

/** Adam with beta 0.9 and 0.999, epsilon 1e-8. Kingma, Ba 2015. */
export function adam(rate: number): Optimiser {
  let mean: Float64Array | undefined
  let square: Float64Array | undefined
  let step = 0
  return (parameters, gradient) => {
    mean ??= new Float64Array(parameters.length)
    square ??= new Float64Array(parameters.length)
    step++
    for (let i = 0; i < parameters.length; i++) {
      mean[i] = 0.9 * mean[i]! + 0.1 * gradient[i]!
      square[i] = 0.999 * square[i]! + 0.001 * gradient[i]! ** 2
      parameters[i]! -= (rate * (mean[i]! / (1 - 0.9 ** step))) / (Math.sqrt(square[i]! / (1 - 0.999 ** step)) + 1e-8)
    }
  }
}

/** p <- p - rate v, v the running mean of gradients, v <- momentum v + (1 - momentum) g, which starts at the first. */
export function momentumDescent(rate: number, momentum: number): Optimiser {
  let velocity: Float64Array | undefined
  return (parameters, gradient) => {
    velocity = velocity?.map((value, i) => momentum * value + (1 - momentum) * gradient[i]!) ?? gradient.slice()
    for (let i = 0; i < parameters.length; i++) parameters[i]! -= rate * velocity[i]!
  }
}

/** Every parameter into [0, 1]. */
export function clampUnit(parameters: Float64Array): void {
  for (let i = 0; i < parameters.length; i++) parameters[i] = Math.min(1, Math.max(0, parameters[i]!))
}
