/** @file aic and sic: how much of the picture's information the prediction needs. */
import type { OptionSpec } from '../../methods/method.js'
import { trapezoid } from '../curves/area.js'
import type { Metric } from '../metric.js'
import { signOption } from '../places.js'
import { informationCurve, invalid } from './curve.js'
import { informationRun } from './run.js'

const options = {
  sign: signOption('absolute'),
  thresholds: {
    kind: 'text',
    default: '0.005,0.01,0.02,0.03,0.04,0.05,0.07,0.10,0.13,0.21,0.34,0.5,0.75',
    describe: 'shares of the pixels that are shown, ascending',
  },
  minimum: { kind: 'number', default: 0.8, minimum: 0, maximum: 1, describe: 'pictures predicted below this are left out' },
  random: { kind: 'number', default: 0.01, minimum: 0, maximum: 1, describe: 'share of pixels that are shown in any case' },
  monotonous: { kind: 'flag', default: true, describe: 'predictions as their running maximum' },
  points: { kind: 'number', default: 1000, minimum: 1, maximum: 100_000, integer: true, describe: 'steps of the curve' },
} as const satisfies Readonly<Record<string, OptionSpec>>

const peers =
  'Kapishnikov, Bolukbasi, Viegas, Terry: XRAI, ICCV 2019 (PIC); parity with the reference up to ties of the triangulation'

/**
 * The pictures of `informationRun`: their size as lossless files is the information, softmax of the class (sic) or whether it is predicted
 * (aic) the performance.
 */
const informationMetric = (name: string, summary: string, accuracy: boolean): Metric => ({
  name,
  summary,
  formula: 'area under performance over information (bytes of the lossless file), both between hidden 0 and whole 1',
  citation: peers,
  options,
  needs: ['model', 'picture'],
  higherIsBetter: true,
  async run(subject, settings, seed) {
    const { bytes, probability, correct } = await informationRun(name, subject, settings, seed)
    const predictions = accuracy ? correct : probability
    const more = { bytes: bytes.whole, hiddenBytes: bytes.hidden, prediction: predictions.whole }
    const { minimum, monotonous, points } = settings
    const reason = invalid({ bytes, predictions }, minimum)
    if (reason !== undefined) return { value: Number.NaN, reason, more }
    const curve = informationCurve({ bytes, predictions }, { minimum, monotonous, points })
    return { value: trapezoid(curve), curve, more }
  },
})

export const sic = informationMetric('sic', "area under the class's probability over the information shown", false)
export const aic = informationMetric('aic', 'area under top-1 accuracy over the information shown', true)
