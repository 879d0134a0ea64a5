"""Model directories: opened, checked, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, sha256_of
from dnabert_enhancer.model.bert import BertShape, State
from dnabert_enhancer.model.card import CARD_NAME, ModelCard, Task, read_card
from dnabert_enhancer.model.checkpoint import PICKLE_NAME, SAFETENSORS_NAME, read_state, write_state
from dnabert_enhancer.model.onnx_graph import bert_to_onnx, can_be_written
from dnabert_enhancer.model.parts import ModelParts, check_window
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, Tokenizer

CONFIG_NAME = "config.json"
VOCABULARY_NAME = "vocab.txt"
ONNX_NAME = "model.onnx"
TOKENIZER_NAMES = (
    "tokenizer_config.json",
    "tokenizer.json",
    "special_tokens_map.json",
    "merges.txt",
    VOCABULARY_NAME,
)
_DIGESTED = (CONFIG_NAME, CARD_NAME, SAFETENSORS_NAME, VOCABULARY_NAME, "tokenizer.json")
_DEFAULT_WINDOW = 200


class EnhancerModel:
    """A model directory that was found whole; the weights are read when they are needed.

    Parameters
    ----------
    directory : Path
        Where it lies.
    config : dict
        Its ``config.json``.
    card : ModelCard
        Its card, or one made up from the configuration of a plain Hugging Face directory.
    """

    def __init__(self, directory: Path, config: dict[str, Any], card: ModelCard) -> None:
        self.directory = directory
        self.config = config
        self.card = card

    @property
    def window_length(self) -> int:
        """Length in bp of the windows the model was made for."""
        return self.card.window_length

    @property
    def is_bert(self) -> bool:
        """Whether the weights are a BERT's, whose graph this package writes and runs itself."""
        return self.config.get("model_type") == "bert"

    @cached_property
    def shape(self) -> BertShape:
        """Sizes of a BERT."""
        return BertShape.from_config(self.config)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """What turns base codes into token ids."""
        if self.card.tokenizer == "kmer":
            vocabulary = KmerVocabulary.from_file(self.directory / VOCABULARY_NAME)
            return KmerTokenizer(vocabulary, int(self.config["max_position_embeddings"]))
        from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer

        return ForeignTokenizer.open(self.directory, self.config)

    @cached_property
    def maximum_length(self) -> int:
        """Length in bp of the longest window that the model can read."""
        tokenizer = self.tokenizer
        low, high = 0, 8
        while tokenizer.token_count(high) <= tokenizer.maximum_tokens:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (
                (middle, high) if tokenizer.token_count(middle) <= tokenizer.maximum_tokens else (low, middle)
            )
        return low

    @property
    def has_onnx(self) -> bool:
        """Whether ``model.onnx`` lies beside the weights."""
        return (self.directory / ONNX_NAME).is_file()

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names and digests of configuration, card, weights and vocabulary."""
        files = [self.directory / name for name in _DIGESTED]
        files += sorted(self.directory.glob("model-*.safetensors"))
        lines = [f"{sha256_of(path)}  {path.name}\n" for path in files if path.is_file()]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def read_state(self) -> State:
        """Return the weights, float32, by Hugging Face's names."""
        state = read_state(self.directory)
        if self.is_bert:
            self.shape.check(state)
        return state

    def check_window(self, length: int) -> None:
        """Raise `InputError` where windows of this length (bp) do not fit the model."""
        check_window(length, self.maximum_length)

    def __repr__(self) -> str:
        return f"EnhancerModel({self.card.name!r} at {self.directory})"


def open_directory(directory: Path) -> EnhancerModel:
    """Open a model directory: ours, or a plain Hugging Face one.

    Raises
    ------
    InputError
        Not a directory; a file is missing or wrong; a legacy checkpoint, which must be imported first.
    """
    if not directory.is_dir():
        kind = "is a file, not a model directory" if directory.exists() else "no such model directory"
        raise InputError(
            kind, source=directory, remedy="give a directory with config.json and model.safetensors"
        )
    config = _read_config(directory)
    card = read_card(directory)
    if not any((directory / name).is_file() for name in (SAFETENSORS_NAME, SAFETENSORS_NAME + ".index.json")):
        if (directory / PICKLE_NAME).is_file():
            raise InputError(
                f"has only {PICKLE_NAME}, a PyTorch checkpoint",
                source=directory,
                remedy=f"import it first: dnabert-enhancer import-model {directory} --output-dir NEW",
            )
        raise InputError(f"the model directory lacks {SAFETENSORS_NAME}", source=directory)
    if card is None:
        card = card_from_config(config, directory)
    if card.tokenizer == "kmer":
        _check_vocabulary(directory, config, card)
    return EnhancerModel(directory, config, card)


def write_model(
    directory: Path | str, parts: ModelParts, *, half: bool = False, onnx: bool = True
) -> EnhancerModel:
    """Write a model directory, whole or not at all, and open it.

    Parameters
    ----------
    directory : path
        Made where it is missing; other files in it stay.
    parts : ModelParts
        What to write.
    half : bool
        Store the matrices as float16 (half the size; they are computed with as float32).
    onnx : bool
        Write ``model.onnx`` too where the architecture allows it.

    Notes
    -----
    ``config.json`` is put in place last: a directory without it is not a model. Equal parts give equal bytes.
    """
    directory = Path(directory)
    state = {
        name: tensor.astype(np.float32) if tensor.dtype.kind == "f" else tensor
        for name, tensor in parts.state.items()
    }
    is_bert = parts.config.get("model_type") == "bert"
    if is_bert:
        BertShape.from_config(parts.config).check(state)
    if half:
        state = {name: _halved(tensor) for name, tensor in state.items()}
    files: dict[str, bytes] = {SAFETENSORS_NAME: write_state(state)}
    if is_bert and onnx and can_be_written(shape := BertShape.from_config(parts.config)):
        values = {name: tensor.astype(np.float32) for name, tensor in state.items()}
        files[ONNX_NAME] = bert_to_onnx(shape, values, half=half)
    if parts.vocabulary is not None:
        files[VOCABULARY_NAME] = "".join(f"{token}\n" for token in parts.vocabulary.tokens).encode()
        files["tokenizer_config.json"] = _json_bytes(
            _tokenizer_config(int(parts.config["max_position_embeddings"]))
        )
    files |= parts.tokenizer_files
    files[CARD_NAME] = parts.card.to_json().encode()
    files[CONFIG_NAME] = _json_bytes(parts.config)
    with OutputSet() as outputs:
        for name, content in files.items():
            outputs.path(directory / name).write_bytes(content)
    return open_directory(directory)


def replace_card(directory: Path | str, card: ModelCard) -> EnhancerModel:
    """Put another card into a model directory; the weights stay as they are."""
    directory = Path(directory)
    open_directory(directory)
    with OutputSet() as outputs:
        outputs.path(directory / CARD_NAME).write_text(card.to_json(), encoding="utf-8")
    return open_directory(directory)


def card_from_config(config: dict[str, Any], directory: Path) -> ModelCard:
    """Return a card for a directory that has none, from its configuration and vocabulary."""
    names = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    labels = tuple(str(names[key]) for key in sorted(names, key=int))
    regression = config.get("problem_type") == "regression" or len(labels) == 1
    task = Task.REGRESSION if regression else Task.BINARY if len(labels) == 2 else Task.MULTICLASS
    k = vocabulary_k(directory / VOCABULARY_NAME) if config.get("model_type") == "bert" else None
    return ModelCard(
        name=directory.resolve().name,
        window_length=_DEFAULT_WINDOW,
        labels=labels,
        task=task,
        k=k,
        tokenizer="kmer" if k else "huggingface",
        limits="no card was found beside the weights: window length, threshold and calibration are not known",
    )


def vocabulary_k(path: Path) -> int | None:
    """Return k of a DNABERT vocabulary, or None where the file is missing or is another tokenizer's."""
    if not path.is_file():
        return None
    try:
        return int(KmerVocabulary.from_file(path).k)
    except InputError:
        return None


def _read_config(directory: Path) -> dict[str, Any]:
    path = directory / CONFIG_NAME
    if not path.is_file():
        raise InputError(f"the model directory lacks {CONFIG_NAME}", source=directory)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not JSON ({error})", source=path) from None
    if not isinstance(config, dict):
        raise InputError("not a model configuration", source=path)
    return config


def _check_vocabulary(directory: Path, config: dict[str, Any], card: ModelCard) -> None:
    path = directory / VOCABULARY_NAME
    if not path.is_file():
        raise InputError(f"the model directory lacks {VOCABULARY_NAME}", source=directory)
    vocabulary = KmerVocabulary.from_file(path)
    if vocabulary.k != card.k:
        raise InputError(f"holds {vocabulary.k}-mers, but the card says k = {card.k}", source=path)
    if vocabulary.size != config.get("vocab_size"):
        raise InputError(
            f"has {vocabulary.size} tokens (k = {vocabulary.k}), but the weights have {config.get('vocab_size')}",
            source=path,
            remedy="take the vocabulary that belongs to the weights",
        )


def _halved(tensor: Any) -> Any:  # an array of any number type
    return tensor.astype(np.float16) if tensor.dtype == np.float32 and tensor.ndim == 2 else tensor


def _tokenizer_config(maximum_tokens: int) -> dict[str, Any]:
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
