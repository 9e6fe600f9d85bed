/** @file The perceptron of PGExplainer: from the embeddings of an edge's ends and of the explained node to a number. */
import type { Random } from '@ascribe/core'

/** What it is shown of a part of a graph. */
export interface EdgeEmbeddings {
  /** [nodes, width] */
  readonly nodes: Float32Array
  readonly width: number
  readonly ends: Uint32Array
  readonly centre: number
}

/** Units of the hidden layer. */
const hidden = 64

/** g(z_i, z_j, z_v) = u . relu(A z_i + B z_j + C z_v + b) + c; of an edge the mean of its two directions. */
export class EdgePerceptron {
  constructor(
    readonly width: number,
    /** A, B, C [width, 64] each, b [64], u [64], c. */
    readonly parameters: Float64Array,
  ) {}

  static size = (width: number): number => 3 * width * hidden + 2 * hidden + 1

  /** Uniform within 1 / sqrt(inputs) of each layer, as PyTorch's linear layers start. */
  static start(width: number, random: Random): EdgePerceptron {
    const first = 1 / Math.sqrt(3 * width)
    const second = 1 / Math.sqrt(hidden)
    const cut = 3 * width * hidden + hidden
    const parameters = Float64Array.from(
      { length: EdgePerceptron.size(width) },
      (_, i) => (2 * random.uniform() - 1) * (i < cut ? first : second),
    )
    return new EdgePerceptron(width, parameters)
  }

  get #places() {
    const block = this.width * hidden
    return { a: 0, b: block, c: 2 * block, bias: 3 * block, out: 3 * block + hidden, last: 3 * block + 2 * hidden }
  }

  /** [nodes, 64]: every embedding times one of the three matrices. */
  #projected(embeddings: Float32Array, matrix: number): Float64Array {
    const { width, parameters } = this
    const nodes = embeddings.length / width
    const out = new Float64Array(nodes * hidden)
    for (let node = 0; node < nodes; node++)
      for (let i = 0; i < width; i++) {
        const value = embeddings[node * width + i]!
        if (value === 0) continue
        const row = matrix + i * hidden
        for (let k = 0; k < hidden; k++) out[node * hidden + k]! += value * parameters[row + k]!
      }
    return out
  }

  #layers({ nodes, width, centre }: EdgeEmbeddings) {
    const places = this.#places
    const middle = this.#projected(nodes.subarray(centre * width, (centre + 1) * width), places.c)
    for (let k = 0; k < hidden; k++) middle[k]! += this.parameters[places.bias + k]!
    return { from: this.#projected(nodes, places.a), to: this.#projected(nodes, places.b), middle }
  }

  logits(part: EdgeEmbeddings): Float64Array {
    const { from, to, middle } = this.#layers(part)
    const { out, last } = this.#places
    const { ends } = part
    return Float64Array.from({ length: ends.length / 2 }, (_, edge) => {
      let sum = 2 * this.parameters[last]!
      for (const [i, j] of bothWays(ends, edge))
        for (let k = 0; k < hidden; k++) {
          const value = from[i * hidden + k]! + to[j * hidden + k]! + middle[k]!
          if (value > 0) sum += value * this.parameters[out + k]!
        }
      return sum / 2
    })
  }

  /** Derivative of sum_e slope_e logit_e by the parameters. */
  gradient(part: EdgeEmbeddings, slopes: ArrayLike<number>): Float64Array {
    const { from, to, middle } = this.#layers(part)
    const { a, b, c, bias, out, last } = this.#places
    const { ends, nodes, width, centre } = part
    const gradient = new Float64Array(this.parameters.length)
    const [left, entered] = [new Float64Array(from.length), new Float64Array(to.length)]
    for (let edge = 0; edge < ends.length / 2; edge++) {
      const half = slopes[edge]! / 2
      gradient[last]! += 2 * half
      for (const [i, j] of bothWays(ends, edge))
        for (let k = 0; k < hidden; k++) {
          const value = from[i * hidden + k]! + to[j * hidden + k]! + middle[k]!
          if (value <= 0) continue
          gradient[out + k]! += half * value
          const slope = half * this.parameters[out + k]!
          left[i * hidden + k]! += slope
          entered[j * hidden + k]! += slope
          gradient[bias + k]! += slope
        }
    }
    for (let node = 0; node < nodes.length / width; node++)
      for (let i = 0; i < width; i++) {
        const value = nodes[node * width + i]!
        if (value === 0) continue
        for (let k = 0; k < hidden; k++) {
          gradient[a + i * hidden + k]! += value * left[node * hidden + k]!
          gradient[b + i * hidden + k]! += value * entered[node * hidden + k]!
        }
      }
    for (let i = 0; i < width; i++)
      for (let k = 0; k < hidden; k++) gradient[c + i * hidden + k]! += nodes[centre * width + i]! * gradient[bias + k]!
    return gradient
  }
}

const bothWays = (ends: Uint32Array, edge: number): readonly (readonly [number, number])[] => {
  const [i, j] = [ends[2 * edge]!, ends[2 * edge + 1]!]
  return [
    [i, j],
    [j, i],
  ]
}
