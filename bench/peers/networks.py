"""The networks both sides run: torchvision's, random weights with a fixed seed, no download."""
import torch
import torchvision

NAMES = ('resnet18', 'resnet50', 'mobilenet_v2', 'vit_b_16')


def build(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    if name == 'vit_b_16':
        torch.nn.init.normal_(model.heads.head.weight, std=0.02)  # torchvision starts this head at zero: no gradient
    return model


def pictures(rows: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, 3, 224, 224, generator=torch.Generator().manual_seed(seed))
