"""Captum, in double precision."""
import numpy as np
import torch
from captum import attr

import noise
from peer_common import LAST, grid


class Flat(torch.nn.Module):
    """A VGG without the pooling in its middle, of which LRP wants a rule."""

    def __init__(self, model):
        super().__init__()
        self.features, self.classifier = model.features, model.classifier

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def methods(subject, part):
    x = subject.args()[0]
    target = subject.target
    model = subject.double
    size = x.shape[-1]

    def values(made, **options):
        return made.attribute(x.clone().requires_grad_(True), target=target, **options).detach().numpy()

    def one(label, method, compute, options=None, **more):
        return label, lambda: ('captum', label, method, compute(), options, more)

    # With max pooling its values miss f(x) - f(b) by percents: the test then asks that of it, and completeness of ours.
    pooled = {'incomplete': True} if any(isinstance(module, torch.nn.MaxPool2d) for module in model.modules()) else {}
    deeplift = [
        one('DeepLift', 'deeplift', lambda: values(attr.DeepLift(model)), **pooled),
        one('DeepLift(baselines=0.5)', 'deeplift', lambda: values(attr.DeepLift(model), baselines=torch.full_like(x, 0.5)), {'baseline': 'constant:0.5'}, **pooled),
    ]
    if part == 'deeplift':
        return deeplift
    found = [
        one('Saliency(abs=False)', 'gradient', lambda: values(attr.Saliency(model), abs=False)),
        one('InputXGradient', 'input-x-gradient', lambda: values(attr.InputXGradient(model))),
        one('IntegratedGradients(n_steps=20)', 'integrated-gradients', lambda: values(attr.IntegratedGradients(model), n_steps=20), {'points': 20}),
        one('Occlusion((3, 8, 8), strides=(3, 4, 4))', 'occlusion',
            lambda: values(attr.Occlusion(model), sliding_window_shapes=(3, 8, 8), strides=(3, 4, 4), perturbations_per_eval=8),
            {'window': '8x8', 'stride': '4x4'}),
    ]
    if part == 'smooth':
        return found

    def relevance():
        return values(attr.LRP(Flat(model)))

    def smoothed(kind):
        """Its noise is what smooth-grad draws here for seed 0: copy k from stream k."""
        drawn = np.stack([noise.normal(0, copy, x.numel()) for copy in range(4)]).reshape(4, *x.shape[1:])
        original = torch.normal
        torch.normal = lambda mean, deviation, **more: mean + deviation * torch.from_numpy(drawn)
        try:
            return values(attr.NoiseTunnel(attr.Saliency(model)), abs=False, nt_type=kind, nt_samples=4, stdevs=0.2)
        finally:
            torch.normal = original

    def noisy(kind, form):
        return one(f'NoiseTunnel(Saliency), {kind}, 4 given noises', 'smooth-grad', lambda: smoothed(kind),
                   {'samples': 4, 'noise': 0.2, 'scale': 'absolute', 'form': form})

    found += [
        one('GuidedBackprop', 'guided-backprop', lambda: values(attr.GuidedBackprop(model))),
        one('Deconvolution', 'deconvnet', lambda: values(attr.Deconvolution(model))),
    ]
    if part == 'residual':
        return [made for made in found if not made[0].startswith('Occlusion')]
    mask = torch.from_numpy(grid(size, 4, 4))[None, None]
    few = torch.from_numpy(grid(size, 2, 3))[None, None]
    layer = model.features[-2]
    return found + [
        one('IntegratedGradients(n_steps=20, method=riemann_middle)', 'integrated-gradients',
            lambda: values(attr.IntegratedGradients(model), n_steps=20, method='riemann_middle'), {'points': 20, 'rule': 'middle'}),
        *deeplift,
        noisy('smoothgrad', 'mean'),
        noisy('smoothgrad_sq', 'squared'),
        noisy('vargrad', 'variance'),
        one('LRP, EpsilonRule', 'lrp', relevance, {'preset': 'epsilon', 'epsilon': 1e-9}),
        one('FeatureAblation, a 4 x 4 grid', 'feature-ablation', lambda: values(attr.FeatureAblation(model), feature_mask=mask),
            {'segments': {'grid': [size, 4, 4]}}),
        one('ShapleyValues, a 2 x 3 grid', 'exact-shapley', lambda: values(attr.ShapleyValues(model), feature_mask=few, perturbations_per_eval=8),
            {'segments': {'grid': [size, 2, 3]}}),
        one('ShapleyValues, a 2 x 3 grid', 'kernel-shap', lambda: values(attr.ShapleyValues(model), feature_mask=few, perturbations_per_eval=8),
            {'segments': {'grid': [size, 2, 3]}}),
        one('LayerGradCam(features[-2])', 'grad-cam', lambda: values(attr.LayerGradCam(model, layer))[0], {'relu': False, 'layer': LAST}),
        one('LayerGradientXActivation(features[-2]), summed', 'hires-cam',
            lambda: values(attr.LayerGradientXActivation(model, layer)).sum(axis=1), {'relu': False, 'layer': LAST}),
    ]
