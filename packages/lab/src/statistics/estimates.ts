/** @file Means, shares, paired differences, ratios and correlations with clustered bootstrap intervals. */
import { type BootstrapOptions, bootstrap, checkLength, type Estimate, type Source } from './bootstrap.js'
import type { Correlation } from './correlation.js'

/** Mean of `values` over the rows drawn. */
function meanOver(values: ArrayLike<number>, rows: Int32Array): number {
  let sum = 0
  for (let k = 0; k < rows.length; k++) sum += values[rows[k]!]!
  return sum / rows.length
}

/**
 * Mean of the values; of zeros and ones, their share.
 * @throws InputError where there is not one source per value
 */
export function bootstrapMean(values: ArrayLike<number>, sources: readonly Source[], options?: BootstrapOptions): Estimate {
  checkLength('bootstrap of a mean', values, sources)
  return bootstrap(sources, rows => meanOver(values, rows), options)
}

/**
 * Paired: mean of first_i - second_i, both measured on row i.
 * @throws InputError where there is not one source per value
 */
export function bootstrapDifference(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  sources: readonly Source[],
  options?: BootstrapOptions,
): Estimate {
  checkLength('paired bootstrap', first, sources)
  checkLength('paired bootstrap', second, sources)
  return bootstrapMean(
    Float64Array.from(first, (value, i) => value - second[i]!),
    sources,
    options,
  )
}

/**
 * Ratio of means, sum top_i / sum bottom_i; NaN in resamples whose bottom adds up to 0. A share of some of the rows is the ratio of
 * counted rows to rows that qualify.
 * @throws InputError where there is not one source per value
 */
export function bootstrapRatio(
  top: ArrayLike<number>,
  bottom: ArrayLike<number>,
  sources: readonly Source[],
  options?: BootstrapOptions,
): Estimate {
  checkLength('bootstrap of a ratio', top, sources)
  checkLength('bootstrap of a ratio', bottom, sources)
  const ratio = (rows: Int32Array): number => {
    const below = meanOver(bottom, rows)
    return below === 0 ? Number.NaN : meanOver(top, rows) / below
  }
  return bootstrap(sources, ratio, options)
}

/**
 * Correlation of x and y over rows; NaN in resamples where either does not vary.
 * @throws InputError where there is not one source per value
 */
export function bootstrapCorrelation(
  correlation: Correlation,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  sources: readonly Source[],
  options?: BootstrapOptions,
): Estimate {
  checkLength('bootstrap of a correlation', x, sources)
  checkLength('bootstrap of a correlation', y, sources)
  const pick = (values: ArrayLike<number>, rows: Int32Array): number[] => Array.from(rows, row => values[row]!)
  return bootstrap(sources, rows => correlation(pick(x, rows), pick(y, rows)), options)
}
