"""Labelled rows of FASTA files and DataFrames, before the labels become numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import Row, Rows, check_bases

if TYPE_CHECKING:
    import pandas as pd

_CLASS_IN_NAME = re.compile(r"(?P<class>positives?|negatives?|pos|neg)(?![a-z])", re.IGNORECASE)


def fasta_pair_rows(positives: Path | str, negatives: Path | str) -> Iterator[Row]:
    """Yield the records of two FASTA files, labelled 1 and 0, in this order; names may come again."""
    for path, label in ((positives, "1"), (negatives, "0")):
        for record in read_fasta(path, unique_names=False):
            yield Row(record.sequence, label, record.name)


def named_fasta_rows(path: Path | str) -> Iterator[Row]:
    """Yield the records of one FASTA file whose names begin with ``Positive`` or ``Negative``.

    Raises
    ------
    InputError
        When a name says no class.
    """
    for record in read_fasta(path, unique_names=False):
        found = _CLASS_IN_NAME.match(record.name)
        if found is None:
            raise InputError(
                "the name does not begin with Positive or Negative, so the sequence has no label",
                source=path,
                location=f"line {record.line}, record {record.name!r}",
                remedy="give the negative sequences as a second FASTA file (--negatives)",
            )
        yield Row(record.sequence, "1" if found["class"].lower().startswith("pos") else "0", record.name)


def rows_of_frame(frame: pd.DataFrame) -> Rows:
    """Return the rows of a DataFrame with the columns ``sequence`` and ``label``.

    ``name``, ``chrom``, ``start``, ``end`` (0-based, half-open) and ``strand`` are read where there are such.

    Raises
    ------
    InputError
        When a column is missing (it names those that are there), or with the index of the row of an empty
        sequence, a letter that is no base, or a missing label.
    """
    import pandas as pd

    missing = [name for name in ("sequence", "label") if name not in frame.columns]
    if missing:
        raise InputError(
            f"the DataFrame has no column {missing[0]!r}; its columns are "
            f"{', '.join(map(repr, frame.columns)) or 'none'}",
            remedy="rename or add it: sequence (text) and label (numbers or words) are needed",
        )
    rows = Rows("DataFrame")
    count = len(frame)
    columns = {
        name: frame[name].astype(object).where(frame[name].notna(), None).tolist()
        if name in frame.columns
        else [None] * count
        for name in ("sequence", "label", "name", "chrom", "start", "end", "strand")
    }
    for index, (sequence, label, name, chrom, start, end, strand) in zip(
        frame.index.tolist(), zip(*columns.values(), strict=True), strict=True
    ):
        location = f"row {index}"
        if not isinstance(sequence, str):
            raise InputError(
                f"the sequence is {type(sequence).__name__}, not text",
                source=rows.source,
                location=location,
                remedy="give each row a string of bases",
            )
        check_bases(sequence, rows.source, location)
        if label is None:
            raise InputError(
                "the label is missing", source=rows.source, location=location, remedy="give each row a label"
            )
        place = (chrom, *(None if pd.isna(value) else int(value) for value in (start, end)), strand or ".")
        text = str(int(label) if isinstance(label, bool) else label)
        rows.add(sequence, text, name or f"row{len(rows) + 1}", place)
    if not rows:
        raise InputError("the DataFrame has no rows", remedy="give at least two labelled sequences")
    return rows
