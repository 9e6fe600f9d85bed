"""zennit in double precision; its relevance starts from 1, here from the score."""
import torch
from zennit import composites, torchvision
from zennit.attribution import Gradient


def methods(subject, _part):
    x = subject.args()[0]
    residual = hasattr(subject.double, 'layer4')
    canonizers = [torchvision.ResNetCanonizer() if residual else torchvision.VGGCanonizer()]

    def values(composite):
        start = torch.zeros(1, 10, dtype=torch.float64)
        start[0, subject.target] = subject.value
        with Gradient(model=subject.double, composite=composite) as attributor:
            return attributor(x.clone(), start)[1].numpy()

    def one(name, method, options, **parameters):
        label = f'{name} composite'
        return label, lambda: ('zennit', label, method, values(getattr(composites, name)(canonizers=canonizers, **parameters)), options)

    def bound(value):
        return torch.full_like(x, value)
    return [
        one('EpsilonPlus', 'lrp', {'preset': 'epsilon-plus'}),
        one('EpsilonPlusFlat', 'lrp', {'preset': 'epsilon-plus-flat'}),
        one('EpsilonGammaBox', 'lrp', {'preset': 'epsilon-gamma-box', 'low': '-2', 'high': '2'}, low=bound(-2.0), high=bound(2.0)),
        one('EpsilonAlpha2Beta1', 'lrp', {'preset': 'epsilon-alpha2-beta1'}),
        one('EpsilonAlpha2Beta1Flat', 'lrp', {'preset': 'epsilon-alpha2-beta1-flat'}),
        one('ExcitationBackprop', 'lrp', {'preset': 'excitation-backprop'}, zero_params=['bias']),
    ]
