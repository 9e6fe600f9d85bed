"""Captum's Occlusion as a peer: python occlusion.py NETWORK --picture FILE [--threads 2] [--window 16] [--stride 8] [--target 7]

FILE holds the picture, float32 [3, 224, 224]. PyTorch eager, zero baseline, all channels at once. The number of perturbations per
evaluation is the fastest of a few, tried on a stride of one window first.

Protocol, one JSON object per line on standard output: {"ready": true, "perturbations": chosen, ...versions} after that, then for
each line "run" on standard input {"ms": wall-clock milliseconds}, for a line "values FILE" {"dims": [...]} after the map of the last
run was written to FILE as float32. "quit" or end of input ends it.
"""
import argparse
import json
import sys
import time

import captum
import numpy
import torch
from captum.attr import Occlusion

import networks


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('network', choices=networks.NAMES)
    parser.add_argument('--picture', required=True)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--window', type=int, default=16)
    parser.add_argument('--stride', type=int, default=8)
    parser.add_argument('--target', type=int, default=7)
    parser.add_argument('--perturbations', default='1,8,27')
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    method = Occlusion(networks.build(options.network))
    picture = torch.from_numpy(numpy.fromfile(options.picture, numpy.float32).reshape(1, 3, 224, 224))

    def run(perturbations, stride):
        started = time.perf_counter()
        with torch.no_grad():
            values = method.attribute(picture, sliding_window_shapes=(3, options.window, options.window),
                                      strides=(3, stride, stride), baselines=0, target=options.target,
                                      perturbations_per_eval=perturbations)
        return values, (time.perf_counter() - started) * 1000

    tried = [int(text) for text in options.perturbations.split(',')]
    coarse = options.window  # Captum takes no stride beyond the window
    run(tried[-1], coarse)
    best = min(tried, key=lambda perturbations: run(perturbations, coarse)[1])
    say(ready=True, perturbations=best, torch=torch.__version__, captum=captum.__version__)
    values = None
    for line in sys.stdin:
        word, _, path = line.strip().partition(' ')
        if word == 'quit':
            break
        if word == 'run':
            values, elapsed = run(best, options.stride)
            say(ms=elapsed)
        if word == 'values':
            values.to(torch.float32).numpy().tofile(path)
            say(dims=list(values.shape))


def say(**values) -> None:
    sys.stdout.write(json.dumps(values) + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    main()
