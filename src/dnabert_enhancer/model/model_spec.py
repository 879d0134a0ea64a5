"""What a model directory is made of, before it is written; and fresh models from named configurations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card import ModelCard, Task
from dnabert_enhancer.model.encoder import (
    Encoder,
    State,
    bert_config,
    check_window,
    label_settings,
    longest_window,
)
from dnabert_enhancer.model.layouts import BERT, Layout
from dnabert_enhancer.sequence import KmerVocabulary

_LEFT_OUT = ("transformers_version", "_name_or_path", "torch_dtype", "auto_map", "num_labels")
NEW_PREFIX = "new:"
_BERT_DEFAULTS = {
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "type_vocab_size": 2,
}


@dataclass(frozen=True)
class ModelParts:
    """The content of a model directory.

    Parameters
    ----------
    config : dict
        Hugging Face's ``config.json``.
    state : dict of str to array
        Weights by Hugging Face's names.
    card : ModelCard
        What becomes ``enhancer_model.json``.
    vocabulary : KmerVocabulary, optional
        For a k-mer model.
    tokenizer_files : mapping of str to bytes
        For another tokenizer: its files by name.
    """

    config: dict[str, Any]
    state: State
    card: ModelCard
    vocabulary: KmerVocabulary | None = None
    tokenizer_files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class NamedConfiguration:
    """Sizes of a fresh model, and what it is for."""

    layers: int
    hidden: int
    heads: int
    intermediate: int
    purpose: str


CONFIGURATIONS: dict[str, NamedConfiguration] = {
    "tiny": NamedConfiguration(2, 32, 2, 64, "tests: a few thousand weights beside the vocabulary"),
    "small": NamedConfiguration(
        3, 128, 4, 512, "trains on a CPU in an hour; a layer more than the packaged model"
    ),
    "base": NamedConfiguration(12, 768, 12, 3072, "DNABERT's own size"),
}


def new_model(
    configuration: str = "small",
    *,
    k: int = 6,
    window_length: int = 200,
    task: str = Task.BINARY,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    name: str | None = None,
) -> ModelParts:
    """Return a model with random weights.

    Parameters
    ----------
    configuration : str
        ``tiny``, ``small`` or ``base``, with or without the prefix ``new:``.
    k : int
        Length of the k-mers, 3 to 6.
    window_length : int
        Length in bp of the windows that it will read.
    task : {"binary", "multiclass", "regression"}
        What the outputs mean.
    labels : sequence of str, optional
        Names of the outputs; by default ``other, enhancer`` for a binary model and ``activity`` for a
        regression.
    seed : int
        Of the random weights.
    name : str, optional
        For the card; by default ``new-<configuration>``.

    Raises
    ------
    InputError
        An unknown configuration; a window longer than the model can read.
    """
    short = configuration.removeprefix(NEW_PREFIX)
    if short not in CONFIGURATIONS:
        raise InputError(f"no configuration {short!r}", remedy=f"one of {', '.join(CONFIGURATIONS)}")
    chosen = CONFIGURATIONS[short]
    if labels is None:
        if task == Task.MULTICLASS:
            raise InputError("a multi-class model needs the names of its labels")
        labels = ("activity",) if task == Task.REGRESSION else ("other", "enhancer")
    vocabulary = KmerVocabulary(k)
    settings = _BERT_DEFAULTS | {
        "vocab_size": vocabulary.size,
        "hidden_size": chosen.hidden,
        "num_hidden_layers": chosen.layers,
        "num_attention_heads": chosen.heads,
        "intermediate_size": chosen.intermediate,
    }
    config = bert_config(settings, labels, problem_type(task))
    shape = Encoder.from_config(config)
    card = ModelCard(name or f"new-{short}", window_length, tuple(labels), task, k)
    check_window(window_length, longest_window(shape.positions, k), f"{NEW_PREFIX}{short}")
    return ModelParts(config, shape.fresh_state(np.random.default_rng(seed)), card, vocabulary)


def classifier_config(
    layout: Layout, config: Mapping[str, Any], labels: Sequence[str], task: str
) -> dict[str, Any]:
    """Return the ``config.json`` of a classifier of a layout, from that of its checkpoint or base model."""
    if layout is BERT:
        return bert_config(config, labels, problem_type(task))
    content = {name: value for name, value in config.items() if name not in _LEFT_OUT and value is not None}
    content |= {"model_type": layout.model_type} | label_settings(labels, problem_type(task))
    return content | {"dtype": "float32"}


def problem_type(task: str) -> str:
    """Return Hugging Face's name for the loss of a task."""
    return "regression" if task == Task.REGRESSION else "single_label_classification"
