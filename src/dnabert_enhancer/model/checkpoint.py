"""Tensors from checkpoint files: safetensors, and PyTorch's pickles without running any code of theirs."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.encoder import State
from dnabert_enhancer.model.json_text import parse_object, read_object

if TYPE_CHECKING:
    import torch

SAFETENSORS_NAME = "model.safetensors"
PICKLE_NAME = "pytorch_model.bin"
_POINTER = b"version https://git-lfs"
_INDEX_SUFFIX = ".index.json"
_WEIGHTS = (".weight", ".bias", ".gamma", ".beta")
_MOST_HEADER_BYTES = 2 << 20
"""A header of safetensors has about 150 bytes a tensor, and a model some hundred tensors."""


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
        No such file; a truncated, foreign or hostile one; a value that is no finite number.
    """
    state = _read(directory)
    check_finite(state, directory)
    return state


def check_finite(state: Mapping[str, np.ndarray[Any, Any]], source: Path) -> None:
    """Raise `InputError` with the tensor's name where a weight is no finite floating-point number."""
    for name, tensor in state.items():
        if tensor.dtype.kind != "f" and name.endswith(_WEIGHTS):
            raise InputError(f"tensor {name} is of type {tensor.dtype}, not floating point", source=source)
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise InputError(
                f"tensor {name} holds values that are not finite numbers",
                source=source,
                remedy="take the weights from before the training failed, or download them again",
            )


def _read(directory: Path) -> State:
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


def read_tensors(path: Path) -> State:
    """Return the tensors of one file, safetensors or PyTorch's by its name; raises as `read_state` does."""
    state = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    check_finite(state, path)
    return state


def refuse_two_checkpoints(directory: Path) -> None:
    """Raise `InputError` where safetensors and a PyTorch file lie side by side with different weights."""
    paths = [directory / name for name in (SAFETENSORS_NAME, PICKLE_NAME)]
    if not all(path.is_file() for path in paths) or importlib.util.find_spec("torch") is None:
        return
    one, other = (read_tensors(path) for path in paths)
    for name in sorted(one.keys() & other.keys()):
        same_shape = one[name].shape == other[name].shape
        # one of them may be stored in half precision
        if not same_shape or not np.allclose(one[name], other[name], rtol=1e-2, atol=1e-3):
            raise InputError(
                f"holds two checkpoints, {SAFETENSORS_NAME} and {PICKLE_NAME}, that differ in {name}",
                source=directory,
                remedy="delete the wrong one",
            )


def has_weights(directory: Path) -> bool:
    """Tell whether a directory has weights in a form that `read_state` reads."""
    names = (SAFETENSORS_NAME, PICKLE_NAME)
    return any((directory / name).is_file() for stem in names for name in (stem, stem + _INDEX_SUFFIX))


def read_outline(directory: Path) -> State:
    """Return arrays of the names and shapes of a checkpoint's tensors, without their values or any memory.

    Only the headers of safetensors are read. Raises as `read_state` does.
    """
    from safetensors import SafetensorError, safe_open

    state: State = {}
    for path in weight_files(directory):
        _check_header(path)
        try:
            with safe_open(path, framework="np") as tensors:
                shapes = {name: tensors.get_slice(name).get_shape() for name in tensors.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            raise _not_safetensors(path, error) from None
        state |= {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}
    return state


def write_state(state: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """Return the bytes of a safetensors file; the same tensors give the same bytes."""
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(state[name]) for name in sorted(state)}
    return bytes(save(ordered, metadata={"format": "pt"}))


def weight_files(directory: Path) -> list[Path]:
    """Return the safetensors files that hold a model's weights: one, or the pieces that an index names."""
    whole = directory / SAFETENSORS_NAME
    return [whole] if whole.is_file() else _pieces(directory / (SAFETENSORS_NAME + _INDEX_SUFFIX))


def _check_header(path: Path) -> None:
    """Refuse a header of safetensors that is too large, or names a tensor twice, before it is built."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > size - 8:
            return  # which safetensors says
        if length > _MOST_HEADER_BYTES:
            raise InputError(f"has a header of {length} bytes, more than a model's", source=path)
        header = stream.read(length)
    try:
        parse_object(header.decode(), path)
    except UnicodeDecodeError as error:
        raise _not_safetensors(path, error) from None
    except InputError as error:
        raise InputError(
            f"not a whole safetensors file (header: {error.problem})", source=path, remedy=error.remedy
        ) from None


def _pieces(index: Path) -> list[Path]:
    try:
        names = sorted(set(read_object(index)["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError("not an index of checkpoint pieces", source=index) from None
    for name in names:
        if Path(name).name != name or not name.isprintable() or not (index.parent / name).is_file():
            raise InputError(f"the piece {name[:80]!r} is missing", source=index)
    return [index.parent / name for name in names]


def _read_safetensors(path: Path) -> State:
    from safetensors import SafetensorError, deserialize

    _check_header(path)
    try:
        tensors = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]  # safetensors gives it no types
    except SafetensorError as error:
        raise _not_safetensors(path, error) from None
    state: State = {}
    for name, tensor in tensors:
        state[name] = _from_bytes(tensor["data"], tensor["dtype"], path, name).reshape(tensor["shape"])
    return state


def _not_safetensors(path: Path, error: Exception) -> InputError:
    return InputError(
        f"not a whole safetensors file ({error})", source=path, remedy="download or write the file again"
    )


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

    _check_packed_size(path)
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
    return InputError("not a whole PyTorch checkpoint", source=path, remedy="download the file again")


def _offender(reason: str) -> str:
    """Return the name of the code that an unpickling error complains of."""
    found = re.search(r"GLOBAL ([\w.]+)", reason)
    return found.group(1) if found else "code"


def _check_packed_size(path: Path) -> None:
    """Refuse a checkpoint that unpacks to more than its own size: PyTorch packs nothing."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return  # which torch says
    if unpacked > path.stat().st_size:
        raise InputError(f"unpacks to {unpacked} bytes, more than it has", source=path)


def _checked(tensor: object, name: str, path: Path) -> torch.Tensor:
    """Return a plain tensor on the processor that has a number in memory for each of its elements."""
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise InputError(f"entry {name!r} is not a tensor", source=path)
    tensor = tensor.detach()
    is_plain = tensor.layout == torch.strided and tensor.device.type == "cpu" and not tensor.is_quantized
    if not is_plain or tensor.is_complex():
        raise InputError(f"tensor {name} is of a kind that cannot be read ({tensor.dtype})", source=path)
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise InputError(
            f"tensor {name} has {tensor.numel()} elements, more than are in the file", source=path
        )
    return tensor


def _tensors(content: object, path: Path) -> State:
    if isinstance(content, Mapping):
        for name in ("state_dict", "model_state_dict", "model"):
            if isinstance(content.get(name), Mapping):
                content = content[name]
                break
    if not isinstance(content, Mapping) or not content:
        raise InputError("holds no dictionary of tensors", source=path)
    content = {str(name): _checked(tensor, str(name), path) for name, tensor in content.items()}
    state: State = {}
    for name, tensor in content.items():
        state[str(name)] = (tensor.float() if tensor.is_floating_point() else tensor).contiguous().numpy()
    return state
