/** @file The error of an operator that relevance cannot pass. */
import { operatorKey } from '@ascribe/onnx'
import { MissingRuleError } from '../../errors.js'
import type { RuleEntry } from '../../rule.js'

/** An operator on the way has no relevance rule; the message names it and what works without. */
class MissingRelevanceError extends MissingRuleError {
  constructor(operator: string, node: string, reason: string) {
    super(operator, node, reason)
    this.message = `no relevance rule for operator ${operator} (node "${node}"): ${reason}`
  }
}

/** An entry for operators without a rule: an error as soon as relevance reaches the node. */
export const withoutRelevance: RuleEntry = {
  kind: 'gradient',
  rule: (_, { node }) => {
    throw new MissingRelevanceError(
      operatorKey(node),
      node.name,
      'LRP says nothing of it; where the operator has a gradient, gradient, input-x-gradient, integrated-gradients and smooth-grad work',
    )
  },
}
