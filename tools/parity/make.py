"""Makes the parity fixtures: python make.py [--full] [--out DIR] [--list] [name part ...]"""
import argparse
import base64
import gzip
import json
import os
import pathlib
import sys
import time
import traceback

import numpy as np
import onnx
import torch

import export as exporting
import generator
import reference
from cases import CASES, FULL, WIDE
from weights import Fills

SAMPLES = 4096
DEFAULT_OUT = pathlib.Path(__file__).resolve().parents[2] / 'packages' / 'autodiff' / 'test' / 'fixtures' / 'parity'


def make(case, out: pathlib.Path) -> dict:
    started = time.time()
    torch.manual_seed(0)
    model = case.build().eval()
    if case.norm == 'fused':
        from torch.fx.experimental.optimization import fuse
        model = fuse(model).eval()
    fills = Fills(model)
    arrays = {name: reference.make_input(spec, 0) for name, spec in case.inputs.items()}
    fills.calibrate(lambda: model(*[torch.from_numpy(array) for array in arrays.values()]))
    best = reference.search(model, case.inputs, case.target, case.at, case.tries, case.margin, print)
    args = tuple(torch.from_numpy(array) for array in best['arrays'].values())
    proto = exporting.export(model, args, list(case.inputs), 'output', case)
    table, size = exporting.strip(proto, fills)
    at = list(case.inputs)[0] if case.at is None else embedding_output(proto, table, case.at + '.weight')
    result = exporting.check(proto, table, size, best['arrays'])
    forward = float(np.abs(result - best['output64']).max() / np.abs(best['output64']).max())
    if not forward < 1e-4:
        raise ValueError(f'refilled graph differs from PyTorch by {forward:.2e}')
    grad = best['grad'].ravel()
    positions = np.arange(grad.size) if grad.size <= SAMPLES else generator.integers('positions', [SAMPLES], grad.size)
    fixture = {
        'name': case.name,
        'exporter': case.exporter,
        'opset': next(entry.version for entry in proto.opset_import if entry.domain == ''),
        'batch': case.batch,
        'rows': int(best['output64'].shape[0]),
        'symbols': symbols(proto, case.rows),
        'seed': best['seed'],
        'inputs': {name: {'dtype': spec['dtype'], 'dims': spec['dims'], **filling(spec, best['seed'])} for name, spec in case.inputs.items()},
        'at': at,
        'target': case.target,
        'output': [float(v) for v in best['output64'].ravel()[:16]],
        'gradient': {
            'dims': list(best['grad'].shape),
            'norm': float(np.linalg.norm(grad)),
            'max': float(np.abs(grad).max()),
            'float32Error': best['own'],
            'samples': base64.b64encode(grad[positions].astype('<f4').tobytes()).decode(),
        },
        'weightsBytes': size,
        'weights': table,
    }
    out.mkdir(parents=True, exist_ok=True)
    graph = gzip.compress(proto.SerializeToString(), 9, mtime=0)
    text = compact(fixture).encode()
    for name, data in ((f'{case.name}.onnx.gz', graph), (f'{case.name}.json', text)):
        temporary = out / f'.{name}.part'
        temporary.write_bytes(data)
        os.replace(temporary, out / name)
    return dict(name=case.name, opset=fixture['opset'], seed=best['seed'], own=best['own'], margin=round(best['margin'], 2), plain=best['plain'], forward=forward,
                kilobytes=(len(graph) + len(text)) / 1000, weights=size / 1e6, seconds=time.time() - started)


def symbols(proto: onnx.ModelProto, rows: int) -> dict:
    """Every symbolic dimension of the inputs is the batch."""
    dims = [dim for port in proto.graph.input for dim in port.type.tensor_type.shape.dim]
    return {dim.dim_param: rows for dim in dims if dim.dim_param}


def filling(spec: dict, seed: int) -> dict:
    if 'values' in spec:
        return {'values': spec['values']}
    key = f'{spec["key"]}:{seed}' if spec.get('seeded', True) else spec['key']
    if 'below' in spec:
        return {'key': key, 'below': spec['below']}
    return {'key': key, 'centre': spec['centre'], 'half': spec['half']}


def embedding_output(proto: onnx.ModelProto, table: dict, parameter: str) -> str:
    names = {name for name, entry in table.items() if entry.get('key', name) == parameter}
    found = [node.output[0] for node in proto.graph.node if node.op_type == 'Gather' and node.input[0] in names]
    if len(found) != 1:
        raise ValueError(f'{len(found)} Gather nodes read {parameter}')
    return found[0]


def compact(fixture: dict) -> str:
    """One line per key and per weight: small, and readable in a diff."""
    lines = []
    for key, value in fixture.items():
        if key == 'weights':
            rows = ',\n'.join(f'  {json.dumps(name)}: {json.dumps(entry)}' for name, entry in value.items())
            lines.append(f' "weights": {{\n{rows}\n }}')
        else:
            lines.append(f' {json.dumps(key)}: {json.dumps(value)}')
    return '{\n' + ',\n'.join(lines) + '\n}\n'


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('names', nargs='*', help='parts of fixture names; all when empty')
    parser.add_argument('--full', action='store_true', help='the full-size variants that are not committed (needs --out)')
    parser.add_argument('--wide', action='store_true', help='other models of those families, not committed either (needs --out)')
    parser.add_argument('--out', type=pathlib.Path)
    parser.add_argument('--tries', type=int, help='seeds to search, instead of each case\'s own number')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--list', action='store_true')
    options = parser.parse_args()
    if (options.full or options.wide) and options.out is None:
        parser.error('--full and --wide need --out')
    cases = [case for case in (FULL if options.full else WIDE if options.wide else CASES)
             if not options.names or any(part in case.name for part in options.names)]
    if options.list:
        print('\n'.join(case.name for case in cases))
        return 0
    torch.set_num_threads(options.threads)
    torch.backends.mha.set_fastpath_enabled(False)
    failed = 0
    for case in cases:
        if options.tries:
            case.tries = options.tries
        print(case.name, flush=True)
        try:
            print('  ' + json.dumps(make(case, options.out or DEFAULT_OUT)), flush=True)
        except Exception as problem:
            failed += 1
            print(f'  FAILED {type(problem).__name__}: {str(problem)[:2000]}', flush=True)
            if os.environ.get('TRACE'):
                traceback.print_exc()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
