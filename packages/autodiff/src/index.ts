/** @file Public surface of @ascribe/autodiff. */
export { MissingRuleError, NoGradientPathError } from './errors.js'
export { gradientRules, gradientTable } from './gradient/index.js'
export { type OperatorRow, operatorDocument, operatorRows, standardOperators } from './operators.js'
export { withBaseline } from './relevance/deeplift/twin.js'
export { betaSmoothRuleSet, lrpRuleSet, type RuleSetName, ruleSets } from './relevance/index.js'
export { type LrpOptions, lrpRules } from './relevance/lrp/index.js'
export { layerOperators } from './relevance/lrp/layer.js'
export { type Assignment, type LayerGroup, type LrpPresetName, layerGroups, lrpPresets } from './relevance/lrp/presets.js'
export { type LayerRuleName, layerRules, ruleParameters } from './relevance/lrp/rules.js'
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
