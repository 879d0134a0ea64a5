"""Foreign checkpoints made into model directories: DNABERT's own, and any Hugging Face classifier's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.adapter import is_adapter, merged_checkpoint
from dnabert_enhancer.model.card import NOT_STATED, NOT_TRAINED, ModelCard, Task, read_card
from dnabert_enhancer.model.checkpoint import (
    has_weights,
    read_outline,
    read_state,
    refuse_two_checkpoints,
)
from dnabert_enhancer.model.class_names import same_name
from dnabert_enhancer.model.configuration import labels_of, read_config, text_value, whole_value
from dnabert_enhancer.model.directory import (
    EnhancerModel,
    card_from_config,
    resolve,
    task_of,
)
from dnabert_enhancer.model.encoder import (
    Encoder,
    State,
    check_window,
    longest_window,
)
from dnabert_enhancer.model.layouts import Layout, layout_of, plain_names, plain_shapes, require_known
from dnabert_enhancer.model.model_spec import ModelParts, classifier_config
from dnabert_enhancer.model.tokenizers import open_tokenizer, tokenizer_files
from dnabert_enhancer.model.vocabulary_files import VOCABULARY_NAME, check_vocabulary_size, kmer_vocabulary
from dnabert_enhancer.model.writing import write_model
from dnabert_enhancer.sequence import SPECIAL_TOKENS, KmerVocabulary

_log = logging.getLogger(__name__)
_HEAD = ("bert.pooler.dense.", "classifier.")


def import_checkpoint(
    source: str | PathLike[str],
    directory: str | PathLike[str],
    *,
    name: str | None = None,
    k: int | None = None,
    window_length: int | None = None,
    labels: Sequence[str] | None = None,
    positive_label: str | None = None,
    half: bool = False,
    base_model: str | PathLike[str] | None = None,
) -> EnhancerModel:
    """Write the model directory of a checkpoint.

    Parameters
    ----------
    source : str or path
        A directory with ``config.json`` and ``pytorch_model.bin`` or safetensors, or an archive of one.
    directory : path
        What to write.
    name : str, optional
        For the card; by default the source's name.
    k : int, optional
        Length of the k-mers, checked against the checkpoint; needed only where its vocabulary is missing.
    window_length : int, optional
        Length in bp of the windows the model was trained on; by default what the source's card says.
    labels : sequence of str, optional
        Names of the outputs.
    positive_label : str, optional
        Which of two outputs is the positive class; default: what the source's card says, or the names tell.
    half : bool
        Store the matrices as float16.
    base_model : path, optional
        Of a LoRA adapter: the model that it was trained on; by default the one that it names.

    Raises
    ------
    InputError
        A file that is missing, truncated, foreign or hostile; a k, labels or a positive class that
        do not fit.
    """
    folder = resolve(source)
    if is_adapter(folder):
        base = None if base_model is None else resolve(base_model)
        with merged_checkpoint(folder, base) as whole:
            try:
                return import_checkpoint(
                    whole,
                    directory,
                    name=name or folder.resolve().name,
                    k=k,
                    window_length=window_length,
                    labels=labels,
                    positive_label=positive_label,
                    half=half,
                )
            except InputError as error:
                # the merged folder is gone when the message is read
                raise InputError(error.problem, source=folder, remedy=error.remedy) from None
    if base_model is not None:
        raise InputError("is a whole model, not an adapter", source=source, remedy="leave out --base-model")
    config = read_config(folder)
    refuse_two_checkpoints(folder)
    dnabert_k = _dnabert_k(folder, config, k)
    if dnabert_k is None and k is not None:
        raise InputError(f"k = {k} was given, but the checkpoint has no k-mer vocabulary", source=folder)
    state = read_state(folder) if dnabert_k is not None or has_weights(folder) else {}
    state = {short: state[name] for name, short in plain_names(state).items()}
    layout = layout_of(list(state), config)
    if layout is not None:
        parts = _native_parts(folder, config, state, layout, dnabert_k, labels)
    else:
        from dnabert_enhancer.model.foreign_checkpoint import foreign_parts

        parts = foreign_parts(folder, config, labels)
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = name
    if window_length is not None:
        changes["window_length"] = window_length
        if read_card(folder) is None and parts.card.is_trained:
            changes["limits"] = NOT_STATED.format("threshold and calibration")
    card = _of_positive_class(parts.card.replace(**changes), positive_label, folder)
    if parts.vocabulary is not None:
        longest = longest_window(whole_value(parts.config, "max_position_embeddings"), parts.vocabulary.k)
        check_window(card.window_length or 0, longest, folder)
    parts = ModelParts(parts.config, parts.state, card, parts.vocabulary, parts.tokenizer_files)
    return write_model(directory, parts, half=half)


def _of_positive_class(card: ModelCard, label: str | None, source: Path) -> ModelCard:
    if label is None:
        return card
    name = next((name for name in card.labels if same_name(name, label)), None)
    if name is None or card.task != Task.BINARY:
        raise InputError(
            f"{label!r} is not one of two classes of the model; its outputs are {', '.join(card.labels)}",
            source=source,
            remedy="give one of two outputs as --positive-label, or leave it out",
        )
    return card.with_positive(name)


def _dnabert_k(folder: Path, config: dict[str, Any], asked: int | None) -> int | None:
    """Return k of a DNABERT checkpoint, None for another one's."""
    if text_value(config, "model_type", "bert") not in ("bert", "dna") or config.get("hidden_size") is None:
        return None
    path = folder / VOCABULARY_NAME
    vocabulary = kmer_vocabulary(folder)
    k = None if vocabulary is None else vocabulary.k
    if k is None and not path.is_file():
        sizes = {4**length + len(SPECIAL_TOKENS): length for length in range(3, 7)}
        k = sizes.get(whole_value(config, "vocab_size", 0))
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
    check_vocabulary_size(vocabulary or KmerVocabulary(k), config, path)
    return k


def _native_parts(
    folder: Path,
    config: dict[str, Any],
    state: State,
    layout: Layout,
    k: int | None,
    labels: Sequence[str] | None,
) -> ModelParts:
    """Return the parts of a model whose encoder is computed here."""
    has_classifier = any(name.startswith("classifier.") for name in state)
    names = tuple(labels) if labels is not None else labels_of(config)
    if has_classifier and len(names) != len(labels_of(config)):
        raise InputError(
            f"{len(names)} labels were given, but the checkpoint has {len(labels_of(config))} outputs",
            source=folder,
        )
    current = classifier_config(layout, config, names, task_of(config | {"id2label": dict(enumerate(names))}))
    encoder = layout.encoder(current, plain_shapes(state), folder)
    if not has_classifier:
        state = state | layout.own_state(_fresh_head(encoder, layout.common_state(state)))
    require_known(encoder, layout, state, folder)
    layout.check(encoder, plain_shapes(state), folder)
    state = {name: state[name] for name in layout.own_shapes(encoder)}
    card = _card(folder, current, k, names)
    if not has_classifier:
        _log.warning("%s: %s", folder, NOT_TRAINED)
        card = card.replace(limits=NOT_TRAINED)
    if k is not None:
        return ModelParts(current, state, card, kmer_vocabulary(folder) or KmerVocabulary(k))
    open_tokenizer(folder, current, encoder)
    return ModelParts(current, state, card, None, tokenizer_files(folder))


def needs_import(directory: Path) -> bool:
    """Tell whether a directory's weights must be imported to be used: they are pickled, or have no head."""
    if not any(directory.glob("*.safetensors*")):
        return has_weights(directory)
    try:
        names = list(plain_shapes(read_outline(directory)))
        config = read_config(directory)
    except InputError:  # said when the directory is opened
        return False
    return layout_of(names, config) is not None and not any(name.startswith("classifier.") for name in names)


def _card(folder: Path, config: dict[str, Any], k: int | None, labels: tuple[str, ...]) -> ModelCard:
    card = read_card(folder)
    if card is not None:
        return card.replace(labels=labels)
    made = card_from_config(config, folder)
    return made.replace(k=k, tokenizer="huggingface" if k is None else "kmer")


def _fresh_head(encoder: Encoder, state: State) -> State:
    """Return a classifier, and a pooler where there is none, for a pre-trained model."""
    only_head = encoder.replace(vocabulary=1, positions=1, layers=0)
    fresh = only_head.fresh_state(np.random.default_rng(0))
    return {name: values for name, values in fresh.items() if name.startswith(_HEAD) and name not in state}
