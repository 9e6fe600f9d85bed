/** @file Every error of this package. A message says what was wrong, where, and what to do. */

/** Base class, so that callers can tell a problem with a model from a defect of the program. */
export class OnnxError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The bytes are not an ONNX model, or are damaged. */
export class MalformedModelError extends OnnxError {}

/** The model is well formed but uses something ascribe cannot represent. */
export class UnsupportedModelError extends OnnxError {}

/** External data is missing, too short, or points outside the model's folder. */
export class ExternalDataError extends OnnxError {}

/** A graph under construction or edit breaks a rule of ONNX (duplicate name, missing tensor, cycle). */
export class InvalidGraphError extends OnnxError {}

/** A node's inputs do not fit its operator: wrong rank, dimensions that do not match, a bad attribute. */
export class ShapeError extends OnnxError {}

/** A shape that a step needs is not known, even after specialisation. */
export class UnknownShapeError extends OnnxError {}

/** The reference evaluator was asked for an operator it does not have. */
export class NotEvaluableError extends OnnxError {}
