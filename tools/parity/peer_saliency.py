"""PAIR's saliency: arrays of height, width, channels, and a callback that gives gradients."""
import numpy as np
import saliency.core as saliency
import torch
from scipy import ndimage

from peer_common import grid

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

    def regions(mode):
        """Input times gradient gathered over a grid whose cells are widened by 2."""
        size = x.shape[0]
        labels = grid(size, 4, 4)
        across = np.arange(-2, 3)
        disk = across[:, None] ** 2 + across ** 2 <= 4
        masks = [ndimage.binary_dilation(labels == label, disk) for label in range(16)]
        base = x * call(x[None])[saliency.INPUT_OUTPUT_GRADIENTS][0]
        made = saliency.XRAI().GetMask(x, call, segments=masks, base_attribution=base, extra_parameters=saliency.XRAIParameters(algorithm=mode))
        options = {'of': 'input-x-gradient', 'mode': mode, 'segments': {'grid': [size, 4, 4]}, 'dilation': 2}
        return 'saliency', f'XRAI(algorithm={mode}), given attribution and segments', 'xrai', np.asarray(made)[None], options

    return [
        ('PAIR XRAI', lambda: regions('full')),
        ('PAIR XRAI fast', lambda: regions('fast')),
        ('PAIR IG', lambda: ('saliency', 'IntegratedGradients(x_steps=25)', 'integrated-gradients',
                             turned(saliency.IntegratedGradients().GetMask(x, call, x_steps=25, x_baseline=np.zeros_like(x), batch_size=5)), {'variant': 'pair'})),
        ('PAIR guided IG', lambda: ('saliency', 'GuidedIG(x_steps=20, max_dist=0.1)', 'guided-ig', guided(),
                                    {'points': 20, 'fraction': 0.25, 'maxDistance': 0.1, 'variant': 'pair'})),
        ('PAIR blur IG', lambda: ('saliency', 'BlurIG(max_sigma=8, steps=20)', 'blur-ig',
                                  turned(saliency.BlurIG().GetMask(x, call, max_sigma=8, steps=20, grad_step=0.01, batch_size=5)),
                                  {'points': 20, 'maxSigma': 8, 'variant': 'pair'})),
    ]
