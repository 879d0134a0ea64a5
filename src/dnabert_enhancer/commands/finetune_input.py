"""What finetune reads: the data set, and a validation set of its own file."""

from __future__ import annotations

import argparse

from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.dataset import ALL_ROWS, Dataset, read_dataset
from dnabert_enhancer.errors import InputError


def training_dataset(args: argparse.Namespace, record: RunRecord) -> Dataset:
    """Return the data set that the arguments name, and note its files.

    Raises
    ------
    InputError
        What `read_dataset` refuses; classes of the validation file that the training data have not.
    """
    dataset = read_dataset(args.dataset, negatives=args.negatives, task=args.task)
    for role in ("dataset", "negatives", "validation"):
        if getattr(args, role):
            record.add_input(role, getattr(args, role))
    return _with_validation(dataset, args.validation) if args.validation else dataset


def _with_validation(dataset: Dataset, path: str) -> Dataset:
    """Return the data set with the rows of another as its validation split, classes matched by name."""
    other = read_dataset(path, task=dataset.task)
    frame = other.frame("validation" if "validation" in other.splits else None)
    if dataset.task != "regression":
        number_of = {name: number for number, name in enumerate(dataset.label_names)}
        unknown = [name for name in other.label_names if name not in number_of]
        if unknown:
            raise InputError(
                f"the class {unknown[0]!r} is not among those of the training data",
                source=path,
                remedy=f"name the classes alike: {', '.join(dataset.label_names)}",
            )
        numbers = [number_of[other.label_names[label]] for label in frame["label"].tolist()]
        frame = frame.assign(label=numbers)
    splits = {name: rows for name, rows in dataset.splits.items() if name != ALL_ROWS}
    splits["train"] = dataset.frame("train" if "train" in dataset.splits else ALL_ROWS)
    return Dataset(
        {**splits, "validation": frame}, dataset.task, dataset.label_names, dataset.metadata, dataset.source
    )
