"""Checks one line of a BED file (3 to 12 columns, narrowPeak, broadPeak) and says what is wrong with it."""

from __future__ import annotations

import re
from typing import NamedTuple

from dnabert_enhancer.errors import InputError

_TRACK_LINE = re.compile(r"(?:track|browser)(?:\s|$)")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
CONTIG_TITLES = frozenset({"chrom", "chr", "chromosome", "contig", "seqname", "seqnames"})
LARGEST_POSITION = 10**12


class BedLine(NamedTuple):
    """The checked position of one line and all its columns as text.

    Attributes
    ----------
    chrom : str
    start, end : int
        0-based and half-open; ``start <= end``. A negative start lies outside of every contig.
    columns : list of str
        All columns, the first three included.
    """

    chrom: str
    start: int
    end: int
    columns: list[str]


def parse_bed_line(line: str, source: str, number: int) -> BedLine | None:
    """Return the parts of one line, or None when it holds no interval.

    Parameters
    ----------
    line : str
        Columns are separated by tabs, or by blanks in a line without tabs. Blank lines, comments (``#``),
        ``track`` and ``browser`` lines and a title line (``chrom start end``) hold no interval.
    source : str
        Name of the file, for errors.
    number : int
        Of the line, from 1.

    Raises
    ------
    InputError
        Fewer than three columns, a position that is not a whole number, an end before its start.
    """
    if not line or line.startswith("#") or line.isspace():
        return None
    columns = line.split("\t") if "\t" in line else line.split()
    if len(columns) < 3 or not (_is_whole(columns[1]) and _is_whole(columns[2])):
        if _TRACK_LINE.match(line) or _is_title(columns):
            return None
        raise _bad_line(columns, source, number)
    chrom, start, end = columns[0].strip(), int(columns[1]), int(columns[2])
    if not chrom:
        raise _error("the first column, the contig, is empty", source, number, "write its name")
    if end < 0 <= start:
        raise _error(f"the end {end} is negative", source, number, "BED is 0-based and half-open")
    if end > LARGEST_POSITION:
        raise _error(f"the end {end} is beyond any contig", source, number, "correct the line")
    if end < start:
        raise _error(f"the end {end} is before the start {start}", source, number, "exchange them")
    return BedLine(chrom, start, end, columns)


def number_or_nan(text: str) -> float:
    """Return a column as a number, NaN when it is not one."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _is_whole(text: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(text.strip()) is not None


def _is_title(columns: list[str]) -> bool:
    return columns[0].strip().casefold() in CONTIG_TITLES and not any(
        _is_whole(text) for text in columns[1:3]
    )


def _bad_line(columns: list[str], source: str, number: int) -> InputError:
    if len(columns) < 3:
        counted = "1 column" if len(columns) == 1 else f"{len(columns)} columns"
        return _error(f"{counted} where BED has at least 3", source, number, "give contig, start and end")
    which, text = ("start", columns[1]) if not _is_whole(columns[1]) else ("end", columns[2])
    return _error(f"the {which} {text!r} is not a whole number", source, number, "write digits only")


def _error(problem: str, source: str, number: int, remedy: str) -> InputError:
    return InputError(problem, source=source, location=f"line {number}", remedy=remedy)
