/** @file The ai.onnx.ml domain: trees, linear models, and feature preparation. */
import type { DataType } from '../dtype.js'
import type { Dimension } from '../graph.js'
import { like, one, rules, unknownDims } from './common.js'
import { addDims } from './dimension.js'
import type { ShapeContext, ShapeRule, ShapeRules } from './rule.js'

const count = (c: ShapeContext, ...names: string[]): number | undefined => {
  for (const name of names) {
    const held = c.attribute(name)
    if (held && (held.kind === 'ints' || held.kind === 'strings' || held.kind === 'floats') && held.value.length > 0)
      return held.value.length
    if (held?.kind === 'tensor') return held.value.size
  }
  return undefined
}

/** Rows of a table; a vector is one row. */
const rows = (c: ShapeContext): Dimension => {
  const shape = c.shape(0)
  return shape ? (shape.length > 1 ? shape[0]! : 1) : null
}

const classifier: ShapeRule = c => {
  const strings = count(c, 'classlabels_strings')
  const classes = strings ?? count(c, 'classlabels_int64s', 'classlabels_ints') ?? null
  return [...one(strings ? 'string' : 'int64', [rows(c)]), ...one('float32', [rows(c), classes])]
}

const regressor =
  (attribute: string): ShapeRule =>
  c =>
    one(c.dtype(0) === 'float64' && c.node.operator === 'TreeEnsemble' ? 'float64' : 'float32', [rows(c), c.int(attribute, 1)])

const mapped: Readonly<Record<string, DataType>> = {
  values_strings: 'string',
  values_int64s: 'int64',
  values_floats: 'float32',
  default_string: 'string',
  default_int64: 'int64',
}

const labelEncoder: ShapeRule = c => {
  const table = c.attribute('values_tensor')
  const name = Object.keys(mapped).find(key => c.attribute(key))
  const fallback: DataType = c.dtype(0) === 'string' ? 'int64' : 'string'
  return one(table?.kind === 'tensor' ? table.value.dtype : name ? mapped[name]! : fallback, c.shape(0))
}

const table: ShapeRules = {
  TreeEnsembleClassifier: classifier,
  LinearClassifier: classifier,
  SVMClassifier: classifier,
  TreeEnsembleRegressor: regressor('n_targets'),
  TreeEnsemble: regressor('n_targets'),
  LinearRegressor: regressor('targets'),
  SVMRegressor: c => one('float32', [rows(c), 1]),
  Binarizer: like(),
  Imputer: like(),
  Normalizer: like(0, 'float32'),
  Scaler: like(0, 'float32'),
  LabelEncoder: labelEncoder,
  CategoryMapper: c => one(c.dtype(0) === 'string' ? 'int64' : 'string', c.shape(0)),
  OneHotEncoder: c => one('float32', c.shape(0) && [...c.shape(0)!, count(c, 'cats_int64s', 'cats_strings') ?? null]),
  ArrayFeatureExtractor: c => {
    const [from, picked] = [c.shape(0), c.shape(1)]
    if (!from || !picked) return one(c.dtype(0), from && unknownDims(Math.max(2, from.length)))
    return one(c.dtype(0), [...(from.length === 1 ? [1] : from.slice(0, -1)), picked.at(-1) ?? 1])
  },
  FeatureVectorizer: c => {
    const widths = Array.from({ length: c.inputCount }, (_, i) => c.shape(i)?.at(-1) ?? null)
    return one('float32', [rows(c), widths.reduce(addDims, 0)])
  },
  ZipMap: c => [{ dtype: c.dtype(0), shape: null, kind: 'sequence' }],
  ...rules(['CastMap', 'DictVectorizer'], () => one('float32', null)),
}

export const mlRules: ShapeRules = Object.fromEntries(Object.entries(table).map(([name, rule]) => [`ai.onnx.ml:${name}`, rule]))
