/** @file What is scored, as data: a map, a control, maps combined, or a map blurred. */

export const controlNames = ['random', 'blobs', 'centre', 'edges', 'uniform', 'blurred-copy', 'truth'] as const
export type ControlName = (typeof controlNames)[number]

/** How maps of several models become one. */
export interface Harmoniser {
  readonly normaliser: string
  readonly scheme: string
  /** Weights of the models from how well their maps transfer to other testers; the scheme is then convex. */
  readonly weighted?: true
}

export type Subject =
  /** A stored map, by the key of its cell. */
  | { readonly kind: 'map'; readonly map: string }
  /** Another picture's map, moved in a circle by a drawn distance: the shapes of a map without its place. */
  | { readonly kind: 'shifted'; readonly map: string }
  | { readonly kind: 'control'; readonly control: ControlName }
  | {
      readonly kind: 'combined'
      readonly maps: readonly string[]
      readonly normaliser: string
      readonly scheme: string
      readonly weights?: readonly number[]
      /** Of a Gaussian over the combined map, in pixels; default none. */
      readonly sigma?: number
    }
  | { readonly kind: 'blurred'; readonly map: string; readonly sigma: number }

/** In this order wherever a list of harmonisers is shown; the first is the one named in advance. */
export const harmonisers: readonly Harmoniser[] = [
  { normaliser: 'min-max', scheme: 'mean' },
  { normaliser: 'min-max', scheme: 'convex', weighted: true },
  { normaliser: 'none', scheme: 'borda' },
  { normaliser: 'min-max', scheme: 'median' },
  { normaliser: 'z-score', scheme: 'mean' },
  { normaliser: 'rank', scheme: 'trimmed-mean' },
  { normaliser: 'min-max', scheme: 'max' },
  { normaliser: 'min-max', scheme: 'rbm' },
  { normaliser: 'min-max', scheme: 'min' },
  { normaliser: 'min-max', scheme: 'geometric' },
  { normaliser: 'min-max', scheme: 'upper-confidence-bound' },
  { normaliser: 'min-max', scheme: 'lower-confidence-bound' },
  { normaliser: 'min-max', scheme: 'probability-of-improvement' },
  { normaliser: 'min-max', scheme: 'expected-improvement' },
  { normaliser: 'min-max', scheme: 'thompson' },
  { normaliser: 'min-max', scheme: 'mean-over-deviation' },
]

export const harmoniserLabel = ({ normaliser, scheme, weighted }: Harmoniser): string =>
  `${weighted ? 'weights from transfer' : scheme}${normaliser === 'none' ? '' : ` of ${normaliser}`}`
