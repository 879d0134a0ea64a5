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
from dnabert_enhancer.model.parts import ModelParts, problem_type

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
            remedy="pip install 'dnabert-enhancer[train]'",
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
        torch.manual_seed(0)
        module = AutoModelForSequenceClassification.from_config(settings, trust_remote_code=False)
    except (ValueError, OSError, KeyError, TypeError, ImportError) as error:
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"transformers cannot build a classifier of type {config.get('model_type')!r}: {reason}",
            source=folder,
            remedy="code that comes with a checkpoint is never run",
        ) from None
    fresh = _load(module, folder)
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


def _load(module: Any, folder: Path) -> bool:  # a transformers module, which carries no types
    """Put the checkpoint's tensors into a module; tell whether it has no trained head."""
    import torch

    state = {name: torch.from_numpy(values.copy()) for name, values in read_state(folder).items()}
    try:
        missing, unexpected = module.load_state_dict(state, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"the weights do not fit config.json: {reason}", source=folder) from None
    missing = [name for name in missing if not name.endswith("position_ids")]
    lacking = [name for name in missing if not name.startswith("classifier") and ".pooler." not in name]
    if lacking:
        raise InputError(
            f"the weights lack {len(lacking)} tensors that config.json asks for, such as {lacking[0]}",
            source=folder,
        )
    body = str(module.base_model_prefix)
    if any(
        name.startswith(f"{body}.") and not name.endswith(("position_ids", "inv_freq")) for name in unexpected
    ):
        raise InputError(
            f"has tensors that config.json does not ask for, such as {unexpected[0]}", source=folder
        )
    return bool(missing)


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a file can hold, without what says where and by what it was made."""
    left_out = ("transformers_version", "_name_or_path", "torch_dtype", "auto_map")
    return {name: value for name, value in content.items() if name not in left_out and value is not None}
