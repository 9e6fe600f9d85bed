/** @file Model contrast score along the commonality ladder. */
import type { Metric, ModelRole } from './metric.js'

/** Rungs that are compared with the last, on which the dog is in every scene class and tells nothing. */
export const rungs = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/**
 * MCS(scene_i, scene_10) = mean of g(f_scene_i, x) - g(f_scene_10, x) over pictures of the dog in the bedroom that both models call
 * bedroom. The more scene classes have the dog, the less it says; how much it does say is measured (`ladderDependence`), and
 * `ladderCorrelation` compares the two.
 */
export const relativeModelContrast: Metric = {
  name: 'relative-mcs',
  summary: 'how much more the dog gets from a model to which it says something than from one to which it says nothing',
  formula: 'MCS(i) = mean of g(f_scene_i, x) - g(f_scene_10, x) over jointly correct x of dog_bedroom',
  citation: 'Yang and Kim: Benchmarking Attribution Methods with Relative Feature Importance, 2019',
  kind: 'mean',
  direction: 'higher is better',
  reference: 0,
  options: {
    rung: { default: 1, describe: 'scene classes that have the dog, in the model compared with scene10', values: rungs },
  },
  views: options => [
    { model: `scene${options['rung']}` as ModelRole, picture: 'dog_bedroom', correct: true },
    { model: 'scene10', picture: 'dog_bedroom', correct: true },
  ],
  exclusions: [],
  score: ([rung, last]) => rung! - last!,
}
