"""Architectures with random weights; nothing is downloaded."""
import torch
from torch import nn

import generator


def tv(name, **options):
    def build():
        import torchvision
        return torchvision.models.get_model(name, weights=None, **options)
    return build


def inception():
    import torchvision
    return torchvision.models.inception_v3(weights=None, aux_logits=False, init_weights=False)


def vit(layers):
    def build():
        from torchvision.models.vision_transformer import VisionTransformer
        model = VisionTransformer(image_size=224, patch_size=16, num_layers=layers, num_heads=12, hidden_dim=768, mlp_dim=3072)
        return model
    return build


def small_vgg():
    from torchvision.models.vgg import VGG, make_layers
    features = make_layers([16, 'M', 32, 32, 'M', 48, 'M'])
    for module in features:
        if isinstance(module, nn.ReLU):
            module.inplace = False
    model = VGG(features, num_classes=10, init_weights=False)
    model.avgpool = nn.Identity()
    model.classifier = nn.Sequential(nn.Linear(48 * 4 * 4, 64), nn.ReLU(), nn.Linear(64, 10))
    return model


def small_vgg_mean():
    model = small_vgg()
    for i, module in enumerate(model.features):
        if isinstance(module, nn.MaxPool2d):
            model.features[i] = nn.AvgPool2d(2)
    return model


def small_vit():
    from torchvision.models.vision_transformer import VisionTransformer
    return VisionTransformer(image_size=64, patch_size=16, num_layers=2, num_heads=4, hidden_dim=96, mlp_dim=192, num_classes=10)


def vgg(hidden):
    def build():
        import torchvision
        model = torchvision.models.vgg16(weights=None, init_weights=False)
        if hidden != 4096:
            model.classifier[0] = nn.Linear(512 * 7 * 7, hidden)
            model.classifier[3] = nn.Linear(hidden, hidden)
            model.classifier[6] = nn.Linear(hidden, 1000)
        return model
    return build


def timm(name, **options):
    def build():
        import timm as library
        return library.create_model(name, pretrained=False, **options)
    return build


def mixer(layers):
    def build():
        from timm.models.mlp_mixer import MlpMixer
        return MlpMixer(patch_size=16, num_blocks=layers, embed_dim=768)
    return build


class Named(nn.Module):
    """Positional arguments for a transformers model; gives the logits only."""

    def __init__(self, model, names):
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *args):
        return self.model(**dict(zip(self.names, args)), return_dict=True).logits


def bert(layers, attention, vocabulary=2000):
    def build():
        from transformers import BertConfig, BertForSequenceClassification
        config = BertConfig(num_hidden_layers=layers, vocab_size=vocabulary, num_labels=3, attn_implementation=attention)
        return Named(BertForSequenceClassification(config), ['input_ids', 'attention_mask'])
    return build


def gpt2(layers, attention, vocabulary=2000):
    def build():
        from transformers import GPT2Config, GPT2LMHeadModel
        config = GPT2Config(n_layer=layers, vocab_size=vocabulary, use_cache=False, attn_implementation=attention, n_positions=64)
        return Named(GPT2LMHeadModel(config), ['input_ids', 'attention_mask'])
    return build


SMALL = {
    'bert': ('Bert', 'ForSequenceClassification', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
    'distilbert': ('DistilBert', 'ForSequenceClassification', dict(dim=192, n_heads=6, n_layers=2, hidden_dim=384, vocab_size=2000)),
    'roberta': ('Roberta', 'ForSequenceClassification', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
    'albert': ('Albert', 'ForSequenceClassification', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
    'electra': ('Electra', 'ForSequenceClassification', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
    'llama': ('Llama', 'ForCausalLM', dict(hidden_size=192, num_attention_heads=6, num_key_value_heads=2, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
    'opt': ('OPT', 'ForCausalLM', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, ffn_dim=384, vocab_size=2000, word_embed_proj_dim=192)),
    'gpt_neox': ('GPTNeoX', 'ForCausalLM', dict(hidden_size=192, num_attention_heads=6, num_hidden_layers=2, intermediate_size=384, vocab_size=2000)),
}


def named(kind):
    """A small transformers model of another family."""
    def build():
        import transformers
        prefix, head, options = SMALL[kind]
        extra = {'use_cache': False} if head == 'ForCausalLM' else {'num_labels': 3}
        config = getattr(transformers, prefix + 'Config')(**options, **extra, pad_token_id=1, attn_implementation='eager')
        return Named(getattr(transformers, prefix + head)(config), ['input_ids', 'attention_mask'])
    return build


class Recurrent(nn.Module):
    def __init__(self, kind, width):
        super().__init__()
        self.cell = getattr(nn, kind)(width, 12, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(24, 5)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


def recurrent(kind):
    return lambda: Recurrent(kind, 12)


class RecurrentTokens(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = nn.Embedding(50, 12)
        self.body = Recurrent(kind, 12)

    def forward(self, ids):
        return self.body(self.embedding(ids))


def recurrent_tokens(kind):
    return lambda: RecurrentTokens(kind)


class GraphNetwork(nn.Module):
    """Two layers. With `edges` the graph is part of the model, else it is its second input (and holds its own self loops)."""

    def __init__(self, kind, edges=None):
        super().__init__()
        from torch_geometric.nn import GATConv, GCNConv, SAGEConv
        loops = edges is not None
        make = {
            'GCN': lambda i, o, heads: GCNConv(i, o * heads, add_self_loops=loops),
            'GAT': lambda i, o, heads: GATConv(i, o, heads=heads, add_self_loops=loops),
            'SAGE': lambda i, o, heads: SAGEConv(i, o * heads),
        }[kind]
        self.first = make(16, 16, 2)
        self.second = make(32, 6, 1)
        if loops:
            self.register_buffer('edges', torch.from_numpy(edges), persistent=False)

    def forward(self, x, edge_index=None):
        edge_index = self.edges if edge_index is None else edge_index
        return self.second(torch.relu(self.first(x, edge_index)), edge_index)


def graph(kind):
    return lambda: GraphNetwork(kind)


def graph_with_edges(kind, nodes, edges):
    return lambda: GraphNetwork(kind, generator.integers('edges', [2, edges], nodes))
