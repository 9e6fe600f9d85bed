"""Perturbation in PyTorch, once per line it reads: python perturbation.py rise|kernel-shap NETWORK [--masks 400] [--threads 2]

Protocol, one JSON object per line on standard output: {"ready": true, "batch": the quickest of those tried, ...versions}, then for each line
"run" on standard input {"ms": wall-clock milliseconds, "cpuMs": processor milliseconds}. "quit" or end of input ends it.

rise: the eager loop over masks that are made beforehand, score of class 7, masks summed by score.
kernel-shap: captum KernelShap over an 8x8 grid, zero baseline, --masks samples.
"""
import argparse
import json
import sys
import time

import torch
from torch.nn import functional

import networks

BATCHES = (1, 2, 4, 8, 16)


def rise(model, options):
    picture = networks.pictures(1)
    generator = torch.Generator().manual_seed(0)
    grids = (torch.rand(options.masks, 1, 8, 8, generator=generator) < 0.5).float()
    shifts = torch.randint(0, 32, (options.masks, 2), generator=generator).tolist()
    masks = torch.cat([functional.interpolate(grid[None], size=(256, 256), mode='bilinear', align_corners=False)
                       [:, :, top:top + 224, left:left + 224] for grid, (top, left) in zip(grids, shifts)])

    def run(batch, count):
        total = torch.zeros(224 * 224)
        with torch.no_grad():
            for part in masks[:count].split(batch):
                scores = model(picture * part)[:, 7]
                total += scores @ part.flatten(1)
        return total / (0.5 * count)
    return run


def kernel_shap(model, options):
    from captum.attr import KernelShap
    method = KernelShap(model)
    picture = networks.pictures(1)
    cells = torch.arange(224) // 28
    segments = (8 * cells[:, None] + cells[None, :])[None, None]

    def run(batch, count):
        torch.manual_seed(0)
        return method.attribute(picture, baselines=0, target=7, feature_mask=segments, n_samples=count, perturbations_per_eval=batch)
    return run


TASKS = {'rise': rise, 'kernel-shap': kernel_shap}


def timed(work):
    started, cpu = time.perf_counter(), time.process_time()
    work()
    return {'ms': (time.perf_counter() - started) * 1000, 'cpuMs': (time.process_time() - cpu) * 1000}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('task', choices=sorted(TASKS))
    parser.add_argument('network', choices=networks.NAMES)
    parser.add_argument('--masks', type=int, default=400)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--batch', type=int, help='default: the quickest of those tried')
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    run = TASKS[options.task](networks.build(options.network), options)
    run(4, 16)
    quickest = options.batch or min(BATCHES, key=lambda batch: min(timed(lambda: run(batch, 32))['ms'] for _ in range(2)))
    say(ready=True, batch=quickest, torch=torch.__version__)
    for line in sys.stdin:
        if line.strip() == 'quit':
            break
        if line.strip() == 'run':
            say(**timed(lambda: run(quickest, options.masks)))


def say(**values) -> None:
    sys.stdout.write(json.dumps(values) + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    main()
