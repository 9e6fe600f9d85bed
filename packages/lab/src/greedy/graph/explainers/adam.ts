/** @file Adam over one vector in double precision, for explainers that learn. */

/** p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + 1e-8), b1 = 0.9, b2 = 0.999. Kingma and Ba, ICLR 2015. */
export class Adam {
  readonly #mean: Float64Array
  readonly #square: Float64Array
  #step = 0

  constructor(
    size: number,
    private readonly rate: number,
  ) {
    this.#mean = new Float64Array(size)
    this.#square = new Float64Array(size)
  }

  /** Changes `parameters` in place. */
  step(parameters: Float64Array, gradient: ArrayLike<number>): void {
    this.#step++
    const [first, second] = [1 - 0.9 ** this.#step, 1 - 0.999 ** this.#step]
    for (let i = 0; i < parameters.length; i++) {
      const g = gradient[i]!
      const mean = (this.#mean[i] = 0.9 * this.#mean[i]! + 0.1 * g)
      const square = (this.#square[i] = 0.999 * this.#square[i]! + 0.001 * g * g)
      parameters[i]! -= (this.rate * (mean / first)) / (Math.sqrt(square / second) + 1e-8)
    }
  }
}
