"""Tables of sequences, labelled or not: DNABERT's TSV of k-mers, our own TSV, CSV files such as GUE's."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import csv_rows, read_text_lines
from dnabert_enhancer.sequence.kmer_text import join_kmers

SEQUENCE_NAMES = ("sequence", "seq", "kmers")
LABEL_NAMES = ("label", "labels", "class", "target", "activity", "mean_value")
NAME_NAMES = ("name", "id", "seq_id", "seqid", "sequence_id")
CONTIG_NAMES = ("chrom", "chr", "contig", "seqname")
START_NAMES = ("start", "chromstart")
END_NAMES = ("end", "chromend", "stop")
STRAND_NAMES = ("strand",)
PLACE_NAMES = ("coordinate", "coordinates", "location")

_NUCLEOTIDES = re.compile(r"[ACGTUNacgtun]+( [ACGTUNacgtun]+)* ?")
_PLACE = re.compile(r"(?P<contig>\S+):(?P<start>[\d,]+)-(?P<end>[\d,]+)")
_FOREIGN = re.compile(r"[^ACGTUNRYSWKMBDHVacgtunryswkmbdhv]")
_DIVIDERS = re.compile(r"[\t\r\n]")
_MISSING = ("", ".", "NA", "NaN", "nan", "<NA>")


Place = tuple[str | None, int | None, int | None, str]
"""Contig, start, end (0-based, half-open) and strand of a sequence; None, or the strand ``.``, if unknown."""


@dataclass
class Rows:
    """Columns of one source, one entry per row; a missing contig is None, a missing coordinate None."""

    source: str
    labels: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    contigs: list[str | None] = field(default_factory=list)
    starts: list[int | None] = field(default_factory=list)
    ends: list[int | None] = field(default_factory=list)
    strands: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, source: str, rows: Iterable[Row]) -> Self:
        """Return the columns of rows."""
        columns = cls(source)
        for row in rows:
            columns.add(*row)
        return columns

    def __len__(self) -> int:
        return len(self.sequences)

    def add(
        self,
        sequence: str,
        label: str,
        name: str,
        place: Place = (None, None, None, "."),
    ) -> None:
        """Append one row; `place` is contig, start, end (0-based, half-open) and strand."""
        self.sequences.append(sequence)
        self.labels.append(label)
        self.names.append(name)
        contig, start, end, strand = place
        self.contigs.append(contig)
        self.starts.append(start)
        self.ends.append(end)
        self.strands.append(strand)

    def extend(self, other: Rows) -> None:
        """Append all rows of another source."""
        for column in ("labels", "sequences", "names", "contigs", "starts", "ends", "strands"):
            getattr(self, column).extend(getattr(other, column))


class Row(NamedTuple):
    """A row of a table."""

    sequence: str
    label: str
    name: str
    place: Place = (None, None, None, ".")


class Columns(NamedTuple):
    """Index of each column of a table; None where the table has none."""

    sequence: int
    label: int | None
    name: int | None = None
    contig: int | None = None
    start: int | None = None
    end: int | None = None
    strand: int | None = None
    place: int | None = None


def read_table(
    path: Path | str,
    *,
    sequence_column: str | None = None,
    label_column: str | None = None,
    labelled: bool = True,
) -> Rows:
    """Return all rows of `table_rows`."""
    return Rows.of(
        str(path),
        table_rows(path, sequence_column=sequence_column, label_column=label_column, labelled=labelled),
    )


def table_rows(
    path: Path | str,
    *,
    sequence_column: str | None = None,
    label_column: str | None = None,
    labelled: bool = True,
) -> Iterator[Row]:
    """Yield the rows of a tab- or comma-separated table with a sequence and a label in each, as it is read.

    Parameters
    ----------
    path : path
        Plain, gzip or bgzip; ``-`` is standard input.
    sequence_column, label_column : str, optional
        Header names of the two columns (any letter case); default: `SEQUENCE_NAMES` and `LABEL_NAMES`, and in
        a table of two columns the one that is not the sequence is the label. A table without a header is
        sequence, then label.
    labelled : bool
        Whether a label column must be there; without, labels are ``"0"``.

    Raises
    ------
    InputError
        When a column is missing, a row has too few fields, k-mers do not join, or a letter is foreign.
    """
    source = str(path)
    lines = _non_blank(path)
    first = next(lines, None)
    if first is None:
        raise InputError(
            "the file is empty", source=source, remedy="give a table with a sequence and a label in each row"
        )
    number, text = first
    separator = "\t" if "\t" in text else "," if "," in text else None
    if separator is None:
        if _NUCLEOTIDES.fullmatch(text.strip()) and not labelled:
            separator = "\t"
        elif labelled or text.strip().lower() not in SEQUENCE_NAMES:
            raise InputError(
                "neither tabs nor commas in the first line",
                source=source,
                location=f"line {number}",
                remedy="give DNABERT's TSV (sequence<TAB>label), a CSV with sequence,label or a FASTA file",
            )
        else:
            separator = "\t"
    header = next(_records(iter([first]), separator, source))[1]
    columns: Columns | None = _headerless(header, labelled=labelled and label_column is None)
    if columns is None:
        columns = _find_columns(header, source, number, sequence_column, label_column, labelled=labelled)
        body = _records(lines, separator, source)
    else:
        body = _records(_chain(first, lines), separator, source)
    needed = 1 + max(index for index in columns if index is not None)
    count = 0
    for line, fields in body:
        count += 1
        if len(fields) < needed:
            raise InputError(
                f"{len(fields)} fields where the first line has {len(header)}",
                source=source,
                location=f"line {line}",
                remedy="write a sequence and a label in each row, divided as in the first line",
            )
        yield _row(fields, columns, f"row{count}", source, line)
    if not count:
        raise InputError(
            "no rows after the header", source=source, remedy="give at least two labelled sequences"
        )


def check_bases(sequence: str, source: str, location: str) -> None:
    """Refuse an empty sequence and letters that are neither bases nor IUPAC codes.

    Raises
    ------
    InputError
        Naming the first foreign letter and its place.
    """
    if not sequence:
        raise InputError("empty sequence", source=source, location=location, remedy="remove the row")
    foreign = _FOREIGN.search(sequence)
    if foreign:
        raise InputError(
            f"{foreign.group()!r} at base {foreign.start() + 1} is not a nucleotide letter",
            source=source,
            location=location,
            remedy="give DNA (A, C, G, T, N or IUPAC codes); a protein or an aligned sequence cannot be read",
        )


def _row(fields: Sequence[str], columns: Columns, unnamed: str, source: str, line: int) -> Row:
    location = f"line {line}"
    try:
        sequence = join_kmers(fields[columns.sequence])
    except ValueError as error:
        raise InputError(
            str(error),
            source=source,
            location=location,
            remedy="give overlapping k-mers (step 1) or the plain sequence",
        ) from None
    if sequence in _MISSING[1:]:
        raise InputError(
            f"the sequence is missing ({sequence})", source=source, location=location, remedy="remove the row"
        )
    check_bases(sequence, source, location)
    label = "0" if columns.label is None else fields[columns.label].strip()
    if label in _MISSING:
        raise InputError(
            "the label is missing", source=source, location=location, remedy="give each row a label"
        )
    # a quoted field of a CSV may hold what divides the fields and rows of a TSV
    name = "" if columns.name is None else _DIVIDERS.sub(" ", fields[columns.name]).strip()
    place = _place(fields, columns, len(sequence), source, location)
    return Row(sequence, sys.intern(label), name or unnamed, place)  # one text for all rows that have it


def _place(fields: Sequence[str], columns: Columns, length: int, source: str, location: str) -> Place:
    strand = "." if columns.strand is None else fields[columns.strand].strip()
    strand = strand if strand in ("+", "-") else "."
    if columns.place is not None:
        match = _PLACE.fullmatch(fields[columns.place].strip())
        if match is None:
            return None, None, None, strand
        start, end = (int(match[part].replace(",", "")) for part in ("start", "end"))
        # a written place is 1-based and inclusive unless its length says otherwise
        start -= end - start + 1 == length
        return (
            (match["contig"], start, end, strand)
            if end - start == length
            else (match["contig"], None, None, strand)
        )
    if columns.contig is None or fields[columns.contig].strip() in _MISSING:
        return None, None, None, strand
    contig = sys.intern(fields[columns.contig].strip())
    if columns.start is None or columns.end is None:
        return contig, None, None, strand
    texts = fields[columns.start].strip(), fields[columns.end].strip()
    if any(text in _MISSING for text in texts):
        return contig, None, None, strand
    try:
        start, end = (int(text) for text in texts)
    except ValueError:
        raise InputError(
            f"start {texts[0]!r} and end {texts[1]!r} are not whole numbers",
            source=source,
            location=location,
            remedy="give 0-based, half-open coordinates",
        ) from None
    # coordinates of something else than the sequence (a peak around it) would mislead
    return (contig, start, end, strand) if end - start == length else (contig, None, None, strand)


def _headerless(first: Sequence[str], *, labelled: bool) -> Columns | None:
    if not _NUCLEOTIDES.fullmatch(first[0].strip()) or len(first[0].strip()) < 3:
        return None
    if labelled and len(first) != 2:
        return None
    return Columns(sequence=0, label=1 if len(first) > 1 and labelled else None)


def _find_columns(
    header: Sequence[str],
    source: str,
    line: int,
    sequence_column: str | None,
    label_column: str | None,
    *,
    labelled: bool,
) -> Columns:
    names = [name.strip().strip('"').lower() for name in header]

    def index(wanted: Sequence[str]) -> int | None:
        return next((names.index(name) for name in wanted if name in names), None)

    def asked(name: str) -> int:
        if name.strip().lower() not in names:
            raise InputError(
                f"no column {name!r}; the columns are {', '.join(map(repr, header[:12]))}",
                source=source,
                location=f"line {line}",
                remedy="name a column of the header",
            )
        return names.index(name.strip().lower())

    sequence = asked(sequence_column) if sequence_column else index(SEQUENCE_NAMES)
    label = asked(label_column) if label_column else index(LABEL_NAMES)
    if sequence is not None and label is None and len(names) == 2:
        label = 1 - sequence
    if sequence is None or (label is None and labelled):
        what = "sequence" if sequence is None else "label"
        known = SEQUENCE_NAMES if sequence is None else LABEL_NAMES
        raise InputError(
            f"no {what} column among {', '.join(map(repr, header[:12]))}",
            source=source,
            location=f"line {line}",
            remedy=f"call the column one of {', '.join(known)}",
        )
    return Columns(
        sequence=sequence,
        label=label if labelled else None,
        name=index(NAME_NAMES),
        contig=index(CONTIG_NAMES),
        start=index(START_NAMES),
        end=index(END_NAMES),
        strand=index(STRAND_NAMES),
        place=index(PLACE_NAMES),
    )


def _non_blank(path: Path | str) -> Iterator[tuple[int, str]]:
    return ((number, text) for number, text in read_text_lines(path) if text.strip())


def _chain(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _records(
    lines: Iterator[tuple[int, str]], separator: str, source: str
) -> Iterator[tuple[int, list[str]]]:
    if separator == "\t":
        yield from ((number, text.split("\t")) for number, text in lines)
        return
    line = 0

    def texts() -> Iterator[str]:
        nonlocal line
        for number, text in lines:
            line = number
            yield text

    try:
        for _, fields in csv_rows(texts()):
            yield line, fields
    except csv.Error as error:
        raise InputError(
            f"the row cannot be read ({error})",
            source=source,
            location=f"line {line}",
            remedy="correct the line",
        ) from None
