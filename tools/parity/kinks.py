"""How near an input lies to a kink (ReLU at 0, ReLU6 at 6, the winner of a pooling window), in units of float32's own error there.

A gradient jumps at a kink: where two correct float32 programs fall on different sides, they disagree by percents. An input
whose nearest kink is several error deviations away has one gradient that every correct program agrees on.
"""
import torch
import torch.nn.functional as functional
from torch.utils._python_dispatch import TorchDispatchMode

aten = torch.ops.aten

POINTS = {
    aten.relu: (0.0,), aten.relu_: (0.0,),
    aten.hardswish: (-3.0, 3.0), aten.hardswish_: (-3.0, 3.0),
    aten.hardsigmoid: (-3.0, 3.0), aten.hardsigmoid_: (-3.0, 3.0),
}
BOUNDED = {aten.hardtanh, aten.hardtanh_, aten.clamp, aten.clamp_}


class Recorder(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        packet = func.overloadpacket
        if packet in POINTS:
            self.seen.append(('points', POINTS[packet], args[0].detach().clone()))
        elif packet in BOUNDED and torch.is_tensor(args[0]) and args[0].is_floating_point():
            bounds = [bound for bound in args[1:3] if isinstance(bound, (int, float))]
            self.seen.append(('points', tuple(bounds or (-1.0, 1.0)), args[0].detach().clone()))
        elif packet in (aten.max_pool2d_with_indices, aten.max_pool2d):
            self.seen.append(('pool', tuple(args[1:]), args[0].detach().clone()))
        return func(*args, **(kwargs or {}))


def record(model, args):
    with torch.no_grad(), Recorder() as recorder:
        model(*args)
    return recorder.seen


def gaps(kind, what, value: torch.Tensor) -> float:
    """Distance of the nearest element to a kink."""
    if kind == 'points':
        return min(float((value - point).abs().min()) for point in what)
    kernel, stride, padding = what[0], (what[1] if len(what) > 1 and what[1] else what[0]), (what[2] if len(what) > 2 else 0)
    padding = [padding] * 2 if isinstance(padding, int) else list(padding) * (1 if len(padding) == 2 else 2)
    low = float(value.min()) - 1e6
    padded = functional.pad(value, (padding[1], padding[1], padding[0], padding[0]), value=low)
    rows, channels = padded.shape[:2]
    windows = functional.unfold(padded.reshape(rows * channels, 1, *padded.shape[2:]), kernel, stride=stride)
    top = windows.topk(2, dim=1).values
    gap = top[:, 0] - top[:, 1]
    gap = gap[gap > 0]
    return float(gap.min()) if gap.numel() else float('inf')


def margin(single, double, single_args, double_args) -> float:
    """Smallest distance to a kink over the float32 error (root mean square) of the tensor it is in; infinite without kinks."""
    smallest = float('inf')
    for (kind, what, low), (_, _, high) in zip(record(single, single_args), record(double, double_args), strict=True):
        deviation = float((low.double() - high).pow(2).mean().sqrt())
        if deviation > 0:
            smallest = min(smallest, gaps(kind, what, high) / deviation)
    return smallest
