/** @file Public surface of @ascribe/autodiff. */
export { MissingRuleError, NoGradientPathError } from './errors.js'
export { gradientRules, gradientTable } from './gradient/index.js'
export { type OperatorRow, operatorDocument, operatorRows, standardOperators } from './operators.js'
export { type RuleSetName, ruleSets } from './relevance/index.js'
export { type Differentiated, type DifferentiateOptions, differentiate } from './reverse.js'
export {
  type Block,
  binary,
  broadcasting,
  decomposed,
  none,
  type Rule,
  type RuleContext,
  type RuleEntry,
  type RuleSet,
  type RuleTable,
  single,
  unary,
  zero,
} from './rule.js'
