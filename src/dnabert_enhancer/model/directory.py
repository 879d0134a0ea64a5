"""Model directories: found by what a user names, opened and checked; weights are read when needed."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.files import sha256_of
from dnabert_enhancer.model.bert import BertShape, State, check_window, longest_window, number_of_outputs
from dnabert_enhancer.model.card import CARD_NAME, ModelCard, Task, read_card
from dnabert_enhancer.model.checkpoint import PICKLE_NAME, SAFETENSORS_NAME, current_names, read_state
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, Tokenizer

CONFIG_NAME = "config.json"
VOCABULARY_NAME = "vocab.txt"
ONNX_NAME = "model.onnx"
ONNX_INT8_NAME = "model.int8.onnx"
_DIGESTED = (CONFIG_NAME, CARD_NAME, VOCABULARY_NAME, "tokenizer.json")
_DEFAULT_WINDOW = 200


class EnhancerModel:
    """A model directory that was found whole.

    Parameters
    ----------
    directory : Path
        Where it lies.
    config : dict
        Its ``config.json``.
    card : ModelCard
        Its card, or one made up from the configuration of a plain Hugging Face directory.

    Attributes
    ----------
    source : Path
        What the user named: the directory, or the archive that it was unpacked from.
    network_card : ModelCard
        The card of the directory, whichever output was selected.
    """

    def __init__(self, directory: Path, config: dict[str, Any], card: ModelCard) -> None:
        self.directory = directory
        self.source = directory
        self.config = config
        self.card = card
        self.network_card = card

    def select(self, output: str) -> EnhancerModel:
        """Return the same weights as a model of one of their further outputs."""
        chosen = EnhancerModel(self.directory, self.config, self.card.select(output))
        chosen.source = self.source
        chosen.network_card = self.network_card
        return chosen

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
        return BertShape.from_config(self.config, self.directory / CONFIG_NAME)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """What turns base codes into token ids."""
        if self.card.tokenizer == "kmer":
            vocabulary = KmerVocabulary.from_file(self.directory / VOCABULARY_NAME)
            return KmerTokenizer(vocabulary, int(self.config["max_position_embeddings"]))
        from dnabert_enhancer.model.foreign_tokenizer import ForeignTokenizer

        return ForeignTokenizer(self.directory, self.config)

    @cached_property
    def maximum_length(self) -> int:
        """Length in bp up to which the model can read every window."""
        tokenizer = self.tokenizer
        if isinstance(tokenizer, KmerTokenizer):
            return longest_window(tokenizer.maximum_tokens, tokenizer.vocabulary.k)
        low, high = 0, 1
        while tokenizer.token_count(high) <= tokenizer.maximum_tokens:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            fits = tokenizer.token_count(middle) <= tokenizer.maximum_tokens
            low, high = (middle, high) if fits else (low, middle)
        return low

    @property
    def has_onnx(self) -> bool:
        """Whether ``model.onnx`` lies beside the weights."""
        return (self.directory / ONNX_NAME).is_file()

    @property
    def has_int8(self) -> bool:
        """Whether ``model.int8.onnx`` lies beside the weights."""
        return (self.directory / ONNX_INT8_NAME).is_file()

    @cached_property
    def weights_digest(self) -> str:
        """SHA-256 of the weight file; over those of its pieces where it is in pieces."""
        pieces = sorted(self.directory.glob("model-*.safetensors"))
        whole = self.directory / SAFETENSORS_NAME
        return sha256_of(whole) if whole.is_file() else _digest_of([sha256_of(piece) for piece in pieces])

    @cached_property
    def network_digest(self) -> str:
        """SHA-256 over names and digests of configuration, card, vocabulary and weights."""
        return _digest_of(self._digests)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and digests of configuration, card, vocabulary and weights, and the output."""
        output = [] if self.card.column is None else [f"{self.card.column}  output"]
        return _digest_of([*self._digests, *output])

    @cached_property
    def _digests(self) -> list[str]:
        files = [self.directory / name for name in _DIGESTED]
        lines = [f"{sha256_of(path)}  {path.name}" for path in files if path.is_file()]
        return [*lines, f"{self.weights_digest}  weights"]

    def description(self) -> dict[str, str]:
        """Return name, digest and place, as the run record has them."""
        return {"name": self.card.name, "digest": self.digest, "directory": str(self.source)}

    def read_state(self) -> State:
        """Return the weights, float32, by Hugging Face's names."""
        state = read_state(self.directory)
        if self.is_bert:
            state = current_names(state)
            self.shape.check(state, self.directory)
        return state

    def check_window(self, length: int) -> None:
        """Raise `InputError` where windows of this length (bp) do not fit the model."""
        if self.tokenizer.token_count(length) > self.tokenizer.maximum_tokens:
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
    config = read_config(directory)
    if not any((directory / name).is_file() for name in (SAFETENSORS_NAME, f"{SAFETENSORS_NAME}.index.json")):
        if (directory / PICKLE_NAME).is_file() or (directory / f"{PICKLE_NAME}.index.json").is_file():
            raise InputError(
                f"has only {PICKLE_NAME}, a PyTorch checkpoint",
                source=directory,
                remedy=f"import it first: dnabert-enhancer import-model '{directory}' --output-dir NEW",
            )
        raise InputError(f"the model directory lacks {SAFETENSORS_NAME}", source=directory)
    if config.get("model_type") == "bert":
        BertShape.from_config(config, directory / CONFIG_NAME)
    card = read_card(directory) or card_from_config(config, directory)
    if card.tokenizer == "kmer":
        _check_vocabulary(directory, config, card)
    _check_columns(directory, config, card)
    return EnhancerModel(directory, config, card)


def read_config(directory: Path) -> dict[str, Any]:
    """Return the configuration of a directory that holds a model or a checkpoint."""
    if not directory.is_dir():
        kind = "is a file, not a model directory" if directory.exists() else "no such model directory"
        raise InputError(kind, source=directory, remedy="give a directory with config.json and its weights")
    path = directory / CONFIG_NAME
    if not path.is_file():
        raise InputError(f"the model directory lacks {CONFIG_NAME}", source=directory)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not JSON ({error})", source=path, remedy="fetch the file again") from None
    if not isinstance(config, dict):
        raise InputError("not a model configuration", source=path)
    return config


def labels_of(config: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the outputs, in their order."""
    try:
        count = number_of_outputs(config)
        names = config.get("id2label") or {str(index): f"LABEL_{index}" for index in range(count)}
        return tuple(str(names[key]) for key in sorted(names, key=int))
    except (TypeError, ValueError, AttributeError):
        raise InputError(
            "has labels (id2label, num_labels) that cannot be read", source=CONFIG_NAME
        ) from None


def task_of(config: dict[str, Any]) -> Task:
    """Return what the outputs of a Hugging Face classifier mean."""
    count = len(labels_of(config))
    if config.get("problem_type") == "regression" or count == 1:
        return Task.REGRESSION
    return Task.BINARY if count == 2 else Task.MULTICLASS


def card_from_config(config: dict[str, Any], directory: Path) -> ModelCard:
    """Return a card for a directory that has none, from its configuration and vocabulary."""
    k = vocabulary_k(directory / VOCABULARY_NAME) if config.get("model_type") == "bert" else None
    return ModelCard(
        name=directory.resolve().name,
        window_length=_DEFAULT_WINDOW,
        labels=labels_of(config),
        task=task_of(config),
        k=k,
        tokenizer="kmer" if k else "huggingface",
        limits="no card was found beside the weights: window length, threshold and calibration are not known",
    )


def vocabulary_k(path: Path) -> int | None:
    """Return k of a DNABERT vocabulary, or None where the file is missing or is another tokenizer's."""
    if not path.is_file():
        return None
    try:
        return KmerVocabulary.from_file(path).k
    except InputError:
        return None


def _check_vocabulary(directory: Path, config: dict[str, Any], card: ModelCard) -> None:
    path = directory / VOCABULARY_NAME
    if not path.is_file():
        raise InputError(f"the model directory lacks {VOCABULARY_NAME}", source=directory)
    vocabulary = KmerVocabulary.from_file(path)
    if vocabulary.k != card.k:
        raise InputError(f"holds {vocabulary.k}-mers, but the card says k = {card.k}", source=path)
    check_vocabulary_size(vocabulary, config, path)
    check_window(
        card.window_length, longest_window(int(config["max_position_embeddings"]), vocabulary.k), path
    )


def _check_columns(directory: Path, config: dict[str, Any], card: ModelCard) -> None:
    columns = [card.column, *(output.column for output in card.further_outputs.values())]
    wrong = [column for column in columns if column is not None and column >= number_of_outputs(config)]
    if wrong:
        raise InputError(
            f"names output {wrong[0]}, but the model has {number_of_outputs(config)}, counted from 0",
            source=directory / CARD_NAME,
        )


def check_vocabulary_size(vocabulary: KmerVocabulary, config: dict[str, Any], source: Path) -> None:
    """Raise `InputError` where the k of a vocabulary does not fit the weights."""
    if vocabulary.size != config.get("vocab_size"):
        raise InputError(
            f"k = {vocabulary.k} has {vocabulary.size} tokens, but the model has {config.get('vocab_size')}",
            source=source,
            remedy="take the vocabulary (or the k) that belongs to the weights",
        )


def _digest_of(lines: list[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


DEFAULT_NAME = "default"
HUB_PREFIX = "hub:"
PACKAGED = Path(__file__).parent / "default"
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.onnx", "pytorch_model.bin")


def open_model(spec: str | PathLike[str] | None = None) -> EnhancerModel:
    """Open a model.

    Parameters
    ----------
    spec : str or path, optional
        None or ``"default"``: the packaged model. ``"hub:NAME@REVISION"``: a Hugging Face hub entry,
        the only form that uses the network. Anything else: a directory, or an archive of one, which is
        unpacked into a temporary folder that goes with the process. ``:OUTPUT`` at the end chooses one of
        the model's outputs; the first is what is meant without.

    Raises
    ------
    InputError
        No such directory, archive or hub entry; a file in it that is missing or wrong.
    ResourceError
        A hub name without huggingface_hub or without network.
    """
    whole, output = _without_output(spec)
    model = _opened(whole)
    return model.select(output) if output else model


def _without_output(
    spec: str | PathLike[str] | None,
) -> tuple[str | PathLike[str] | None, str]:
    """Return a model's name and the output that it asks for, or an empty string."""
    text = "" if spec is None else str(spec)
    before, separator, output = text.rpartition(":")
    if not separator or not before or before == HUB_PREFIX.rstrip(":") or not output or "/" in output:
        return spec, ""
    return (spec, "") if Path(text).exists() else (before, output)


def _opened(spec: str | PathLike[str] | None) -> EnhancerModel:
    directory = resolve(spec)
    if not _is_archive(spec):
        return open_directory(directory)
    try:
        model = open_directory(directory)
    except InputError as error:
        # the temporary folder is gone when the message is read
        inside = Path(error.source or directory).name
        place = None if inside == directory.name else inside
        raise InputError(error.problem, source=spec, location=place, remedy=error.remedy) from None
    model.source = Path(str(spec))
    return model


def resolve(spec: str | PathLike[str] | None) -> Path:
    """Return the directory that a name stands for: a hub entry is brought, an archive unpacked first."""
    if spec is None or str(spec) == DEFAULT_NAME:
        if not PACKAGED.is_dir():
            raise InputError(
                "this installation has no packaged model", remedy="name a model with --model DIR"
            )
        return PACKAGED
    if isinstance(spec, str) and spec.startswith(HUB_PREFIX):
        return _from_hub(spec)
    if not _is_archive(spec):
        return Path(spec)
    from dnabert_enhancer.model.archive import unpacked

    return unpacked(spec)


def _is_archive(spec: str | PathLike[str] | None) -> bool:
    return spec is not None and str(spec) != DEFAULT_NAME and Path(spec).is_file()


def _from_hub(spec: str) -> Path:
    name, separator, revision = spec.removeprefix(HUB_PREFIX).partition("@")
    if not name or not separator or not revision:
        raise InputError(
            f"{spec!r} names no revision", remedy="write hub:NAME@REVISION, such as hub:owner/model@main"
        )
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        raise ResourceError(
            f"{spec!r} needs huggingface_hub",
            remedy="pip install '.[train]' in a clone of the suite, or give a directory",
        ) from None
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_HUB_FILES)))
    except HFValidationError as error:
        raise InputError(f"{name!r} is not a name of the hub ({error})") from None
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ResourceError(
            f"{spec!r} could not be brought: {reason}",
            remedy="check the name and the network, or give a directory",
        ) from None
