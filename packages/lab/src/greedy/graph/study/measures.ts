/** @file The numbers that explainers are compared by, listed once. */
import type { CompressionValue } from './compression-stage.js'
import type { MethodValue } from './method-value.js'

export interface NodeMeasure {
  readonly name: string
  readonly title: string
  readonly higherIsBetter: boolean
  /** One node's number; null where it has none. */
  readonly of: (value: MethodValue) => number | null
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const nodeMeasures: readonly NodeMeasure[] = [
  {
    name: 'fidelity-auc',
    title: 'Fidelity AUC: mean of fid+ - fid- over 50 to 95% sparsity, probability',
    higherIsBetter: true,
    of: ({ scores }) => scores.fidelityAuc,
  },
  {
    name: 'fid-plus',
    title: 'fid+, probability: what the prediction loses without the explanation',
    higherIsBetter: true,
    of: ({ scores }) => mean(scores.plus),
  },
  {
    name: 'fid-minus',
    title: 'fid-, probability: what it loses with the explanation alone',
    higherIsBetter: false,
    of: ({ scores }) => mean(scores.minus),
  },
  {
    name: 'fidelity-auc-accuracy',
    title: 'Fidelity AUC, accuracy: the same, counting changed predictions',
    higherIsBetter: true,
    of: ({ scores }) => scores.changedAuc,
  },
  { name: 'fid-plus-accuracy', title: 'fid+, accuracy', higherIsBetter: true, of: ({ scores }) => mean(scores.plusChanged) },
  { name: 'fid-minus-accuracy', title: 'fid-, accuracy', higherIsBetter: false, of: ({ scores }) => mean(scores.minusChanged) },
  {
    name: 'softmax-auc',
    title: 'Softmax AUC: probability over the share of edges kept (the training objective of the softmax variants)',
    higherIsBetter: true,
    of: ({ scores }) => scores.softmaxAuc,
  },
  {
    name: 'kl-auc',
    title: 'KL AUC: KL(with all edges || with those kept), nats, over the share kept (the training objective of the kl variants)',
    higherIsBetter: false,
    of: ({ scores }) => scores.klAuc,
  },
  {
    name: 'kl-auc-relative',
    title: 'KL AUC divided by the divergence without edges',
    higherIsBetter: false,
    of: ({ scores }) => scores.klAucRelative,
  },
  { name: 'reverse-kl-auc', title: 'Reverse KL AUC, nats', higherIsBetter: false, of: ({ scores }) => scores.reverseKlAuc },
  {
    name: 'jensen-shannon-auc',
    title: 'Jensen-Shannon AUC, nats',
    higherIsBetter: false,
    of: ({ scores }) => scores.jensenShannonAuc,
  },
  {
    name: 'accuracy-auc',
    title: 'Accuracy AUC: share still predicted the same, over the share of edges kept',
    higherIsBetter: true,
    of: ({ scores }) => scores.accuracyAuc,
  },
  {
    name: 'twin-fidelity-auc',
    title: 'Fidelity AUC on the mask-adapted twin, probability',
    higherIsBetter: true,
    of: ({ twin }) => twin?.fidelityAuc ?? null,
  },
  {
    name: 'twin-fid-plus',
    title: 'fid+ on the mask-adapted twin',
    higherIsBetter: true,
    of: ({ twin }) => twin && mean(twin.plus),
  },
  {
    name: 'twin-fid-minus',
    title: 'fid- on the mask-adapted twin',
    higherIsBetter: false,
    of: ({ twin }) => twin && mean(twin.minus),
  },
  {
    name: 'twin-kl-auc',
    title: 'KL AUC on the mask-adapted twin, nats',
    higherIsBetter: false,
    of: ({ twin }) => twin?.klAuc ?? null,
  },
  {
    name: 'mask-only-noise',
    title: "Mask alone: probability over the share of edges kept, with every node's values taken from another node",
    higherIsBetter: false,
    of: ({ maskOnly }) => maskOnly?.noise ?? null,
  },
  {
    name: 'mask-only-other',
    title: 'Mask alone: probability over the share of edges kept, laid over a node of another class',
    higherIsBetter: false,
    of: ({ maskOnly }) => maskOnly?.other ?? null,
  },
  { name: 'roc-auc', title: "ROC AUC against the edges of the node's motif", higherIsBetter: true, of: ({ roc }) => roc },
]

export interface CompressionMeasure {
  readonly name: string
  readonly title: string
  readonly higherIsBetter: boolean
  /** One number per test node. */
  readonly of: (value: CompressionValue) => readonly number[]
}

export const compressionMeasures: readonly CompressionMeasure[] = [
  {
    name: 'kl-auc',
    title: 'KL AUC over the share of edges kept, nats (training objective)',
    higherIsBetter: false,
    of: ({ scores }) => scores.perNode.divergence,
  },
  {
    name: 'agreement-auc',
    title: 'AUC of the share answered as with all edges',
    higherIsBetter: true,
    of: ({ scores }) => scores.perNode.agreement,
  },
  {
    name: 'accuracy-auc',
    title: 'AUC of the share answered with its class',
    higherIsBetter: true,
    of: ({ scores }) => scores.perNode.accuracy,
  },
]
