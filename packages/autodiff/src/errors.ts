/** @file Errors of differentiation: each names operator and node. */
import { OnnxError } from '@ascribe/onnx'

/** An operator on the path has no rule in the rule set. */
export class MissingRuleError extends OnnxError {
  constructor(
    readonly operator: string,
    readonly node: string,
    reason: string,
  ) {
    super(`no gradient through operator ${operator} (node "${node}"): ${reason}`)
  }
}

/** The value does not depend on the tensor, or only through operators whose derivative is zero. */
export class NoGradientPathError extends OnnxError {}
