"""Model directories written whole or not at all, with ONNX files for machines without torch."""

from __future__ import annotations

import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.model.bert import BertShape
from dnabert_enhancer.model.card import CARD_NAME, ModelCard
from dnabert_enhancer.model.checkpoint import SAFETENSORS_NAME, write_state
from dnabert_enhancer.model.directory import (
    CONFIG_NAME,
    ONNX_INT8_NAME,
    ONNX_NAME,
    VOCABULARY_NAME,
    EnhancerModel,
    check_vocabulary_size,
    open_directory,
)
from dnabert_enhancer.model.model_spec import ModelParts
from dnabert_enhancer.model.onnx_graph import bert_to_onnx, can_be_written

_INT8_FROM = 128
WEIGHTS_KEY = "weights_sha256"
_TOKENIZER_NAMES = ("tokenizer_config.json", "tokenizer.json", "special_tokens_map.json", "merges.txt")
_OWNED = (SAFETENSORS_NAME, ONNX_NAME, ONNX_INT8_NAME, VOCABULARY_NAME, *_TOKENIZER_NAMES)


def write_model(
    directory: str | PathLike[str],
    parts: ModelParts,
    *,
    half: bool = False,
    onnx: bool = True,
    int8: bool | None = None,
) -> EnhancerModel:
    """Write a model directory, whole or not at all, and open it.

    Parameters
    ----------
    directory : path
        Made where it is missing; foreign files in it stay, those of an older model go.
    parts : ModelParts
        What to write.
    half : bool
        Store the matrices as float16 (half the size; they are computed with as float32).
    onnx : bool
        Write ``model.onnx`` too, where the architecture allows it.
    int8 : bool, optional
        Write ``model.int8.onnx`` beside it; by default from 128 hidden units on, since below that integers
        gain less than a fifth (4 times at 768 units, 1.5 at 128, 1.2 at 96 on a processor with AMX).

    Raises
    ------
    InputError
        Weights, configuration and vocabulary that do not fit each other.
    ResourceError
        No space left; the package onnx is missing.

    Notes
    -----
    ``config.json`` is put in place last: a directory without it is not a model. Equal parts give equal bytes.
    The ONNX files carry the digest of the weights that they were made from.
    """
    directory = Path(directory)
    files = _contents(parts, directory, half=half, onnx=onnx, int8=int8)
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


def _contents(
    parts: ModelParts, directory: Path, *, half: bool, onnx: bool, int8: bool | None
) -> dict[str, bytes]:
    """Return the files of the directory by name, the one that makes it complete last."""
    state = {name: _stored(tensor, half=half) for name, tensor in parts.state.items()}
    for name, tensor in state.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise InputError(f"tensor {name} holds values that are not finite numbers", source=directory)
    weights = write_state(state)
    files = {SAFETENSORS_NAME: weights}
    if parts.config.get("model_type") == "bert":
        shape = BertShape.from_config(parts.config)
        shape.check(state, directory)
        if onnx and can_be_written(shape):
            values = {name: tensor.astype(np.float32) for name, tensor in state.items()}
            metadata = {WEIGHTS_KEY: hashlib.sha256(weights).hexdigest()}
            files[ONNX_NAME] = bert_to_onnx(shape, values, half=half, metadata=metadata)
            if shape.hidden >= _INT8_FROM if int8 is None else int8:
                files[ONNX_INT8_NAME] = bert_to_onnx(shape, values, int8=True, metadata=metadata)
    if parts.vocabulary is not None:
        check_vocabulary_size(parts.vocabulary, parts.config, directory / VOCABULARY_NAME)
        files[VOCABULARY_NAME] = "".join(f"{token}\n" for token in parts.vocabulary.tokens).encode()
        files["tokenizer_config.json"] = _json_bytes(
            _tokenizer_config(parts.config["max_position_embeddings"])
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
