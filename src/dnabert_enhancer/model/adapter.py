"""Low-rank adapters as PEFT leaves them, merged with the model that they were trained on."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.checkpoint import SAFETENSORS_NAME, read_state, read_tensors, write_state
from dnabert_enhancer.model.configuration import ADAPTER_CONFIG_NAME, CONFIG_NAME, read_config
from dnabert_enhancer.model.encoder import State
from dnabert_enhancer.model.json_text import read_object

_log = logging.getLogger(__name__)
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
_PREFIXES = ("base_model.model.", "base_model.")
_WRAPPERS = (".default.", ".modules_to_save.", ".base_layer.")
_REPLACED = ".original_module."
_PARTS = (".lora_A.weight", ".lora_B.weight")
_LAST_LAYERS = ("classifier.weight", "classifier.out_proj.weight", "score.weight")
_TOKENIZER_FILES = (
    *("vocab.txt", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "added_tokens.json"),
)
_OTHER_WAYS = ("use_dora", "use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out", "layer_replication")
_MERGE = "merge it with PEFT (merge_and_unload, then save_pretrained)"


def is_adapter(directory: Path) -> bool:
    """Tell whether a directory holds an adapter in place of a whole model."""
    return (directory / ADAPTER_CONFIG_NAME).is_file() and not (directory / CONFIG_NAME).is_file()


@contextlib.contextmanager
def merged_checkpoint(directory: Path, base: Path | None = None) -> Iterator[Path]:
    """Give a checkpoint directory in which an adapter is merged with its base; it goes when the block ends.

    Parameters
    ----------
    directory : Path
        What PEFT's ``save_pretrained`` wrote: ``adapter_config.json`` and ``adapter_model.safetensors``.
    base : Path, optional
        The model that it was trained on; default: the one that it names, where that is a directory.

    Raises
    ------
    InputError
        No such base; an adapter that is not LoRA, or LoRA with additions; tensors that do not fit.
    """
    settings = read_object(directory / ADAPTER_CONFIG_NAME)
    _refuse_other_adapters(settings, directory)
    origin = _base_directory(settings, directory, base)
    config = read_config(origin)
    state = _merged(read_state(origin), _adapter_tensors(directory), settings, directory)
    _log.info("%s: LoRA adapter, merged with its base %s", directory, origin)
    with tempfile.TemporaryDirectory(prefix="dnabert-enhancer-adapter-") as work:
        folder = Path(work) / (directory.resolve().name or "adapter")
        folder.mkdir()
        (folder / CONFIG_NAME).write_text(json.dumps(_with_outputs(config, state)), encoding="utf-8")
        (folder / SAFETENSORS_NAME).write_bytes(write_state(state))
        for name in _TOKENIZER_FILES:
            own = next((place / name for place in (directory, origin) if (place / name).is_file()), None)
            if own is not None:
                shutil.copyfile(own, folder / name)
        yield folder


def _refuse_other_adapters(settings: dict[str, Any], directory: Path) -> None:
    kind = settings.get("peft_type")
    if kind != "LORA":
        raise InputError(
            f"is an adapter of the type {str(kind)[:40]!r}; only LoRA is merged here",
            source=directory,
            remedy=_MERGE,
        )
    more = [name for name in _OTHER_WAYS if settings.get(name)]
    if more:
        raise InputError(
            f"is a LoRA adapter with {more[0]}, which is not merged here", source=directory, remedy=_MERGE
        )


def _base_directory(settings: dict[str, Any], directory: Path, base: Path | None) -> Path:
    if base is not None:
        return base
    named = settings.get("base_model_name_or_path")
    if isinstance(named, str) and named and named.isprintable():
        for place in (Path(named), directory / named, directory.parent / named):
            with contextlib.suppress(OSError, ValueError):
                if (place / CONFIG_NAME).is_file():
                    return place
    else:
        named = "a model that it does not name"
    raise InputError(
        f"is a LoRA adapter of {named[:200]}, which is not a directory here",
        source=directory,
        remedy=f"name its base with --base-model DIR, or {_MERGE}",
    )


def _adapter_tensors(directory: Path) -> State:
    path = next((directory / name for name in _WEIGHTS if (directory / name).is_file()), None)
    if path is None:
        raise InputError(f"the adapter lacks {_WEIGHTS[0]}", source=directory)
    return {_without_prefix(name): tensor for name, tensor in read_tensors(path).items()}


def _without_prefix(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    for wrapper in _WRAPPERS:
        name = name.replace(wrapper, ".")
    return name


def _merged(state: State, adapter: State, settings: dict[str, Any], directory: Path) -> State:
    """Return the base's weights with ``W + scale * B A`` and the layers that were trained whole."""
    down, up = ({n.removesuffix(part): t for n, t in adapter.items() if n.endswith(part)} for part in _PARTS)
    alone = sorted(down.keys() ^ up.keys())
    if alone:
        raise InputError(f"lacks one half of the adapter of {alone[0]}", source=directory)
    merged = dict(state)
    for name, tensor in adapter.items():
        if name.endswith(_PARTS) or _REPLACED in name:
            continue
        if "lora_" in name:
            raise InputError(f"holds {name}, which is not merged here", source=directory, remedy=_MERGE)
        merged[_place_of(name, state) or name] = tensor
    for module, a in down.items():
        place, b = _place_of(f"{module}.weight", state), up[module]
        if place is None:
            raise InputError(f"adapts {module}, which its base does not have", source=directory)
        if a.ndim != 2 or b.ndim != 2 or b.shape[1] != len(a) or not len(a):
            raise InputError(f"the halves of the adapter of {module} do not fit each other", source=directory)
        if (len(b), a.shape[1]) != state[place].shape:
            raise InputError(
                f"adapts {module} as {len(b)} x {a.shape[1]}, but its base has {state[place].shape}",
                source=directory,
            )
        merged[place] = state[place] + (b @ a) * np.float32(_scale(settings, module, len(a), directory))
    return merged


def _place_of(name: str, state: State) -> str | None:
    """Return what the base calls a tensor: the same, or with or without the name of its body before it."""
    if name in state:
        return name
    found = [own for own in state if own.endswith(f".{name}") or name.endswith(f".{own}")]
    return found[0] if len(found) == 1 else None


def _scale(settings: dict[str, Any], module: str, rank: int, directory: Path) -> float:
    """Return by how much an adapter's product counts: alpha / rank, or alpha / sqrt(rank) for rsLoRA."""
    alpha = settings.get("lora_alpha")
    own = settings.get("alpha_pattern") or {}
    for pattern, value in own.items() if isinstance(own, dict) else [("?", own)]:
        if pattern != "".join(c for c in pattern if c.isalnum() or c in "._"):
            raise InputError(
                "has patterns of alpha, which are not read here", source=directory, remedy=_MERGE
            )
        if module == pattern or module.endswith(f".{pattern}"):
            alpha = value
            break
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
        raise InputError("lora_alpha is not a number", source=directory / ADAPTER_CONFIG_NAME)
    return float(alpha) / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _with_outputs(config: dict[str, Any], state: State) -> dict[str, Any]:
    """Return the base's configuration with as many outputs as the adapter's classifier has."""
    count = next((len(state[name]) for name in _LAST_LAYERS if name in state), None)
    names = config.get("id2label")
    if count is None or (isinstance(names, dict) and len(names) == count):
        return config
    kept = {name: value for name, value in config.items() if name not in ("id2label", "label2id")}
    return kept | {"num_labels": count}
