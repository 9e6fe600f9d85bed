/** @file One score: a metric run on one explanation. */
import { InputError, UsageError } from '../errors.js'
import type { Evaluator } from '../evaluator.js'
import { methodNamed } from '../methods/index.js'
import { type Method, resolveOptionSpecs, resolveOptions } from '../methods/method.js'
import { metricNamed } from './index.js'
import type { Maps, Metric, MetricNeed, MetricResult, MetricSubject } from './metric.js'

const given: Readonly<Record<MetricNeed, (subject: MetricSubject) => boolean>> = {
  model: ({ evaluator }) => evaluator !== undefined,
  explainer: ({ explain }) => explain !== undefined,
  mask: ({ mask }) => mask !== undefined,
  'other maps': ({ other }) => other !== undefined,
  picture: ({ picture }) => picture !== undefined,
}

/**
 * Scores one explanation. Seed and options decide the value; nothing depends on other explanations.
 * @throws UsageError for an unknown metric or option, or a subject that lacks what the metric needs; InputError for maps that hold NaN or infinity
 */
export async function measure(
  metric: Metric | string,
  subject: MetricSubject,
  options: Readonly<Record<string, unknown>> = {},
  seed = 0,
): Promise<MetricResult> {
  const chosen = typeof metric === 'string' ? metricNamed(metric) : metric
  const settings = resolveOptionSpecs(chosen.name, chosen.options, options)
  const missing = chosen.needs.filter(need => !given[need](subject))
  if (missing.length > 0) throw new UsageError(`${chosen.name} needs ${missing.join(' and ')}; the subject does not have it`)
  for (const maps of [subject.maps, subject.other ?? {}])
    for (const [name, { values }] of Object.entries(maps))
      if (values.some(value => !Number.isFinite(value)))
        throw new InputError(`${chosen.name}: the map "${name}" holds NaN or infinity, which no metric can score`)
  return chosen.run(subject, settings, seed)
}

/** Explains with one method, options and seed wherever it is asked to: what a subject's `explain` wants. */
export function explainerOf(
  method: Method | string,
  options: Readonly<Record<string, unknown>> = {},
  seed = 0,
): (evaluator: Evaluator) => Promise<Maps> {
  const chosen = typeof method === 'string' ? methodNamed(method) : method
  const settings = resolveOptions(chosen, options)
  return async evaluator => (await chosen.run(evaluator, settings, seed)).maps
}
