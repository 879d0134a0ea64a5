"""The encoder in PyTorch: one network for training, and for prediction with weights laid out for speed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from dnabert_enhancer.engine.torch_packed import (
    ACTIVATIONS,
    PARTS,
    Float64Linear,
    NoValuesDrawn,
    PackedLinear,
    PackedProjection,
)
from dnabert_enhancer.model import Norm, Pooling, Positions

if TYPE_CHECKING:
    from dnabert_enhancer.model import EmbeddingRule, Encoder, State

Watch = Callable[[torch.Tensor, torch.Tensor, torch.Tensor | None], None]
"""Sees queries, keys and bias of a layer; see `attention_weights`."""


class EncoderNetwork(nn.Module):
    """An encoder with its classifier, from token ids to outputs.

    Parameters
    ----------
    encoder : Encoder
        What it is made of.
    state : dict of str to float32 array
        Weights by the names of `Encoder.tensors`.
    dropout, attention_dropout : float
        In training: shares of hidden units and of attention weights.
    mask_id : int, optional
        Token of hidden places, for encoders whose `word_factor` allows for them.
    fused : bool
        Compute attention by torch's fused kernels; else written out, which trains faster in bfloat16 on a
        processor.

    Notes
    -----
    Where the head reads the first token alone, the last layer computes its query, its feed-forward part and
    its normalisations for this token alone.
    """

    def __init__(
        self,
        encoder: Encoder,
        state: State,
        *,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        mask_id: int | None = None,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.mask_id = mask_id
        self.dtype = torch.float32
        with torch.device("meta"), NoValuesDrawn():
            self.words = nn.Embedding(encoder.vocabulary, encoder.hidden)
            self.positions = nn.Embedding(encoder.positions, encoder.hidden) if encoder.positions else None
            self.segments = nn.Embedding(encoder.segments, encoder.hidden) if encoder.segments else None
            self.embedding_norm = _norm(encoder) if encoder.embedding_norm else None
            self.dropout = nn.Dropout(dropout)
            self.layers = nn.ModuleList(
                _Layer(encoder, dropout, attention_dropout, fused=fused) for _ in range(encoder.layers)
            )
            self.last_norm = _norm(encoder) if encoder.last_norm else None
            self.pooler = nn.Linear(encoder.hidden, encoder.hidden)
            self.classifier: nn.Module = nn.Linear(encoder.hidden, encoder.outputs)
        tensors = {
            _own_name(name): torch.tensor(state[name], dtype=torch.float32) for name in encoder.tensors()
        }
        self.load_state_dict(tensors, assign=True)
        self._bias: tuple[tuple[int, str], torch.Tensor] | None = None
        self._angles: tuple[tuple[int, str], tuple[torch.Tensor, torch.Tensor]] | None = None

    def state(self) -> State:
        """Return the weights, float32, by the names of `Encoder.tensors`."""
        own = self.state_dict()
        return {name: own[_own_name(name)].float().cpu().numpy() for name in self.encoder.tensors()}

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        *,
        words: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return the outputs as ``logits``, float32 (windows, outputs).

        Parameters
        ----------
        input_ids : int64, shape (windows, tokens)
        attention_mask : int64, shape (windows, tokens), optional
            0 for padding.
        words : float32, shape (windows, tokens, hidden), optional
            Vectors in place of those of the tokens; places and types are added to them.
        """
        x = self.pooled(self.states(input_ids, attention_mask, words=words), attention_mask)
        x = self.pooler(x)
        if not isinstance(self.classifier, Float64Linear):
            return {"logits": self.classifier(self.dropout(torch.tanh(x)))}
        return {"logits": self.classifier(torch.tanh(x.double())).float()}

    def embedding(self, ids: torch.Tensor, rule: EmbeddingRule) -> torch.Tensor:
        """Return embeddings of windows of equally many tokens, none of them padding, (windows, hidden)."""
        if rule.pooling == Pooling.FIRST:
            return self.states(ids)[:, 0].float()
        states = self.states(ids, whole=True)
        return states[:, rule.before : ids.shape[1] - rule.after].float().mean(dim=1)

    def pooled(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Return the first token's state or the mean of all, float32 (windows, hidden)."""
        if self.encoder.pooling == Pooling.FIRST:
            return states[:, 0].float()
        if mask is None:
            return states.float().mean(dim=1)
        weights = mask[:, :, None].float()
        return (states.float() * weights).sum(dim=1) / weights.sum(dim=1)

    def states(
        self,
        ids: torch.Tensor,
        mask: torch.Tensor | None = None,
        *,
        whole: bool = False,
        watch: Watch | None = None,
        words: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the last layer's states, shape (windows, tokens, hidden).

        Where the head reads the first token alone, of that alone: (windows, 1, hidden).

        Parameters
        ----------
        ids, mask
            See `forward`.
        whole : bool
            Of all tokens, even where the head reads the first one alone.
        watch : callable, optional
            Called in each layer with what `attention_weights` takes.
        words : tensor, optional
            See `forward`.
        """
        first_only = self.encoder.reads_first_token and not whole
        x = self._embedded(ids, words).to(self.dtype)
        bias = self._attention_bias(x, mask)
        angles = self._rotary_angles(x) if self.encoder.position_kind == Positions.ROTARY else None
        for number, layer in enumerate(self.layers):
            is_last = first_only and number == len(self.layers) - 1
            x = layer(x, bias, angles, first_only=is_last, watch=watch)
        return x if self.last_norm is None else self.last_norm(x)

    def for_prediction(
        self, dtype: torch.dtype, device: str, rows: int, *, whole: bool = False
    ) -> EncoderNetwork:
        """Lay the weights out for prediction and return the network.

        Parameters
        ----------
        dtype : torch.dtype
            Of the layers; embeddings, their normalisation and the head stay float32.
        device : str
        rows : int
            Tokens in a typical call, for which oneDNN lays out the weights.
        whole : bool
            The last layer will be asked for all tokens, even where the head reads the first one alone.
        """
        self.eval().requires_grad_(False)
        self.dtype = dtype
        self.to(device)
        self.layers.to(dtype)
        if self.last_norm is not None:
            self.last_norm.to(dtype)
        self.classifier = Float64Linear(self.classifier)
        for number, layer in enumerate(self.layers):
            is_last = self.encoder.reads_first_token and not whole and number == len(self.layers) - 1
            assert isinstance(layer, _Layer)
            layer.pack(rows, first_only=is_last)
        return self

    def for_gradients(self, device: str) -> EncoderNetwork:
        """Freeze the weights, in float32 with the head in float64, and return the network."""
        self.eval().requires_grad_(False)
        self.to(device)
        self.classifier = Float64Linear(self.classifier)
        return self

    def _embedded(self, ids: torch.Tensor, words: torch.Tensor | None) -> torch.Tensor:
        encoder = self.encoder
        x = self.words(ids) if words is None else words
        if encoder.word_factor != 1.0:
            x = self._without_masked(x, ids)
        table = None
        if self.positions is not None:
            first = encoder.first_position
            table = self.positions.weight[first : first + ids.shape[1]]
        if self.segments is not None:
            segment = self.segments.weight[0]
            table = segment if table is None else table + segment
        if table is not None:
            x = x + table
        if self.embedding_norm is not None:
            x = self.embedding_norm(x)
        dropped: torch.Tensor = self.dropout(x)
        return dropped

    def _without_masked(self, x: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """Return embeddings as ESM's token dropout has them: as small as where some are masked."""
        if self.mask_id is None or not self.training:
            return x * self.encoder.word_factor
        masked = ids == self.mask_id
        share = masked.float().mean(dim=1)
        x = x.masked_fill(masked[:, :, None], 0.0)
        return x * (self.encoder.word_factor / (1.0 - share))[:, None, None]

    def _attention_bias(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor | None:
        """Return what is added to the scores, shape (windows or 1, heads or 1, tokens or 1, tokens)."""
        tokens = x.shape[1]
        bias = None
        if self.encoder.position_kind == Positions.ALIBI:
            key = (tokens, str(x.dtype))
            kept = self._bias
            if kept is None or kept[0] != key:
                slopes = torch.tensor(self.encoder.alibi_slopes(), device=x.device)
                places = torch.arange(tokens, device=x.device)
                distances = (places[:, None] - places).abs().float()
                kept = self._bias = (key, (-slopes[:, None, None] * distances)[None].to(x.dtype))
            bias = kept[1]
        if mask is None:
            return bias
        is_padding = mask[:, None, None, :] == 0
        hidden = (is_padding * torch.finfo(x.dtype).min).to(x.dtype)
        return hidden if bias is None else torch.where(is_padding, hidden, bias)

    def _rotary_angles(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosines and sines of the places, float32, shape (tokens, head size)."""
        key = (x.shape[1], str(x.device))
        kept = self._angles
        if kept is None or kept[0] != key:
            frequencies = torch.tensor(self.encoder.rotary_frequencies(), device=x.device)
            angles = torch.outer(torch.arange(x.shape[1], device=x.device).float(), frequencies)
            angles = torch.cat([angles, angles], dim=1)
            kept = self._angles = (key, (angles.cos(), angles.sin()))
        return kept[1]


class _Layer(nn.Module):
    """Attention and feed-forward part, with a normalisation before or after each."""

    def __init__(self, encoder: Encoder, dropout: float, attention_dropout: float, *, fused: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.attention_dropout = attention_dropout
        self.fused = fused
        self.projection: nn.Module = _Projection(encoder)
        self.context: nn.Module = nn.Linear(encoder.hidden, encoder.hidden)
        self.norm = _norm(encoder)
        wide = encoder.intermediate * (2 if encoder.gated else 1)
        self.widen: nn.Module = nn.Linear(encoder.hidden, wide, bias=encoder.wide_bias)
        self.narrow: nn.Module = nn.Linear(encoder.intermediate, encoder.hidden, bias=encoder.narrow_bias)
        self.second_norm = _norm(encoder)
        self.dropout = nn.Dropout(dropout)
        self.activation: Callable[[torch.Tensor], torch.Tensor] | None = ACTIVATIONS[encoder.activation]

    def forward(
        self,
        x: torch.Tensor,
        bias: torch.Tensor | None,
        angles: tuple[torch.Tensor, torch.Tensor] | None,
        *,
        first_only: bool,
        watch: Watch | None,
    ) -> torch.Tensor:
        is_pre = self.encoder.norm == Norm.PRE
        source = self.norm(x) if is_pre else x
        read, residual = (source[:, :1], x[:, :1]) if first_only else (source, x)
        query, key, value = self.projection(read, source)
        y = self.dropout(self.context(self._attend(query, key, value, bias, angles, watch)))
        x = y + residual
        if not is_pre:
            x = self.norm(x)
        y = self.dropout(self.narrow(self._activated(self.widen(self.second_norm(x) if is_pre else x))))
        x = y + x
        return x if is_pre else self.second_norm(x)

    def _activated(self, x: torch.Tensor) -> torch.Tensor:
        if self.activation is None:  # the packed product has applied it
            return x
        if not self.encoder.gated:
            return self.activation(x)
        left, right = x.chunk(2, dim=-1)
        return self.activation(left) * right

    def _attend(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        bias: torch.Tensor | None,
        angles: tuple[torch.Tensor, torch.Tensor] | None,
        watch: Watch | None,
    ) -> torch.Tensor:
        """Return the context, (windows, tokens, hidden), of parts of (windows, heads, tokens, size)."""
        if angles is not None:
            query, key = _turned(query, angles), _turned(key, angles)
        if bias is not None and query.shape[2] < bias.shape[2]:
            bias = bias[:, :, : query.shape[2]]
        if bias is not None:
            bias = bias.to(query.dtype)
        if watch is not None:
            watch(query, key, bias)
        share = self.attention_dropout if self.training else 0.0
        if self.fused:
            context = functional.scaled_dot_product_attention(
                query, key, value, attn_mask=bias, dropout_p=share
            )
        else:
            context = functional.dropout(attention_weights(query, key, bias), share) @ value
        return context.transpose(1, 2).reshape(len(query), -1, self.encoder.hidden)

    def pack(self, rows: int, *, first_only: bool) -> None:
        """Replace the linear maps by ones that oneDNN has laid out for so many rows."""
        activation = self.encoder.activation if not self.encoder.gated else ""
        few = 0 if first_only else rows
        self.projection = PackedProjection(self.projection, rows, first_only=first_only)
        self.context = PackedLinear(self.context, few)
        self.widen = PackedLinear(self.widen, few, activation)
        self.narrow = PackedLinear(self.narrow, few)
        if activation:
            self.activation = None


class _Projection(nn.Module):
    """Queries, keys and values, each of shape (windows, heads, tokens, size)."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.heads = encoder.heads
        for name in PARTS:
            self.add_module(name, nn.Linear(encoder.hidden, encoder.hidden))

    def forward(self, read: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        windows = len(x)
        sources = {"query": read, "key": x, "value": x}
        return tuple(
            self.get_submodule(name)(source).view(windows, source.shape[1], self.heads, -1).transpose(1, 2)
            for name, source in sources.items()
        )


def _norm(encoder: Encoder) -> nn.LayerNorm:
    return nn.LayerNorm(encoder.hidden, eps=encoder.epsilon)


def _turned(x: torch.Tensor, angles: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return queries or keys, shape (windows, heads, tokens, size), turned by the angles of their places."""
    cosines, sines = (part[: x.shape[2]] for part in angles)
    left, right = x.float().chunk(2, dim=-1)
    return (x.float() * cosines + torch.cat([-right, left], dim=-1) * sines).to(x.dtype)


def attention_weights(query: torch.Tensor, key: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Return the attention, softmax of scores, shape (windows, heads, queries, keys).

    Parameters
    ----------
    query, key : tensor, shape (windows, heads, tokens, size)
    bias : tensor, optional
        Added to the scores.
    """
    scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
    return torch.softmax(scores if bias is None else scores + bias, dim=-1)


def _own_name(name: str) -> str:
    """Return the network's name of one of `Encoder.tensors`."""
    kind = name.rpartition(".")[2]
    if not name.startswith("bert.encoder.layer."):
        return f"{_OUTSIDE[name.removesuffix(f'.{kind}')]}.{kind}"
    number, _, part = name.removeprefix("bert.encoder.layer.").removesuffix(f".{kind}").partition(".")
    return f"layers.{number}.{_IN_LAYER[part]}.{kind}"


_OUTSIDE = {
    "bert.embeddings.word_embeddings": "words",
    "bert.embeddings.position_embeddings": "positions",
    "bert.embeddings.token_type_embeddings": "segments",
    "bert.embeddings.LayerNorm": "embedding_norm",
    "bert.encoder.LayerNorm": "last_norm",
    "bert.pooler.dense": "pooler",
    "classifier": "classifier",
}
_IN_LAYER = {
    **{f"attention.self.{part}": f"projection.{part}" for part in PARTS},
    "attention.output.dense": "context",
    "attention.output.LayerNorm": "norm",
    "attention.LayerNorm": "norm",
    "intermediate.dense": "widen",
    "output.dense": "narrow",
    "output.LayerNorm": "second_norm",
    "LayerNorm": "second_norm",
}
