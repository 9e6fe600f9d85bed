/** @file Public surface of @ascribe/onnx. */
export { type Attribute, type Attributes, attribute, attributes, type PlainAttribute } from './attributes.js'
export { GraphBuilder, type PlainAttributes } from './build.js'
export { decompose, decompositions } from './convert/decompose/index.js'
export { type NormaliseOptions, normalise } from './convert/normalise.js'
export { byteLength, type DataType, dataTypes, isFloat } from './dtype.js'
export * from './errors.js'
export { type EvaluateContext, fromTensor, type NdArray, ndarray, toTensor, zeros } from './evaluate/array.js'
export { evaluate } from './evaluate/evaluate.js'
export {
  type Dimension,
  Graph,
  type Node,
  normalOpset,
  operatorKey,
  outerReads,
  type Port,
  type Shape,
  sortNodes,
  subgraphs,
  type ValueType,
} from './graph.js'
export { bindInputs } from './passes/bind.js'
export { foldConstants } from './passes/fold.js'
export { foldBatchNorm } from './passes/fold-batch-norm.js'
export { prune } from './passes/prune.js'
export { batchSymbol, rebatch } from './passes/rebatch.js'
export { type Specialisation, specialise } from './passes/specialise.js'
export { decodeModel, type LocalFunction, type RawModel } from './proto/decode.js'
export type { TensorSource } from './proto/decode-tensor.js'
export { type EncodeOptions, encodeModel } from './proto/encode.js'
export { type ReadOptions, readModel } from './read.js'
export { type LiftOptions, lift, liftable, type Recognised, type RecognisedKind, recognise } from './recognise/index.js'
export * from './shapes/dimension.js'
export { type Inference, type InferOptions, inferShapes, inferWithElements, inputSymbol } from './shapes/infer.js'
export { elementCount, type Origin, Tensor } from './tensor.js'
