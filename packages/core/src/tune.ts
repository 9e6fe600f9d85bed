/** @file The graph that is differentiated, rewritten so that its gradient takes fewer passes over memory. */
import { decompose, foldBatchNorm, type Graph, inferShapes, lift, type RecognisedKind } from '@ascribe/onnx'

/** Which operators a tuned graph may use. */
export interface Operators {
  /** Patterns that become one operator. */
  readonly lifted: readonly RecognisedKind[]
  /** Keys of composite operators with a gradient of their own, which are not taken apart. */
  readonly whole: ReadonlySet<string>
}

/** ai.onnx only, for graphs that are written to files and run anywhere. */
export const standardOperators: Operators = { lifted: ['LayerNorm', 'Gelu', 'HardSwish'], whole: new Set() }

/** Also those of com.microsoft that every build of ONNX Runtime has: x sigmoid(x) is one pass forward, and its gradient reads x and the product only. */
export const runtimeOperators: Operators = {
  lifted: [...standardOperators.lifted, 'SiLU'],
  whole: new Set(['com.microsoft:QuickGelu']),
}

/** Normalisation folded into weights: done once per model, so that graphs of every size share the new weights. */
export const tuneWeights = (model: Graph): Graph => foldBatchNorm(model)

/**
 * Operators of a static graph: patterns lifted where one operator's gradient is cheaper, other composites taken apart. A value that
 * stays in the graph still carries all that it carried: patterns that something else reads into are left alone.
 */
export function tuneOperators(graph: Graph, { lifted, whole }: Operators): Graph {
  const composite = lift(graph, lifted, { closed: true })
  const apart = decompose(composite, whole)
  // Layers are found by their dimensions, inside composites too.
  return apart === composite ? apart : inferShapes(apart)
}
