/** @file What is explained: targets, from what the user asks for to one number per row. */
export type { TargetForm } from './targets/form.js'
export { targetForms, targetSyntax } from './targets/forms.js'
export { graphTarget, type TargetFunction } from './targets/function.js'
export { type Link, links } from './targets/links.js'
export type { MaskedTarget, Target } from './targets/request.js'
export { isPredicted, resolveTarget } from './targets/resolve.js'
export {
  appendTarget,
  type ResolvedTarget,
  type TargetShape,
  targetOutputs,
  targetShape,
  targetShapeKey,
  targetValue,
} from './targets/resolved.js'
