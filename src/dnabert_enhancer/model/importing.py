"""Foreign checkpoints made into model directories: DNABERT's own, and any Hugging Face classifier's."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.bert import BertShape, State, bert_config, check_window, longest_window
from dnabert_enhancer.model.card import ModelCard, read_card
from dnabert_enhancer.model.checkpoint import current_names, read_state
from dnabert_enhancer.model.directory import (
    VOCABULARY_NAME,
    EnhancerModel,
    card_from_config,
    check_vocabulary_size,
    labels_of,
    read_config,
    resolve,
    task_of,
    vocabulary_k,
)
from dnabert_enhancer.model.model_spec import ModelParts, problem_type
from dnabert_enhancer.model.writing import write_model
from dnabert_enhancer.sequence import SPECIAL_TOKENS, KmerVocabulary

_log = logging.getLogger(__name__)
_HEAD = ("bert.pooler.dense", "classifier")
_NO_HEAD = "the classifier is not trained: fine-tune the model before use"


def import_checkpoint(
    source: str | PathLike[str],
    directory: str | PathLike[str],
    *,
    name: str | None = None,
    k: int | None = None,
    window_length: int | None = None,
    labels: Sequence[str] | None = None,
    half: bool = False,
) -> EnhancerModel:
    """Write the model directory of a checkpoint.

    Parameters
    ----------
    source : str or path
        A directory with ``config.json`` and ``pytorch_model.bin`` or safetensors, or ``hub:NAME@REVISION``.
    directory : path
        What to write.
    name : str, optional
        For the card; by default the source's name.
    k : int, optional
        Length of the k-mers, checked against the checkpoint; needed only where its vocabulary is missing.
    window_length : int, optional
        Length in bp of the windows the model was trained on; by default what the source's card says, or 200.
    labels : sequence of str, optional
        Names of the outputs.
    half : bool
        Store the matrices as float16.

    Raises
    ------
    InputError
        A file that is missing, truncated, foreign or hostile; a k or labels that do not fit.
    """
    folder = resolve(source)
    config = read_config(folder)
    dnabert_k = _dnabert_k(folder, config, k)
    if dnabert_k is not None:
        parts = _dnabert_parts(folder, config, dnabert_k, labels)
    elif k is not None:
        raise InputError(f"k = {k} was given, but the checkpoint has no k-mer vocabulary", source=folder)
    else:
        from dnabert_enhancer.model.foreign_checkpoint import foreign_parts

        parts = foreign_parts(folder, config, labels)
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name
    if window_length is not None:
        changes["window_length"] = window_length
    card = parts.card.replace(**changes)
    if parts.vocabulary is not None:
        longest = longest_window(int(parts.config["max_position_embeddings"]), parts.vocabulary.k)
        check_window(card.window_length, longest, folder)
    parts = ModelParts(parts.config, parts.state, card, parts.vocabulary, parts.tokenizer_files)
    return write_model(directory, parts, half=half)


def _dnabert_k(folder: Path, config: dict[str, Any], asked: int | None) -> int | None:
    """Return k of a DNABERT checkpoint, None for another one's."""
    if config.get("model_type", "bert") not in ("bert", "dna") or "hidden_size" not in config:
        return None
    path = folder / VOCABULARY_NAME
    k = vocabulary_k(path)
    if k is None and not path.is_file():
        sizes = {4**length + len(SPECIAL_TOKENS): length for length in range(3, 7)}
        k = sizes.get(config.get("vocab_size", 0))
        if k is None and asked is not None:
            check_vocabulary_size(KmerVocabulary(asked), config, folder)
    if k is None:
        return None
    if asked not in (None, k):
        raise InputError(
            f"k = {asked} was given, but the checkpoint has {k}-mers",
            source=folder,
            remedy=f"leave --k out, or give {k}",
        )
    check_vocabulary_size(KmerVocabulary(k), config, path)
    return k


def _dnabert_parts(folder: Path, config: dict[str, Any], k: int, labels: Sequence[str] | None) -> ModelParts:
    names = tuple(labels) if labels is not None else labels_of(config)
    if len(names) != len(labels_of(config)):
        raise InputError(
            f"{len(names)} labels were given, but the checkpoint has {len(labels_of(config))} outputs",
            source=folder,
        )
    current = bert_config(config, names, problem_type(task_of(config)))
    shape = BertShape.from_config(current)
    state = current_names(read_state(folder))
    fresh = _add_head(shape, state)
    _refuse_unknown(shape, state, folder)
    shape.check(state, folder)
    card = _card(folder, current, k, names)
    if fresh:
        _log.warning("%s: %s", folder, _NO_HEAD)
        card = card.replace(limits=_NO_HEAD)
    return ModelParts(current, state, card, KmerVocabulary(k))


def _card(folder: Path, config: dict[str, Any], k: int, labels: tuple[str, ...]) -> ModelCard:
    card = read_card(folder)
    if card is not None:
        return card.replace(labels=labels)
    made = card_from_config(config, folder)
    return made.replace(k=k, tokenizer="kmer")


def _add_head(shape: BertShape, state: State) -> bool:
    """Give a pre-trained model without a classifier a fresh one (and a pooler); tell whether it had none."""
    if any(name.startswith("classifier.") for name in state):
        return False
    only_head = dataclasses.replace(shape, vocabulary=1, positions=1, layers=0)
    fresh = only_head.fresh_state(np.random.default_rng(0))
    for part in _HEAD:
        for kind in ("weight", "bias"):
            state.setdefault(f"{part}.{kind}", fresh[f"{part}.{kind}"])
    return True


def _refuse_unknown(shape: BertShape, state: State, folder: Path) -> None:
    unknown = sorted(set(state) - set(shape.tensors()))
    if unknown:
        raise InputError(
            f"has {len(unknown)} tensors that a BERT classifier has not, such as {unknown[0]}",
            source=folder,
            remedy="only BertForSequenceClassification can be imported from DNABERT's code",
        )
