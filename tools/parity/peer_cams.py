"""pytorch-grad-cam, before it clips and scales to [0, 1]."""
import cv2
import numpy as np
import pytorch_grad_cam as cams
import torch
from pytorch_grad_cam import fullgrad_cam
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from peer_common import LAST


# Its ScoreCAM enlarges masks between the centres of the corner pixels; between the edges of the picture is what is compared.
torch.nn.UpsamplingBilinear2d = lambda size: torch.nn.Upsample(size=size, mode='bilinear', align_corners=False)


# Its FullGrad scales the map of every channel to [0, 1] before it enlarges it; enlarged alone is what is compared.
def enlarged(maps, size):
    return np.stack([[cv2.resize(np.float32(plane), size) for plane in row] for row in maps])


fullgrad_cam.scale_accross_batch_and_channels = enlarged


def methods(subject, _part):
    x = subject.args(precise=False)[0]
    model = subject.model
    layer = model.features[-2] if hasattr(model, 'features') else model.layer4[-1]
    targets = [ClassifierOutputTarget(subject.target)]

    def raw(kind, **options):
        with kind(model=model, target_layers=[layer], **options) as cam:
            held = {}
            inner = cam.get_cam_image

            def keep(*args, **more):
                held['map'] = inner(*args, **more)
                return held['map']
            cam.get_cam_image = keep
            cam(input_tensor=x.clone().requires_grad_(True), targets=targets)
            return np.asarray(held['map'], dtype=np.float64)

    def full():
        with cams.FullGrad(model=model, target_layers=[]) as cam:
            held = {}
            inner = cam.compute_cam_per_layer

            def keep(*args, **more):
                held['map'] = inner(*args, **more)
                return held['map']
            cam.compute_cam_per_layer = keep
            cam(input_tensor=x.clone().requires_grad_(True), targets=targets)
            return np.asarray(held['map'], dtype=np.float64)[0]

    def one(name, method, options=None, **more):
        return name, lambda: ('grad-cam', f'{name}.get_cam_image', method, raw(getattr(cams, name)), options, more)

    free = {'relu': False} | ({'layer': LAST} if hasattr(model, 'features') else {})
    return [
        one('GradCAM', 'grad-cam', free),
        one('GradCAMPlusPlus', 'grad-cam++', free | {'variant': 'pytorch-grad-cam'}),
        one('XGradCAM', 'xgrad-cam', free),
        one('LayerCAM', 'layer-cam', free),
        one('HiResCAM', 'hires-cam', free),
        one('GradCAMElementWise', 'elementwise-grad-cam', free),
        one('EigenCAM', 'eigen-cam', free),
        one('EigenGradCAM', 'eigen-grad-cam', free),
        ('FullGrad', lambda: ('grad-cam', 'FullGrad.compute_cam_per_layer', 'full-grad', full())),
        one('FEM', 'fem', free | {'variant': 'pytorch-grad-cam'}),
        # One forward per channel: only where there are few.
        *([one('ScoreCAM', 'score-cam', free, scaled=True), one('AblationCAM', 'ablation-cam', free | {'divide': 'value'})] if hasattr(model, 'features') else []),
    ]
