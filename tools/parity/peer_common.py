"""What every peer is asked about."""
from dataclasses import dataclass

import numpy as np
import torch

# What the exporter calls the last ReLU of the small VGG, features[-2].
LAST = '/features/features.9/Relu_output_0'


@dataclass
class Subject:
    model: torch.nn.Module
    double: torch.nn.Module
    arrays: dict
    target: int
    at: str | None
    value: float

    def args(self, precise=True) -> list:
        given = [torch.from_numpy(array) for array in self.arrays.values()]
        return [arg.double() if precise and arg.is_floating_point() else arg for arg in given]


def grid(size: int, rows: int, columns: int) -> np.ndarray:
    """Labels of a grid over a square picture; packages/core/test/peers.test.ts makes the same."""
    y, x = np.meshgrid(np.arange(size), np.arange(size), indexing='ij')
    return (y * rows // size) * columns + x * columns // size
