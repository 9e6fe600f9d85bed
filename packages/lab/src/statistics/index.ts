/** @file Statistics of every study: clustered bootstrap, corrections, correlations, ranks; double precision, seeded. */
export {
  type BootstrapOptions,
  bootstrap,
  bootstrapPValue,
  type Estimate,
  resampled,
  type Source,
  type Statistic,
} from './bootstrap.js'
export { type Correlation, kendall, pearson, spearman } from './correlation.js'
export { detectableDifference, mean, quantile, quantileOfSorted, standardDeviation } from './describe.js'
export { bootstrapCorrelation, bootstrapDifference, bootstrapMean, bootstrapRatio } from './estimates.js'
export { holm } from './holm.js'
export { type RankAgreement, rankAgreement, ranks } from './ranks.js'
export { unanimousDeviation, unanimousInterval } from './unanimous.js'
