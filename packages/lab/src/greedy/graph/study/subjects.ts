/** @file What is explained: models of the edges around one node, or of all edges, with their targets. */
import { Model, Random, type Runtime, type Target, type TargetFunction } from '@ascribe/core'
import { Tensor } from '@ascribe/onnx'
import { shuffled } from '../../../order.js'
import type { NodeGraph } from '../data/node-graph.js'
import type { Subject } from '../explainers/explainer.js'
import { logSoftmax } from '../metrics/predictions.js'
import type { GraphAnswers } from '../models/answers.js'
import { explanationModel, type TrainedNetwork } from '../models/explanation-model.js'
import { Incidence, neighbourhood, type Part, wholeGraph } from '../models/subgraph.js'
import type { OpenNetwork } from '../models/trained.js'

export interface OpenSubject {
  readonly subject: Subject
  readonly dispose: () => Promise<void>
}

/** What takes the place of the study's network or graph. */
export interface Instead {
  readonly network?: TrainedNetwork
  readonly graph?: NodeGraph
}

/** Streams of the seed. */
const streams = { wrongClass: 5_000_000, weights: 6_000_000 } as const

/** The same network with every parameter's numbers in another order. */
function shuffledNetwork(network: TrainedNetwork, seed: number): TrainedNetwork {
  return {
    ...network,
    parameter: name => {
      const values = network.parameter(name)
      if (!values) return undefined
      const stream = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_000, 7)
      const order = shuffled(values.length, new Random(seed, streams.weights + stream))
      return Float32Array.from(order, at => values[at]!)
    },
  }
}

/**
 * -mean over nodes of KL(p || q) up to a constant, p the answers with all edges: sum over nodes and classes of p log q / nodes. Labels are
 * not looked at.
 */
export function agreementTarget(logits: ArrayLike<number>, nodes: number, classes: number): TargetFunction {
  const weights = new Float32Array(nodes * classes)
  for (let node = 0; node < nodes; node++)
    logSoftmax(logits, node * classes, classes).forEach((value, c) => {
      weights[node * classes + c] = Math.exp(value) / nodes
    })
  return {
    describe: 'minus the mean divergence of all answers from those with every edge, up to a constant',
    build(builder, { logits: value }, _, rows) {
      const log = builder.emit('LogSoftmax', [value!], { axis: -1 })
      const weighted = builder.emit('Mul', [log, builder.constant(Tensor.float32([1, nodes, classes], weights))])
      const sum = builder.emit('ReduceSum', [weighted, builder.ints([1, 2])], { keepdims: 0 })
      return builder.emit('Reshape', [sum, builder.ints([rows])])
    },
    value({ logits: value }) {
      let sum = 0
      for (let node = 0; node < nodes; node++)
        logSoftmax(value!.data, node * classes, classes).forEach((log, c) => {
          sum += weights[node * classes + c]! * log
        })
      return sum
    },
  }
}

export class Subjects {
  readonly #incidence: Incidence

  constructor(
    private readonly network: OpenNetwork,
    private readonly graph: NodeGraph,
    private readonly answers: GraphAnswers,
    private readonly runtime: Runtime,
    private readonly seed: number,
  ) {
    this.#incidence = new Incidence(graph)
  }

  part(node: number): Part {
    return neighbourhood(this.#incidence, node, this.network.depth)
  }

  /** The answer for one node; of another network, or with other values at the nodes, where these are given. */
  node(node: number, instead: Instead = {}): OpenSubject {
    const classes = this.graph.classes.length
    const predicted = this.answers.predicted[node]!
    const draw = new Random(this.seed, streams.wrongClass + node).integer(classes - 1)
    const wrong = draw < predicted ? draw : draw + 1
    return this.#open(
      this.part(node),
      {
        objectives: { 'log-odds': `log-odds:${predicted}`, softmax: `softmax:${predicted}`, kl: 'kl' },
        likelihood: `log-softmax:${predicted}`,
        wrong: `log-odds:${wrong}`,
      },
      instead,
    )
  }

  /** The answers for all nodes: one objective, whatever it is called. */
  whole(): OpenSubject {
    const target: Target = agreementTarget(this.answers.logits, this.graph.nodes, this.graph.classes.length)
    return this.#open(wholeGraph(this.graph), { objectives: { 'log-odds': target, kl: target }, likelihood: target })
  }

  #open(
    part: Part,
    targets: Pick<Subject, 'objectives' | 'likelihood' | 'wrong'>,
    { network = this.network, graph = this.graph }: Instead = {},
  ): OpenSubject {
    const { runtime, seed } = this
    const name = `${network.architecture.name} on ${graph.name}`
    const model = new Model(explanationModel(network, graph, part), { runtime, name })
    let spoiled: Model | undefined
    const subject: Subject = {
      model,
      part,
      ...targets,
      degrees: Float32Array.from(part.nodes, node => this.#incidence.degree(node)),
      shuffled: async () =>
        (spoiled ??= new Model(explanationModel(shuffledNetwork(network, seed), graph, part), { runtime, name })),
    }
    return {
      subject,
      dispose: async () => {
        await model.dispose()
        await spoiled?.dispose()
      },
    }
  }
}
