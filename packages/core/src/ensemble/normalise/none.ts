/** @file none: values as they are. */
import type { Normaliser } from '../normaliser.js'

export const none: Normaliser = {
  name: 'none',
  summary: 'values as they are',
  formula: 'v',
  options: {},
  scale: values => values.slice(),
}
