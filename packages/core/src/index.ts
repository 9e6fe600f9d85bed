/** @file Public surface of @ascribe/core, the same in Node and the browser. */

export { hasAttention } from './attention/layers.js'
export { type Attribution, type AttributionMap, type Cost, relativeResidual } from './attribution.js'
export { type Baseline, baselineKinds, makeBaseline } from './baseline.js'
export { gaussianBlur } from './blur.js'
export { type CompileOptions, compileExplanation } from './compile.js'
export * from './ensemble/index.js'
export * from './errors.js'
export { Evaluator, type Points, type Progress, type RunContext, type Sums } from './evaluator.js'
export { type ExplainOptions, explain, residualTolerance } from './explain.js'
export * from './functions/index.js'
export * from './io/index.js'
export { chunkSize, defaultMemory, peakBytes } from './memory.js'
export { type Counterpart, counterparts } from './methods/counterparts.js'
export { formsOf } from './methods/forms.js'
export { families, methodNamed, methods } from './methods/index.js'
export {
  type Form,
  type Method,
  type MethodCost,
  type MethodResult,
  type OptionSpec,
  type OptionSpecs,
  type Options,
  optionSpecs,
  type PathRule,
  resolveOptionSpecs,
  resolveOptions,
} from './methods/method.js'
export { type Quadrature, quadratures } from './methods/path/quadrature.js'
export { imputation } from './metrics/curves/imputation.js'
export { metricNamed, metrics } from './metrics/index.js'
export { aggregateCurves } from './metrics/information/curve.js'
export { type Mosaic, mosaic } from './metrics/localisation/mosaic.js'
export { explainerOf, measure } from './metrics/measure.js'
export type { Maps, Metric, MetricCurve, MetricNeed, MetricResult, MetricSubject, PictureAccess } from './metrics/metric.js'
export { orderOf } from './metrics/order.js'
export { Model, type ModelOptions } from './model.js'
export { type PrepareOptions, prepare } from './prepare.js'
export { Random } from './random.js'
export * from './render/index.js'
export type { Device, RunOptions, Runtime, Session, SessionOptions } from './runtime/runtime.js'
export { segmentKinds } from './segments/index.js'
export type { Segments } from './segments/segments.js'
export { suggestion } from './suggest.js'
export {
  graphTarget,
  type Link,
  links,
  type MaskedTarget,
  type ResolvedTarget,
  resolveTarget,
  type Target,
  type TargetForm,
  type TargetFunction,
  targetForms,
  targetSyntax,
} from './target.js'
export { float32, type TensorValue, type TensorValues, type ValueDataType } from './tensor-value.js'
export { hasTrees } from './trees/margin.js'
export { type TreeShapRows, type TreeShapRowsOptions, treeShapRows } from './trees/rows.js'
