"""Tables of regions whose titles name their columns (MACS, Bioconductor, SAF), rewritten as BED lines."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Final

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.bed import CONTIG_TITLES

_log = logging.getLogger(__name__)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_STARTS: Final = frozenset({"start", "chromstart", "chrom_start", "txstart"})
_ENDS: Final = frozenset({"end", "chromend", "chrom_end", "txend", "stop"})
_LENGTHS: Final = frozenset({"length", "width"})
_NAMES: Final = frozenset({"name", "geneid", "peak_name", "peak_id"})
_SAF: Final = ("geneid", "chr", "start", "end", "strand")
# their software counts from 1, so that without a width nothing says what is meant
_BIOCONDUCTOR: Final = frozenset({"seqnames", "seqname"})
_EXPECTED: Final = (
    "give BED (contig, start, end; 0-based, half-open), or a table with a column 'length' or 'width', which "
    "says whether its positions are 0-based or 1-based"
)


class TitledTable:
    """Rewrites the rows of a table with titles as BED lines.

    Parameters
    ----------
    titles : sequence of str
        In small letters.
    source : str
        Name of the file, for errors.

    Attributes
    ----------
    base : int or None
        Of the positions: 0 (half-open), 1 (inclusive), None before the first row has said which.
    """

    def __init__(self, titles: Sequence[str], source: str) -> None:
        self._titles, self._source = list(titles), source
        self._contig, self._start, self._end = (_place(titles, of) for of in (CONTIG_TITLES, _STARTS, _ENDS))
        self._length, self._name = _place(titles, _LENGTHS), _place(titles, _NAMES)
        self._score, self._strand = _place(titles, {"score"}), _place(titles, {"strand"})
        self._summit, self._peak = _place(titles, {"abs_summit"}), _place(titles, {"peak"})
        self.base = 1 if self._length < 0 else None

    def bed_line(self, line: str, number: int) -> str:
        """Return a row as a line of ten columns as narrowPeak has them; comments and titles become empty.

        Raises
        ------
        InputError
            A row with too few columns, or with a length that its start and end do not have.
        """
        if not line or line.isspace() or line.startswith("#"):
            return ""
        cells = _cells(line)
        if [cell.casefold() for cell in cells] == self._titles:
            return ""
        if len(cells) == len(self._titles) + 1:  # row names of R have no title
            cells = cells[1:]
        if len(cells) <= max(self._contig, self._start, self._end, self._length):
            raise InputError(
                f"{len(cells)} columns where the title line names {len(self._titles)}",
                source=self._source,
                location=f"line {number}",
                remedy="give every row all columns",
            )

        def cell(place: int) -> str:
            return cells[place] if 0 <= place < len(cells) else ""

        contig, start, end = cell(self._contig), cell(self._start), cell(self._end)
        peak = cell(self._peak)
        if _is_whole(start) and _is_whole(end):
            base = self._base_of(int(start), int(end), cell(self._length), number)
            if _is_whole(cell(self._summit)):
                peak = str(int(cell(self._summit)) - int(start))
            start = str(int(start) - base)
        name = cell(self._name) or "."
        return "\t".join((contig, start, end, name, cell(self._score), cell(self._strand), "", "", "", peak))

    def _base_of(self, start: int, end: int, length: str, number: int) -> int:
        if self._length < 0:
            return 1
        fits = [base for base in (0, 1) if length == str(end - start + base)]
        if not fits or self.base not in (None, *fits):
            title = self._titles[self._length]
            wanted = (
                f"{end - start} (0-based) or {end - start + 1} (1-based)"
                if self.base is None
                else f"{end - start + self.base}, since the rows before are {self.base}-based"
            )
            raise InputError(
                f"the {title} {length!r} is not that of {start} to {end}: {wanted}",
                source=self._source,
                location=f"line {number}",
                remedy="correct the row, or give BED (0-based, half-open)",
            )
        if self.base is None:
            self.base = fits[0]
            title = self._titles[self._length]
            _log.info("%s: positions are %d-based by the column %r", self._source, self.base, title)
        return fits[0]


def titled_table(line: str, source: str, number: int) -> TitledTable | None:
    """Return the reader for the rows below a title line, or None when it is no such line.

    Titles ``chrom start end`` in the first three columns, without a length, are those of a BED: None.

    Parameters
    ----------
    line : str
        The first one with content.
    source : str
        Name of the file, for errors.
    number : int
        Of the line, from 1.

    Raises
    ------
    InputError
        Titles that leave open where the regions are, or whether they count from 0 or from 1.
    """
    titles = [cell.casefold() for cell in _cells(line)]
    if line.startswith("#") or any(_is_whole(title) for title in titles):
        return None
    contig, start, end = (_place(titles, of) for of in (CONTIG_TITLES, _STARTS, _ENDS))
    is_saf = tuple(titles[: len(_SAF)]) == _SAF
    if min(contig, start, end) < 0:
        if contig != 0 or len(titles) < 3:
            return None
        problem = "names no start and end"
    elif is_saf or _place(titles, _LENGTHS) >= 0:
        return TitledTable(titles, source)
    elif (contig, start, end) == (0, 1, 2) and titles[0] not in _BIOCONDUCTOR:
        return None
    else:
        problem = "does not say whether positions are 0-based or 1-based"
    shown = line if len(line) <= 60 else line[:60] + "…"
    raise InputError(
        f"the title line {shown!r} {problem}", source=source, location=f"line {number}", remedy=_EXPECTED
    )


def _cells(line: str) -> list[str]:
    cells = line.split("\t") if "\t" in line else line.split()
    return [cell.strip().strip('"') for cell in cells]


def _place(titles: Sequence[str], wanted: frozenset[str] | set[str]) -> int:
    return next((place for place, title in enumerate(titles) if title in wanted), -1)


def _is_whole(text: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(text) is not None
