"""LXT's efficient rules: gradient times input of a patched model, in double precision."""
import importlib
import re
import sys

import torch


def stand_in(name):
    """What a name that is gone becomes: decorators of documentation pass what they get, classes stand empty."""
    if not name.startswith(('add_', 'replace_')):
        return object
    return lambda *_args, **_options: lambda decorated: decorated


def loaded(name):
    """Its index imports every model, of which some read names that transformers no longer has."""
    for _ in range(30):
        try:
            return importlib.import_module(f'lxt.efficient.models.{name}')
        except ImportError as problem:
            missing = re.match(r"cannot import name '(\w+)' from '([\w.]+)'", str(problem))
            if not missing:
                raise
            setattr(sys.modules[missing[2]], missing[1], stand_in(missing[1]))
            for key in [key for key in sys.modules if key.startswith('lxt')]:
                del sys.modules[key]
    raise ImportError(f'lxt.efficient.models.{name} reads more than 30 names that are gone')


def patch_activations(module):
    """
    Its copy of BERT is written against a transformers of old; the two places where it differs beside attention are taken from it: the
    dense layers in front of an activation.
    """
    from transformers.models.bert import modeling_bert
    names = ['BertIntermediate', 'BertPooler']
    kept = [(getattr(modeling_bert, name), 'forward', getattr(modeling_bert, name).forward) for name in names]
    for name in names:
        getattr(modeling_bert, name).forward = getattr(module, name).forward
    return kept


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
            restored = [(target, 'forward', target.forward) for target in patch_map]
            monkey_patch(None, patch_map=patch_map)
            # Its own patch of the attention reads a table that transformers has changed; models here are 'eager', which this covers.
            patched_attention = {'attnLRP': patches.wrap_attention_forward, 'cp_LRP': patches.cp_wrap_attention_forward}[table[1]]
            modeling = sys.modules.get(f'transformers.models.{table[0]}.modeling_{table[0]}')
            if modeling:
                restored.append((modeling, 'eager_attention_forward', modeling.eager_attention_forward))
                modeling.eager_attention_forward = patched_attention(modeling.eager_attention_forward)
            if table[0] == 'bert':
                restored += patch_activations(module)
            preset = {'attnLRP': 'attn-lrp', 'cp_LRP': 'cp-lrp'}[table[1]]
            try:
                return 'lxt', f'efficient, {table[0]}.{table[1]}', 'lrp', relevance(), {'preset': preset, 'epsilon': 1e-9}
            finally:
                for owner, attribute, value in restored:
                    setattr(owner, attribute, value)
        return f'{kind} {table[1]}', compute

    return {
        'vit': [patched('vit', ('vit_torch', 'cp_LRP'))],
        'llama': [patched('llama', ('llama', 'attnLRP')), patched('llama', ('llama', 'cp_LRP'))],
        'bert': [patched('bert', ('bert', 'attnLRP'))],
    }[part]
