/** @file Reading: bytes -> raw graph -> normal form -> checked, with shapes. */
import { type NormaliseOptions, normalise } from './convert/normalise.js'
import { MalformedModelError, OnnxError } from './errors.js'
import type { Graph } from './graph.js'
import { foldConstants } from './passes/fold.js'
import { decodeModel } from './proto/decode.js'
import type { TensorSource } from './proto/decode-tensor.js'
import { inferShapes } from './shapes/infer.js'

export type ReadOptions = Omit<TensorSource, 'modelBytes'> & NormaliseOptions

/**
 * Reads an ONNX model (opset 7 to 26, IR up to 13) into normal form: one fixed opset, functions inlined, half floats widened,
 * integer kernels as float operators, shape arithmetic folded, shapes inferred. Weights stay views on `bytes`.
 * @throws MalformedModelError, UnsupportedModelError, ExternalDataError, InvalidGraphError, ShapeError
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const raw = decodeModel(bytes, options)
  if (raw.graph.outputs.length === 0) throw new MalformedModelError('the model has no outputs')
  try {
    return foldConstants(inferShapes(normalise(raw, options)))
  } catch (error) {
    if (error instanceof OnnxError) throw error
    // A damaged model can break what a later step takes for granted; its reader is told so by name all the same.
    throw new MalformedModelError(`the model does not hold together: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
