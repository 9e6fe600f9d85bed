/** @file Entries of ai.onnx.ml: classical models. */
import { none, type RuleTable, zero } from '../rule.js'

const trees = none('trees are piecewise constant; methods that only run the model forward explain them')
const classical = none('classical models have no gradient rule; methods that only run the model forward explain them')
const lookup = zero('it looks values up')

export const ml: RuleTable = {
  'ai.onnx.ml:ArrayFeatureExtractor': none('it picks columns of a table; methods that only run the model forward still work'),
  'ai.onnx.ml:Binarizer': zero('piecewise constant'),
  'ai.onnx.ml:CastMap': lookup,
  'ai.onnx.ml:CategoryMapper': lookup,
  'ai.onnx.ml:DictVectorizer': lookup,
  'ai.onnx.ml:FeatureVectorizer': classical,
  'ai.onnx.ml:Imputer': classical,
  'ai.onnx.ml:LabelEncoder': lookup,
  'ai.onnx.ml:LinearClassifier': classical,
  'ai.onnx.ml:LinearRegressor': classical,
  'ai.onnx.ml:Normalizer': classical,
  'ai.onnx.ml:OneHotEncoder': lookup,
  'ai.onnx.ml:SVMClassifier': classical,
  'ai.onnx.ml:SVMRegressor': classical,
  'ai.onnx.ml:Scaler': classical,
  'ai.onnx.ml:TreeEnsemble': trees,
  'ai.onnx.ml:TreeEnsembleClassifier': trees,
  'ai.onnx.ml:TreeEnsembleRegressor': trees,
  'ai.onnx.ml:ZipMap': zero('it pairs probabilities with labels; explain the probabilities themselves'),
}
