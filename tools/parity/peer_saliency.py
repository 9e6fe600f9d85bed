"""PAIR's saliency: arrays of height, width, channels, and a callback that gives gradients."""
import numpy as np
import saliency.core as saliency
import torch

# Its Guided IG calls numpy.quantile with an argument that numpy 2.4 no longer has.
quantile = np.quantile


def methods(subject, _part):
    x = subject.args()[0][0].numpy().transpose(1, 2, 0)
    model, target = subject.double, subject.target

    def call(images, call_model_args=None, expected_keys=None):
        given = torch.from_numpy(np.asarray(images, dtype=np.float64).transpose(0, 3, 1, 2)).requires_grad_(True)
        (grad,) = torch.autograd.grad(model(given)[:, target].sum(), given)
        return {saliency.INPUT_OUTPUT_GRADIENTS: grad.numpy().transpose(0, 2, 3, 1)}

    def turned(values):
        return np.asarray(values).transpose(2, 0, 1)[None]

    def guided():
        np.quantile = lambda a, q, interpolation=None, **options: quantile(a, q, method=interpolation or 'linear', **options)
        try:
            return turned(saliency.GuidedIG().GetMask(x, call, x_steps=20, fraction=0.25, max_dist=0.1, x_baseline=np.zeros_like(x)))
        finally:
            np.quantile = quantile

    return [
        ('PAIR IG', lambda: ('saliency', 'IntegratedGradients(x_steps=25)', 'integrated-gradients',
                             turned(saliency.IntegratedGradients().GetMask(x, call, x_steps=25, x_baseline=np.zeros_like(x), batch_size=5)), {'variant': 'pair'})),
        ('PAIR guided IG', lambda: ('saliency', 'GuidedIG(x_steps=20, max_dist=0.1)', 'guided-ig', guided(),
                                    {'points': 20, 'fraction': 0.25, 'maxDistance': 0.1, 'variant': 'pair'})),
        ('PAIR blur IG', lambda: ('saliency', 'BlurIG(max_sigma=8, steps=20)', 'blur-ig',
                                  turned(saliency.BlurIG().GetMask(x, call, max_sigma=8, steps=20, grad_step=0.01, batch_size=5)),
                                  {'points': 20, 'maxSigma': 8, 'variant': 'pair'})),
    ]
