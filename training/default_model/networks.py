"""The student: a BERT under Hugging Face's names."""

from __future__ import annotations

import functools
import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

K = 6
SPECIAL = 5
CLS, SEP, MASK, UNKNOWN = 2, 3, 4, 1
_DNABERT_ORDER = (0, 2, 3, 1)
"""Rank of A, C, G, T in DNABERT's vocabulary, which counts A, T, C, G."""
POSITIONS = 512


@dataclass(frozen=True)
class BertSize:
    """Sizes of a student."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    dropout: float = 0.1

    def to_json(self) -> dict[str, float]:
        """Return plain values."""
        return asdict(self)


def kmer_tokens(codes: torch.Tensor) -> torch.Tensor:
    """Return token ids, int64[n, L - K + 3], of base codes, uint8[n, L]; as `KmerTokenizer` does."""
    rank = _ranks(codes.device)[codes.long()]
    length = codes.shape[1] - K + 1
    ids = torch.zeros((len(codes), length), dtype=torch.long, device=codes.device)
    for place in range(K):
        ids = ids * 4 + rank[:, place : place + length]
    unknown = (codes > 3).unfold(1, K, 1).any(2)
    ids = torch.where(unknown, UNKNOWN, ids + SPECIAL)
    edge = torch.ones((len(codes), 1), dtype=torch.long, device=codes.device)
    return torch.cat([CLS * edge, ids, SEP * edge], dim=1)


@functools.cache
def _ranks(device: torch.device) -> torch.Tensor:
    return torch.tensor((*_DNABERT_ORDER, 0), device=device)


class KmerEmbedding(nn.Module):
    """Token embeddings as the sum of one vector a base and place, and one of the whole k-mer.

    K-mers that share letters begin alike, and a k-mer that is seldom seen learns from those that are often;
    for the packaged model the sum is written out as one table.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.letters = nn.Parameter(torch.randn(K, 4, hidden) * 0.4)
        self.free = nn.Parameter(torch.randn(SPECIAL + 4**K, hidden) * 0.02)
        digits = torch.arange(4**K)
        digit = torch.stack([digits // 4 ** (K - 1 - p) % 4 for p in range(K)], dim=1)
        held = functional.one_hot(digit, 4).flatten(1).float()
        self.register_buffer("held", functional.pad(held, (0, 0, SPECIAL, 0)))

    def table(self) -> torch.Tensor:
        """Return the embeddings of all tokens, [tokens, hidden]."""
        with torch.autocast(self.held.device.type, enabled=False):
            return self.free + self.held @ self.letters.flatten(0, 1)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the embeddings of token ids."""
        return functional.embedding(ids, self.table())


class Layer(nn.Module):
    """One layer of a BERT; normalisation after each part, as in the original."""

    def __init__(self, size: BertSize) -> None:
        super().__init__()
        h = size.hidden
        self.heads, self.dropout = size.heads, size.dropout
        self.query, self.key, self.value, self.dense = (nn.Linear(h, h) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(h, eps=1e-12), nn.LayerNorm(h, eps=1e-12)
        self.widen, self.narrow = nn.Linear(h, size.intermediate), nn.Linear(size.intermediate, h)

    def attended(self, x: torch.Tensor, reading: int | None = None) -> torch.Tensor:
        """Return what the attention adds to the states of the first tokens, `reading` of them or all."""
        n, _, h = x.shape
        q, k, v = (
            part(tokens).view(n, -1, self.heads, h // self.heads).transpose(1, 2)
            for part, tokens in ((self.query, x[:, :reading]), (self.key, x), (self.value, x))
        )
        # not scaled_dot_product_attention, whose backward pass is slow on a processor
        share = (q * (h // self.heads) ** -0.5 @ k.transpose(2, 3)).softmax(dim=3).to(v.dtype)
        y = share @ v
        return self.dense(y.transpose(1, 2).reshape(n, -1, h))

    def forward(self, x: torch.Tensor, reading: int | None = None) -> torch.Tensor:
        """Return the next states of the first tokens, `reading` of them or all, [n, tokens, hidden]."""
        y = self.attended(x, reading)
        x = self.norm1(x[:, :reading] + functional.dropout(y, self.dropout, self.training))
        y = self.narrow(functional.gelu(self.widen(x)))
        return self.norm2(x + functional.dropout(y, self.dropout, self.training))


class Student(nn.Module):
    """A BERT classifier with one output a task.

    Parameters
    ----------
    size : BertSize
    outputs : int
    """

    def __init__(self, size: BertSize, outputs: int) -> None:
        super().__init__()
        self.size = size
        h = size.hidden
        self.words = KmerEmbedding(h)
        self.positions = nn.Parameter(_waves(POSITIONS, h))
        self.norm = nn.LayerNorm(h, eps=1e-12)
        self.layers = nn.ModuleList(Layer(size) for _ in range(size.layers))
        self.pooler = nn.Linear(h, h)
        self.classifier = nn.Linear(h, outputs)
        self.compiled: list[Any] = []
        self.compiled_length = 0
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2 and name not in ("positions", "words.free"):
                nn.init.normal_(parameter, std=1 / math.sqrt(parameter.shape[1]) * 0.7)

    def compile_layers(self, length: int) -> None:
        """Let torch compile the layers for training on windows of this length."""
        self.compiled = [torch.compile(layer, dynamic=False) for layer in self.layers]
        self.compiled_length = length

    def pooled(self, codes: torch.Tensor) -> torch.Tensor:
        """Return what the classifier reads, [n, hidden]: the last layer works out the first token alone."""
        ids = kmer_tokens(codes)
        x = self.norm(self.words(ids) + self.positions[: ids.shape[1]])
        x = functional.dropout(x, self.size.dropout, self.training)
        compiled = self.training and codes.shape[1] == self.compiled_length
        layers = self.compiled if compiled else self.layers
        for layer in layers[:-1]:
            x = layer(x)
        first = layers[-1](x, 1)[:, 0]
        with torch.autocast(codes.device.type, enabled=False):  # features rounded to 8 bits tell less
            return torch.tanh(self.pooler(first.float()))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the outputs, [n, outputs], of base codes."""
        return self.classifier(functional.dropout(self.pooled(codes), self.size.dropout, self.training))

    def hugging_face_names(self) -> dict[str, nn.Parameter]:
        """Return the encoder's parameters but the word embeddings by their names in a Hugging Face BERT."""
        modules = {"bert.embeddings.LayerNorm": self.norm, "bert.pooler.dense": self.pooler}
        for number, layer in enumerate(self.layers):
            name = f"bert.encoder.layer.{number}"
            modules |= {
                f"{name}.attention.self.query": layer.query,
                f"{name}.attention.self.key": layer.key,
                f"{name}.attention.self.value": layer.value,
                f"{name}.attention.output.dense": layer.dense,
                f"{name}.attention.output.LayerNorm": layer.norm1,
                f"{name}.intermediate.dense": layer.widen,
                f"{name}.output.dense": layer.narrow,
                f"{name}.output.LayerNorm": layer.norm2,
            }
        named = {"bert.embeddings.position_embeddings.weight": self.positions}
        for name, module in modules.items():
            named[f"{name}.weight"], named[f"{name}.bias"] = module.weight, module.bias
        return named

    def hugging_face_state(self) -> dict[str, torch.Tensor]:
        """Return the weights under the names of `BertForSequenceClassification`."""
        state = {
            "bert.embeddings.word_embeddings.weight": self.words.table(),
            "bert.embeddings.token_type_embeddings.weight": torch.zeros(2, self.size.hidden),
            "classifier.weight": self.classifier.weight,
            "classifier.bias": self.classifier.bias,
            **self.hugging_face_names(),
        }
        return {name: tensor.detach().float().cpu().contiguous() for name, tensor in state.items()}


def _waves(positions: int, hidden: int) -> torch.Tensor:
    """Return sines and cosines of the position, periods from 3 tokens to 400: near tokens are alike."""
    count = hidden // 4
    frequency = 2 * math.pi / torch.logspace(math.log10(3), math.log10(400), count)
    angle = torch.arange(positions)[:, None] * frequency
    waves = torch.zeros(positions, hidden)
    waves[:, : 2 * count] = 0.5 * torch.cat([angle.sin(), angle.cos()], dim=1)
    return waves
