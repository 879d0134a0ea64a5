"""Model directories: found by what a user names, opened and checked; weights are read when needed."""

from __future__ import annotations

import hashlib
import os
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import is_stream, sha256_of
from dnabert_enhancer.model.card import CARD_NAME, NOT_STATED, ModelCard, Task, read_card
from dnabert_enhancer.model.checkpoint import (
    PICKLE_NAME,
    SAFETENSORS_NAME,
    read_outline,
    read_state,
    weight_files,
)
from dnabert_enhancer.model.configuration import (
    CONFIG_NAME,
    labels_of,
    number_of_outputs,
    read_config,
    text_value,
    whole_value,
)
from dnabert_enhancer.model.encoder import EmbeddingRule, Encoder, State, check_window, longest_window
from dnabert_enhancer.model.layouts import BERT, Layout, layout_of, plain_names, plain_shapes, require_known
from dnabert_enhancer.model.onnx_graph import MatrixInputs, can_be_written, encoder_to_onnx, matrix_inputs
from dnabert_enhancer.model.onnx_nodes import OnnxGraph
from dnabert_enhancer.model.onnx_substitutions import SubstitutionGraphs, can_share, substitution_graphs
from dnabert_enhancer.model.tokenizers import open_tokenizer
from dnabert_enhancer.model.vocabulary_files import (
    TOKENIZER_NAME,
    VOCABULARY_NAME,
    check_vocabulary_size,
    kmer_vocabulary,
)
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, Tokenizer

_DIGESTED = (CONFIG_NAME, CARD_NAME, VOCABULARY_NAME, "tokenizer.json")
_GAUGE_LENGTH = 200
_LONGEST = 1 << 17
_MULTI_LABEL = "multi_label_classification"
"""Length in bp up to which it is asked whether a model without positions reads a window."""


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
        return self.with_card(self.card.select(output))

    @property
    def members(self) -> tuple[EnhancerModel, ...]:
        """The models of an ensemble; of a single model itself."""
        return (self,)

    def with_card(self, card: ModelCard) -> EnhancerModel:
        """Return the same weights with another reading of their outputs."""
        chosen = EnhancerModel(self.directory, self.config, card)
        chosen.source = self.source
        chosen.network_card = self.network_card
        return chosen

    @property
    def is_packaged(self) -> bool:
        """Whether it is the model that comes with the package."""
        return self.directory == PACKAGED

    @property
    def window_length(self) -> int:
        """Length in bp of the windows the model was made for.

        Raises
        ------
        InputError
            Nobody has said it.
        """
        if self.card.window_length is None:
            raise InputError(
                "the window length that the model was trained on is not known",
                source=self.source,
                remedy=f"give --window-length BP, or import it with that: dnabert-enhancer import-model "
                f"'{self.source}' --output-dir NEW --window-length BP",
            )
        return self.card.window_length

    @property
    def gauge_length(self) -> int:
        """Length in bp of the windows by which cost and precision are judged: its own, else 200 at most."""
        return self.card.window_length or min(_GAUGE_LENGTH, self.maximum_length)

    @cached_property
    def layout(self) -> Layout | None:
        """How its tensors are named; None for an architecture that transformers must compute."""
        return layout_of(list(self._shapes), self.config)

    @cached_property
    def encoder(self) -> Encoder | None:
        """What the network is made of; None for an architecture that transformers must compute."""
        if self.layout is None:
            return None
        return self.layout.encoder(self.config, self._shapes, self.directory / CONFIG_NAME)

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return plain_shapes(read_outline(self.directory))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """What turns base codes into token ids."""
        if self.card.tokenizer == "kmer":
            vocabulary = _required_vocabulary(self.directory)
            return KmerTokenizer(vocabulary, self.size("max_position_embeddings"))
        return open_tokenizer(self.directory, self.config, self.encoder)

    @property
    def kind(self) -> str:
        """What its configuration calls its architecture, ``unknown`` where it says nothing."""
        return text_value(self.config, "model_type", "unknown")

    def size(self, name: str, default: int | None = None) -> int:
        """Return a size by its name in the configuration; `InputError` where it lacks and has no default."""
        return whole_value(self.config, name, default, self.directory / CONFIG_NAME)

    @cached_property
    def maximum_length(self) -> int:
        """Length in bp up to which the model can read every window."""
        tokenizer = self.tokenizer
        if isinstance(tokenizer, KmerTokenizer):
            return longest_window(tokenizer.maximum_tokens, tokenizer.vocabulary.k)
        low, high = 0, 1
        while high < _LONGEST and tokenizer.token_count(high) <= tokenizer.maximum_tokens:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            fits = tokenizer.token_count(middle) <= tokenizer.maximum_tokens
            low, high = (middle, high) if fits else (low, middle)
        return low

    @property
    def has_onnx(self) -> bool:
        """Whether ONNX Runtime can compute it: a graph can be made of its weights."""
        return self.encoder is not None and can_be_written(self.encoder)

    def onnx_graph(
        self,
        *,
        int8: bool = False,
        attentions: bool = False,
        heads_mean: bool = False,
        embedding: EmbeddingRule | None = None,
    ) -> OnnxGraph:
        """Return the graph, made of the weights; a graph in a file is never read, since it can differ.

        Raises `InputError` where `has_onnx` is false; see `encoder_to_onnx` for the arguments.
        """
        if self.encoder is None:
            raise InputError("ONNX Runtime cannot compute this model", source=self.directory)
        return encoder_to_onnx(
            self.encoder,
            self.read_state(),
            int8=int8,
            attentions=attentions,
            heads_mean=heads_mean,
            embedding=embedding,
        )

    @property
    def has_substitution_graphs(self) -> bool:
        """Whether it can share its first layer among windows that differ in a few bases, and gains by it."""
        return self.encoder is not None and can_share(self.encoder)

    def substitution_graphs(self) -> SubstitutionGraphs:
        """Return the graphs of `onnx_substitutions`.

        Raises `InputError` where `has_substitution_graphs` is false.
        """
        if self.encoder is None or not self.has_substitution_graphs:
            raise InputError("this model shares no layer", source=self.directory)
        return substitution_graphs(self.encoder, self.read_state())

    def matrix_inputs(self) -> MatrixInputs:
        """Return the graph of what meets the matrices that int8 quantises.

        Raises `InputError` where `has_onnx` is false.
        """
        if self.encoder is None or not self.has_onnx:
            raise InputError("ONNX Runtime cannot compute this model", source=self.source)
        return matrix_inputs(self.encoder, self.read_state())

    @property
    def weights_size(self) -> int:
        """Size of the weight files in bytes."""
        return sum(path.stat().st_size for path in weight_files(self.directory))

    @cached_property
    def weights_digest(self) -> str:
        """SHA-256 of the weight file; over those of its pieces where it is in pieces."""
        digests = [sha256_of(path) for path in weight_files(self.directory)]
        return digests[0] if (self.directory / SAFETENSORS_NAME).is_file() else _digest_of(digests)

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

    def description(self) -> dict[str, Any]:
        """Return name, digest and place for the run record, and where it was brought from."""
        described: dict[str, Any] = {
            "name": self.card.name,
            "digest": self.digest,
            "directory": str(self.source),
        }
        if "source" in self.card.origin:
            described["source"] = str(self.card.origin["source"])
        return described

    def read_state(self) -> State:
        """Return the weights, float32, by the names of `Encoder.tensors`; of others by their own names."""
        try:
            state = read_state(self.directory)
        except InputError as error:
            if self.source == self.directory:
                raise
            # the folder that an archive is unpacked into is gone when the message is read
            raise InputError(error.problem, source=self.source, remedy=error.remedy) from None
        if self.layout is None or self.encoder is None:
            return state
        state = {short: state[name] for name, short in plain_names(state).items()}
        self.layout.check(self.encoder, plain_shapes(state), self.directory)
        return self.layout.common_state(state)

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
    shapes = plain_shapes(read_outline(directory))
    layout = layout_of(list(shapes), config) or (BERT if text_value(config, "model_type") == "bert" else None)
    if layout is not None:
        encoder = layout.encoder(config, shapes, directory / CONFIG_NAME)
        layout.check(encoder, shapes, directory)
        if layout_of(list(shapes), config) is not None:
            require_known(encoder, layout, shapes, directory)
    card = read_card(directory) or card_from_config(config, directory)
    if card.tokenizer == "kmer":
        _check_vocabulary(directory, config, card)
    _check_columns(directory, config, card)
    return EnhancerModel(directory, config, card)


def task_of(config: dict[str, Any]) -> Task:
    """Return what the outputs of a Hugging Face classifier mean.

    Raises
    ------
    InputError
        Several labels at once, each with a probability of its own: they are no classes of which one holds.
    """
    count = len(labels_of(config))
    if text_value(config, "problem_type") == _MULTI_LABEL:
        raise InputError(
            f"{CONFIG_NAME} says problem_type {_MULTI_LABEL!r}: each of the {count} outputs is a label of "
            "its own (a sigmoid), which is not read; their softmax would be wrong",
            remedy="save a label as a model of two outputs: a row of zeros, and its row of the classifier",
        )
    if text_value(config, "problem_type") == "regression" or count == 1:
        return Task.REGRESSION
    return Task.BINARY if count == 2 else Task.MULTICLASS


def card_from_config(config: dict[str, Any], directory: Path) -> ModelCard:
    """Return a card for a directory that has none, from its configuration and vocabulary."""
    vocabulary = kmer_vocabulary(directory) if text_value(config, "model_type") == "bert" else None
    k = None if vocabulary is None else vocabulary.k
    return ModelCard(
        name=directory.resolve().name or "model",
        window_length=None,
        labels=labels_of(config),
        task=task_of(config),
        k=k,
        tokenizer="kmer" if k else "huggingface",
        limits=NOT_STATED.format("window length, threshold and calibration"),
    )


def _required_vocabulary(directory: Path) -> KmerVocabulary:
    vocabulary = kmer_vocabulary(directory)
    if vocabulary is not None:
        return vocabulary
    path = directory / VOCABULARY_NAME
    if not path.is_file():
        raise InputError(f"the model directory lacks {VOCABULARY_NAME}", source=directory)
    return KmerVocabulary.from_file(path)  # says what is wrong with it


def _check_vocabulary(directory: Path, config: dict[str, Any], card: ModelCard) -> None:
    vocabulary = _required_vocabulary(directory)
    named = VOCABULARY_NAME if (directory / VOCABULARY_NAME).is_file() else TOKENIZER_NAME
    path = directory / named
    if vocabulary.k != card.k:
        raise InputError(f"holds {vocabulary.k}-mers, but the card says k = {card.k}", source=path)
    check_vocabulary_size(vocabulary, config, path)
    longest = longest_window(
        whole_value(config, "max_position_embeddings", source=directory / CONFIG_NAME), vocabulary.k
    )
    check_window(card.window_length or 0, longest, path)


def _check_columns(directory: Path, config: dict[str, Any], card: ModelCard) -> None:
    columns = [card.column, *(output.column for output in card.further_outputs.values())]
    wrong = [column for column in columns if column is not None and column >= number_of_outputs(config)]
    if wrong:
        raise InputError(
            f"names output {wrong[0]}, but the model has {number_of_outputs(config)}, counted from 0",
            source=directory / CARD_NAME,
        )


def _digest_of(lines: list[str]) -> str:
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


DEFAULT_NAME = "default"
_PLACES = ("hub", "zenodo")
"""What stands before a colon and names no model."""

PACKAGED = Path(__file__).parent / "default"


def open_model(spec: str | PathLike[str] | None = None) -> EnhancerModel:
    """Open a model.

    Parameters
    ----------
    spec : str or path, optional
        None or ``"default"``: the packaged model. Anything else: a directory, or an archive of one, which is
        unpacked into a temporary folder that goes with the process. ``:OUTPUT`` at the end chooses one of
        the model's outputs; the first is what is meant without. Names that are brought from elsewhere are
        the catalogue's, whose function of this name users call.

    Raises
    ------
    InputError
        No such directory or archive; a file in it that is missing or wrong.
    """
    whole, output = split_output(spec)
    model = _opened(whole)
    return model.select(output) if output else model


def split_output(
    spec: str | PathLike[str] | None,
) -> tuple[str | PathLike[str] | None, str]:
    """Return a model's name and the output that it asks for, or an empty string."""
    text = "" if spec is None else str(spec)
    before, separator, output = text.rpartition(":")
    if not separator or not before or before in _PLACES or not output or "/" in output:
        return spec, ""
    # of os: a text that is too long for a name of a file is none
    return (spec, "") if os.path.exists(text) else (before, output)  # noqa: PTH110


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
    """Return the directory that a name stands for: an archive is unpacked first."""
    if spec is None or str(spec) == DEFAULT_NAME:
        if not PACKAGED.is_dir():
            raise InputError(
                "this installation has no packaged model", remedy="name a model with --model DIR"
            )
        return PACKAGED
    if not _is_archive(spec):
        return Path(spec)
    from dnabert_enhancer.model.archive import unpacked

    return unpacked(spec)


def _is_archive(spec: str | PathLike[str] | None) -> bool:
    return spec is not None and str(spec) != DEFAULT_NAME and (is_stream(spec) or Path(spec).is_file())
