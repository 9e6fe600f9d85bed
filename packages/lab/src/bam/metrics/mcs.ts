/** @file Model contrast score. */
import type { Metric } from './metric.js'

/**
 * MCS = mean over images of g(f_obj, x) - g(f_scene, x): an object in a picture matters to the model that names objects and not to the one
 * that names scenes, though both see the same pixels. Only images that both models classify correctly, each by its own label, count, and
 * only where the pair was admitted: f_obj changes its prediction on >= 90% of object swaps and <= 2% of scene swaps, f_scene the reverse
 * (`admitPair`). The set `scene` holds the pictures of `obj` under their other label.
 */
export const modelContrast: Metric = {
  name: 'mcs',
  summary: 'how much more the object gets from the model that needs it than from the model that does not',
  formula: 'MCS = mean of g(f_obj, x) - g(f_scene, x) over jointly correct x',
  citation: 'Yang and Kim: Benchmarking Attribution Methods with Relative Feature Importance, 2019',
  kind: 'mean',
  direction: 'higher is better',
  reference: 0,
  options: {},
  views: () => [
    { model: 'obj', picture: 'obj', correct: true },
    { model: 'scene', picture: 'scene', correct: true },
  ],
  exclusions: ['pair not admitted'],
  score: ([object, scene]) => object! - scene!,
}
