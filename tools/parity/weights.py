"""Seeded weights: one (centre, half width) per parameter, then a data-driven pass that gives every layer unit output."""
import math

import numpy as np
import torch

import generator


class Fills:
    """What every float parameter and buffer of a model is filled with: name -> (centre, half)."""

    def __init__(self, model: torch.nn.Module):
        self.model = model
        self.table: dict[str, tuple[float, float]] = {}
        self.tensors: dict[str, torch.Tensor] = {}
        seen = set()
        persistent = set(model.state_dict().keys())
        modules = dict(model.named_modules())
        for name, tensor in model.state_dict(keep_vars=True).items():
            if not tensor.is_floating_point() or name not in persistent or tensor.data_ptr() in seen:
                continue
            owner, _, leaf = name.rpartition('.')
            rule = initial(modules.get(owner), name, leaf, tensor)
            if rule is None:
                continue
            seen.add(tensor.data_ptr())
            self.tensors[name] = tensor
            self.set(name, *rule)

    def set(self, name: str, centre: float, half: float) -> None:
        centre, half = float(f'{centre:.6g}'), float(f'{half:.6g}')
        self.table[name] = (centre, half)
        tensor = self.tensors[name]
        values = torch.from_numpy(generator.uniform(name, tensor.shape, centre, half))
        with torch.no_grad():
            tensor.data.copy_(values)

    def calibrate(self, run) -> None:
        """Runs the model once; each convolution and linear layer rescales its own weight to unit output deviation."""
        names = {id(tensor): name for name, tensor in self.tensors.items()}
        handles = []

        def hook(module, args, output):
            name = names.get(id(module.weight))
            if name is None or not torch.is_tensor(output):
                return None
            deviation = float(output.detach().double().std())
            if not math.isfinite(deviation) or deviation == 0:
                raise ValueError(f'{name}: output deviation {deviation}')
            centre, half = self.table[name]
            self.set(name, centre / deviation, half / deviation)
            return module.forward(*args)

        kinds = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Linear)
        for module in self.model.modules():
            dense = isinstance(module, kinds) or type(module).__name__ == 'Conv1D'
            if dense and not isinstance(module, torch.nn.modules.linear.NonDynamicallyQuantizableLinear):
                handles.append(module.register_forward_hook(hook))
        with torch.no_grad():
            run()
        for handle in handles:
            handle.remove()


def initial(module, name: str, leaf: str, tensor: torch.Tensor):
    """(centre, half) before calibration; None leaves the value alone."""
    dims = tuple(tensor.shape)
    if tensor.numel() == 1:
        return None
    if leaf == 'running_var':
        return 1.0, 0.5
    if leaf == 'running_mean':
        return 0.0, 0.2
    if 'layer_scale' in leaf or leaf in ('gamma', 'ls1', 'ls2'):
        return 0.5, 0.25
    if isinstance(module, torch.nn.Embedding) or 'pos_embed' in leaf or leaf in ('pos_embedding', 'class_token', 'cls_token'):
        return 0.0, 0.5
    if 'relative_position_bias' in leaf:
        return 0.0, 0.3
    if len(dims) < 2:
        return (1.0, 0.25) if 'weight' in leaf and 'bias' not in leaf else (0.0, 0.1)
    fan_in = dims[0] if type(module).__name__ == 'Conv1D' else int(np.prod(dims[1:]))
    return 0.0, math.sqrt(3.0 * 2.0 / max(1, fan_in))
