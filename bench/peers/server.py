"""A peer that runs once per line it reads: python server.py gradient|integrated-gradients|forward NETWORK [--batch 8] [--threads 2]

Protocol, one JSON object per line on standard output: {"ready": true, ...versions} after two warm-up runs, then for each
line "run" on standard input {"ms": wall-clock milliseconds, "peakBytes": largest resident size of this process so far}.
"quit" or end of input ends it. The other side drives, so that A and B alternate within one session.

gradient: forward + gradient of the sum of output[:, 7] with respect to the input (PyTorch eager, parameters frozen).
integrated-gradients: captum IntegratedGradients, one picture, zero baseline, gausslegendre, internal batch as given.
"""
import argparse
import json
import platform
import resource
import sys
import time

import torch

import networks


def gradient(model, options):
    pictures = networks.pictures(options.batch)

    def run():
        leaf = pictures.detach().requires_grad_(True)
        score = model(leaf)[:, 7].sum()
        return torch.autograd.grad(score, leaf)[0]
    return run


def forward(model, options):
    pictures = networks.pictures(options.batch)

    def run():
        with torch.no_grad():
            return model(pictures)
    return run


def integrated_gradients(model, options):
    from captum.attr import IntegratedGradients
    method = IntegratedGradients(model)
    picture = networks.pictures(1)

    def run():
        return method.attribute(picture, baselines=0.0, target=7, n_steps=options.steps, method='gausslegendre',
                                internal_batch_size=options.batch)
    return run


TASKS = {'gradient': gradient, 'forward': forward, 'integrated-gradients': integrated_gradients}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('task', choices=sorted(TASKS))
    parser.add_argument('network', choices=networks.NAMES)
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--steps', type=int, default=50)
    parser.add_argument('--warmup', type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    run = TASKS[options.task](networks.build(options.network), options)
    for _ in range(options.warmup):
        run()
    versions = {'python': platform.python_version(), 'torch': torch.__version__}
    if options.task == 'integrated-gradients':
        import captum
        versions['captum'] = captum.__version__
    say(ready=True, task=options.task, network=options.network, **versions)
    for line in sys.stdin:
        if line.strip() == 'quit':
            break
        if line.strip() != 'run':
            continue
        started = time.perf_counter()
        run()
        elapsed = (time.perf_counter() - started) * 1000
        # Linux counts ru_maxrss in kibibytes, macOS in bytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
        say(ms=elapsed, peakBytes=peak)


def say(**values) -> None:
    sys.stdout.write(json.dumps(values) + '\n')
    sys.stdout.flush()


if __name__ == '__main__':
    main()
