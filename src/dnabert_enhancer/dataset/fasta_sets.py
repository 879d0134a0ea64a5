"""Labelled sequences from FASTA: positives and negatives in two files, or one whose names say the class."""

from __future__ import annotations

import re
from pathlib import Path

from dnabert_enhancer.dataset.labelled_rows import Rows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_fasta

_CLASS_IN_NAME = re.compile(r"(?P<class>positives?|negatives?|pos|neg)(?![a-z])", re.IGNORECASE)


def read_fasta_pair(positives: Path | str, negatives: Path | str) -> Rows:
    """Return the records of two FASTA files, labelled 1 and 0, in this order; names may come again."""
    rows = Rows(str(positives))
    for path, label in ((positives, "1"), (negatives, "0")):
        for record in read_fasta(path, unique_names=False):
            rows.add(record.sequence, label, record.name)
    return rows


def read_named_fasta(path: Path | str) -> Rows:
    """Return the records of one FASTA file whose names begin with ``Positive`` or ``Negative``.

    Raises
    ------
    InputError
        When a name says no class.
    """
    rows = Rows(str(path))
    for record in read_fasta(path, unique_names=False):
        found = _CLASS_IN_NAME.match(record.name)
        if found is None:
            raise InputError(
                "the name does not begin with Positive or Negative, so the sequence has no label",
                source=path,
                location=f"line {record.line}, record {record.name!r}",
                remedy="give the negative sequences as a second FASTA file (--negatives)",
            )
        rows.add(record.sequence, "1" if found["class"].lower().startswith("pos") else "0", record.name)
    return rows
