/** @file Placebo contrast: the object against its outline. */
import type { Metric } from './metric.js'

/**
 * Mean of g(f_obj, x) - g(f_obj, placebo), where the placebo is the object's silhouette filled with the scene's texture, and the
 * region is the same. A method that marks whatever has an outline is near 0. The picture with the object must be classified correctly;
 * the placebo has no object label.
 */
export const placeboContrast: Metric = {
  name: 'placebo-contrast',
  summary: 'how much more an object gets than its silhouette filled with the scene',
  formula: 'mean of g(f_obj, x) - g(f_obj, placebo of x)',
  citation: 'control of the model contrast score; not in the paper',
  kind: 'mean',
  direction: 'higher is better',
  reference: 0,
  options: {},
  views: () => [
    { model: 'obj', picture: 'obj', correct: true },
    { model: 'obj', picture: 'placebo', correct: false },
  ],
  exclusions: [],
  score: ([object, placebo]) => object! - placebo!,
}
