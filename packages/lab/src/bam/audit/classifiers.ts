/** @file The classifiers of the audit, by name. */

import { fitLogistic, predictLogistic, type Table } from './logistic.js'
import { predictNearest } from './nearest.js'

/** Predicts the classes of `asked` from the labelled rows of `known`. */
type Classifier = (known: Table, asked: Table, classes: number) => Uint8Array

export const classifiers: Readonly<Record<'logistic' | 'nearest', { readonly title: string; readonly predict: Classifier }>> = {
  logistic: {
    title: 'logistic regression',
    predict: (known, asked, classes) => predictLogistic(fitLogistic(known, classes), asked),
  },
  nearest: { title: '5 nearest neighbours', predict: predictNearest },
}
