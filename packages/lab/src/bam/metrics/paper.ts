/** @file What the paper reports, as far as it is known, with how sure each statement is. */

/** Where a statement of the paper's results comes from. */
export type Reliability = 'published code' | 'issue of the published code' | 'third party' | 'recalled'

export interface PaperStatement {
  readonly metric: 'mcs' | 'relative-mcs' | 'idr' | 'iir' | 'order'
  readonly statement: string
  readonly reliability: Reliability
  readonly source: string
}

/** A method of the paper under the name it has in the scores. */
export interface PaperMethod {
  readonly name: string
  readonly paper: string
}

/**
 * The eight methods that the paper reports, in the order of its code, which a comment there calls roughly best to worst. SmoothGrad is the
 * squared form there (noise 15% of the range, 25 samples).
 */
export const paperMethods: readonly PaperMethod[] = [
  { name: 'grad-cam', paper: 'Grad-CAM' },
  { name: 'gradient', paper: 'vanilla gradient' },
  { name: 'smooth-grad-squared', paper: 'SmoothGrad (squared)' },
  { name: 'integrated-gradients', paper: 'integrated gradients' },
  { name: 'integrated-gradients-smooth-squared', paper: 'integrated gradients + SmoothGrad (squared)' },
  { name: 'input-x-gradient', paper: 'gradient x input' },
  { name: 'guided-backprop', paper: 'guided backprop' },
  { name: 'guided-grad-cam', paper: 'guided Grad-CAM' },
]

/** That order for `rankAgreement`. It disagrees with the paper's own MCS finding that SmoothGrad is above the plain gradient. */
export const paperOrder: readonly string[] = paperMethods.map(method => method.name)

/** Exact values of the paper's bars are not known beyond these. */
export const paperStatements: readonly PaperStatement[] = [
  {
    metric: 'mcs',
    statement: 'Grad-CAM is highest; gradient and integrated gradients are above random and below Grad-CAM and SmoothGrad',
    reliability: 'third party',
    source: 'saliency cards',
  },
  {
    metric: 'mcs',
    statement: 'SmoothGrad raises gradient and integrated gradients',
    reliability: 'third party',
    source: 'saliency cards',
  },
  { metric: 'mcs', statement: 'TCAV and Grad-CAM do well', reliability: 'third party', source: 'a summary' },
  {
    metric: 'mcs',
    statement: 'the gradient is at about 0.15 in the first version; a rebuild on 10,000 images got 0.1303',
    reliability: 'issue of the published code',
    source: 'a user, answered by the author: rebuilt data differ',
  },
  {
    metric: 'relative-mcs',
    statement:
      'correlation with accuracy 0.95 for TCAV and 0.92 for Grad-CAM; both fall sharply towards 0 as the dog becomes common',
    reliability: 'third party',
    source: 'a review of the first version',
  },
  {
    metric: 'idr',
    statement: 'Grad-CAM and gradient have the fewest false positives',
    reliability: 'third party',
    source: 'a review of the first version',
  },
  {
    metric: 'iir',
    statement:
      'at 10% tolerance every method but Grad-CAM and gradient has over 80% false positives; guided backprop draws the patch',
    reliability: 'third party',
    source: "a review of the first version; a figure in the code's readme",
  },
  {
    metric: 'order',
    statement:
      'Grad-CAM, gradient, SmoothGrad, IG, IG-SmoothGrad, gradient x input, guided backprop, guided Grad-CAM: roughly best to worst',
    reliability: 'published code',
    source: 'a comment',
  },
]
