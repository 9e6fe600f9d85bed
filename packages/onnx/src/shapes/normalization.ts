/** @file Normalisations with more outputs than their result, quantisation, losses. */
import { dataTypeOfCode } from '../dtype.js'
import { axisOf, one, rules, unify } from './common.js'
import type { ShapeContext, ShapeResult, ShapeRule, ShapeRules } from './rule.js'

const batchNorm: ShapeRule = c => {
  const x = c.shape(0)
  const channels = x && x.length > 1 ? x[1]! : null
  for (let i = 1; i < 5; i++) unify(c, channels, c.shape(i)?.[0] ?? null, `input ${i} does not fit the channels`)
  const statistic: ShapeResult = { dtype: c.type(3)?.dtype ?? c.dtype(0), shape: c.shape(3) ?? [channels] }
  return [...one(c.dtype(0), x), statistic, statistic]
}

/** Result, mean and inverse deviation of a normalisation over the axes from `axis` on. */
export function layerNorm(c: ShapeContext, axisDefault = -1): readonly ShapeResult[] {
  const x = c.shape(0)
  const axis = x ? axisOf(c, c.int('axis', axisDefault), x.length) : 0
  for (const input of [1, 2]) {
    const scale = c.shape(input)
    const last = x?.at(-1)
    if (scale?.length && last !== undefined && scale.at(-1) !== 1)
      unify(c, last, scale.at(-1)!, `input ${input} does not fit the last dimension`)
  }
  const statistic: ShapeResult = { dtype: 'float32', shape: x ? x.map((dim, i) => (i < axis ? dim : 1)) : null }
  return [...one(c.dtype(0), x), statistic, statistic]
}

const quantize: ShapeRule = c => {
  const code = c.int('output_dtype', 0)
  return one(dataTypeOfCode(code) ?? c.type(2)?.dtype ?? 'uint8', c.shape(0))
}

const loss =
  (logits: boolean): ShapeRule =>
  c => {
    const dtype = c.dtype(0)
    const shape = c.string('reduction', 'mean') === 'none' ? c.shape(1) : []
    return logits ? [...one(dtype, shape), ...one(dtype, c.shape(0))] : one(dtype, shape)
  }

export const normalizationRules: ShapeRules = {
  BatchNormalization: batchNorm,
  LayerNormalization: c => layerNorm(c),
  ...rules(['RMSNormalization', 'SimplifiedLayerNormalization'], c => layerNorm(c).slice(0, 2)),
  QuantizeLinear: quantize,
  DequantizeLinear: c => one(c.dtype(1), c.shape(0)),
  DynamicQuantizeLinear: c => [...one('uint8', c.shape(0)), ...one('float32', []), ...one('uint8', [])],
  NegativeLogLikelihoodLoss: loss(false),
  SoftmaxCrossEntropyLoss: loss(true),
}
