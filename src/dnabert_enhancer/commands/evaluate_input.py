"""What evaluate reads: the rows to be judged, those to fit baselines on, and known sequences."""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, NamedTuple

from dnabert_enhancer.dataset import ALL_ROWS, Dataset, read_dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import (
    ALL_ROWS_SUBSET,
    Labelled,
    Subset,
    check_rows,
    check_same_labels,
    known_rows,
    read_sequences,
)

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.commands.run_record import RunRecord

_log = logging.getLogger(__name__)


class EvaluationInput(NamedTuple):
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
    """

    frame: pd.DataFrame
    data: Labelled
    train: Labelled | None
    subsets: list[Subset]


def read_input(args: argparse.Namespace, record: RunRecord) -> EvaluationInput:
    """Read all inputs of the command and note them in the record.

    Raises
    ------
    InputError
        When something cannot be read, a split is missing, or rows cannot be judged.
    """
    dataset, frame, data = _read_rows(args, record)
    check_rows(data.labels, data.task, ALL_ROWS_SUBSET, data.source)
    train = _read_training(args, dataset, data, record)
    subsets = _subsets(args, frame, train, record)
    for subset in subsets:
        check_rows(data.labels[subset.rows], data.task, subset.name, data.source)
    return EvaluationInput(frame, data, train[0] if train else None, subsets)


def _read_rows(args: argparse.Namespace, record: RunRecord) -> tuple[Dataset, pd.DataFrame, Labelled]:
    dataset = read_dataset(args.dataset, negatives=args.negatives, task=args.task, allow_one_class=True)
    record.add_input("dataset", args.dataset)
    if args.negatives:
        record.add_input("negatives", args.negatives)
    frame = _chosen_rows(dataset, args.split)
    return dataset, frame, _labelled(dataset, frame)


def _chosen_rows(dataset: Dataset, split: str | None) -> pd.DataFrame:
    import pandas as pd

    if ALL_ROWS in dataset.splits:
        if split not in (None, "all"):
            raise InputError(
                f"a single file has no split {split!r}", source=dataset.source, remedy="leave --split out"
            )
        return dataset.frame(ALL_ROWS)
    if split == "all":
        return pd.concat(list(dataset.splits.values()), ignore_index=True)
    wanted = split or "test"
    if wanted not in dataset.splits:
        raise InputError(
            f"the data set has no split {wanted!r}, only {', '.join(dataset.splits)}",
            source=dataset.source,
            remedy=f"name one with --split, such as --split {next(iter(dataset.splits))}",
        )
    return dataset.frame(wanted)


def _labelled(dataset: Dataset, frame: pd.DataFrame) -> Labelled:
    codes = Dataset({ALL_ROWS: frame}, dataset.task, dataset.label_names).encoded() if len(frame) else []
    return Labelled(codes, frame["label"].to_numpy(), dataset.task, dataset.label_names, dataset.source)


def _read_training(
    args: argparse.Namespace, dataset: Dataset, data: Labelled, record: RunRecord
) -> tuple[Labelled, list[str]] | None:
    """Return the training rows and their sequences, where there are any beside the rows to be judged."""
    if args.train_dataset:
        source = read_dataset(args.train_dataset, negatives=args.train_negatives, task=dataset.task)
        record.add_input("train_dataset", args.train_dataset)
        if args.train_negatives:
            record.add_input("train_negatives", args.train_negatives)
        frame = source.frame("train" if "train" in source.splits else ALL_ROWS)
    elif "train" in dataset.splits and args.split not in ("train", "all"):
        source, frame = dataset, dataset.frame("train")
    elif args.baselines is not None:
        raise InputError(
            "there is no training split apart from the rows to be judged, so baselines cannot be fitted",
            source=args.dataset,
            remedy="give --train-dataset, or leave --baselines out",
        )
    else:
        return None
    train = _labelled(source, frame)
    check_same_labels(train, data)
    return train, frame["sequence"].tolist()


def _subsets(
    args: argparse.Namespace, frame: pd.DataFrame, train: tuple[Labelled, list[str]] | None, record: RunRecord
) -> list[Subset]:
    import numpy as np

    sequences = frame["sequence"].tolist()
    subsets = [Subset(ALL_ROWS_SUBSET, np.ones(len(frame), dtype=bool))]
    if args.exclude_duplicates_of:
        known: list[str] = []
        for path in args.exclude_duplicates_of:
            known += read_sequences(path)
            record.add_input("exclude_duplicates_of", path)
        duplicate = known_rows(sequences, known)
        record.count("duplicates", int(duplicate.sum()))
        subsets.append(Subset("without duplicates", ~duplicate))
    elif train is not None:
        duplicates = int(known_rows(sequences, train[1]).sum())
        record.count("duplicates_of_training", duplicates)
        if duplicates:
            _log.warning(
                "%d of %d sequences are in the training set too; %s reports both rows",
                duplicates,
                len(frame),
                _training_paths(args),
            )
    return subsets


def _training_paths(args: argparse.Namespace) -> str:
    paths = [args.train_dataset or args.dataset, *([args.train_negatives] if args.train_negatives else [])]
    return " ".join(f"--exclude-duplicates-of {path}" for path in paths)
