/** @file road and abpc: least relevant first against most relevant first. */

import type { Options } from '../../methods/method.js'
import type { Metric, MetricSubject } from '../metric.js'
import { trapezoid } from './area.js'
import { curveOf, curveOptions } from './curve.js'

const bothOrders = async ({ evaluator, maps }: MetricSubject, options: Options, seed: number) => ({
  morf: await curveOf(evaluator!, maps, options, seed, 'off', 'descending'),
  lerf: await curveOf(evaluator!, maps, options, seed, 'off', 'ascending'),
})

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Removed pixels are imputed from their neighbours by noisy linear imputation, so that the removed shape itself tells little. The value is
 * the mean over the removed shares of (y least relevant first - y most relevant first) / 2; the curve is most relevant first, `more` has
 * the mean of both. Peers: the authors compare accuracies over a data set, Quantus only most relevant first; pytorch-grad-cam as here.
 */
export const road: Metric = {
  name: 'road',
  summary: 'least against most relevant pixels removed and imputed from their neighbours',
  formula: 'mean over shares of (f(x without its lowest) - f(x without its highest)) / 2',
  citation: 'Rong et al.: A Consistent and Efficient Evaluation Strategy for Attribution Methods, ICML 2022',
  options: curveOptions({ fill: 'road:0.01', link: 'softmax', steps: '10,20,30,40,50,60,70,80,90' }),
  needs: ['model'],
  higherIsBetter: true,
  async run(subject, options, seed) {
    const { morf, lerf } = await bothOrders(subject, options, seed)
    const more = { morf: mean(morf.y), lerf: mean(lerf.y) }
    return { value: (more.lerf - more.morf) / 2, curve: morf, more }
  },
}

/** Area under least relevant first minus area under most relevant first. Peers: M4 scores plain means of 100 levels over grey. */
export const abpc: Metric = {
  name: 'abpc',
  summary: 'area between the curves of least and of most relevant features removed first',
  formula: 'integral over k/n of f(x without its k lowest) - f(x without its k highest)',
  citation: 'Schulz et al.: Restricting the Flow, ICLR 2020; Li et al.: M4, NeurIPS 2023',
  options: curveOptions({ fill: 'zeros', link: 'softmax', steps: '50' }),
  needs: ['model'],
  higherIsBetter: true,
  async run(subject, options, seed) {
    const { morf, lerf } = await bothOrders(subject, options, seed)
    const more = { morf: trapezoid(morf), lerf: trapezoid(lerf) }
    return { value: more.lerf - more.morf, curve: { x: morf.x, y: lerf.y.map((y, k) => y - morf.y[k]!) }, more }
  },
}
