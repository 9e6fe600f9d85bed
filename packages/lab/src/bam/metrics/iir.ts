/** @file Input independence rate, and its companion on patches that do matter. */
import type { Metric, MetricOption } from './metric.js'

const tolerance: MetricOption = {
  default: 0.1,
  describe: 'change of g, as a share of g of the clean picture, from which the map counts as changed',
  values: [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5],
}

/** |after - before| against tolerance |before|; |before| is g itself but for signed maps. */
const change = (before: number, after: number): number => Math.abs(after - before)

/**
 * IIR = share of images where a patch that leaves the model's output as it was leaves the attribution of its region as it was:
 * |g(x) - g(x + patch)| < tolerance g(x), strictly, so that g = 0 in both counts as a failure. Model f_scene_only on the bamboo forest, region
 * where the dog would be; only accepted patches (logit change small, visible), and pictures classified correctly with and without.
 * 1 - IIR is the share of false positives.
 */
export const inputIndependence: Metric = {
  name: 'iir',
  summary: 'how often a visible patch without effect on the model leaves the attribution as it was',
  formula: 'IIR = share of |g(x) - g(x + patch)| < tolerance * g(x)',
  citation: 'Yang and Kim: Benchmarking Attribution Methods with Relative Feature Importance, 2019',
  kind: 'share',
  direction: 'higher is better',
  reference: null,
  options: { tolerance },
  views: () => [
    { model: 'scene_only', picture: 'bamboo_forest', correct: true },
    { model: 'scene_only', picture: 'bamboo_forest_patch', correct: true },
  ],
  exclusions: ['patch not accepted'],
  score: ([clean, patched], options) => (change(clean!, patched!) < options['tolerance']! * Math.abs(clean!) ? 1 : 0),
}

/**
 * Share of images where a patch of equal RMS that *does* change the model's output changes the attribution of its region:
 * |g(x) - g(x + patch)| > tolerance g(x). A map that never changes has a perfect IIR and 0 here. The patched picture need not keep its
 * class; the clean one must be classified correctly.
 */
export const functionalChange: Metric = {
  name: 'functional-change',
  summary: 'how often a patch that changes the model changes the attribution: what a constant map cannot do',
  formula: 'share of |g(x) - g(x + functional patch)| > tolerance * g(x)',
  citation: 'companion of the input independence rate; not in the paper',
  kind: 'share',
  direction: 'higher is better',
  reference: null,
  options: { tolerance },
  views: () => [
    { model: 'scene_only', picture: 'bamboo_forest', correct: true },
    { model: 'scene_only', picture: 'functional_patch', correct: false },
  ],
  exclusions: ['patch not accepted', 'patch not functional'],
  score: ([clean, patched], options) => (change(clean!, patched!) > options['tolerance']! * Math.abs(clean!) ? 1 : 0),
}
