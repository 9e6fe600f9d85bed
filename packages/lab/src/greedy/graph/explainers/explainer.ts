/** @file The shape of an explainer: it gives every edge of a part of a graph a score. */
import type { Model, Target } from '@ascribe/core'
import type { Part } from '../models/subgraph.js'

/** What is explained: the answer for one node, or those for all nodes, as a function of the edges. */
export interface Subject {
  /** mask [1, edges] -> logits */
  readonly model: Model
  readonly part: Part
  /** What is explained, by the name of an objective: log-odds, softmax, kl. */
  readonly objectives: Readonly<Record<string, Target>>
  /** A class that is not the predicted one, for controls; none where all nodes are explained. */
  readonly wrong?: Target
  /** Log probability of the prediction, for explainers that learn a mask. */
  readonly likelihood: Target
  /** The same network with its weights shuffled, for controls. */
  readonly shuffled?: () => Promise<Model>
  /** Degrees of the part's nodes in the whole graph. */
  readonly degrees: Float32Array
}

export interface Scores {
  /** Of every edge of the part: the largest is kept first. */
  readonly scores: Float64Array
  /** Place of every edge in the order of selection, 0 the first; where it is given it decides instead of the scores. */
  readonly order?: Int32Array
  /** Rows passed forward, and forward and backward. */
  readonly cost: { readonly forwards: number; readonly gradients: number }
}

export interface ExplainerContext {
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface Explainer {
  readonly name: string
  readonly summary: string
  /** It knows nothing of the model or explains something else: the level that others must beat. */
  readonly control?: true
  /** For single nodes, or for the whole graph too. */
  readonly scope: 'node' | 'both'
  /** Expected rows, for the cost told before the start. */
  readonly cost: (edges: number) => { readonly forwards: number; readonly gradients: number }
  /** Undefined where it is not made for so many edges. */
  readonly explain: (subject: Subject, context: ExplainerContext) => Promise<Scores | undefined>
}
