"""LXT's efficient rules: gradient times input of a patched model, in double precision."""
import importlib
import re
import sys

import torch


def loaded(name):
    """Its index imports every model, of which some read names that transformers no longer has: those stand empty."""
    for _ in range(20):
        try:
            return importlib.import_module(f'lxt.efficient.models.{name}')
        except ImportError as problem:
            missing = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(problem))
            if not missing:
                raise
            setattr(sys.modules[missing[2]], missing[1], object)
            for key in [key for key in sys.modules if key.startswith('lxt')]:
                del sys.modules[key]


def methods(subject, part):
    def relevance():
        held = {}
        args = subject.args()
        if subject.at is None:
            args[0].requires_grad_(True)
            held['value'] = args[0]
        else:
            def hook(module, inputs, output):
                held['value'] = output.detach().clone().requires_grad_(True)
                return held['value']
            subject.double.get_submodule(subject.at).register_forward_hook(hook)
        score = subject.double(*args).reshape(-1)[subject.target]
        if abs(float(score.detach()) - subject.value) > 1e-6 * abs(subject.value):
            raise ValueError(f'the patched model gives {float(score)} where the plain one gives {subject.value}')
        (grad,) = torch.autograd.grad(score, held['value'])
        return (grad * held['value']).detach().numpy()

    def patched(kind, table):
        def compute():
            module = loaded(table[0])
            from lxt.efficient import monkey_patch, patches
            patch_map = {target: patch for target, patch in getattr(module, table[1]).items() if isinstance(target, type)}
            monkey_patch(None, patch_map=patch_map)
            if table[0] == 'llama':
                # Its own patch of the attention reads a table that transformers has changed; models here are 'eager', which this covers.
                from transformers.models.llama import modeling_llama
                modeling_llama.eager_attention_forward = patches.wrap_attention_forward(modeling_llama.eager_attention_forward)
            preset = {'attnLRP': 'attn-lrp', 'cp_LRP': 'cp-lrp'}[table[1]]
            return 'lxt', f'efficient, {table[0]}.{table[1]}', 'lrp', relevance(), {'preset': preset, 'epsilon': 1e-9}
        return f'{kind} {table[1]}', compute

    return {
        'vit': [patched('vit', ('vit_torch', 'cp_LRP'))],
        'llama': [patched('llama', ('llama', 'attnLRP'))],
    }[part]
