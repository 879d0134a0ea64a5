"""Checkpoints of other architectures, such as Nucleotide Transformer's, through transformers' own classes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.bert import label_settings
from dnabert_enhancer.model.card import read_card
from dnabert_enhancer.model.checkpoint import read_state
from dnabert_enhancer.model.directory import card_from_config, labels_of, task_of
from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer
from dnabert_enhancer.model.model_spec import ModelParts, problem_type
from dnabert_enhancer.model.silence_transformers import silence_transformers

_log = logging.getLogger(__name__)
_TOKENIZER_FILES = (
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
_NO_HEAD = "the classifier is not trained: fine-tune the model before use"


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
            f"importing a model of type {config.get('model_type')!r} needs torch and transformers",
            source=folder,
            remedy="pip install '.[train]' in a clone of the suite",
        ) from None
    names = tuple(labels) if labels is not None else labels_of(config)
    try:
        settings = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        settings.update(
            {
                "id2label": dict(enumerate(names)),
                "label2id": {label: index for index, label in enumerate(names)},
                "problem_type": problem_type(task_of({"id2label": dict(enumerate(names))})),
            }
        )
        kind = type(AutoModelForSequenceClassification.from_config(settings, trust_remote_code=False))
    except (ValueError, OSError, KeyError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"transformers cannot build a classifier of type {config.get('model_type')!r}: {reason}",
            source=folder,
            remedy="code that comes with a checkpoint is never run",
        ) from None
    torch.manual_seed(0)
    module, fresh = _load(kind, settings, folder)
    state = {name: tensor.detach().float().numpy() for name, tensor in module.state_dict().items()}
    content = settings.to_dict() | label_settings(names, str(settings.problem_type))
    content |= {"architectures": [type(module).__name__], "dtype": "float32"}
    ForeignTokenizer(folder, content)
    card = read_card(folder) or card_from_config(content, folder)
    if fresh:
        _log.warning("%s: %s", folder, _NO_HEAD)
        card = card.replace(limits=_NO_HEAD)
    files = {name: (folder / name).read_bytes() for name in _TOKENIZER_FILES if (folder / name).is_file()}
    return ModelParts(_plain(content), state, card.replace(labels=names), None, files)


def _load(kind: Any, settings: Any, folder: Path) -> tuple[Any, bool]:  # transformers has no types
    """Return a module with the checkpoint's tensors, and whether its head is not trained."""
    import torch

    state = {name: torch.from_numpy(values.copy()) for name, values in read_state(folder).items()}
    with silence_transformers():
        module, found = kind.from_pretrained(
            None, config=settings, state_dict=state, output_loading_info=True, ignore_mismatched_sizes=True
        )
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
