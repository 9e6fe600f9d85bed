/** @file What is left of a network's answers when it sees a part of the edges. */
import { areaOver } from './levels.js'
import { divergence, logSoftmax } from './predictions.js'

/** Of one order of all edges, at 0, 5%, ... 100% kept, over the test nodes. */
export interface CompressionScores {
  /** Share answered with their class. */
  readonly accuracy: readonly number[]
  /** Share answered as with all edges. */
  readonly agreement: readonly number[]
  /** Mean KL(answer with all edges || answer), nats. */
  readonly divergence: readonly number[]
  /** Areas over the share kept, of every test node. */
  readonly perNode: {
    readonly accuracy: readonly number[]
    readonly agreement: readonly number[]
    readonly divergence: readonly number[]
  }
}

/**
 * @param logits [nodes, classes] for every share kept @param full with all edges @param labels of all nodes @param nodes the test nodes
 */
export function compressionScores(
  logits: readonly ArrayLike<number>[],
  full: ArrayLike<number>,
  labels: ArrayLike<number>,
  nodes: ArrayLike<number>,
  classes: number,
): CompressionScores {
  const list = Array.from(nodes)
  const topOf = (answer: Float64Array): number => answer.indexOf(answer.reduce((top, value) => Math.max(top, value), -Infinity))
  const measured = list.map(node => {
    const whole = logSoftmax(full, node * classes, classes)
    const predicted = topOf(whole)
    const answers = logits.map(one => logSoftmax(one, node * classes, classes))
    const tops = answers.map(topOf)
    return {
      accuracy: tops.map(top => (top === labels[node] ? 1 : 0)),
      agreement: tops.map(top => (top === predicted ? 1 : 0)),
      divergence: answers.map(answer => divergence(whole, answer)),
    }
  })
  const curve = (name: 'accuracy' | 'agreement' | 'divergence'): number[] =>
    logits.map((_, i) => measured.reduce((sum, one) => sum + one[name][i]!, 0) / list.length)
  const areas = (name: 'accuracy' | 'agreement' | 'divergence'): number[] => measured.map(one => areaOver(one[name]))
  return {
    accuracy: curve('accuracy'),
    agreement: curve('agreement'),
    divergence: curve('divergence'),
    perNode: { accuracy: areas('accuracy'), agreement: areas('agreement'), divergence: areas('divergence') },
  }
}
