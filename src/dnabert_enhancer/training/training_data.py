"""The splits of a data set as a training reads them: windows, labels, and their entry on the card."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset import ALL_ROWS, Dataset, contradicting_rows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import Tokenizer, canonical_sequence, encode_bases
from dnabert_enhancer.training.validation_split import split_off_validation
from dnabert_enhancer.training.window_store import WindowStore

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

_METRICS_OF_ONE_CLASS = ("loss", "rmse", "accuracy")


@dataclass(frozen=True)
class TrainingData:
    """The splits of a training.

    Parameters
    ----------
    source, digest : str
        Of the data set.
    task : {"binary", "multiclass", "regression"}
        By the labels.
    label_names : tuple of str
        Of the outputs.
    frames : dict of str to DataFrame
        ``train``, ``validation`` and, where there is one, ``test``.
    validation_source : str
        Where the validation split comes from.
    window_length : int
        The longest window in bp.
    shared : int
        Validation sequences that are in the training split too (either strand).
    """

    source: str
    digest: str
    task: str
    label_names: tuple[str, ...]
    frames: dict[str, pd.DataFrame]
    validation_source: str
    window_length: int
    shared: int

    def windows(self, split: str) -> WindowStore:
        """Return the windows of a split."""
        sequences = self.frames[split]["sequence"].tolist()
        return WindowStore([encode_bases(sequence) for sequence in sequences], self.window_length)

    def labels(self, split: str) -> NDArray[Any]:  # int64 classes or float64 values
        """Return the labels of a split."""
        kind = np.float64 if self.task == "regression" else np.int64
        return self.frames[split]["label"].to_numpy().astype(kind)

    def describe(self) -> dict[str, Any]:
        """Return the card's entry on the splits."""
        rows: dict[str, Any] = {}
        for name, frame in self.frames.items():
            rows[name] = {"sequences": len(frame)}
            if self.task != "regression":
                counts = np.bincount(self.labels(name), minlength=len(self.label_names))
                rows[name]["labels"] = dict(zip(self.label_names, counts.tolist(), strict=True))
        return rows


def training_data(dataset: Dataset, settings: TrainingSettings) -> TrainingData:
    """Return the splits of a data set, a validation split made where it has none.

    Raises
    ------
    InputError
        Labels all of one class; a label in another split that training has not; too few sequences.
    """
    frames = dict(dataset.splits)
    train = frames.pop("train", None)
    if train is None:
        train = frames.pop(ALL_ROWS, None)
    if train is None or train.empty:
        raise InputError(
            "the data set has no training split", source=dataset.source, remedy="name the split train"
        )
    classes = dataset.task != "regression"
    if train["label"].nunique() < 2:
        raise InputError(
            f"all {len(train)} training labels are {train['label'].iloc[0]}",
            source=dataset.source,
            remedy="give sequences of at least two classes" if classes else "give labels that differ",
        )
    validation = frames.get("validation")
    source = ""
    if validation is not None:
        own = f"{len(validation)} sequences of the data set's own split"
        source = str(dataset.metadata.get("validation_source", own))
    if validation is None or validation.empty:
        split = split_off_validation(train, settings.validation_fraction, settings.seed, classes=classes)
        train, validation = train[~split.validation], train[split.validation]
        source = split.description
        logger.info("no validation split is given: split off %s", source)
    chosen = {"train": train, "validation": validation}
    if "test" in frames and not frames["test"].empty:
        chosen["test"] = frames["test"]
    length = settings.window_length or max(
        int(frame["sequence"].str.len().max()) for frame in chosen.values()
    )
    shared = _shared(train, validation)
    if shared:
        logger.warning(
            "%d of %d validation sequences are in the training split too: the metrics flatter the model",
            shared,
            len(validation),
        )
    contradicting = contradicting_rows(train) if classes else 0
    if contradicting:
        logger.warning(
            "%d of %d training sequences have other labels in other rows (either strand): they contradict "
            "each other",
            contradicting,
            len(train),
        )
    return TrainingData(
        dataset.source, dataset.digest, dataset.task, dataset.label_names, chosen, source, length, shared
    )


def check_validation(data: TrainingData, metric: str) -> None:
    """Refuse a validation split whose labels are all the same, where the metric that decides needs others.

    Raises
    ------
    InputError
        With the split and its one class.
    """
    labels = data.labels("validation")
    if len(np.unique(labels)) > 1:
        return
    value = labels[0] if data.task == "regression" else data.label_names[int(labels[0])]
    said = f"all {len(labels)} labels of the validation split are {value}"
    if metric not in _METRICS_OF_ONE_CLASS:
        raise InputError(
            f"{said}, and {metric} needs more than one class",
            source=data.source,
            location="split validation",
            remedy="give a validation split of all classes, or --metric loss",
        )
    logger.warning("%s: no calibration, and the metrics mean little", said)


def check_lengths(data: TrainingData, tokenizer: Tokenizer, k: int | None) -> None:
    """Refuse windows that the model cannot read whole.

    Raises
    ------
    InputError
        Windows longer than the model reads, with the limit; sequences without a single k-mer, with the
        first one.
    """
    longest = data.window_length
    if tokenizer.token_count(longest) > tokenizer.maximum_tokens:
        raise InputError(
            f"windows of {longest} bp need up to {tokenizer.token_count(longest)} tokens, but the model "
            f"reads {tokenizer.maximum_tokens}",
            source=data.source,
            remedy="give --window-length to crop the sequences around their centres, or another base model",
        )
    for name, frame in data.frames.items():
        lengths = frame["sequence"].str.len().to_numpy()
        shortest = int(lengths.argmin())
        if lengths[shortest] < (k or 1):
            raise InputError(
                f"a sequence of {lengths[shortest]} bp is shorter than k = {k or 1}",
                source=data.source,
                location=f"split {name}, row {shortest + 1} ({frame['name'].iloc[shortest]})",
                remedy="leave it out",
            )
        cropped = int((lengths > longest).sum())
        if cropped:
            logger.info(
                "%s: %d of %d sequences are cropped to %d bp around their centres",
                name,
                cropped,
                len(frame),
                longest,
            )


def _shared(train: pd.DataFrame, validation: pd.DataFrame) -> int:
    known = set(map(canonical_sequence, train["sequence"]))
    return sum(canonical_sequence(sequence) in known for sequence in validation["sequence"])
