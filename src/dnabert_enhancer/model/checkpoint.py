"""Tensors from checkpoint files: safetensors, and PyTorch's pickles without running any code of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.bert import State

SAFETENSORS_NAME = "model.safetensors"
PICKLE_NAME = "pytorch_model.bin"
_POINTER = b"version https://git-lfs"
_INDEX_SUFFIX = ".index.json"


def read_state(directory: Path) -> State:
    """Return the tensors of a checkpoint directory as they are named there.

    Parameters
    ----------
    directory : Path
        Holds ``model.safetensors`` or ``pytorch_model.bin``, whole or in pieces with an index.

    Returns
    -------
    dict of str to array
        float32 for the floating types; integers as they are.

    Raises
    ------
    InputError
        No such file; a truncated, foreign or hostile one.
    """
    for name in (SAFETENSORS_NAME, PICKLE_NAME):
        reader = _read_safetensors if name == SAFETENSORS_NAME else _read_pickle
        if (directory / name).is_file():
            return reader(directory / name)
        index = directory / (name + _INDEX_SUFFIX)
        if index.is_file():
            state: State = {}
            for piece in _pieces(index):
                state |= reader(piece)
            return state
    raise InputError(
        f"no weights here: neither {SAFETENSORS_NAME} nor {PICKLE_NAME}",
        source=directory,
        remedy="give a model directory, as import-model or finetune writes one",
    )


def write_state(state: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the bytes of a safetensors file; the same tensors give the same bytes."""
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(state[name]) for name in sorted(state)}
    return bytes(save(ordered, metadata={"format": "pt"}))


def _pieces(index: Path) -> list[Path]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError("not an index of checkpoint pieces", source=index) from None
    for name in names:
        if Path(name).name != name or not (index.parent / name).is_file():
            raise InputError(f"the piece {name!r} is missing", source=index)
    return [index.parent / name for name in names]


def _read_safetensors(path: Path) -> State:
    from safetensors import SafetensorError, deserialize

    try:
        tensors = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]  # safetensors gives it no types
    except SafetensorError as error:
        raise InputError(
            f"not a whole safetensors file ({error})", source=path, remedy="fetch or write the file again"
        ) from None
    state: State = {}
    for name, tensor in tensors:
        state[name] = _from_bytes(tensor["data"], tensor["dtype"], path, name).reshape(tensor["shape"])
    return state


def _from_bytes(data: bytes, kind: str, path: Path, name: str) -> np.ndarray[Any, Any]:
    if kind == "BF16":
        halves = np.frombuffer(data, dtype="<u2").astype("<u4") << 16
        return halves.view("<f4")
    types = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1"}
    types |= {"U8": "u1", "BOOL": "?"}
    if kind not in types:
        raise InputError(f"tensor {name} has the type {kind}, which cannot be read", source=path)
    values = np.frombuffer(data, dtype=types[kind])
    return values.astype(np.float32) if kind.startswith("F") else values


def _read_pickle(path: Path) -> State:
    with path.open("rb") as stream:
        if stream.read(len(_POINTER)) == _POINTER:
            raise InputError("is a Git LFS pointer, not the weights", source=path, remedy="run git lfs pull")
    try:
        import torch
    except ImportError:
        raise ResourceError(
            "reading a PyTorch checkpoint needs torch",
            source=path,
            remedy="pip install '.[train]' in a clone of the suite",
        ) from None
    import pickle
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error)
        if "global" in reason.lower():
            raise InputError(
                f"holds more than tensors ({_offender(reason)}); code from a checkpoint is never run",
                source=path,
                remedy="get the weights as safetensors from a source that you trust",
            ) from None
        raise _not_a_checkpoint(path) from None
    except (RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OSError):
        raise _not_a_checkpoint(path) from None
    return _tensors(content, path)


def _not_a_checkpoint(path: Path) -> InputError:
    return InputError("not a whole PyTorch checkpoint", source=path, remedy="fetch the file again")


def _offender(reason: str) -> str:
    """Return the name of the code that an unpickling error complains of."""
    found = re.search(r"GLOBAL ([\w.]+)", reason)
    return found.group(1) if found else "code"


def _tensors(content: object, path: Path) -> State:
    import torch

    if isinstance(content, Mapping):
        for name in ("state_dict", "model_state_dict", "model"):
            if isinstance(content.get(name), Mapping):
                content = content[name]
                break
    if not isinstance(content, Mapping) or not content:
        raise InputError("holds no dictionary of tensors", source=path)
    state: State = {}
    for name, tensor in content.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"entry {name!r} is not a tensor", source=path)
        state[str(name)] = (tensor.float() if tensor.is_floating_point() else tensor).contiguous().numpy()
    return state


def current_names(state: State) -> State:
    """Return a BERT state under the names of today's transformers.

    DNABERT's code (transformers 2.5, and TensorFlow before it) wrote ``LayerNorm.gamma`` and ``beta``;
    buffers such as ``position_ids`` and the heads of pre-training (``cls.*``) are dropped, wrappers'
    prefixes removed.
    """
    renamed: State = {}
    for name, tensor in state.items():
        short = name.removeprefix("module.").removeprefix("_orig_mod.")
        if short.endswith(("position_ids", "token_type_ids")) or short.startswith("cls."):
            continue
        if short.endswith(".gamma"):
            short = short.removesuffix("gamma") + "weight"
        elif short.endswith(".beta"):
            short = short.removesuffix("beta") + "bias"
        if short.startswith(("embeddings.", "encoder.", "pooler.")):
            short = f"bert.{short}"
        renamed[short] = tensor
    return renamed
