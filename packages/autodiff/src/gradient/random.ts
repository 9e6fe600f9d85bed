/** @file Entries of operators that draw random numbers or make constants: nothing flows through them. */
import { type RuleTable, zero } from '../rule.js'

const draw = zero('its output is random; a model that uses it is explained for one draw')
const sample = zero('a sample does not change with small changes of its probabilities')
const fixed = zero('its output depends only on sizes and attributes')

export const random: RuleTable = {
  RandomNormal: draw,
  RandomNormalLike: draw,
  RandomUniform: draw,
  RandomUniformLike: draw,
  Bernoulli: sample,
  Multinomial: sample,
  Constant: zero('a constant'),
  BlackmanWindow: fixed,
  HammingWindow: fixed,
  HannWindow: fixed,
  MelWeightMatrix: fixed,
}
