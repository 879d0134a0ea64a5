"""Checkpoints of other architectures, such as Nucleotide Transformer's, through transformers' own classes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.card import NOT_TRAINED, read_card
from dnabert_enhancer.model.checkpoint import read_state
from dnabert_enhancer.model.configuration import labels_of, text_value
from dnabert_enhancer.model.directory import card_from_config, task_of
from dnabert_enhancer.model.encoder import State, label_settings
from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer
from dnabert_enhancer.model.model_spec import ModelParts, problem_type
from dnabert_enhancer.model.silence_transformers import silence_transformers
from dnabert_enhancer.model.tokenizers import tokenizer_files

_log = logging.getLogger(__name__)
_LARGEST_HEAD = 10_000_000
"""Weights of a classifier that a pre-trained checkpoint lacks."""


def foreign_parts(folder: Path, config: dict[str, Any], labels: Sequence[str] | None) -> ModelParts:
    """Return the parts of a model directory for a Hugging Face checkpoint.

    Parameters
    ----------
    folder : Path
        Holds configuration, weights and tokenizer.
    config : dict
        Its configuration.
    labels : sequence of str, optional
        Names of the outputs; their number may differ from the configuration's where there is no trained head.

    Raises
    ------
    InputError
        An architecture that transformers does not have (code that comes with weights is never run); weights
        that do not fit it; no tokenizer that reads DNA.
    """
    try:
        import torch
        from transformers import AutoConfig, AutoModelForSequenceClassification
    except ImportError:
        raise ResourceError(
            f"importing a model of type {text_value(config, 'model_type')!r} needs torch and transformers",
            source=folder,
            remedy="pip install '.[train]' in a clone of the suite",
        ) from None
    names = tuple(labels) if labels is not None else labels_of(config)
    _refuse_own_code(config, folder)
    state = read_state(folder)
    try:
        settings = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        settings.update(
            {
                "id2label": dict(enumerate(names)),
                "label2id": {label: index for index, label in enumerate(names)},
                "problem_type": problem_type(task_of({"id2label": dict(enumerate(names))})),
            }
        )
        with torch.device("meta"):  # which takes no memory, whatever the configuration asks for
            blank = AutoModelForSequenceClassification.from_config(settings, trust_remote_code=False)
    except Exception as error:  # anything that a configuration makes transformers raise
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"transformers cannot build a classifier of type {text_value(config, 'model_type')!r}: {reason}",
            source=folder,
            remedy="code that comes with a checkpoint is never run",
        ) from None
    asked = sum(values.numel() for values in blank.parameters())
    found = sum(values.size for values in state.values())
    if asked > 2 * found + _LARGEST_HEAD:
        raise InputError(f"config.json asks for {asked:,} weights, but there are {found:,}", source=folder)
    torch.manual_seed(0)
    module, fresh = _load(type(blank), settings, state, folder)
    state = {name: tensor.detach().float().numpy() for name, tensor in module.state_dict().items()}
    content = settings.to_dict() | label_settings(names, str(settings.problem_type))
    content |= {"architectures": [type(module).__name__], "dtype": "float32"}
    ForeignTokenizer(folder, content)
    card = read_card(folder) or card_from_config(content, folder)
    if fresh:
        _log.warning("%s: %s", folder, NOT_TRAINED)
        card = card.replace(limits=NOT_TRAINED)
    return ModelParts(_plain(content), state, card.replace(labels=names), None, tokenizer_files(folder))


def _refuse_own_code(config: dict[str, Any], folder: Path) -> None:
    """Say which architectures work where a checkpoint needs a class that transformers has not."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    kind = text_value(config, "model_type")
    if kind in CONFIG_MAPPING_NAMES:
        return
    brings = "brings code of its own, which is never run" if config.get("auto_map") else "is not known here"
    raise InputError(
        f"is a model of the type {kind[:40]!r}, which {brings}",
        source=folder,
        remedy="DNABERT, DNABERT-2, Nucleotide Transformer, GENA-LM, GROVER and what transformers has "
        "classes for can be read",
    )


def _load(
    kind: Any, settings: Any, state: State, folder: Path
) -> tuple[Any, bool]:  # transformers has no types
    """Return a module with the checkpoint's tensors, and whether its head is not trained."""
    import torch

    tensors = {name: torch.from_numpy(values.copy()) for name, values in state.items()}
    try:
        with silence_transformers():
            module, found = kind.from_pretrained(
                None,
                config=settings,
                state_dict=tensors,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
            )
    except Exception as error:  # anything that weights make transformers raise
        reason = " ".join(str(error).split())[:160]
        raise InputError(f"transformers cannot load the weights: {reason}", source=folder) from None
    body = f"{module.base_model_prefix}."
    if found["mismatched_keys"]:
        name, has, asked = sorted(found["mismatched_keys"])[0]
        raise InputError(
            f"tensor {name} has shape {tuple(has)}, but config.json asks for {tuple(asked)}", source=folder
        )
    lacking = sorted(
        name for name in found["missing_keys"] if name.startswith(body) and ".pooler." not in name
    )
    if lacking:
        raise InputError(
            f"the weights lack {len(lacking)} tensors that config.json asks for, such as {lacking[0]}",
            source=folder,
        )
    extra = sorted(
        name for name in found["unexpected_keys"] if name.startswith(body) and ".pooler." not in name
    )
    if extra:
        raise InputError(
            f"has {len(extra)} tensors that config.json does not ask for, such as {extra[0]}", source=folder
        )
    return module, bool(found["missing_keys"])


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a file can hold, without what says where and by what it was made."""
    left_out = ("transformers_version", "_name_or_path", "torch_dtype", "auto_map")
    return {name: value for name, value in content.items() if name not in left_out and value is not None}
