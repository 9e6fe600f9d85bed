"""Exports the peers' networks to ONNX files: python export.py FOLDER [network ...] [--opset 17] [--dynamo] [--batch 8]

Writes FOLDER/<network>.onnx, each under a temporary name first; files that exist are kept. The batch is dynamic unless given.
"""
import argparse
import os
import pathlib

import torch

import networks


def export(name: str, folder: pathlib.Path, options) -> pathlib.Path:
    path = folder / f'{name}.onnx'
    if path.exists() and not options.force:
        return path
    model = networks.build(name)
    torch.backends.mha.set_fastpath_enabled(False)  # the fused attention operator has no ONNX form
    part = folder / f'.{name}.part.onnx'
    arguments = (networks.pictures(options.batch or 2),)
    if options.dynamo:
        shapes = None if options.batch else ({0: torch.export.Dim('batch')},)
        torch.onnx.export(model, arguments, str(part), dynamo=True, opset_version=options.opset, input_names=['image'],
                          output_names=['output'], dynamic_shapes=shapes, external_data=False)
    else:
        axes = None if options.batch else {'image': {0: 'batch'}, 'output': {0: 'batch'}}
        torch.onnx.export(model, arguments, str(part), dynamo=False, opset_version=options.opset, input_names=['image'],
                          output_names=['output'], dynamic_axes=axes)
    os.replace(part, path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('networks', nargs='*', choices=[[], *networks.NAMES], default=[])
    parser.add_argument('--opset', type=int, default=17)
    parser.add_argument('--dynamo', action='store_true')
    parser.add_argument('--batch', type=int, help='fixed batch; dynamic when absent')
    parser.add_argument('--force', action='store_true')
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.networks or networks.NAMES:
        print(export(name, options.folder, options), flush=True)


if __name__ == '__main__':
    main()
