"""Asks the reference for SIC and AIC of what information.mjs wrote: python information.py FOLDER [--out FIXTURE] [--slow]"""
import argparse
import functools
import importlib.metadata
import json
import pathlib

import numpy as np
import onnxruntime
from PIL import features
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
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


def reference_triangles(points):
    return Delaunay(points).simplices


def transposed_triangles(points):
    """The same ones but for ties: what the reference would give of pictures with rows and columns exchanged."""
    return Delaunay(points[:, ::-1]).simplices


def turns(a, b, c):
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


class OwnTies:
    """The reference's triangles, but of points on one circle all meet in the first one of an order: ascribe's rule."""

    def __init__(self, order, shape):
        self.ranks = np.empty(order.size, dtype=np.int64)
        self.ranks[order] = np.arange(order.size)
        self.ranks = self.ranks.reshape(shape)

    def __call__(self, points):
        mesh = Delaunay(points)
        corners = mesh.simplices
        first, side = np.nonzero(mesh.neighbors > np.arange(len(corners))[:, None])
        second = mesh.neighbors[first, side]
        shared = (corners[second][:, :, None] == corners[first][:, None, :]).any(2)
        across = points[corners[second][np.arange(len(second)), shared.argmin(1)]]
        parts = [points[corners[first][:, k]] - across for k in range(3)]
        squares = [(part ** 2).sum(1) for part in parts]
        minors = [parts[k - 2][:, 0] * parts[k - 1][:, 1] - parts[k - 2][:, 1] * parts[k - 1][:, 0] for k in range(3)]
        inside = sum(square * minor for square, minor in zip(squares, minors))
        turned = np.sign(turns(*(points[corners[first][:, k]] for k in range(3))))
        assert (inside * turned <= 0).all(), 'a triangulation that is not Delaunay'
        tied = inside == 0
        count, circle = connected_components(coo_array((np.ones(tied.sum()), (first[tied], second[tied])), shape=(len(corners),) * 2), directed=False)
        sizes = np.bincount(circle, minlength=count)
        out = [corners[sizes[circle] == 1]]
        several = np.flatnonzero(sizes[circle] > 1)
        several = several[np.argsort(circle[several], kind='stable')]
        for members in np.split(several, np.flatnonzero(np.diff(circle[several])) + 1) if several.size else []:
            around = np.unique(corners[members])
            places = points[around]
            centre = places.mean(0)
            around = around[np.argsort(np.arctan2(places[:, 0] - centre[0], places[:, 1] - centre[1]))]
            at = points[around]
            around = np.roll(around, -self.ranks[at[:, 0], at[:, 1]].argmin())
            out.append(np.stack([np.full(len(around) - 2, around[0]), around[1:-1], around[2:]], 1))
        return np.concatenate(out)


def quick_fill(full_img, pixel_mask, triangles=reference_triangles):
    """What pic.create_blurred_image gives, from one triangulation for all channels and without its slow search (30 times sooner)."""
    known = pixel_mask.copy()
    known[[0, 0, -1, -1], [0, -1, 0, -1]] = True
    if known.all():
        return full_img
    points = np.argwhere(known)
    simplices = triangles(points)
    place, weights = located(points, simplices, known)
    assert (place[~known] >= 0).all()
    out = full_img.astype(np.float32)
    values = full_img[known].astype(float)
    out[~known] = np.einsum('nk,nkc->nc', weights[~known], values[simplices[place[~known]]])
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


def kept(function, key):
    """The same answer for the same question: SIC and AIC ask all of them twice."""
    answers = {}

    def answered(*args, **named):
        name = key(*args, **named)
        if name not in answers:
            answers[name] = function(*args, **named)
        return answers[name]

    return answered


def asked_of(image, values, mask, index, thresholds, predictions):
    sizes = []
    fill, estimate = pic.create_blurred_image, pic.estimate_image_entropy
    once = kept(estimate, lambda one: one.tobytes())

    def counted(one):
        sizes.append(once(one))
        return sizes[-1]

    def one(predict):
        sizes.clear()
        try:
            return pic.compute_pic_metric(image, values, mask, predict, thresholds, min_pred_value=0), list(sizes)
        except pic.ComputePicMetricError:
            return None, []

    pic.create_blurred_image = kept(fill, lambda full_img, pixel_mask: pixel_mask.tobytes())
    pic.estimate_image_entropy = counted
    try:
        sic, size = one(lambda images: predictions.softmax(images)[:, index])
        aic, _ = one(lambda images: (predictions.softmax(images).argmax(1) == index).astype(float))
    finally:
        pic.create_blurred_image, pic.estimate_image_entropy = fill, estimate
    assert sic is not None
    # In our order: the whole picture, the hidden one, thresholds.
    probability = [sic.predictions[-1], sic.predictions[0], *sic.predictions[1:-1]]
    return {'sic': sic, 'aic': aic, 'bytes': size, 'probability': [float(value) for value in probability]}


METRICS = ('sic', 'aic')


def plain(part):
    """Areas, bytes and probabilities of one map; an area is None where the reference refuses."""
    return {**{metric: part[metric] and float(part[metric].auc) for metric in METRICS}, 'bytes': part['bytes'], 'probability': part['probability']}


def compared(title, first, second, maps):
    """Two lists of photos of maps, as `plain` gives them."""
    print(f'{title}:')
    relative, chances = [], []
    for name in maps:
        for metric in METRICS:
            pairs = [(one[name][metric], other[name][metric]) for one, other in zip(first, second)]
            refused = sum((a is None) != (b is None) for a, b in pairs)
            differences = np.array([a - b for a, b in pairs if a is not None and b is not None])
            size = np.abs(differences)
            print(f'  {name}, {metric}: {size.size} pictures, largest difference {size.max():.5f}, median {np.median(size):.6f}, mean of signed {differences.mean():+.6f}; above 0.03: {(size > 0.03).sum()}; valid in one only: {refused}')
        for one, other in zip(first, second):
            relative += list(np.abs(np.array(one[name]['bytes']) / other[name]['bytes'] - 1))
            chances += list(np.abs(np.array(one[name]['probability']) - other[name]['probability']))
    relative, chances = np.array(relative), np.array(chances)
    print(f'  bytes: largest difference {100 * relative.max():.3f}%, median {100 * np.median(relative):.4f}%, above 0.5%: {(relative > 0.005).sum()} of {relative.size}; '
          f'probabilities: {chances.max():.4f}, median {np.median(chances):.6f}')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('--out', type=pathlib.Path, default=DEFAULT_OUT)
    parser.add_argument('--slow', action='store_true', help="the reference's own interpolation, and how far the quick one is from it")
    parser.add_argument('--alike', type=int, default=3, help='photos that go to the fixture: those on which ties are decided alike too')
    options = parser.parse_args()
    asked = json.loads((options.folder / 'asked.json').read_text())
    shape = asked['height'], asked['width']
    photos, maps = asked['photos'], [one['name'] for one in asked['maps']]
    pixels = np.fromfile(options.folder / 'pixels.u8', np.uint8).reshape(-1, *shape, 3)
    masks = np.fromfile(options.folder / 'masks.u8', np.uint8).reshape(-1, *shape).astype(bool)
    planes = np.fromfile(options.folder / 'maps.f64').reshape(len(photos), len(maps), *shape)
    thresholds = [float(part) for part in asked['thresholds'].split(',')]
    predictions = Predictions(asked)

    def checked(full_img, pixel_mask):
        own, quick = reference_fill(full_img, pixel_mask), quick_fill(full_img, pixel_mask)
        print(f'quick interpolation: {(own != quick).sum()} of {own.size} values differ')
        return own

    def scored(fill, some=photos):
        pic.create_blurred_image = fill
        return [
            {name: asked_of(pixels[p], planes[p, m], masks[p], photo['class'], thresholds, predictions) for m, name in enumerate(maps)}
            for p, photo in enumerate(some)
        ]

    def areas(found):
        """Under the median curve."""
        lists = {(name, metric): [one[name][metric] for one in found if one[name][metric]] for name in maps for metric in METRICS}
        return {name: {metric: pic.aggregate_individual_pic_results(lists[name, metric]).auc for metric in METRICS} for name in maps}

    def all_plain(found):
        return [{name: plain(part) for name, part in one.items()} for one in found]

    ties = OwnTies(np.fromfile(options.folder / 'order.u32', np.uint32), shape)
    reference = scored(checked if options.slow else quick_fill)
    alike = scored(functools.partial(quick_fill, triangles=ties), photos[:options.alike])
    turned = scored(functools.partial(quick_fill, triangles=transposed_triangles))
    ours = [photo['ours'] for photo in photos]
    compared('ascribe against the reference with ties decided alike', ours, all_plain(alike), maps)
    compared('ascribe against the reference', ours, all_plain(reference), maps)
    compared('the reference on transposed coordinates against the reference', all_plain(turned), all_plain(reference), maps)
    medians = {'ascribe': asked['medians'], 'reference': areas(reference), 'transposed': areas(turned)}
    print('area under the median curve:')
    for name in maps:
        print(' ', name, {key: {metric: round(float(value), 5) for metric, value in median[name].items()} for key, median in medians.items()})

    def short(part):
        rounded = {metric: part[metric] if part[metric] is None else round(part[metric], 6) for metric in METRICS}
        return {**rounded, 'bytes': part['bytes'], 'probability': [float(f'{value:.6g}') for value in part['probability']]}

    def line(photo, *found):
        both = {key: {name: short(plain(part)) for name, part in one.items()} for key, one in zip(('reference', 'alike'), found)}
        return json.dumps({'name': photo['name'], 'seed': photo['seed'], 'class': photo['class'], **both})

    head = {
        'peer': f'saliency {importlib.metadata.version("saliency")}, libwebp {features.version("webp")}',
        'maps': asked['maps'],
        'median': {key: {name: {metric: round(float(value), 6) for metric, value in part.items()} for name, part in median.items()} for key, median in medians.items()},
    }
    rows = ',\n'.join(f'  {line(*parts)}' for parts in zip(photos, reference, alike))
    options.out.write_text(f'{json.dumps(head, indent=1)[:-2]},\n "photos": [\n{rows}\n ]\n}}\n')


if __name__ == '__main__':
    main()
