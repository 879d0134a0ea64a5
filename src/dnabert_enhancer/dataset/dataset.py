"""`Dataset`: labelled sequences by split, with their label names and a digest of the content."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import same_name
from dnabert_enhancer.sequence import canonical_sequence, encode_bases

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Task = Literal["binary", "multiclass", "regression"]

COLUMNS = ("chrom", "start", "end", "strand", "label", "sequence", "name")
SPLIT_NAMES = ("train", "validation", "test")
ALL_ROWS = "all"
"""Name of the only split of a data set that was given as one file."""

_ROWS_AT_ONCE = 20_000


class LabelHints(NamedTuple):
    """What decides about labels where they leave it open themselves.

    Attributes
    ----------
    task : {"binary", "multiclass", "regression"}, optional
        Of three or more whole numbers: whether they are classes or measured values.
    positives : tuple of str
        Names of positive classes.
    """

    task: Task | None = None
    positives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Labelled sequences, by split.

    Parameters
    ----------
    splits : mapping of str to pandas.DataFrame
        ``train``, ``validation``, ``test`` (those that exist), or ``all`` alone for a single file.
        Columns: ``chrom`` (str), ``start``, ``end`` (Int64; 0-based, half-open), ``strand`` (``+``, ``-``,
        ``.``), ``label`` (int64 from 0 for classes, float64 for regression), ``sequence`` (str, letter case
        as read), ``name`` (str). ``chrom``, ``start`` and ``end`` are missing where the source has sequences
        alone.
    task : {"binary", "multiclass", "regression"}
        What the labels are.
    label_names : tuple of str
        Name of each class in the order of its number (of two classes the positive one is 1); one name for
        regression.
    metadata : mapping, optional
        The content of ``dataset.json``, or what the reader found.
    source : str, optional
        Where it was read from.
    """

    splits: Mapping[str, pd.DataFrame]
    task: Task
    label_names: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)  # JSON values
    source: str = ""

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} {len(frame):,}" for name, frame in self.splits.items())
        labels = "values" if self.task == "regression" else ", ".join(self.label_names)
        return f"<{type(self).__name__}: {rows} sequences; {labels}>"

    def frame(self, split: str | None = None) -> pd.DataFrame:
        """Return the rows of one split; without a name, of the only split.

        Raises
        ------
        InputError
            When the data set has no such split, or several and none is named.
        """
        if split is None:
            if len(self.splits) == 1:
                return next(iter(self.splits.values()))
            raise InputError(
                f"the data set has the splits {', '.join(self.splits)}",
                source=self.source,
                remedy="name one of them",
            )
        if split not in self.splits:
            raise no_split_error(split, self.splits, self.source)
        return self.splits[split]

    def encoded(self, split: str | None = None) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
        """Return the base codes of a split: ``uint8[n, L]``, or a list of arrays where lengths differ."""
        sequences = self.frame(split)["sequence"].tolist()
        lengths = {len(sequence) for sequence in sequences}
        if len(lengths) != 1:
            return [encode_bases(sequence) for sequence in sequences]
        codes = np.empty((len(sequences), lengths.pop()), dtype=np.uint8)
        for first in range(0, len(codes), _ROWS_AT_ONCE):
            part = codes[first : first + _ROWS_AT_ONCE]
            text = "".join(sequences[first : first + _ROWS_AT_ONCE])
            part[:] = encode_bases(text).reshape(part.shape)
        return codes

    @cached_property
    def window_length(self) -> int | None:
        """Length in bp that all sequences share, or None where they differ."""
        lengths = {
            length
            for frame in self.splits.values()
            for length in frame["sequence"].str.len().unique().tolist()
        }
        return int(lengths.pop()) if len(lengths) == 1 else None

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the text of all rows; the same for any compression of the files."""
        return digest_of(self.splits)

    @property
    def positive_label(self) -> str | None:
        """Name of the positive one of two classes; None for another task."""
        return self.label_names[1] if self.task == "binary" and len(self.label_names) == 2 else None

    @property
    def label_hints(self) -> LabelHints:
        """What another table of the same labels is read with, such as a validation split of its own."""
        return LabelHints(self.task, () if self.positive_label is None else (self.positive_label,))

    def with_positive(self, label: str) -> Dataset:
        """Return the data set with one of its two classes as the positive one.

        Parameters
        ----------
        label : str
            Name of the class, in any letter case.

        Raises
        ------
        InputError
            When the data set has no such class, or not two.
        """
        places = [place for place, name in enumerate(self.label_names) if same_name(name, label)]
        if self.task != "binary" or not places:
            raise InputError(
                f"{label!r} is not one of two classes; the labels are {', '.join(self.label_names)}",
                source=self.source or None,
                remedy="give one of two classes as --positive-label",
            )
        if places[0] == 1 or len(self.label_names) < 2:
            return self
        splits = {name: frame.assign(label=1 - frame["label"]) for name, frame in self.splits.items()}
        return dataclasses.replace(self, splits=splits, label_names=self.label_names[::-1])

    def labels_line(self) -> str:
        """Return a line for the log: how many sequences of which class, and which is positive."""
        labels = np.concatenate([frame["label"].to_numpy() for frame in self.splits.values()])
        return labels_line(labels, self.task, self.label_names)

    def with_validation(self, other: Dataset) -> Dataset:
        """Return the data set with the rows of another as its validation split, classes matched by name.

        Raises
        ------
        InputError
            When the other one has a class that this one lacks, or several splits and none named validation.
        """
        frame = other.frame("validation" if "validation" in other.splits else None)
        if self.task != "regression":
            number_of = {
                number: next(
                    (own for own, mine in enumerate(self.label_names) if same_name(mine, name)), None
                )
                for number, name in enumerate(other.label_names)
            }
            occurring = frame["label"].unique().tolist()
            unknown = [other.label_names[number] for number in occurring if number_of[number] is None]
            if unknown:
                raise InputError(
                    f"the class {unknown[0]!r} is not among those of the training data",
                    source=other.source,
                    remedy=f"use the same class names: {', '.join(self.label_names)}",
                )
            frame = frame.assign(label=frame["label"].map(number_of).astype("int64"))
        splits = {name: rows for name, rows in self.splits.items() if name != ALL_ROWS}
        splits["train"] = self.frame("train" if "train" in self.splits else ALL_ROWS)
        return dataclasses.replace(self, splits={**splits, "validation": frame})

    def require_classes(self, split: str | None = None) -> None:
        """Refuse a split whose labels are all the same.

        Raises
        ------
        InputError
            When only one class (or one value) occurs.
        """
        labels = self.frame(split)["label"]
        if labels.nunique() < 2:
            raise one_class_error(labels.iloc[0] if len(labels) else None, len(labels), self.source, split)


def no_split_error(split: str, splits: Iterable[str], source: str) -> InputError:
    """Return the error for a split that a data set lacks."""
    return InputError(
        f"the data set has no split {split!r}, only {', '.join(splits)}",
        source=source,
        remedy="give a data set with that split, such as make-dataset writes",
    )


def labels_line(labels: NDArray[Any], task: Task, names: Sequence[str]) -> str:
    """Return a line for the log: how many sequences of which class, and which is positive."""
    if task == "regression":
        return f"measured values, {labels.min():g} to {labels.max():g}"
    counts = np.bincount(labels, minlength=len(names)).tolist()
    parts = [f"{name!r} {counts[number]:,}" for number, name in enumerate(names)]
    if task == "binary" and len(names) == 2:
        parts = [f"positive class {parts[1]}", f"negative class {parts[0]}"]
    return ", ".join([*parts[:20], *(["..."] if len(parts) > 20 else [])])


def one_class_error(label: object, rows: int, source: str, split: str | None) -> InputError:
    """Return the error for labels that are all the same."""
    where = f"split {split}" if split not in (None, ALL_ROWS) else None
    return InputError(
        f"all {rows} labels are {label}" if rows else "no rows",
        source=source or None,
        location=where,
        remedy="give sequences of at least two classes",
    )


def table_lines(frame: pd.DataFrame) -> Iterator[str]:
    """Yield a split as tab-separated text, the header first; each line ends in a line feed.

    Missing coordinates are ``.``; regression labels are written with the digits that reproduce them.
    """
    yield "\t".join(COLUMNS) + "\n"
    for first in range(0, len(frame), _ROWS_AT_ONCE):
        part = frame.iloc[first : first + _ROWS_AT_ONCE]
        columns = [_column_text(part[name]) for name in COLUMNS]
        yield from ("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def contradicting_rows(frame: pd.DataFrame) -> int:
    """Return how many rows have a sequence that another row, on either strand, labels otherwise."""
    # hashes of 64 bits take little memory, and 1e7 sequences have two of the same with a chance of 3e-6
    hashes = (hash(canonical_sequence(sequence)) for sequence in frame["sequence"])
    sequences = np.fromiter(hashes, dtype=np.int64, count=len(frame))
    return int((frame["label"].groupby(sequences).transform("nunique") > 1).sum())


def digest_of(splits: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of the splits' text, as `table_lines` gives it, train, validation and test first."""
    order = [name for name in SPLIT_NAMES if name in splits]
    order += sorted(name for name in splits if name not in SPLIT_NAMES)
    content = hashlib.sha256()
    for name in order:
        content.update(f"#{name}\n".encode())
        for line in table_lines(splits[name]):
            content.update(line.encode())
    return content.hexdigest()


def _column_text(column: pd.Series[Any]) -> list[str]:
    missing = column.isna().tolist()
    return ["." if gone else str(value) for value, gone in zip(column.tolist(), missing, strict=True)]
