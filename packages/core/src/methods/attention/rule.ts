/** @file The fixed shape of attention methods: one relevance per token, laid out where the tokens lie. */
import { type AttentionLayers, attentionLayers } from '../../attention/layers.js'
import { queryOf } from '../../attention/query.js'
import type { Evaluator } from '../../evaluator.js'
import type { Method, Options } from '../method.js'

interface AttentionContext extends AttentionLayers {
  readonly evaluator: Evaluator
  /** Weights of the tokens that the target is read from, adding up to 1. */
  readonly start: Float64Array
  readonly options: Options
  readonly seed: number
}

interface TokenRelevance {
  /** One number per token, special tokens included. */
  readonly relevance: ArrayLike<number>
  readonly settled?: Readonly<Record<string, unknown>>
}

interface AttentionRule extends Pick<Method, 'name' | 'aliases' | 'summary' | 'formula' | 'citation' | 'options' | 'cost'> {
  /** Reads attention alone, or the gradient too. */
  readonly reads: 'attention' | 'gradient'
  readonly relevance: (context: AttentionContext) => Promise<TokenRelevance>
}

/**
 * A method from a rule. The map has a value for each place, raw: [1, height, width] of a picture's grid of tokens (class and other
 * special tokens left out), [1, tokens] of a sequence.
 */
export const attentionMethod = ({ relevance: relevanceOf, reads, ...rule }: AttentionRule): Method => ({
  ...rule,
  options: {
    ...rule.options,
    query: {
      kind: 'text',
      default: 'auto',
      describe: 'token whose row is read: a number, mean, or auto (the class token, else the mean over tokens)',
    },
  },
  needs: [...(reads === 'gradient' ? (['gradient'] as const) : []), 'attention'],
  promises: [],
  signed: false,
  async run(evaluator, options, seed) {
    const attention = attentionLayers(evaluator, rule.name)
    const query = queryOf(evaluator, attention, options['query'])
    const { relevance, settled } = await relevanceOf({ ...attention, evaluator, start: query.start, options, seed })
    const { space, places, layers } = attention
    const values = Float32Array.from(places, token => relevance[token]!)
    return {
      maps: { [layers.at(-1)!.weights]: { values, dims: [1, ...space] } },
      settled: { query: query.settled, layers: layers.length, ...settled },
    }
  },
})

/** The option that fuses heads. */
export const headsOption = {
  kind: 'choice',
  default: 'mean',
  values: ['mean', 'max', 'min'],
  describe: 'how the heads of a layer become one',
} as const

export const discardOption = {
  kind: 'number',
  default: 0,
  minimum: 0,
  maximum: 1,
  describe: 'share of the smallest elements of each layer that become zero (vit-explain: 0.9)',
} as const

/** The first layer that counts, and its default; models with fewer layers start at their last one. */
export const startOption = (first: number) =>
  ({
    kind: 'number',
    default: first,
    minimum: 0,
    integer: true,
    describe: 'first layer that counts, from 0 at the input (a model with no such layer: its last one)',
  }) as const
