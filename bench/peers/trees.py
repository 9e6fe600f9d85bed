"""shap on tables, once per line it reads: python trees.py FOLDER TASK [--threads 2] [--rows 200] [--background 100]

Writes into FOLDER what the other side explains: NAME.onnx, NAME.rows.f32, NAME.background.f32 and NAME.json, NAME being the task.
Protocol, one JSON object per line on standard output: {"ready": true, ...versions}, then for each line "run" on standard input
{"ms": wall-clock milliseconds, "cpuMs": processor milliseconds}. "quit" or end of input ends it.

path-dependent, interventional: shap.TreeExplainer (compiled) on a LightGBM regression, --trees trees of --leaves leaves, over 20 columns.
kernel-perceptron: shap.KernelExplainer on scikit-learn's MLPRegressor (64, 32), --samples coalitions a row over --background rows.
kernel-trees: the same on the trees.
"""
import argparse
import json
import pathlib
import platform
import sys
import time

import numpy

COLUMNS = 20


def table(rows, seed):
    return numpy.random.default_rng(seed).normal(size=(rows, COLUMNS)).astype(numpy.float32)


def training():
    train = table(5000, 0)
    noise = numpy.random.default_rng(1).normal(size=len(train))
    return train, train[:, 0] * train[:, 1] + numpy.sin(2 * train[:, 2]) + train @ numpy.linspace(0, 1, COLUMNS) + 0.1 * noise


def boosted(options):
    import lightgbm
    return lightgbm.LGBMRegressor(n_estimators=options.trees, num_leaves=options.leaves, random_state=0, verbose=-1,
                                  n_jobs=options.threads)


def trees(options):
    import shap
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType
    train, target = training()
    model = boosted(options).fit(train, target)
    background, rows = train[:options.background], table(options.rows, 2)
    graph = convert_lightgbm(model, initial_types=[('table', FloatTensorType([None, COLUMNS]))], target_opset=15)
    if options.task == 'interventional':
        explainer = shap.TreeExplainer(model, background, feature_perturbation='interventional')
    else:
        explainer = shap.TreeExplainer(model, feature_perturbation='tree_path_dependent')
    return graph, background, rows, lambda: explainer.shap_values(rows, check_additivity=False)


def kernel(options):
    import shap
    from sklearn.neural_network import MLPRegressor
    from skl2onnx import to_onnx
    rows = table(options.rows, 2)
    if options.task == 'kernel-trees':
        graph, background, _, _ = trees(options)
        train, target = training()
        model = boosted(options).fit(train, target)
    else:
        train, target = training()
        model = MLPRegressor(hidden_layer_sizes=(64, 32), max_iter=5, random_state=0).fit(train.astype(numpy.float64), target)
        graph, background = to_onnx(model, train[:1], target_opset=17), train[:options.background]
    explainer = shap.KernelExplainer(model.predict, background.astype(numpy.float64))

    def run():
        numpy.random.seed(0)
        return explainer.shap_values(rows.astype(numpy.float64), nsamples=options.samples, silent=True, l1_reg=0)
    return graph, background, rows, run


TASKS = {'path-dependent': trees, 'interventional': trees, 'kernel-perceptron': kernel,
         'kernel-trees': kernel}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('task', choices=sorted(TASKS))
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rows', type=int, default=200)
    parser.add_argument('--background', type=int, default=100)
    parser.add_argument('--trees', type=int, default=100)
    parser.add_argument('--leaves', type=int, default=31)
    parser.add_argument('--samples', type=int, default=2000)
    options = parser.parse_args()
    import threadpoolctl
    with threadpoolctl.threadpool_limits(options.threads):
        model, background, rows, run = TASKS[options.task](options)
        options.folder.mkdir(parents=True, exist_ok=True)
        base = options.folder / options.task
        base.with_suffix('.onnx').write_bytes(model.SerializeToString())
        rows.tofile(base.with_suffix('.rows.f32'))
        background.tofile(base.with_suffix('.background.f32'))
        base.with_suffix('.json').write_text(json.dumps({'columns': COLUMNS, 'values': numpy.asarray(run()).ravel().tolist()}))
        import shap
        say(ready=True, task=options.task, python=platform.python_version(), shap=shap.__version__)
        for line in sys.stdin:
            if line.strip() == 'quit':
                break
            if line.strip() != 'run':
                continue
            started, cpu = time.perf_counter(), time.process_time()
            run()
            say(ms=(time.perf_counter() - started) * 1000, cpuMs=(time.process_time() - cpu) * 1000)


def say(**values) -> None:
    sys.stdout.write(json.dumps(values) + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    main()
