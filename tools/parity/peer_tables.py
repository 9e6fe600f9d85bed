"""shap on trees of three libraries, and on a small network over a table."""
import gzip
import json

import numpy as np

ROWS, COLUMNS, BACKGROUND = 200, 5, 20


def table():
    random = np.random.default_rng(7)
    # Quarters: no split threshold lies within rounding of a value.
    x = np.round(random.normal(size=(ROWS, COLUMNS)) * 4) / 4
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) - 0.5 * (x[:, 3] > 0.2) + 0.1 * random.normal(size=ROWS)
    return x.astype(np.float32), y


def exports(x, y):
    """name -> fitted model, ONNX, class to look at."""
    import lightgbm
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
    from skl2onnx import to_onnx
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
    kind = [('x', FloatTensorType([None, COLUMNS]))]
    light = lightgbm.LGBMRegressor(n_estimators=12, num_leaves=8, min_child_samples=4, verbose=-1).fit(x, y)
    yield 'lightgbm', light, onnxmltools.convert_lightgbm(light, initial_types=kind, target_opset=15)
    boosted = xgboost.XGBRegressor(n_estimators=12, max_depth=3, base_score=0.5).fit(x, y)
    yield 'xgboost', boosted, onnxmltools.convert_xgboost(boosted, initial_types=kind, target_opset=15)
    forest = RandomForestRegressor(n_estimators=6, max_depth=4, bootstrap=False, max_features=0.6, random_state=0).fit(x, y)
    yield 'forest', forest, to_onnx(forest, x[:1], target_opset=15)
    labels = (y > np.median(y)).astype(int)
    classes = GradientBoostingClassifier(n_estimators=10, max_depth=3, random_state=0).fit(x, labels)
    yield 'boosting', classes, to_onnx(classes, x[:1], target_opset=15, options={'zipmap': False})


def tree_entries(entry, model, rows, x, background):
    import shap
    covers = {'background': {'rows': x.tolist()}, 'game': 'path-dependent'}
    apart = {'background': {'rows': background.tolist()}, 'game': 'interventional'}
    by_cover = shap.TreeExplainer(model, feature_perturbation='tree_path_dependent')
    by_rows = shap.TreeExplainer(model, background, feature_perturbation='interventional')
    values = [('TreeExplainer, path dependent', 'tree-shap', covers, by_cover.shap_values(rows, check_additivity=False)),
              ('TreeExplainer, interventional', 'tree-shap', apart, by_rows.shap_values(rows, check_additivity=False)),
              ('TreeExplainer, interactions', 'tree-shap-interactions', covers, by_cover.shap_interaction_values(rows))]
    for call, method, options, found in values:
        for row in range(len(rows)):
            yield entry('shap', call, method, np.asarray(found)[row:row + 1], options) | {'row': row}


def network(x, y):
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    random = np.random.default_rng(3)
    weights = [random.normal(size=(COLUMNS, 6)).astype(np.float32), random.normal(size=6).astype(np.float32), random.normal(size=(6, 2)).astype(np.float32)]

    def run(rows):
        return np.tanh(rows.astype(np.float64) @ weights[0] + weights[1]) @ weights[2]
    graph = helper.make_graph(
        [helper.make_node('Gemm', ['x', 'w0', 'w1'], ['h']), helper.make_node('Tanh', ['h'], ['a']), helper.make_node('MatMul', ['a', 'w2'], ['y'])], 'table',
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, ['n', COLUMNS])], [helper.make_tensor_value_info('y', TensorProto.FLOAT, ['n', 2])],
        [numpy_helper.from_array(value, f'w{i}') for i, value in enumerate(weights)])
    return run, helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)


def make(out, entry, write):
    import shap
    x, y = table()
    background, rows = x[:BACKGROUND], x[BACKGROUND:BACKGROUND + 3]
    models = {}
    for name, model, proto in exports(x, y):
        found = []
        for made in tree_entries(entry, model, rows, x, background):
            # Of a binary classifier, shap explains the margin of class 1.
            found.append(made | ({'target': 1} if name == 'boosting' else {}))
        write(out, f'{name}.onnx.gz', gzip.compress(proto.SerializeToString(), 9, mtime=0))
        models[name] = {'rows': rows.tolist(), 'attributions': found}
    run, proto = network(x, y)
    write(out, 'network.onnx.gz', gzip.compress(proto.SerializeToString(), 9, mtime=0))
    given = {'baseline': {'rows': background.tolist()}}
    found = []
    for target in range(2):
        def score(data):
            return run(np.asarray(data))[:, target]
        exact = shap.explainers.Exact(score, shap.maskers.Independent(background, max_samples=BACKGROUND))(rows).values
        kernel = shap.KernelExplainer(score, background).shap_values(rows, nsamples=2 ** COLUMNS, l1_reg=False)
        for row in range(len(rows)):
            more = {'row': row, 'target': target}
            found.append(entry('shap', 'Exact', 'exact-shapley', exact[row:row + 1], given) | more)
            found.append(entry('shap', 'KernelExplainer, all coalitions', 'kernel-shap', kernel[row:row + 1], given) | more)
    models['network'] = {'rows': rows.tolist(), 'attributions': found}
    text = ',\n'.join(
        f'{json.dumps(name)}: {{"rows": {json.dumps(model["rows"])}, "attributions": [\n' + ',\n'.join(json.dumps(made) for made in model['attributions']) + '\n]}'
        for name, model in models.items())
    write(out, 'tables.json', f'{{"models": {{\n{text}\n}}}}\n'.encode())
