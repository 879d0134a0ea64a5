"""The rows that a model is calibrated on: which they are, and that they say what the model says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset import ALL_ROWS, Dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.judged_rows import chosen_rows, labelled
from dnabert_enhancer.evaluation.predictors import cropped, order_of_classes
from dnabert_enhancer.evaluation.settings import ALL_SPLITS, CalibrationSettings
from dnabert_enhancer.model import ModelCard, Task, same_name

_log = logging.getLogger(__name__)

FEW_ROWS = 200
"""With fewer rows a calibration is uncertain, and no isotonic curve is tried."""
FEW_OF_A_CLASS = 20


class CalibrationRows(NamedTuple):
    """Labelled windows in the terms of a model's card.

    Attributes
    ----------
    codes : uint8[n, length]
        Base codes.
    labels : int64[n]
        Of two classes 1 is the card's positive one; of several the place among the card's labels.
    counts : dict of str to int
        Rows of each of the card's classes.
    warnings : list of str
        What speaks against the rows.
    evidence : dict
        What the card says of them: data set, digest, split, counts.
    """

    codes: NDArray[np.uint8]
    labels: NDArray[np.int64]
    counts: dict[str, int]
    warnings: list[str]
    evidence: dict[str, Any]  # JSON values


def calibration_rows(
    dataset: Dataset, card: ModelCard, window_length: int, settings: CalibrationSettings
) -> CalibrationRows:
    """Return the rows to calibrate a model on.

    Parameters
    ----------
    dataset : Dataset
    card : ModelCard
        The model's.
    window_length : int
        Length in bp of the windows that it was made for.
    settings : CalibrationSettings

    Raises
    ------
    InputError
        A model of values; labels of another kind; windows of another length; rows of one class alone, or too
        few to hold any out; the rows that the model was trained on.
    """
    if card.task == Task.REGRESSION:
        raise InputError(
            f"the model {card.name} predicts values, which need no calibration and have no threshold",
            remedy="give a model of classes; evaluate judges this one",
        )
    frame = chosen_rows(dataset, settings.split, default="validation")
    split = ALL_ROWS if ALL_ROWS in dataset.splits else settings.split or "validation"
    is_same_data = card.training.get("dataset_digest") == dataset.digest
    if is_same_data and split in ("train", ALL_SPLITS):
        raise InputError(
            "the model was trained on these rows, of which it is too sure",
            source=dataset.source,
            location=f"split {split}",
            remedy="leave out --split: the validation split was kept apart",
        )
    data = labelled(dataset, frame)
    order = order_of_classes(card, data)
    labels = data.labels.astype(np.int64)
    if card.task == Task.MULTICLASS:
        labels = np.asarray(order, dtype=np.int64)[labels]
        names = list(card.labels)
    else:
        labels = labels if _is_same_way_round(card, data.label_names, settings) else 1 - labels
        names = [card.negative_label, card.positive_label]
    counts = {name: int((labels == number).sum()) for number, name in enumerate(names)}
    for name, number in counts.items():
        if number < 2:
            raise InputError(
                f"{number or 'no'} row{'s' if number == 0 else ''} of the class {name!r} "
                f"among {len(labels)}: a calibration needs at least 2 of each, to hold some out",
                source=dataset.source,
                location=None if split == ALL_ROWS else f"split {split}",
                remedy="give rows of every class",
            )
    codes = cropped(data.codes, window_length) if settings.crop == "centre" else data.codes
    warnings = few_rows(counts)
    evidence = {
        "dataset": Path(dataset.source).name,
        "dataset_digest": dataset.digest,
        "split": split,
        "rows_by_class": counts,
        "crop": settings.crop,
        "trained_on_these_rows": "no: another split of the training data" if is_same_data else "not known",
    }
    return CalibrationRows(
        _of_one_length(codes, window_length, dataset.source), labels, counts, warnings, evidence
    )


def few_rows(counts: Mapping[str, int]) -> list[str]:
    """Return what speaks against a calibration on so many rows of each class."""
    total = sum(counts.values())
    return [
        *([f"only {total} rows (fewer than {FEW_ROWS})"] if total < FEW_ROWS else []),
        *(
            f"only {number} rows of the class {name!r} (fewer than {FEW_OF_A_CLASS})"
            for name, number in counts.items()
            if number < FEW_OF_A_CLASS
        ),
    ]


def _is_same_way_round(card: ModelCard, names: tuple[str, ...], settings: CalibrationSettings) -> bool:
    """Whether the data's second class is the card's positive one; told by the names where one is shared."""
    if len(names) < 2:  # told below, with the number of rows
        return not any(same_name(name, card.negative_label) for name in names)
    negative, positive = names
    if same_name(positive, card.negative_label) or same_name(negative, card.positive_label):
        if settings.positive_label is not None:
            raise InputError(
                f"{settings.positive_label!r} is the negative class of the model {card.name}, "
                f"whose positive class is {card.positive_label!r}",
                remedy="leave out --positive-label",
            )
        return False
    if not same_name(positive, card.positive_label):
        _log.info("%r of the data is taken for %r of the model", positive, card.positive_label)
    return True


def _of_one_length(
    codes: NDArray[np.uint8] | Any,  # or a sequence of arrays, where lengths differ
    length: int,
    source: str,
) -> NDArray[np.uint8]:
    found = (
        np.full(len(codes), codes.shape[1])
        if isinstance(codes, np.ndarray)
        else np.array([len(window) for window in codes])
    )
    wrong = np.flatnonzero(found != length)
    if not len(wrong):
        return np.asarray(codes)
    is_longer = bool((found >= length).all())
    raise InputError(
        f"{found[wrong[0]]} bp, but the model is for windows of {length} bp ({len(wrong)} such sequences)",
        source=source,
        location=f"sequence {wrong[0] + 1}",
        remedy="cut them with --crop centre"
        if is_longer
        else f"give windows of {length} bp, as make-dataset --length {length} makes them",
    )
