"""The table of fixtures: which architecture, which exporter, which opset, which batch."""
from dataclasses import dataclass
from typing import Callable

import architectures as arch
import generator


@dataclass
class Case:
    """norm: 'kept' exports BatchNormalization nodes, 'fused' folds them into the convolutions as a default export does."""
    name: str
    build: Callable
    inputs: dict
    target: int
    exporter: str = 'script'
    opset: int | None = None
    batch: int | str = 1
    rows: int = 1
    norm: str = 'none'
    at: str | None = None
    fold: bool = True
    optimize: bool = True
    tries: int = 60
    margin: float = 4.0


def picture(size: int, rows: int) -> dict:
    return {'image': {'dtype': 'float32', 'dims': [rows, 3, size, size], 'key': 'image', 'centre': 0.0, 'half': 1.7320508}}


def vision(name, build, exporter, opset, batch, size=224, norm='none', **options):
    rows = 2 if batch == 'dynamic' else batch
    opset_label = 'default' if opset is None else opset
    label = f'{name}.{exporter}-{opset_label}.{"dynamic" if batch == "dynamic" else f"batch{batch}"}'
    return Case(label, build, picture(size, rows), 7, exporter, opset, batch, rows, norm, **options)


def sequence(name, build, inputs, target, exporter, opset, batch, **options):
    rows = 2 if batch == 'dynamic' else batch
    opset_label = 'default' if opset is None else opset
    label = f'{name}.{exporter}-{opset_label}.{"dynamic" if batch == "dynamic" else f"batch{batch}"}'
    return Case(label, build, inputs(rows), target, exporter, opset, batch, rows, **options)


def tokens(length, vocabulary, mask=False):
    def make(rows):
        spec = {'input_ids': {'dtype': 'int64', 'dims': [rows, length], 'key': 'ids', 'below': vocabulary}}
        if mask:
            kept = [[1] * (length - 5 * row) + [0] * (5 * row) for row in range(rows)]
            spec['attention_mask'] = {'dtype': 'int64', 'dims': [rows, length], 'values': sum(kept, [])}
        return spec
    return make


def features(length, width):
    return lambda rows: {'x': {'dtype': 'float32', 'dims': [rows, length, width], 'key': 'x', 'centre': 0.0, 'half': 1.7320508}}


def network(nodes, edges, width):
    """Node features and, where `edges` is a number, that many random edges, a loop at every node among them."""
    def make(_rows):
        spec = {'x': {'dtype': 'float32', 'dims': [nodes, width], 'key': 'x', 'centre': 0.0, 'half': 1.7320508, 'batch_axes': []}}
        if edges is not None:
            loops = [[node, node] for node in range(nodes)]
            pairs = loops + generator.integers('edges', [edges - nodes, 2], nodes).tolist()
            values = [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
            spec['edge_index'] = {'dtype': 'int64', 'dims': [2, edges], 'values': values, 'batch_axes': []}
        return spec
    return make


BERT_AT = 'model.bert.embeddings.word_embeddings'
GPT_AT = 'model.transformer.wte'

CASES = [
    vision('resnet50', arch.tv('resnet50'), 'script', 11, 1, norm='fused', tries=300),
    vision('resnet50', arch.tv('resnet50'), 'script', 17, 'dynamic', norm='kept', size=96),
    vision('resnet50', arch.tv('resnet50'), 'dynamo', None, 2, norm='kept', size=96, optimize=False),
    vision('mobilenet_v2', arch.tv('mobilenet_v2'), 'script', 13, 1, norm='fused'),
    vision('mobilenet_v2', arch.tv('mobilenet_v2'), 'script', 17, 2, norm='kept', size=96),
    vision('mobilenet_v2', arch.tv('mobilenet_v2'), 'dynamo', None, 'dynamic', norm='fused', size=96),
    vision('mobilenet_v3_large', arch.tv('mobilenet_v3_large'), 'dynamo', 18, 2, norm='fused', size=160),
    vision('efficientnet_b0', arch.tv('efficientnet_b0'), 'script', 17, 'dynamic', norm='fused'),
    vision('densenet121', arch.tv('densenet121'), 'script', 13, 1, norm='kept'),
    vision('convnext_tiny', arch.tv('convnext_tiny'), 'dynamo', None, 1),
    vision('convnext_tiny', arch.tv('convnext_tiny'), 'script', 17, 2, size=128),
    vision('vit_b_16', arch.vit(4), 'script', 17, 1),
    vision('vit_b_16', arch.vit(2), 'script', 14, 2),
    vision('vit_b_16', arch.vit(3), 'dynamo', None, 'dynamic'),
    vision('deit_tiny', arch.timm('deit_tiny_patch16_224'), 'script', 14, 'dynamic'),
    vision('swin_t', arch.tv('swin_t'), 'script', 17, 1, fold=False),
    vision('swin_t', arch.tv('swin_t'), 'dynamo', None, 1, optimize=False),
    vision('maxvit_t', arch.tv('maxvit_t'), 'script', 17, 1, norm='kept', fold=False),
    vision('mixer_b16', arch.mixer(4), 'dynamo', None, 'dynamic'),
    vision('regnet_y_400mf', arch.tv('regnet_y_400mf'), 'script', 11, 2, norm='fused', size=128),
    vision('regnet_x_400mf', arch.tv('regnet_x_400mf'), 'dynamo', 18, 1, norm='kept', optimize=False),
    vision('inception_v3', arch.inception, 'script', 17, 1, size=299, norm='fused'),
    vision('vgg16', arch.vgg(512), 'script', 13, 1),
    vision('squeezenet1_1', arch.tv('squeezenet1_1'), 'script', 12, 'dynamic'),
    sequence('bert_eager', arch.bert(3, 'eager'), tokens(32, 2000, True), 1, 'script', 17, 'dynamic', at=BERT_AT),
    sequence('bert_sdpa', arch.bert(3, 'sdpa'), tokens(32, 2000, True), 1, 'dynamo', None, 2, at=BERT_AT),
    sequence('gpt2_eager', arch.gpt2(3, 'eager'), tokens(32, 2000), 31 * 2000 + 7, 'dynamo', 18, 1, at=GPT_AT),
    sequence('gpt2_sdpa', arch.gpt2(3, 'sdpa'), tokens(32, 2000, True), 31 * 2000 + 7, 'script', 17, 'dynamic', at=GPT_AT),
    sequence('lstm', arch.recurrent('LSTM'), features(20, 12), 2, 'script', 17, 2),
    sequence('lstm', arch.recurrent('LSTM'), features(20, 12), 2, 'dynamo', None, 'dynamic'),
    sequence('gru', arch.recurrent('GRU'), features(20, 12), 2, 'script', 13, 'dynamic'),
    sequence('gru_tokens', arch.recurrent_tokens('GRU'), tokens(20, 50), 2, 'script', 11, 1, at='embedding'),
    sequence('gcn', arch.graph('GCN'), network(24, 80, 16), 3, 'script', 17, 1),
    sequence('gat', arch.graph('GAT'), network(24, 80, 16), 3, 'dynamo', 18, 1),
    sequence('sage', arch.graph('SAGE'), network(24, 80, 16), 3, 'script', 17, 1),
    sequence('sage', arch.graph('SAGE'), network(24, 80, 16), 3, 'dynamo', None, 1),
    sequence('gcn_edges', arch.graph_with_edges('GCN', 24, 80), network(24, None, 16), 3, 'dynamo', None, 1),
    sequence('gat_edges', arch.graph_with_edges('GAT', 24, 80), network(24, None, 16), 3, 'dynamo', None, 1),
]

FULL = [
    vision('vit_b_16.full', arch.vit(12), 'script', 17, 1),
    vision('mixer_b16.full', arch.mixer(12), 'dynamo', None, 1),
    vision('vgg16.full', arch.tv('vgg16'), 'script', 13, 1),
    sequence('bert.full', arch.bert(12, 'eager', 30522), tokens(32, 30522, True), 1, 'script', 17, 2, at=BERT_AT),
    sequence('gpt2.full', arch.gpt2(12, 'sdpa', 50257), tokens(32, 50257, True), 31 * 50257 + 7, 'script', 17, 1, at=GPT_AT),
]

WIDE = [
    vision('alexnet', arch.tv('alexnet'), 'script', 17, 1),
    *(vision(name, arch.tv(name), 'script', 17, 1, size=128, norm='kept', fold=False) for name in (
        'resnet18', 'resnext50_32x4d', 'shufflenet_v2_x0_5', 'mnasnet0_5', 'mobilenet_v3_small',
        'efficientnet_v2_s', 'regnet_x_1_6gf', 'densenet161')),
    *(vision(name, arch.tv(name), 'dynamo', None, 'dynamic', size=128, optimize=False) for name in ('convnext_small', 'resnet34')),
    vision('swin_v2_t', arch.tv('swin_v2_t'), 'script', 17, 1, fold=False),
    *(vision(name, arch.timm(name), 'dynamo', None, 1, size=size, norm='kept', optimize=False) for name, size in (
        ('convnextv2_atto', 128), ('mobilevit_s', 128), ('poolformer_s12', 128), ('repvgg_a0', 128), ('ghostnet_100', 128),
        ('edgenext_xx_small', 128), ('fastvit_t8', 128), ('levit_128s', 224), ('xcit_nano_12_p16_224', 224),
        ('vit_tiny_patch16_224', 224), ('gmlp_s16_224', 224), ('resmlp_12_224', 224), ('nfnet_f0', 128), ('hrnet_w18_small', 128),
        ('coatnet_0_rw_224', 224), ('eva02_tiny_patch14_224', 224))),
    sequence('distilbert', arch.named('distilbert'), tokens(32, 2000, True), 1, 'script', 17, 2, at='model.distilbert.embeddings.word_embeddings'),
    sequence('roberta', arch.named('roberta'), tokens(32, 2000, True), 1, 'dynamo', None, 1, at='model.roberta.embeddings.word_embeddings'),
    sequence('albert', arch.named('albert'), tokens(32, 2000, True), 1, 'script', 17, 2, at='model.albert.embeddings.word_embeddings'),
    sequence('electra', arch.named('electra'), tokens(32, 2000, True), 1, 'script', 17, 2, at='model.electra.embeddings.word_embeddings'),
    sequence('llama', arch.named('llama'), tokens(32, 2000, True), 31 * 2000 + 7, 'dynamo', None, 1, at='model.model.embed_tokens'),
    sequence('opt', arch.named('opt'), tokens(32, 2000, True), 31 * 2000 + 7, 'dynamo', None, 1, at='model.model.decoder.embed_tokens'),
    sequence('gpt_neox', arch.named('gpt_neox'), tokens(32, 2000, True), 31 * 2000 + 7, 'dynamo', None, 1, at='model.gpt_neox.embed_in'),
]
