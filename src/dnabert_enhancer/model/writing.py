"""Model directories written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.files import OutputSet, sha256_of
from dnabert_enhancer.model.archive import model_files
from dnabert_enhancer.model.card import CARD_NAME, ModelCard
from dnabert_enhancer.model.checkpoint import SAFETENSORS_NAME, check_finite, write_state
from dnabert_enhancer.model.configuration import CONFIG_NAME, whole_value
from dnabert_enhancer.model.directory import (
    EnhancerModel,
    open_directory,
)
from dnabert_enhancer.model.encoder import State
from dnabert_enhancer.model.ensemble import in_order, model_folders
from dnabert_enhancer.model.layouts import layout_of, plain_shapes
from dnabert_enhancer.model.model_spec import ModelParts
from dnabert_enhancer.model.vocabulary_files import VOCABULARY_NAME, check_vocabulary_size

_TOKENIZER_NAMES = ("tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", "merges.txt")
# the ONNX files of versions before 0.5, which stored the weights again
_FORMER = ("model.onnx", "model.int8.onnx")
_OWNED = (SAFETENSORS_NAME, VOCABULARY_NAME, *_TOKENIZER_NAMES, *_FORMER)


def write_model(directory: str | PathLike[str], parts: ModelParts, *, half: bool = False) -> EnhancerModel:
    """Write a model directory, whole or not at all, and open it.

    Parameters
    ----------
    directory : path
        Made where it is missing; foreign files in it stay, those of an older model go.
    parts : ModelParts
        What to write.
    half : bool
        Store the matrices as float16 (half the size; they are computed with as float32).

    Raises
    ------
    InputError
        Weights, configuration and vocabulary that do not fit each other.
    ResourceError
        No space left.

    Notes
    -----
    ``config.json`` is put in place last: a directory without it is not a model. Equal parts give equal bytes.
    """
    directory = Path(directory)
    files = _contents(parts, directory, half=half)
    with OutputSet() as outputs:
        for name, content in files.items():
            outputs.path(directory / name).write_bytes(content)
        for name in _OWNED:
            if name not in files:
                (directory / name).unlink(missing_ok=True)
    return open_directory(directory)


def replace_card(directory: str | PathLike[str], card: ModelCard) -> EnhancerModel:
    """Put another card into a model directory; the weights stay as they are."""
    directory = Path(directory)
    open_directory(directory)
    with OutputSet() as outputs:
        outputs.path(directory / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
    return open_directory(directory)


def write_recalibrated(model: EnhancerModel, directory: str | PathLike[str]) -> EnhancerModel:
    """Write a model with its present card, the other files as they are, whole or not at all, and open it.

    Parameters
    ----------
    model : EnhancerModel
        Its card may be another than that of its directory (`EnhancerModel.with_card`).
    directory : path
        A new or empty folder; or a model directory with the same files, of which the card alone is replaced:
        the model's own is one.

    Raises
    ------
    InputError
        The folder holds something else, or cannot be written.
    ResourceError
        No space left.
    """
    directory = Path(directory)
    if holds_same_model(model, directory):
        return replace_card(directory, model.card)
    with OutputSet() as outputs:
        folder = outputs.directory(directory)
        for path in model_files(model.directory):
            if path.name != CARD_NAME:
                copyfile(path, folder / path.name)
        (folder / CARD_NAME).write_text(model.card.to_json(), encoding="utf-8")
    return open_directory(directory)


def write_reweighted(
    model: EnhancerModel, state: State, card: ModelCard, directory: str | PathLike[str]
) -> EnhancerModel:
    """Write a model with other weights and another card into a new or empty folder, and open it.

    Parameters
    ----------
    model : EnhancerModel
        With an encoder.
    state : dict of str to float32 array
        By the names of `Encoder.tensors`.
    card : ModelCard
    directory : path
    """
    assert model.layout is not None
    with OutputSet() as outputs:
        folder = outputs.directory(Path(directory))
        for path in model_files(model.directory):
            if path.name != CARD_NAME and not path.name.startswith(SAFETENSORS_NAME):
                copyfile(path, folder / path.name)
        own = {name: _stored(tensor, half=False) for name, tensor in model.layout.own_state(state).items()}
        (folder / SAFETENSORS_NAME).write_bytes(write_state(own))
        (folder / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
    return open_directory(Path(directory))


def write_ensemble(
    members: Sequence[EnhancerModel], directory: str | PathLike[str], texts: Mapping[str, str]
) -> None:
    """Write models into a folder, each a sub-folder, with further files, whole or not at all.

    Parameters
    ----------
    members : sequence of EnhancerModel
        Sub-folders are called as the models' own, where these are different and in order, else by numbers.
    directory : path
        New or empty.
    texts : mapping of str to str
        Contents of the further files by their names.
    """
    names = [member.directory.name for member in members]
    if len(set(names)) < len(names) or names != [
        path.name for path in sorted(map(Path, names), key=in_order)
    ]:
        names = [f"model{number}" for number in range(1, len(members) + 1)]
    with OutputSet() as outputs:
        folder = outputs.directory(Path(directory))
        for name, member in zip(names, members, strict=True):
            (folder / name).mkdir()
            for path in model_files(member.directory):
                copyfile(path, folder / name / path.name)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")


def is_folder_of(members: Sequence[EnhancerModel], directory: Path) -> bool:
    """Whether a folder is that of the models of an ensemble."""
    held = {path.resolve() for path in model_folders(directory)}
    return held == {member.directory.resolve() for member in members}


def holds_same_model(model: EnhancerModel, directory: Path) -> bool:
    """Whether a folder has the files of a model, whatever their cards say."""
    if not (directory / CONFIG_NAME).is_file():
        return False

    if directory.samefile(model.directory):
        return True
    here, there = (
        {path.name: sha256_of(path) for path in model_files(folder) if path.name != CARD_NAME}
        for folder in (directory, model.directory)
    )
    return here == there


def _contents(parts: ModelParts, directory: Path, *, half: bool) -> dict[str, bytes]:
    """Return the files of the directory by name, the one that makes it complete last."""
    state = {name: _stored(tensor, half=half) for name, tensor in parts.state.items()}
    check_finite(state, directory)
    shapes = plain_shapes(state)
    layout = layout_of(list(shapes), parts.config)
    if layout is not None:
        layout.check(layout.encoder(parts.config, shapes, directory), shapes, directory)
    files = {SAFETENSORS_NAME: write_state(state)}
    if parts.vocabulary is not None:
        check_vocabulary_size(parts.vocabulary, parts.config, directory / VOCABULARY_NAME)
        files[VOCABULARY_NAME] = "".join(f"{token}\n" for token in parts.vocabulary.tokens).encode()
        files["tokenizer_config.json"] = _json_bytes(
            _tokenizer_config(whole_value(parts.config, "max_position_embeddings"))
        )
    files |= parts.tokenizer_files
    files[CARD_NAME] = parts.card.to_json().encode()
    files[CONFIG_NAME] = _json_bytes(parts.config)
    return files


def _stored(tensor: NDArray[Any], *, half: bool) -> NDArray[Any]:
    if tensor.dtype.kind != "f":
        return tensor
    return tensor.astype(np.float16 if half and tensor.ndim == 2 else np.float32)


def _tokenizer_config(maximum_tokens: int) -> dict[str, Any]:
    """Return what makes Hugging Face's BertTokenizer read k-mers that are separated by blanks."""
    return {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": False,
        "strip_accents": False,
        "tokenize_chinese_chars": False,
        "model_max_length": maximum_tokens,
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
        "pad_token": "[PAD]",
        "sep_token": "[SEP]",
        "unk_token": "[UNK]",
    }


def _json_bytes(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
