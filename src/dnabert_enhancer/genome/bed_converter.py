"""Tables of regions that are no BED, rewritten as BED lines: MACS, HOMER, GRanges, SAF, UCSC, GFF, Picard."""

from __future__ import annotations

import csv
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
_NAMES: Final = frozenset({"name", "geneid", "peakid", "peak_name", "peak_id"})
_ATTRIBUTES: Final = "attributes"
_ID = re.compile(r'(?:^|;) *(?:ID|gene_id)[ =]"?([^";]+)')

# titles that say by themselves from where positions count
_UCSC_STARTS: Final = frozenset({"chromstart", "txstart"})  # 0: genome.ucsc.edu/FAQ/FAQtracks#tracks1
_SAF: Final = ("geneid", "chr", "start", "end", "strand")  # 1: featureCounts' format
_HOMER: Final = ("peakid", "chr", "start", "end", "strand")  # 1: its pos2bed.pl takes 1 from the start
# their software counts from 1, so that without a width nothing says what is meant
_BIOCONDUCTOR: Final = frozenset({"seqnames", "seqname"})

# formats without titles, 1-based and inclusive: what their columns mean
_GFF: Final = ("seqid", "source", "type", "start", "end", "score", "strand", "phase", _ATTRIBUTES)
_INTERVAL_LIST: Final = ("contig", "start", "end", "strand", "name")
_SAM_HEADER: Final = re.compile(r"@(?:HD|SQ|RG|PG|CO)\t")

_EXPECTED: Final = (
    "give BED (contig, start, end; 0-based, half-open), or a table with a column 'length' or 'width', which "
    "says whether its positions are 0-based or 1-based"
)


class BedConverter:
    """Rewrites the rows of a table as BED lines.

    Parameters
    ----------
    titles : sequence of str
        Of the columns, in small letters.
    source : str
        Name of the file, for errors.
    base : {0, 1}, optional
        Of the positions, where the format says it: 0 (half-open) or 1 (inclusive); default: what the column
        of lengths says.
    separator : str, optional
        Between the columns; default: blanks.

    Attributes
    ----------
    base : int or None
        Of the positions; None before the first row has said which.
    """

    def __init__(
        self, titles: Sequence[str], source: str, base: int | None = None, separator: str | None = None
    ) -> None:
        self._titles, self._source, self._separator = list(titles), source, separator
        self._contig, self._start, self._end = (
            _place(titles, of) for of in (CONTIG_TITLES | {"seqid"}, _STARTS, _ENDS)
        )
        self._length = _place(titles, _LENGTHS) if base is None else -1
        self._name, self._attributes = _place(titles, _NAMES), _place(titles, {_ATTRIBUTES})
        self._score, self._strand = _place(titles, {"score"}), _place(titles, {"strand"})
        self._summit, self._peak = _place(titles, {"abs_summit"}), _place(titles, {"peak"})
        self.base = base

    def bed_line(self, line: str, number: int) -> str:
        """Return a row as a line of ten columns as narrowPeak has them; what is no row becomes empty.

        Raises
        ------
        InputError
            A row with too few columns, or with a length that its start and end do not have.
        """
        if not line or line.isspace() or line.startswith("#") or _SAM_HEADER.match(line):
            return ""
        cells = _cells(line, self._separator)
        if _titles_of(cells) == self._titles:
            return ""
        if len(cells) == len(self._titles) + 1:  # row names of R have no title
            cells = cells[1:]
        if len(cells) <= max(self._contig, self._start, self._end, self._length):
            raise InputError(
                f"{len(cells)} columns where the table has {len(self._titles)}",
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
        found = _ID.search(cell(self._attributes))
        name = (found[1] if found else cell(self._name)) or "."
        return "\t".join((contig, start, end, name, cell(self._score), cell(self._strand), "", "", "", peak))

    def _base_of(self, start: int, end: int, length: str, number: int) -> int:
        if self._length < 0:
            assert self.base is not None
            return self.base
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


def bed_converter(line: str, source: str, number: int) -> BedConverter | None:
    """Return the reader for a table by its first line, or None when the file is a BED as far as that tells.

    Titles ``chrom start end`` in the first three columns, without a length, are those of a BED: None.

    Parameters
    ----------
    line : str
        A title line; the first line of a SAM header (Picard's interval list) or of a GFF3; or the first row
        of a GFF or GTF.
    source : str
        Name of the file, for errors.
    number : int
        Of the line, from 1.

    Raises
    ------
    InputError
        Titles that leave open where the regions are, or whether they count from 0 or from 1.
    """
    if _SAM_HEADER.match(line):
        return _known("Picard's interval list", _INTERVAL_LIST, source, separator="\t")
    if line.startswith("##gff-version") or _is_gff_row(line):
        return _known("GFF", _GFF, source, separator="\t")
    separator = "\t" if "\t" in line else "," if line.count(",") > 1 else None
    titles = _titles_of(_cells(line, separator))
    if _begins(titles, _HOMER):
        return _known("HOMER's peaks", titles, source, separator=separator)
    start = _place(titles, _UCSC_STARTS)
    if start > 0 and line.startswith("#"):
        return _ucsc_table(titles, source, separator)
    if line.startswith("#") or any(_is_whole(title) for title in titles):
        return None
    contig, start, end = (_place(titles, of) for of in (CONTIG_TITLES, _STARTS, _ENDS))
    is_first = (contig, start, end) == (0, 1, 2) and separator != ","
    if min(contig, start, end) < 0:
        if contig != 0 or len(titles) < 3:
            return None
        problem = "names no start and end"
    elif _begins(titles, _SAF):
        return BedConverter(titles, source, base=1, separator=separator)
    elif _place(titles, _LENGTHS) >= 0:
        return BedConverter(titles, source, separator=separator)
    elif is_first and titles[0] not in _BIOCONDUCTOR:
        return None
    elif titles[start] in _UCSC_STARTS:
        return _ucsc_table(titles, source, separator)
    else:
        problem = "does not say whether positions are 0-based or 1-based"
    shown = line if len(line) <= 60 else line[:60] + "…"
    raise InputError(
        f"the title line {shown!r} {problem}", source=source, location=f"line {number}", remedy=_EXPECTED
    )


def _known(what: str, titles: Sequence[str], source: str, separator: str | None) -> BedConverter:
    _log.info("%s: read as %s, whose positions are 1-based", source, what)
    return BedConverter(titles, source, base=1, separator=separator)


def _ucsc_table(titles: Sequence[str], source: str, separator: str | None) -> BedConverter | None:
    """Return the reader of a table of the Table Browser; None where its first columns are those of a BED."""
    places = [_place(titles, of) for of in (CONTIG_TITLES, _STARTS, _ENDS)]
    if min(places) < 0 or places == [0, 1, 2]:
        return None
    return BedConverter(titles, source, base=0, separator=separator)


def _is_gff_row(line: str) -> bool:
    cells = line.split("\t")
    return (
        len(cells) == len(_GFF)
        and not _is_whole(cells[1])
        and _is_whole(cells[3])
        and _is_whole(cells[4])
        and cells[6] in {"+", "-", ".", "?"}
    )


def _begins(titles: Sequence[str], wanted: tuple[str, ...]) -> bool:
    return tuple(titles[: len(wanted)]) == wanted


def _titles_of(cells: Sequence[str]) -> list[str]:
    titles = [cell.casefold() for cell in cells]
    if titles:
        titles[0] = titles[0].lstrip("#").strip()
        if titles[0].startswith("peakid "):  # HOMER's annotatePeaks writes its command line behind it
            titles[0] = "peakid"
    return titles


def _cells(line: str, separator: str | None) -> list[str]:
    if separator == ",":
        return [cell.strip() for cell in next(csv.reader([line]))]
    return [cell.strip().strip('"') for cell in line.split(separator)]


def _place(titles: Sequence[str], wanted: frozenset[str] | set[str]) -> int:
    return next((place for place, title in enumerate(titles) if title in wanted), -1)


def _is_whole(text: str) -> bool:
    return _WHOLE_NUMBER.fullmatch(text) is not None
