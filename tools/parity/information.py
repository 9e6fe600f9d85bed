"""Asks the reference for SIC and AIC of what information.mjs wrote: python information.py FOLDER [--out FIXTURE] [--slow]"""
import argparse
import importlib.metadata
import json
import pathlib

import numpy as np
import onnxruntime
from PIL import features
from scipy.spatial import Delaunay

# The package calls what numpy 2.4 no longer has.
np.trapz = np.trapezoid
from saliency.metrics import pic  # noqa: E402

DEFAULT_OUT = pathlib.Path(__file__).resolve().parents[2] / 'packages' / 'core' / 'test' / 'fixtures' / 'information.json'
reference_fill = pic.create_blurred_image


def located(points, triangles, known):
    """For every unknown pixel a triangle that holds it, and the weights of its corners."""
    place = np.full(known.shape, -1)
    weights = np.zeros((*known.shape, 3))
    corners = points[triangles]
    low, span = corners.min(1), np.ptp(corners, axis=1)
    (ay, ax), (by, bx), (cy, cx) = ((corners[:, k, 0], corners[:, k, 1]) for k in range(3))
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    real = np.flatnonzero(area)
    # Triangles of one bounding box at a time.
    boxes, group = np.unique(span[real], axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind='stable')
    ends = np.cumsum(np.bincount(group.ravel()))
    for (height, width), start, end in zip(boxes + 1, np.r_[0, ends[:-1]], ends):
        if height <= 2 and width <= 2:
            continue
        t = real[order[start:end]]

        def of(values):
            return values[t][:, None, None]

        y, x = np.broadcast_arrays(of(low[:, 0]) + np.arange(height)[None, :, None], of(low[:, 1]) + np.arange(width)[None, None, :])
        sign, size = np.sign(of(area)), np.abs(of(area))
        a = ((of(bx) - x) * (of(cy) - y) - (of(by) - y) * (of(cx) - x)) * sign
        b = ((of(cx) - x) * (of(ay) - y) - (of(cy) - y) * (of(ax) - x)) * sign
        c = size - a - b
        i, j, k = np.nonzero((a >= 0) & (b >= 0) & (c >= 0) & ~known[y, x])
        at = y[i, j, k], x[i, j, k]
        place[at] = t[i]
        weights[at] = np.stack([a[i, j, k], b[i, j, k], c[i, j, k]], 1) / size[i, 0, 0][:, None]
    return place, weights


def quick_fill(full_img, pixel_mask, method='linear'):
    """What pic.create_blurred_image gives, from one triangulation for all channels and without its slow search (30 times sooner)."""
    known = pixel_mask.copy()
    known[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    if known.all():
        return full_img
    points = np.argwhere(known)
    triangles = Delaunay(points).simplices
    place, weights = located(points, triangles, known)
    assert (place[~known] >= 0).all()
    out = full_img.astype(np.float32)
    values = full_img[known].astype(float)
    out[~known] = np.einsum('nk,nkc->nc', weights[~known], values[triangles[place[~known]]])
    return np.round(out).astype(np.uint8)


class Predictions:
    def __init__(self, asked):
        self.session = onnxruntime.InferenceSession(asked['file'])
        self.input = asked['input']
        preprocessing = asked['preprocessing']
        assert preprocessing['layout'] == 'NCHW' and preprocessing['channels'] == 'RGB'
        self.scale, self.offset = preprocessing['scale'], preprocessing['offset']
        self.mean, self.std = (np.array(preprocessing['normalize'][key]) for key in ('mean', 'std'))

    def softmax(self, images):
        x = ((images * self.scale + self.offset - self.mean) / self.std).transpose(0, 3, 1, 2).astype(np.float32)
        logits = self.session.run(None, {self.input: x})[0].astype(float)
        odds = np.exp(logits - logits.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)


def asked_of(image, values, mask, index, thresholds, predictions):
    sizes = []
    estimate = pic.estimate_image_entropy

    def counted(one):
        sizes.append(estimate(one))
        return sizes[-1]

    def one(predict):
        sizes.clear()
        try:
            return pic.compute_pic_metric(image, values, mask, predict, thresholds, min_pred_value=0), list(sizes)
        except pic.ComputePicMetricError:
            return None, []

    pic.estimate_image_entropy = counted
    try:
        sic, size = one(lambda images: predictions.softmax(images)[:, index])
        aic, _ = one(lambda images: (predictions.softmax(images).argmax(1) == index).astype(float))
    finally:
        pic.estimate_image_entropy = estimate
    assert sic is not None
    # In our order: the whole picture, the hidden one, thresholds.
    probability = [sic.predictions[-1], sic.predictions[0], *sic.predictions[1:-1]]
    return {'sic': sic, 'aic': aic, 'bytes': size, 'probability': [float(value) for value in probability]}


def compared(photos, found, maps):
    relative, chances = [], []
    for map_ in maps:
        for metric in ('sic', 'aic'):
            pairs = [(photo['ours'][map_][metric], one[map_][metric]) for photo, one in zip(photos, found)]
            assert all((ours is None) == (theirs is None) for ours, theirs in pairs), 'pictures are valid in both or in neither'
            differences = np.array([ours - theirs.auc for ours, theirs in pairs if theirs is not None])
            size = np.abs(differences)
            print(f'{map_}, {metric}: {size.size} pictures, largest difference {size.max():.5f}, median {np.median(size):.5f}, mean of signed {differences.mean():+.5f}')
        for photo, one in zip(photos, found):
            relative += list(np.abs(np.array(photo['ours'][map_]['bytes']) / one[map_]['bytes'] - 1))
            chances += list(np.abs(np.array(photo['ours'][map_]['probability']) - one[map_]['probability']))
    print(f'bytes: largest difference {100 * max(relative):.3f}%, median {100 * np.median(relative):.4f}%; probabilities: {max(chances):.4f}, median {np.median(chances):.6f}')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--out', type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument('--slow', action='store_true', help="the reference's own interpolation, and how far the quick one is from it")
    options = parser.parse_args()
    asked = json.loads((options.folder / 'asked.json').read_text())
    shape = asked['height'], asked['width']
    photos, maps = asked['photos'], [one['name'] for one in asked['maps']]
    pixels = np.fromfile(options.folder / 'pixels.u8', np.uint8).reshape(-1, *shape, 3)
    masks = np.fromfile(options.folder / 'masks.u8', np.uint8).reshape(-1, *shape).astype(bool)
    planes = np.fromfile(options.folder / 'maps.f64').reshape(len(photos), len(maps), *shape)
    thresholds = [float(part) for part in asked['thresholds'].split(',')]

    def checked(image, mask, method='linear'):
        own, quick = reference_fill(image, mask), quick_fill(image, mask)
        print(f'quick interpolation: {(own != quick).sum()} of {own.size} values differ')
        return own

    pic.create_blurred_image = checked if options.slow else quick_fill
    predictions = Predictions(asked)
    found = [
        {name: asked_of(pixels[p], planes[p, m], masks[p], photo['class'], thresholds, predictions) for m, name in enumerate(maps)}
        for p, photo in enumerate(photos)
    ]
    compared(photos, found, maps)
    median = {
        name: {
            metric: pic.aggregate_individual_pic_results([one[name][metric] for one in found if one[name][metric]]).auc
            for metric in ('sic', 'aic')
        }
        for name in maps
    }
    print('area under the median curve:', median)

    def entry(photo, one):
        values = {
            name: {
                **{metric: None if part[metric] is None else round(float(part[metric].auc), 6) for metric in ('sic', 'aic')},
                'bytes': part['bytes'],
                'probability': [float(f'{value:.6g}') for value in part['probability']],
            }
            for name, part in one.items()
        }
        return {'name': photo['name'], 'seed': photo['seed'], 'class': photo['class'], 'reference': values}

    fixture = {
        'peer': f'saliency {importlib.metadata.version("saliency")}, libwebp {features.version("webp")}',
        'maps': asked['maps'],
        'median': median,
        'photos': [entry(photo, one) for photo, one in zip(photos, found)],
    }
    lines = json.dumps({key: value for key, value in fixture.items() if key != 'photos'}, indent=1)[:-2]
    rows = ',\n'.join(f'  {json.dumps(one)}' for one in fixture['photos'])
    options.out.write_text(f'{lines},\n "photos": [\n{rows}\n ]\n}}\n')


if __name__ == '__main__':
    main()
