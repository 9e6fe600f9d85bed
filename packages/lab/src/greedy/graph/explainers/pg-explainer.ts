/** @file pg-explainer: one perceptron, trained over many nodes, that says which edges matter. */
import { type Evaluator, Random } from '@ascribe/core'
import { Adam } from './adam.js'
import { type EdgeEmbeddings, EdgePerceptron } from './edge-perceptron.js'
import type { Explainer, ExplainerContext, Subject } from './explainer.js'
import { entropySlope, likelihoodAt, likelihoodOf, sigmoid } from './soft-mask.js'

/** Defaults of PyTorch Geometric; never changed, so that no setting goes from one instance to the next. */
const settings = { rate: 0.003, size: 0.05, entropy: 1, temperature: [5, 2], bias: 0.01 } as const

/** A node to train on. */
export interface PgExample {
  readonly subject: Subject
  readonly embeddings: EdgeEmbeddings
}

/** The embeddings of a part's nodes. */
export const embeddingsOf = ({ part }: Pick<Subject, 'part'>, all: Float32Array, width: number): EdgeEmbeddings => {
  const nodes = new Float32Array(part.nodes.length * width)
  for (const [i, node] of part.nodes.entries()) nodes.set(all.subarray(node * width, (node + 1) * width), i * width)
  return { nodes, width, ends: part.ends, centre: part.centre ?? 0 }
}

/** t_0 (t_1 / t_0)^(epoch / epochs) */
const temperatureAt = (epoch: number, epochs: number): number => {
  const [first, last] = settings.temperature
  return first * (last / first) ** (epoch / epochs)
}

export interface PgTraining extends ExplainerContext {
  readonly epochs: number
  readonly onEpoch?: (done: number) => void
}

/**
 * Trains the perceptron: for every example of every epoch a mask m = sigmoid((log e - log(1 - e) + g) / t) is drawn, e uniform in [0.01, 0.99], and one
 * step of Adam taken on -log p(prediction | m) + 0.05 sum over both directions of m + 1.0 mean entropy(m), t falling from 5 to 2. Luo et al.:
 * Parameterized Explainer for Graph Neural Network, NeurIPS 2020, with the defaults of PyTorch Geometric.
 */
export async function trainPgExplainer(examples: readonly PgExample[], training: PgTraining): Promise<EdgePerceptron> {
  const { seed, epochs } = training
  const width = examples[0]!.embeddings.width
  const perceptron = EdgePerceptron.start(width, new Random(seed, 3))
  const adam = new Adam(perceptron.parameters.length, settings.rate)
  const evaluators: Evaluator[] = []
  for (const { subject } of examples) evaluators.push(await likelihoodOf(subject, training))
  for (let epoch = 0; epoch < epochs; epoch++) {
    const temperature = temperatureAt(epoch, epochs)
    for (const [at, { embeddings }] of examples.entries()) {
      const random = new Random(seed, 1000 + epoch * examples.length + at)
      const mask = perceptron.logits(embeddings).map(logit => {
        const drawn = (1 - 2 * settings.bias) * random.uniform() + settings.bias
        return sigmoid((Math.log(drawn) - Math.log(1 - drawn) + logit) / temperature)
      })
      const { slope } = await likelihoodAt(evaluators[at]!, mask)
      const slopes = mask.map((value, edge) => {
        const own = -slope[edge]! + 2 * settings.size + (settings.entropy * entropySlope(value)) / mask.length
        return (own * value * (1 - value)) / temperature
      })
      adam.step(perceptron.parameters, perceptron.gradient(embeddings, slopes))
    }
    training.onEpoch?.(epoch + 1)
  }
  return perceptron
}

/** The trained explainer, on embeddings of the whole graph [nodes, width]. */
export const pgExplainer = (perceptron: EdgePerceptron | undefined, embeddings: Float32Array): Explainer => ({
  name: 'pg-explainer',
  summary: 'one perceptron for all nodes, trained on other ones',
  scope: 'node',
  cost: () => ({ forwards: 0, gradients: 0 }),
  explain: async subject =>
    perceptron && {
      scores: perceptron.logits(embeddingsOf(subject, embeddings, perceptron.width)).map(sigmoid),
      cost: { forwards: 0, gradients: 0 },
    },
})
