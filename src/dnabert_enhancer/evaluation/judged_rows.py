"""The rows that an evaluation judges, those that baselines are fitted on, and subsets without duplicates."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dnabert_enhancer.dataset import ALL_ROWS, Dataset, contradicting_rows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.duplicates import known_rows, read_sequences
from dnabert_enhancer.evaluation.method_comparison import ALL_ROWS_SUBSET, Subset, check_rows
from dnabert_enhancer.evaluation.predictors import Labelled, check_same_labels
from dnabert_enhancer.evaluation.settings import ALL_SPLITS, EvaluationSettings

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)


class JudgedRows(NamedTuple):
    """All that is read before anything is scored.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows to be judged, as `dataset.Dataset` has them.
    data : Labelled
        The same rows as codes and labels.
    train : Labelled or None
        What baselines are fitted on, where there is such a thing.
    subsets : list of Subset
        Which rows are reported; all of them first.
    counts : dict of str to int
        How many rows are duplicates.
    """

    frame: pd.DataFrame
    data: Labelled
    train: Labelled | None
    subsets: list[Subset]
    counts: dict[str, int]


def judged_rows(dataset: Dataset, train_dataset: Dataset | None, settings: EvaluationSettings) -> JudgedRows:
    """Return the rows to judge and those to fit baselines on.

    Parameters
    ----------
    dataset : Dataset
    train_dataset : Dataset, optional
        What baselines are fitted on (its split ``train``, or its only one); default: the training split of
        `dataset`, where that is not judged.
    settings : EvaluationSettings

    Raises
    ------
    InputError
        A split is missing, rows cannot be judged, or baselines are asked for without training rows.
    """
    frame = chosen_rows(dataset, settings.split, default="test")
    data = labelled(dataset, frame)
    check_rows(data.labels, data.task, ALL_ROWS_SUBSET, data.source)
    _warn_of_rows(frame, classes=data.task != "regression")
    training = _training_rows(dataset, train_dataset, settings)
    train = None
    if training is not None:
        train = labelled(*training)
        check_same_labels(train, data)
    subsets, counts = _subsets(frame, training, settings)
    for subset in subsets:
        check_rows(data.labels[subset.rows], data.task, subset.name, data.source)
    return JudgedRows(frame, data, train, subsets, counts)


def _warn_of_rows(frame: pd.DataFrame, *, classes: bool) -> None:
    """Tell of rows that no method can judge rightly."""
    contradicting = contradicting_rows(frame) if classes else 0
    if contradicting:
        _log.warning(
            "%d of %d sequences have other labels in other rows (either strand): no method is right on all",
            contradicting,
            len(frame),
        )
    unknown = sum(not sequence.strip("Nn") for sequence in frame["sequence"])
    if unknown:
        _log.warning("%d of %d sequences are N alone: their scores say nothing", unknown, len(frame))


def chosen_rows(dataset: Dataset, split: str | None, *, default: str) -> pd.DataFrame:
    """Return the rows of a split, of all splits, or of the default one; of a single file all.

    Raises
    ------
    InputError
        The data set has no such split; those that it has are named.
    """
    import pandas as pd

    if ALL_ROWS in dataset.splits:
        if split not in (None, ALL_SPLITS):
            raise InputError(
                f"a single file has no split {split!r}", source=dataset.source, remedy="leave --split out"
            )
        return dataset.frame(ALL_ROWS)
    if split == ALL_SPLITS:
        return pd.concat(list(dataset.splits.values()), ignore_index=True)
    wanted = split or default
    if wanted not in dataset.splits:
        raise InputError(
            f"the data set has no split {wanted!r}, only {', '.join(dataset.splits)}",
            source=dataset.source,
            remedy=f"name one with --split, such as --split {next(iter(dataset.splits))}",
        )
    return dataset.frame(wanted)


def labelled(dataset: Dataset, frame: pd.DataFrame) -> Labelled:
    """Return rows of a data set as codes and labels."""
    codes = Dataset({ALL_ROWS: frame}, dataset.task, dataset.label_names).encoded() if len(frame) else []
    return Labelled(codes, frame["label"].to_numpy(), dataset.task, dataset.label_names, dataset.source)


def _training_rows(
    dataset: Dataset, train_dataset: Dataset | None, settings: EvaluationSettings
) -> tuple[Dataset, pd.DataFrame] | None:
    """Return the training rows and their data set, where there are any beside the rows to be judged."""
    if train_dataset is not None:
        return train_dataset, train_dataset.frame("train" if "train" in train_dataset.splits else ALL_ROWS)
    if "train" in dataset.splits and settings.split not in ("train", ALL_SPLITS):
        return dataset, dataset.frame("train")
    if settings.baselines:
        raise InputError(
            "there is no training split apart from the rows to be judged, so baselines cannot be fitted",
            source=dataset.source,
            remedy="give --train-dataset, or leave --baselines out",
        )
    return None


def _subsets(
    frame: pd.DataFrame, training: tuple[Dataset, pd.DataFrame] | None, settings: EvaluationSettings
) -> tuple[list[Subset], dict[str, int]]:
    sequences = frame["sequence"].tolist()
    subsets = [Subset(ALL_ROWS_SUBSET, np.ones(len(frame), dtype=bool))]
    if settings.exclude_duplicates_of:
        known = [text for path in settings.exclude_duplicates_of for text in read_sequences(path)]
        duplicate = known_rows(sequences, known)
        subsets.append(Subset("without duplicates", ~duplicate))
        return subsets, {"duplicates": int(duplicate.sum())}
    if training is None:
        return subsets, {}
    source, rows = training
    duplicates = int(known_rows(sequences, rows["sequence"].tolist()).sum())
    if duplicates:
        paths = [source.source, *([source.metadata["negatives"]] if "negatives" in source.metadata else [])]
        _log.warning(
            "%d of %d sequences are in the training set too; %s reports both rows",
            duplicates,
            len(frame),
            " ".join(f"--exclude-duplicates-of {path}" for path in paths),
        )
    return subsets, {"duplicates_of_training": duplicates}
