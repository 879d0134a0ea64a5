"""Rows of a data set with their labels as numbers, one by one: only the labels are held."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from dnabert_enhancer.dataset.dataset import COLUMNS, no_split_error
from dnabert_enhancer.dataset.io import Naming, numbered_labels, rows_by_split, warn_of_digest
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import Row

_MISSING = "."


def numbered_rows(
    path: Path | str,
    *,
    negatives: Path | str | None = None,
    split: str | None = None,
    sequence_column: str | None = None,
    label_column: str | None = None,
    positive_label: str | None = None,
) -> Iterator[tuple[Row, int | float]]:
    """Yield the rows of one split of a data set in their order, each with its label as a number.

    They are those of `read_dataset`, whose parameters these are. What is wrong with any row is raised before
    the first is given: the files are read twice, since all labels together tell their numbers.

    Raises
    ------
    InputError
        What `read_dataset` refuses; several splits of which none is named; a split that is not there.
    """
    parts, metadata = rows_by_split(
        path, negatives=negatives, sequence_column=sequence_column, label_column=label_column
    )
    labels: list[str] = []
    counts = {}
    for name, read in parts.items():
        before = len(labels)
        labels.extend(row.label for row in read())
        counts[name] = len(labels) - before
    numbers = numbered_labels(
        labels, Naming(metadata.get("task"), positive_label), metadata, str(path)
    ).numbers
    del labels
    if split is None and len(parts) > 1:
        raise InputError(
            f"the data set has the splits {', '.join(parts)}",
            source=path,
            remedy="name one of them with --split",
        )
    if split is not None and split not in parts:
        raise no_split_error(split, parts, str(path))
    written = metadata.get("digest")
    digest = hashlib.sha256()
    first = 0
    for name, read in parts.items():
        if written is not None:
            digest.update((f"#{name}\n" + "\t".join(COLUMNS) + "\n").encode())
        elif split not in (None, name):
            first += counts[name]
            continue
        for row, label in zip(read(), numbers[first : first + counts[name]], strict=True):
            number = label.item()
            if written is not None:
                digest.update(_line(row, number).encode())
            if split in (None, name):
                yield row, number
        first += counts[name]
    if written is not None and written != digest.hexdigest():
        warn_of_digest(str(path))


def _line(row: Row, label: float) -> str:
    """Return a row as `dataset.table_lines` writes it."""
    values = (*row.place, label, row.sequence, row.name)
    return "\t".join(_MISSING if value is None else str(value) for value in values) + "\n"
