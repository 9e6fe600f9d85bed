"""A training peer: python training.py FOLDER [--threads 2]. FOLDER holds what bench/training.mjs wrote: network.json, parameters.f32, rows.u8.

Protocol, one JSON object per line on standard output: {"ready": true, "torch": version}, then for each line "run" on standard
input {"ms": milliseconds of one step, "loss": its loss}. PyTorch eager: the same network, weights, batches, loss and optimiser.
"""
import argparse
import json
import sys
import time

import numpy
import torch
import torch.nn.functional as functional

parser = argparse.ArgumentParser()
parser.add_argument('folder')
parser.add_argument('--threads', type=int, default=2)
options = parser.parse_args()
torch.set_num_threads(options.threads)

network = json.load(open(f'{options.folder}/network.json'))
vector = numpy.fromfile(f'{options.folder}/parameters.f32', numpy.float32)
batch, batches, side = network['rows'], network['batches'], network['side']
rows = torch.from_numpy(numpy.fromfile(f'{options.folder}/rows.u8', numpy.uint8).reshape(batches, batch, side, side, 3))
labels = torch.tensor(network['labels']).reshape(batches, batch)
values = {
    piece['name']: torch.from_numpy(vector[piece['start']:piece['end']].reshape(piece['dims']).copy()).requires_grad_()
    for piece in network['parameters']
}
running = {}


def norm(name, x):
    if name not in running:
        running[name] = (torch.zeros(x.shape[1]), torch.ones(x.shape[1]))
    return functional.batch_norm(x, *running[name], values[name + '.weight'], values[name + '.bias'], True, 0.1, 1e-5)


def conv(name, x, stride=1):
    weight = values[name + '.weight']
    return functional.conv2d(x, weight, None, stride, weight.shape[2] // 2)


def linear(name, x):
    return x @ values[name + '.weight'] + values[name + '.bias']


def layer_norm(name, x):
    return functional.layer_norm(x, (x.shape[-1],), values[name + '.weight'], values[name + '.bias'], 1e-6)


def resnet(x):
    x = functional.relu(norm('stem.bn', conv('stem.conv', x, 2)))
    stages = max(int(name.split(".")[0][5:]) for name in values if name.startswith("stage"))
    for stage in range(1, stages + 1):
        block = 1
        while f'stage{stage}.block{block}.conv1.weight' in values:
            at = f'stage{stage}.block{block}.'
            stride = 2 if stage > 1 and block == 1 else 1
            inner = functional.relu(norm(at + 'bn1', conv(at + 'conv1', x, stride)))
            inner = norm(at + 'bn2', conv(at + 'conv2', inner))
            if at + 'shortcut.conv.weight' in values:
                x = norm(at + 'shortcut.bn', conv(at + 'shortcut.conv', x, stride))
            x = functional.relu(inner + x)
            block += 1
    return linear('head', x.mean((2, 3)))


def vit(x):
    step = 1
    while f'stem.conv{step}.weight' in values:
        x = conv(f'stem.conv{step}', x, 2)
        if f'stem.bn{step}.weight' in values:
            x = functional.relu(norm(f'stem.bn{step}', x))
        step += 1
    x = x.flatten(2).transpose(1, 2) + values['positions']
    rows, tokens, width = x.shape
    heads = network['options']['heads']

    def split(name, y):
        return linear(name, y).reshape(rows, tokens, heads, width // heads).transpose(1, 2)

    block = 1
    while f'block{block}.norm1.weight' in values:
        at = f'block{block}.'
        y = layer_norm(at + 'norm1', x)
        q, k, v = (split(f'{at}attention.{part}', y) for part in ('query', 'key', 'value'))
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, tokens, width)
        x = x + linear(at + 'attention.projection', mixed)
        y = layer_norm(at + 'perceptron.norm2', x)
        x = x + linear(at + 'perceptron.second', functional.gelu(linear(at + 'perceptron.first', y)))
        block += 1
    return linear('head', layer_norm('norm', x).mean(1))


forward = {'resnet': resnet, 'vit': vit}[network['architecture']]
groups = [
    {'params': [values[p['name']] for p in network['parameters'] if p['decay'] == decay], 'weight_decay': network['decay'] * decay}
    for decay in (True, False)
]
if network['optimizer'] == 'sgd':
    optimizer = torch.optim.SGD(groups, lr=network['rate'], momentum=0.9)
else:
    optimizer = torch.optim.AdamW(groups, lr=network['rate'], betas=(0.9, 0.999), eps=1e-8)
print(json.dumps({'ready': True, 'torch': torch.__version__}), flush=True)

step = 0
for line in sys.stdin:
    if line.strip() == 'quit':
        break
    started = time.perf_counter()
    x = rows[step % batches].permute(0, 3, 1, 2).float() / 127.5 - 1
    optimizer.zero_grad()
    loss = functional.cross_entropy(forward(x), labels[step % batches], label_smoothing=network['smoothing'])
    loss.backward()
    optimizer.step()
    value = loss.item()
    print(json.dumps({'ms': (time.perf_counter() - started) * 1e3, 'loss': value}), flush=True)
    step += 1
