/** @file How parameters start. Each parameter has its own stream of the seed, so adding one changes no other. */

import type { Random } from '@ascribe/core'
import { elementCount } from '@ascribe/onnx'

export type Initializer = (dims: readonly number[], random: Random) => Float32Array

export const constant =
  (value: number): Initializer =>
  dims =>
    new Float32Array(elementCount(dims)).fill(value)

export const zeros: Initializer = constant(0)
export const ones: Initializer = constant(1)

const normal =
  (deviation: (dims: readonly number[]) => number): Initializer =>
  (dims, random) => {
    const scale = deviation(dims)
    return Float32Array.from({ length: elementCount(dims) }, () => scale * random.normal())
  }

/**
 * N(0, 2 / fan), fan = outputs x kernel positions / groups: keeps the size of gradients through ReLU layers.
 * For convolution weights [outputs, inputs / groups, ...kernel]. He et al., ICCV 2015.
 */
export const heFanOut = (groups = 1): Initializer =>
  normal(([outputs, , ...kernel]) => Math.sqrt((2 * groups) / (outputs! * elementCount(kernel))))

/** N(0, 2 / inputs) for weights [inputs, outputs]. He et al., ICCV 2015. */
export const heFanIn: Initializer = normal(([inputs]) => Math.sqrt(2 / inputs!))

/** N(0, 2 / (inputs + outputs)) for weights [inputs, outputs]. Glorot and Bengio, AISTATS 2010. */
export const glorot: Initializer = normal(([inputs, outputs]) => Math.sqrt(2 / (inputs! + outputs!)))

/** Normal with the deviation given, drawn again beyond two deviations: the usual start of transformers. */
export const truncatedNormal =
  (deviation = 0.02): Initializer =>
  (dims, random) =>
    Float32Array.from({ length: elementCount(dims) }, () => {
      let value = random.normal()
      while (Math.abs(value) > 2) value = random.normal()
      return deviation * value
    })
