/** @file TCAV: concepts given by examples. */
export { bottleneckLayers } from './bottlenecks.js'
export { type DogConceptOptions, dogConcept } from './dog.js'
export { pictureRows, type Rows } from './rows.js'
export {
  type ConceptContrast,
  type ConceptOptions,
  type ConceptQuestion,
  type ConceptResult,
  conceptContrast,
  conceptScores,
  type LayerScore,
} from './tcav.js'
