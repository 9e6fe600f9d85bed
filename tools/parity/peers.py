"""Makes the fixtures of attributions by other libraries: python peers.py [--out DIR] [name part ...]"""
import argparse
import copy
import gzip
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import traceback
import warnings

import numpy as np
import torch

import architectures as arch
import export as exporting
import generator
import reference
from cases import Case, picture, tokens
from make import SAMPLES, compact, embedding_output, filling, symbols
from peer_common import Subject
from weights import Fills

DEFAULT_OUT = pathlib.Path(__file__).resolve().parents[2] / 'packages' / 'core' / 'test' / 'fixtures' / 'peers'


def small_tokens(length, vocabulary):
    return tokens(length, vocabulary)(1)


# Architecture, peers asked. Weights, inputs and export are those of make.py.
CASES = {
    'vgg': (Case('vgg', arch.small_vgg, picture(32, 1), 3, 'script', 17, tries=40), ['captum', 'saliency', 'cams', 'zennit']),
    'vgg_mean': (Case('vgg_mean', arch.small_vgg_mean, picture(32, 1), 3, 'script', 17, tries=40), ['captum_deeplift']),
    'resnet18': (Case('resnet18', arch.tv('resnet18', num_classes=10), picture(96, 1), 3, 'script', 17, norm='kept', fold=False, tries=40),
                 ['captum_residual', 'cams', 'zennit']),
    'vit': (Case('vit', arch.small_vit, picture(64, 1), 3, 'script', 17, tries=1), ['captum_smooth', 'lxt_vit']),
    'llama': (Case('llama', arch.named('llama'), small_tokens(16, 2000) | {'attention_mask': {'dtype': 'int64', 'dims': [1, 16], 'values': [1] * 16}},
                   15 * 2000 + 7, 'dynamo', None, at='model.model.embed_tokens', tries=1), ['lxt_llama']),
    'bert': (Case('bert', arch.named('bert'), small_tokens(16, 2000) | {'attention_mask': {'dtype': 'int64', 'dims': [1, 16], 'values': [1] * 16}},
                  1, 'script', 17, at='model.bert.embeddings.word_embeddings', tries=1), ['lxt_bert']),
}


def entry(peer: str, call: str, method: str, values, options=None, **more) -> dict:
    values = np.asarray(values, dtype=np.float64)
    flat = values.ravel()
    places = np.arange(flat.size) if flat.size <= SAMPLES else generator.integers('positions', [SAMPLES], flat.size)
    return {'peer': f'{peer} {importlib.metadata.version(peer)}', 'call': call, 'method': method, 'options': options or {}, 'dims': list(values.shape),
            'max': float(np.abs(flat).max()), 'sum': float(flat.sum()), 'samples': packed(flat[places]), **more}


def packed(values) -> str:
    import base64
    return base64.b64encode(values.astype('<f4').tobytes()).decode()


def make(name: str, out: pathlib.Path) -> None:
    case, peers = CASES[name]
    torch.manual_seed(0)
    model = case.build().eval()
    fills = Fills(model)
    arrays = {key: reference.make_input(spec, 0) for key, spec in case.inputs.items()}
    fills.calibrate(lambda: model(*[torch.from_numpy(array) for array in arrays.values()]))
    best = reference.search(model, case.inputs, case.target, case.at, case.tries, case.margin, print)
    args = tuple(torch.from_numpy(array) for array in best['arrays'].values())
    proto = exporting.export(model, args, list(case.inputs), 'output', case)
    table, size = exporting.strip(proto, fills)
    at = list(case.inputs)[0] if case.at is None else embedding_output(proto, table, case.at + '.weight')
    exporting.check(proto, table, size, best['arrays'])
    subject = Subject(model=model, double=copy.deepcopy(model).double(), arrays=best['arrays'], target=case.target, at=case.at,
                      value=float(best['output64'].ravel()[case.target]))
    entries = []
    for peer in peers:
        module, _, part = peer.partition('_')
        for label, compute in __import__(f'peer_{module}').methods(subject, part):
            try:
                made = compute()
                entries.append(entry(*made[:5]) | (made[5] if len(made) > 5 else {}))
                print(f'  {label}: max {entries[-1]["max"]:.3g}', flush=True)
            except Exception as problem:
                print(f'  {label} FAILED {type(problem).__name__}: {str(problem)[:300]}', flush=True)
                if os.environ.get('TRACE'):
                    traceback.print_exc()
    fixture = {
        'name': name,
        'rows': 1,
        'symbols': symbols(proto, 1),
        'seed': best['seed'],
        'inputs': {key: {'dtype': spec['dtype'], 'dims': spec['dims'], **filling(spec, best['seed'])} for key, spec in case.inputs.items()},
        'at': at,
        'target': case.target,
        'value': subject.value,
        'attributions': entries,
        'weights': table,
    }
    write(out, f'{name}.onnx.gz', gzip.compress(proto.SerializeToString(), 9, mtime=0))
    text = compact({key: value for key, value in fixture.items() if key != 'attributions'} | {'attributions': []})
    rows = ',\n'.join(f'  {json.dumps(row)}' for row in entries)
    write(out, f'{name}.json', text.replace('"attributions": []', f'"attributions": [\n{rows}\n ]').encode())


def write(out: pathlib.Path, name: str, data: bytes) -> None:
    out.mkdir(parents=True, exist_ok=True)
    temporary = out / f'.{name}.part'
    temporary.write_bytes(data)
    os.replace(temporary, out / name)
    print(f'  {name} {len(data) / 1000:.0f} kB', flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument('names', nargs='*')
    parser.add_argument('--out', type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument('--one', action='store_true', help='exactly this case, in this process (peers patch modules for good)')
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.backends.mha.set_fastpath_enabled(False)
    warnings.filterwarnings('ignore')
    if options.one:
        print(options.names[0], flush=True)
        if options.names[0] == 'tables':
            import peer_tables
            peer_tables.make(options.out, entry, write)
        else:
            make(options.names[0], options.out)
        return 0
    chosen = [name for name in [*CASES, 'tables'] if not options.names or any(part in name for part in options.names)]
    return max(subprocess.run([sys.executable, __file__, '--one', name, '--out', str(options.out)]).returncode for name in chosen)


if __name__ == '__main__':
    sys.exit(main())
