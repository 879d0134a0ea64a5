"""The one description of an encoder: its parts, tensors by name, configuration, fresh weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.configuration import number_of_outputs, number_value, text_value, whole_value

State = dict[str, NDArray[Any]]  # tensors of any number type by name

ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu")
"""Hugging Face's names of the activations that are computed here."""

_KEPT_SETTINGS = (
    "attention_probs_dropout_prob",
    "classifier_pooling",
    "hidden_act",
    "hidden_dropout_prob",
    "hidden_size",
    "initializer_range",
    "intermediate_size",
    "layer_norm_eps",
    "max_position_embeddings",
    "num_attention_heads",
    "num_hidden_layers",
    "pad_token_id",
    "type_vocab_size",
    "vocab_size",
)


class Positions(StrEnum):
    """How an encoder tells where a token stands."""

    LEARNED = "learned"
    """A vector for each place, added to the token's (BERT)."""
    ALIBI = "alibi"
    """``slope(head) * |i - j|`` off the score of tokens i and j (Press et al. 2022; DNABERT-2)."""
    ROTARY = "rotary"
    """Queries and keys turned by angles that grow with the place (Su et al. 2021; in NT v2)."""
    NONE = "none"


class Norm(StrEnum):
    """Where a layer is normalised."""

    POST = "post"
    """After each sum: ``x = norm(x + f(x))`` (BERT)."""
    PRE = "pre"
    """Before each part: ``x = x + f(norm(x))``."""


class Pooling(StrEnum):
    """Which of the last layer's tokens the head reads."""

    FIRST = "first"
    """The first one, ``[CLS]``."""
    MEAN = "mean"
    """The mean of all of them, special ones included."""


class EmbeddingRule(NamedTuple):
    """How the last layer's states become one embedding of a sequence.

    Attributes
    ----------
    pooling : {"first", "mean"}
        The state of the first token, or the mean of those that stand for the sequence.
    before, after : int
        Special tokens at the start and the end of a sequence, which a mean leaves out.
    """

    pooling: str
    before: int
    after: int


@dataclass(frozen=True)
class Encoder:
    """An encoder with a classifier; the defaults are BERT's.

    Parameters
    ----------
    vocabulary, hidden, layers, heads, intermediate : int
        Numbers of tokens, of hidden units, and so on.
    positions : int
        Rows of the table of learned positions; 0 without one.
    segments : int
        Rows of the table of token types, of which the first is used; 0 without one.
    outputs : int
        Of the classifier.
    activation : str
        Hugging Face's name of the feed-forward activation, one of `ACTIVATIONS`.
    epsilon : float
        Added to the variance in each layer normalisation.
    position_kind : Positions
    first_position : int
        Row of the first token's position: 0, in ESM the padding token's id + 1.
    norm : Norm
    last_norm : bool
        Whether there is one more normalisation after the last layer.
    gated : bool
        Whether the feed-forward part is ``activation(first half) * second half`` of twice `intermediate`
        units: GEGLU with ``gelu``, SwiGLU with ``silu`` (Shazeer 2020).
    wide_bias, narrow_bias : bool
        Whether the feed-forward part's first and second matrix have a bias.
    embedding_norm : bool
        Whether the sum of the embeddings is normalised.
    word_factor : float
        Multiplies the token embeddings: ESM's token dropout leaves 0.88 of them where nothing is masked.
    pooling : Pooling
    """

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    segments: int
    outputs: int
    activation: str = "gelu"
    epsilon: float = 1e-12
    position_kind: str = Positions.LEARNED
    first_position: int = 0
    norm: str = Norm.POST
    last_norm: bool = False
    gated: bool = False
    wide_bias: bool = True
    narrow_bias: bool = True
    embedding_norm: bool = True
    word_factor: float = 1.0
    pooling: str = Pooling.FIRST

    @classmethod
    def from_config(cls, config: Mapping[str, Any], source: PathLike[str] | None = None) -> Encoder:
        """Read a BERT's sizes from a Hugging Face configuration; `layouts` says what differs from BERT."""
        encoder = cls(
            vocabulary=whole_value(config, "vocab_size", source=source),
            hidden=whole_value(config, "hidden_size", source=source),
            layers=whole_value(config, "num_hidden_layers", source=source),
            heads=whole_value(config, "num_attention_heads", source=source),
            intermediate=whole_value(config, "intermediate_size", source=source),
            positions=whole_value(config, "max_position_embeddings", source=source),
            segments=whole_value(config, "type_vocab_size", 2, source),
            outputs=number_of_outputs(config),
            activation=text_value(config, "hidden_act", "gelu"),
            epsilon=number_value(config, "layer_norm_eps", 1e-12, source),
            pooling=Pooling.MEAN if text_value(config, "classifier_pooling") == "mean" else Pooling.FIRST,
        )
        if encoder.hidden % encoder.heads:
            raise InputError(
                f"hidden_size {encoder.hidden} is not a multiple of num_attention_heads {encoder.heads}",
                source=source,
            )
        return encoder

    @property
    def longest(self) -> int | None:
        """The most tokens that there are positions for; None where any number can be read."""
        if self.position_kind != Positions.LEARNED:
            return None
        return self.positions - self.first_position

    @property
    def reads_first_token(self) -> bool:
        """Whether the head reads the first token alone, so that the last layer is needed for it alone."""
        return self.pooling == Pooling.FIRST

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each tensor of the classifier, by its name, in model order.

        The names are those of Hugging Face's BERT; what BERT has not is named as in its ESM, below ``bert.``.
        """
        h, f = self.hidden, self.intermediate
        shapes: dict[str, tuple[int, ...]] = {"bert.embeddings.word_embeddings.weight": (self.vocabulary, h)}
        if self.positions:
            shapes["bert.embeddings.position_embeddings.weight"] = (self.positions, h)
        if self.segments:
            shapes["bert.embeddings.token_type_embeddings.weight"] = (self.segments, h)
        if self.embedding_norm:
            shapes |= _normalisation("bert.embeddings.LayerNorm", h)
        for layer in range(self.layers):
            name = f"bert.encoder.layer.{layer}"
            first_norm, second_norm = self.norms(layer)
            for part in ("query", "key", "value"):
                shapes |= _linear(f"{name}.attention.self.{part}", h, h)
            shapes |= _linear(f"{name}.attention.output.dense", h, h)
            shapes |= _normalisation(first_norm, h)
            shapes |= _linear(f"{name}.intermediate.dense", 2 * f if self.gated else f, h, self.wide_bias)
            shapes |= _linear(f"{name}.output.dense", h, f, self.narrow_bias)
            shapes |= _normalisation(second_norm, h)
        if self.last_norm:
            shapes |= _normalisation("bert.encoder.LayerNorm", h)
        return shapes | _linear("bert.pooler.dense", h, h) | _linear("classifier", self.outputs, h)

    def norms(self, layer: int) -> tuple[str, str]:
        """Return the names of a layer's two normalisations, without ``.weight`` and ``.bias``."""
        name = f"bert.encoder.layer.{layer}"
        if self.norm == Norm.POST:
            return f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"
        return f"{name}.attention.LayerNorm", f"{name}.LayerNorm"

    def alibi_slopes(self) -> NDArray[np.float32]:
        """Return the slope of each head, shape (heads,).

        For a power of two heads ``2 ** (-8 (i + 1) / heads)``; otherwise those of the largest power of two
        below, then every other one of twice as many heads.
        """
        largest = 1 << (self.heads.bit_length() - 1)

        def slopes(heads: int) -> NDArray[np.float64]:
            return np.asarray(2.0 ** (-8.0 * np.arange(1, heads + 1) / heads))

        found = slopes(largest)
        if largest < self.heads:
            found = np.concatenate([found, slopes(2 * largest)[0::2][: self.heads - largest]])
        return found.astype(np.float32)

    def rotary_frequencies(self) -> NDArray[np.float32]:
        """Return the angle a token turns by a place, shape (hidden / heads / 2,)."""
        size = self.hidden // self.heads
        return np.asarray(10000.0 ** (-np.arange(0, size, 2) / size), dtype=np.float32)

    def replace(self, **changes: Any) -> Encoder:  # any field
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def check(self, state: Mapping[str, NDArray[Any]], source: PathLike[str] | None = None) -> None:
        """Raise `InputError` unless the state holds all the tensors with the right shapes."""
        check_shapes(self.tensors(), {name: tuple(tensor.shape) for name, tensor in state.items()}, source)

    def fresh_state(self, rng: np.random.Generator, deviation: float = 0.02) -> State:
        """Return random weights as BERT begins: normal matrices, zero biases, unit normalisation.

        Parameters
        ----------
        rng : numpy.random.Generator
            Where the randomness comes from.
        deviation : float
            Standard deviation of the matrices (BERT's ``initializer_range``).
        """
        state: State = {}
        for name, shape in self.tensors().items():
            if name.endswith("LayerNorm.weight"):
                state[name] = np.ones(shape, dtype=np.float32)
            elif name.endswith(".bias"):
                state[name] = np.zeros(shape, dtype=np.float32)
            else:
                state[name] = rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
        state["bert.embeddings.word_embeddings.weight"][0] = 0.0
        return state


def check_shapes(
    expected: Mapping[str, tuple[int, ...]],
    found: Mapping[str, tuple[int, ...]],
    source: PathLike[str] | None = None,
) -> None:
    """Raise `InputError` unless all tensors are there with the right shapes."""
    missing = [name for name in expected if name not in found]
    if missing:
        raise InputError(
            f"the weights lack {len(missing)} of the {len(expected)} tensors that config.json asks for, "
            f"such as {missing[0]}",
            source=source,
        )
    for name, shape in expected.items():
        if found[name] != shape:
            raise InputError(
                f"tensor {name} has shape {found[name]}, but config.json asks for {shape}", source=source
            )


def _linear(name: str, outputs: int, inputs: int, bias: bool = True) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {f"{name}.weight": (outputs, inputs)}
    return shapes | {f"{name}.bias": (outputs,)} if bias else shapes


def _normalisation(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def bert_config(settings: Mapping[str, Any], labels: Sequence[str], problem_type: str) -> dict[str, Any]:
    """Return a current Hugging Face configuration of a BERT classifier.

    Parameters
    ----------
    settings : mapping
        A configuration, DNABERT's legacy ones too; what the classifier does not use is left out.
    labels : sequence of str
        Names of the outputs.
    problem_type : {"single_label_classification", "regression"}
        Hugging Face's name for the loss.
    """
    config: dict[str, Any] = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
    config |= {name: settings[name] for name in _KEPT_SETTINGS if settings.get(name) is not None}
    config |= label_settings(labels, problem_type)
    config["dtype"] = "float32"
    return config


def label_settings(labels: Sequence[str], problem_type: str) -> dict[str, Any]:
    """Return the entries of a Hugging Face configuration that name the outputs."""
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
        "problem_type": problem_type,
    }


def longest_window(tokens: int, k: int) -> int:
    """Return the length in bp of the longest window that fits `tokens` tokens, [CLS] and [SEP] included."""
    return tokens - 2 + k - 1


def check_window(length: int, longest: int, source: PathLike[str] | str | None = None) -> None:
    """Raise `InputError` where a window is longer than the model can read; it is never cut silently."""
    if length > longest:
        raise InputError(
            f"a window of {length} bp is longer than the {longest} bp that the model can read",
            source=source,
            remedy="give shorter windows or another model",
        )
