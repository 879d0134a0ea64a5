"""Parses BED (3 to 12 columns, narrowPeak, broadPeak): a line with care, or a block of lines by pandas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.names import check_name

if TYPE_CHECKING:
    import pandas as pd

_VCF_HEADER = re.compile(r"##fileformat=VCF|#CHROM\s+POS\s+ID\s+REF\s+ALT\b")
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
    for name in (chrom, *columns[3:4]):
        check_name(name, source, f"line {number}")
    if end < 0 <= start:
        raise _error(f"the end {end} is negative", source, number, "BED is 0-based and half-open")
    if end > LARGEST_POSITION:
        raise _error(f"the end {end} is beyond any contig", source, number, "correct the line")
    if end < start:
        raise _error(f"the end {end} is before the start {start}", source, number, "exchange them")
    return BedLine(chrom, start, end, columns)


def check_not_vcf(line: str, source: str, number: int) -> None:
    """Raise `InputError` for a header line of a VCF: with numbers as ID, its records could be read as BED."""
    if _VCF_HEADER.match(line):
        raise _error(
            "this is a VCF, not regions",
            source,
            number,
            r"make a BED of it, such as by bcftools query -f '%CHROM\t%POS0\t%END\n'",
        )


def has_signed_number(letters: NDArray[np.uint8]) -> bool:
    """Return whether a plus stands before a digit, and not within a word."""
    plus = np.flatnonzero(letters[:-1] == ord("+"))
    plus = plus[(letters[plus + 1] - ord("0")) < 10]
    # blanks and controls; the first line's own start cannot be a position
    return bool((letters[plus - 1] <= ord(" ")).any())


def parse_bed_block(content: bytes, wanted: Mapping[str, int]) -> pd.DataFrame | None:
    """Return columns of tab-separated lines by pandas, named by their numbers; None where it refuses.

    Contigs and strands are categories. The kinds of the others are inferred: asked for as int64, pandas would
    take 1e6 and 1.0 for positions too, and asked for as text it takes four times as long.
    """
    kinds: dict[int, Any] = {wanted[name]: "category" for name in ("chrom", "strand") if name in wanted}
    try:
        return _read_csv(content, sorted(set(wanted.values())), kinds)
    except (ValueError, OverflowError):
        return None


def column_as_text(column: pd.Series, content: bytes) -> NDArray[np.object_]:
    """Return a column as it stands in the file; one that pandas took for numbers is read again."""
    if column.dtype.kind in "iufb":
        return _read_as_text(column, content)
    return np.asarray(column.to_numpy(dtype=object))


def _read_as_text(column: pd.Series, content: bytes) -> NDArray[np.object_]:
    number = int(str(column.name))
    return np.asarray(_read_csv(content, [number], {number: object})[number].to_numpy(dtype=object))


def _read_csv(content: bytes, numbers: list[int], kinds: dict[int, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(
        io.BytesIO(content),
        sep="\t",
        header=None,
        names=range(max(numbers) + 1),
        usecols=numbers,
        index_col=False,
        dtype=kinds,
        quoting=csv.QUOTE_NONE,
        na_filter=False,
        skip_blank_lines=False,
        low_memory=False,
    )


def categories_of(column: pd.Series, content: bytes) -> tuple[NDArray[np.intp], list[str]]:
    """Return the codes of a column of categories and their texts, in the order of their first use."""
    import pandas as pd

    if column.cat.categories.dtype.kind in "iufb":  # pandas took 1 and 01 for one number
        codes, texts = pd.factorize(_read_as_text(column, content))
        return codes, texts.tolist()
    codes, met = pd.factorize(column.cat.codes.to_numpy())
    return codes, column.cat.categories.take(met).tolist()


def number_or_nan(text: str) -> float:
    """Return a column as a number, NaN when it is not one."""
    try:
        return float(text)
    except (ValueError, OverflowError):
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
