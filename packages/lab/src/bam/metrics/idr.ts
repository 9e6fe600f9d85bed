/** @file Input dependence rate. */
import type { Metric } from './metric.js'

/**
 * IDR = share of images where the region gets less from f_scene while the object covers it than when the scene shows there:
 * g(scene_only version) > g(with object), strictly, in the same region (the object's mask). Images that f_scene classifies correctly in
 * both versions count. 1 - IDR is the share of false positives. A method blind to the picture is at 0, one that gives independent values
 * near 1/2.
 */
export const inputDependence: Metric = {
  name: 'idr',
  summary: 'how often the scene model gives a region less when an object that does not matter covers it',
  formula: 'IDR = share of g(f_scene, x without object) > g(f_scene, x)',
  citation: 'Yang and Kim: Benchmarking Attribution Methods with Relative Feature Importance, 2019',
  kind: 'share',
  direction: 'higher is better',
  reference: 0.5,
  options: {},
  views: () => [
    { model: 'scene', picture: 'scene', correct: true },
    { model: 'scene', picture: 'scene_only', correct: true },
  ],
  exclusions: ['no partner'],
  score: ([object, bare]) => (bare! > object! ? 1 : 0),
}
