"""Reads NCBI's assembly reports, which name every sequence of an assembly in several ways."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_text_lines

_NAMES: Final = ("sequence-name", "genbank-accn", "refseq-accn", "ucsc-style-name")
_LENGTH: Final = "sequence-length"
# of reports without a line of titles
_USUAL: Final = (
    "sequence-name",
    "sequence-role",
    "assigned-molecule",
    "assigned-molecule-location/type",
    "genbank-accn",
    "relationship",
    "refseq-accn",
    "assembly-unit",
    "sequence-length",
    "ucsc-style-name",
)


class ReportedSequence(NamedTuple):
    """A sequence of an assembly.

    Attributes
    ----------
    names : tuple of str
        Its own, GenBank's, RefSeq's and UCSC's, as far as it has them.
    length : int or None
        In bp; None when the report does not say.
    """

    names: tuple[str, ...]
    length: int | None


def read_assembly_report(path: str | os.PathLike[str]) -> list[ReportedSequence]:
    """Return the sequences of an NCBI assembly report (``*_assembly_report.txt``), plain or gzip.

    Raises
    ------
    InputError
        A file of another form, with the line; no sequence at all.
    """
    source = describe_source(path)
    titles = list(_USUAL)
    found: list[ReportedSequence] = []
    for number, line in read_text_lines(path):
        if line.startswith("#"):
            cells = [cell.strip().casefold() for cell in line.lstrip("# ").split("\t")]
            if "sequence-name" in cells:
                titles = cells
            continue
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) < len(titles) - 1:
            raise InputError(
                f"{len(cells)} columns where an assembly report has {len(titles)}",
                source=source,
                location=f"line {number}",
                remedy="give NCBI's *_assembly_report.txt of the assembly",
            )
        row = dict(zip(titles, cells, strict=False))
        names = [row.get(title, "") for title in _NAMES]
        length = row.get(_LENGTH, "")
        found.append(
            ReportedSequence(
                tuple(dict.fromkeys(name for name in names if name and name != "na")),
                int(length) if length.isascii() and length.isdigit() and len(length) <= 18 else None,
            )
        )
    if not found:
        raise InputError(
            "there is no sequence in the file",
            source=source,
            remedy="give NCBI's *_assembly_report.txt of the assembly",
        )
    return found
