"""The student, a BERT under Hugging Face's names, and its teachers, convolutional networks."""

from __future__ import annotations

import functools
import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from motifs import MotifScanner, patches
from torch import nn
from torch.nn import functional

K = 6
SPECIAL = 5
CLS, SEP, MASK, UNKNOWN = 2, 3, 4, 1
_DNABERT_ORDER = (0, 2, 3, 1)
"""Rank of A, C, G, T in DNABERT's vocabulary, which counts A, T, C, G."""
POSITIONS = 512
_LEARNED_WIDTH = 15


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


def one_hot(codes: torch.Tensor) -> torch.Tensor:
    """Return float[n, 4, L]; an unknown base is all zeros."""
    return functional.one_hot(codes.long(), 5)[..., :4].transpose(1, 2).float()


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
        y = functional.scaled_dot_product_attention(q, k, v)
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
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2 and name not in ("positions", "words.free"):
                nn.init.normal_(parameter, std=1 / math.sqrt(parameter.shape[1]) * 0.7)

    def compile_layers(self) -> None:
        """Let torch compile the layers for training; evaluation goes on without."""
        self.compiled = [torch.compile(layer, dynamic=False) for layer in self.layers]

    def pooled(self, codes: torch.Tensor) -> torch.Tensor:
        """Return what the classifier reads, [n, hidden]: the last layer works out the first token alone."""
        ids = kmer_tokens(codes)
        x = self.norm(self.words(ids) + self.positions[: ids.shape[1]])
        x = functional.dropout(x, self.size.dropout, self.training)
        layers = self.compiled if self.training and self.compiled else self.layers
        for layer in layers[:-1]:
            x = layer(x)
        return torch.tanh(self.pooler(layers[-1](x, 1)[:, 0]))

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """Return the outputs, [n, outputs], of base codes."""
        return self.classifier(functional.dropout(self.pooled(codes), self.size.dropout, self.training))

    def hugging_face_state(self) -> dict[str, torch.Tensor]:
        """Return the weights under the names of `BertForSequenceClassification`."""
        state = {
            "bert.embeddings.word_embeddings.weight": self.words.table(),
            "bert.embeddings.position_embeddings.weight": self.positions,
            "bert.embeddings.token_type_embeddings.weight": torch.zeros(2, self.size.hidden),
        }
        modules = {"bert.embeddings.LayerNorm": self.norm, "bert.pooler.dense": self.pooler}
        modules["classifier"] = self.classifier
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
        for name, module in modules.items():
            state[f"{name}.weight"], state[f"{name}.bias"] = module.weight, module.bias
        return {name: tensor.detach().float().cpu().contiguous() for name, tensor in state.items()}


def _waves(positions: int, hidden: int) -> torch.Tensor:
    """Return sines and cosines of the position, periods from 3 tokens to 400: near tokens are alike."""
    count = hidden // 4
    frequency = 2 * math.pi / torch.logspace(math.log10(3), math.log10(400), count)
    angle = torch.arange(positions)[:, None] * frequency
    waves = torch.zeros(positions, hidden)
    waves[:, : 2 * count] = 0.5 * torch.cat([angle.sin(), angle.cos()], dim=1)
    return waves


@torch.no_grad()
def matches(scanner: MotifScanner, letters: torch.Tensor) -> torch.Tensor:
    """Return how well motifs match, [n, place, motif]: 1 at a motif's threshold, 0 from 4 bits below."""
    return (scanner(letters) - (scanner.thresholds - 4)).clamp_(min=0).mul_(0.25)


class Residual(nn.Module):
    """Two convolutions around which the input, [n, channels, 1, places], is carried."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.SiLU(),
            nn.Conv2d(channels, channels, (1, 7), padding=(0, 3 * dilation), dilation=(1, dilation)),
            nn.BatchNorm2d(channels),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Conv2d(channels, channels, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the input and what the convolutions add."""
        return x + self.body(x)


class Teacher(nn.Module):
    """A convolutional network over learned filters and, where given, known motifs.

    Parameters
    ----------
    outputs : int
    scanner : MotifScanner or None
        Whose scores, less each motif's threshold, stand beside the learned filters.
    channels : int
    dropout : float

    Notes
    -----
    Windows are pictures of height 1 with the channels last: of that shape a card has fast convolutions.
    """

    def __init__(
        self, outputs: int, scanner: MotifScanner | None, channels: int = 192, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.scanner = scanner
        stem = 256
        self.learned = nn.Linear(4 * _LEARNED_WIDTH, stem)
        width = stem
        if scanner is not None:
            self.squeeze = nn.Linear(len(scanner.thresholds), 192)
            width += 192
        self.norm = nn.BatchNorm2d(width)
        self.join = nn.Conv2d(width, channels, 1)
        self.blocks = nn.Sequential(*(Residual(channels, d, dropout) for d in (1, 1, 2, 4)))
        self.head = nn.Sequential(
            nn.BatchNorm1d(2 * channels),
            nn.Linear(2 * channels, 384),
            nn.SiLU(),
            nn.Dropout(0.3),
            nn.Linear(384, outputs),
        )
        self.to(memory_format=torch.channels_last)
        self.compiled: Any = None

    def compile_layers(self) -> None:
        """Let torch compile the convolutions for training; evaluation goes on without."""
        self.compiled = torch.compile(self.convolved, dynamic=False)

    def convolved(self, codes: torch.Tensor, known: torch.Tensor | None) -> torch.Tensor:
        """Return what the convolutions see, [n, channels, 1, places / 2]."""
        letters = one_hot(codes)
        parts = [self.learned(patches(letters, _LEARNED_WIDTH))]
        if self.scanner is not None:
            parts.append(self.squeeze(matches(self.scanner, letters) if known is None else known))
        seen = torch.cat(parts, dim=2)
        seen = functional.silu(self.norm(seen.permute(0, 2, 1).unsqueeze(2)))
        pairs = seen[..., : seen.shape[3] // 2 * 2].unflatten(3, (-1, 2))
        # not amax: compiled, its backward pass compares rounded with unrounded values and divides by 0
        return self.blocks(self.join(torch.maximum(pairs[..., 0], pairs[..., 1])))

    def forward(self, codes: torch.Tensor, known: torch.Tensor | None = None) -> torch.Tensor:
        """Return the outputs, [n, outputs], of base codes; `known` are their `matches`, if at hand."""
        convolved = self.compiled if self.training and self.compiled is not None else self.convolved
        x = convolved(codes, known).squeeze(2)
        return self.head(torch.cat([x.mean(2), x.amax(2)], dim=1))
