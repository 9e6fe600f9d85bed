/** @file TCAV as the concept method of BAM: how much a class depends on a concept, given by examples. */
import { InputError, type Model, type RunContext, UsageError } from '@ascribe/core'
import { mean } from 'simple-statistics'
import { layerGradients, layerValues } from './activations.js'
import { bottleneckLayers } from './bottlenecks.js'
import { type Rows, rowCount } from './rows.js'
import { type ConceptScore, conceptScore, type VectorOptions } from './vectors.js'

export interface ConceptQuestion {
  /** Inputs whose class is explained: in BAM, dog_bedroom pictures. */
  readonly inputs: Rows
  /** Index of the explained class: in BAM, dog for the object model and bedroom for the scene models. */
  readonly target: number
  /** Examples of the concept: dogs on random scenes. */
  readonly concept: Rows
  /** Examples without it: scenes alone. */
  readonly random: Rows
}

export interface ConceptOptions extends VectorOptions, RunContext {
  /** Names of the layers; default four that `bottleneckLayers` finds. */
  readonly layers?: readonly string[]
  /** The logits; default the model's first float output. */
  readonly output?: string
}

export interface LayerScore extends ConceptScore {
  readonly layer: string
}

export interface ConceptResult {
  readonly layers: readonly LayerScore[]
  /** Means over the layers. */
  readonly score: number
  readonly derivative: number
  readonly accuracy: number
  readonly examples: { readonly inputs: number; readonly concept: number; readonly random: number }
}

const fewest = 4

/**
 * Testing with concept activation vectors (Kim et al., 2018, "Interpretability Beyond Feature Attribution"), see `conceptScore`.
 * @throws InputError with fewer than 4 examples of concept or random; UsageError for bad options, layers and classes
 */
export async function conceptScores(
  model: Model,
  question: ConceptQuestion,
  options: ConceptOptions = {},
): Promise<ConceptResult> {
  const { inputs, concept, random, target } = question
  for (const [name, rows] of Object.entries({ concept, random }))
    if (rowCount(rows) < fewest) throw new InputError(`${rowCount(rows)} ${name} examples; a classifier needs at least ${fewest}`)
  const { runs = 10, permutations = 99, examples = fewest } = options
  for (const [name, value, least] of [
    ['runs', runs, 1],
    ['permutations', permutations, 19],
    ['examples', examples, fewest],
  ] as const)
    if (!Number.isInteger(value) || value < least)
      throw new UsageError(`${name} must be a whole number of at least ${least}, not ${value}`)
  const layers = options.layers ?? bottleneckLayers(model, inputs.dims, undefined, options.output)
  const conceptValues = await layerValues(model, concept, layers, options)
  const randomValues = await layerValues(model, random, layers, options)
  const gradients = await layerGradients(model, inputs, layers, target, options)
  const scored = layers.map((layer): LayerScore => {
    const data = { concept: conceptValues[layer]!, random: randomValues[layer]!, gradients: gradients[layer]! }
    return { layer, ...conceptScore(data, options) }
  })
  return {
    layers: scored,
    score: mean(scored.map(({ score }) => score)),
    derivative: mean(scored.map(({ derivative }) => derivative)),
    accuracy: mean(scored.map(({ accuracy }) => accuracy)),
    examples: { inputs: rowCount(inputs), concept: rowCount(concept), random: rowCount(random) },
  }
}

export interface ConceptContrast {
  /** Difference of the mean scores. */
  readonly score: number
  /** Layer by layer in order of depth; null where the models have different numbers of layers. */
  readonly layers: readonly number[] | null
}

/**
 * BAM's model contrast for TCAV: score(a) - score(b), in BAM TCAV(object model, dog) - TCAV(scene model, bedroom), and along the ladder
 * TCAV(scene i) - TCAV(scene 10).
 */
export const conceptContrast = (a: ConceptResult, b: ConceptResult): ConceptContrast => ({
  score: a.score - b.score,
  layers: a.layers.length === b.layers.length ? a.layers.map(({ score }, i) => score - b.layers[i]!.score) : null,
})
