"""Many intervals as columns: little memory for millions, text columns unpacked only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome.bed import number_or_nan
from dnabert_enhancer.genome.interval import STRANDS, Interval

if TYPE_CHECKING:
    import pandas as pd


class TextColumn(NamedTuple):
    """Many short texts in one piece.

    Attributes
    ----------
    content : uint8 array
        All texts (UTF-8) one after the other.
    ends : int64 array, shape (rows,)
        Where each text ends in `content`.
    """

    content: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def unpacked(self) -> list[str]:
        """Return the texts."""
        content = self.content.tobytes()
        ends = self.ends.tolist()
        starts = [0, *ends]
        return [content[start:end].decode(errors="replace") for start, end in zip(starts, ends, strict=False)]

    def taken(self, rows: NDArray[np.intp]) -> TextColumn:
        """Return the texts of some rows."""
        if not len(self.content):
            return empty_column(len(rows))
        ends = self.ends[rows]
        starts = np.where(rows > 0, self.ends[rows - 1], 0)
        return packed_column(self.content, starts, ends)


def packed_column(
    content: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> TextColumn:
    """Return the texts that lie at given places in a piece of text."""
    lengths = ends - starts
    new_ends = np.cumsum(lengths, dtype=np.int64)
    total = int(new_ends[-1]) if len(new_ends) else 0
    if not total:
        return empty_column(len(starts))
    places = np.repeat(starts - (new_ends - lengths), lengths) + np.arange(total)
    return TextColumn(content[places], new_ends)


def empty_column(rows: int) -> TextColumn:
    """Return a column of empty texts, which takes no memory."""
    return TextColumn(np.empty(0, dtype=np.uint8), np.broadcast_to(np.int64(0), rows))


def joined_columns(columns: Sequence[TextColumn]) -> TextColumn:
    """Return columns one below the other."""
    if not any(len(column.content) for column in columns):
        return empty_column(sum(len(column.ends) for column in columns))
    shifts = np.cumsum([0, *(len(column.content) for column in columns[:-1])])
    return TextColumn(
        np.concatenate([column.content for column in columns]),
        np.concatenate([column.ends + shift for column, shift in zip(columns, shifts, strict=True)]),
    )


@dataclass(frozen=True, eq=False)
class IntervalTable:
    """Intervals as columns, in the order of their file.

    Attributes
    ----------
    contigs : list of str
        The contigs that `contig_index` means.
    contig_index : int32 array, shape (rows,)
    start, end : int64 array, shape (rows,)
        0-based and half-open.
    lines : int64 array, shape (rows,)
        Line of the file, from 1.
    strand_index : int8 array, shape (rows,)
        0 ``+``, 1 ``-``, 2 ``.``.
    name_column, score_column : TextColumn
        Columns 4 and 5 as they are in the file, empty where they are missing; see `names` and `scores`.
    skipped : dict of str to int
        How many intervals were left out, by reason.
    """

    contigs: list[str]
    contig_index: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    lines: NDArray[np.int64]
    strand_index: NDArray[np.int8]
    name_column: TextColumn
    score_column: TextColumn
    skipped: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_intervals(cls, intervals: Iterable[Interval]) -> Self:
        """Return a table of intervals, with the contigs in the order of their first use and lines from 1."""
        rows = list(intervals)
        numbers: dict[str, int] = {}
        index = [numbers.setdefault(row.contig, len(numbers)) for row in rows]
        nothing = empty_column(len(rows))
        return cls(
            list(numbers),
            np.array(index, dtype=np.int32),
            np.array([row.start for row in rows], dtype=np.int64),
            np.array([row.end for row in rows], dtype=np.int64),
            np.arange(1, len(rows) + 1, dtype=np.int64),
            np.array([STRANDS.index(row.strand) for row in rows], dtype=np.int8),
            nothing,
            nothing,
        )

    @classmethod
    def joined(cls, parts: list[IntervalTable], contigs: list[str], skipped: dict[str, int]) -> Self:
        """Return tables one below the other, all of the given contigs.

        The list is emptied: the columns of the parts are given up one by one, so that joining takes no second
        copy of all.
        """
        columns = [list(column) for column in zip(*(part._columns() for part in parts), strict=True)]
        parts.clear()
        if not columns:
            return replace(cls.from_intervals(()), contigs=contigs, skipped=skipped)
        contig_index, start, end, lines, strand_index = (np.concatenate(columns.pop(0)) for _ in range(5))
        names, scores = (joined_columns(columns.pop(0)) for _ in range(2))
        return cls(contigs, contig_index, start, end, lines, strand_index, names, scores, skipped)

    def _columns(self) -> tuple[Any, ...]:  # arrays of several types, in the order of the attributes
        numbers = (self.contig_index, self.start, self.end, self.lines, self.strand_index)
        return (*numbers, self.name_column, self.score_column)

    def __len__(self) -> int:
        return len(self.start)

    def __iter__(self) -> Iterator[Interval]:
        for row in range(len(self)):
            yield self.interval(row)

    def interval(self, row: int) -> Interval:
        """Return one row."""
        contig, strand = self.contigs[self.contig_index[row]], STRANDS[self.strand_index[row]]
        return Interval(contig, int(self.start[row]), int(self.end[row]), strand)

    @property
    def names(self) -> list[str]:
        """Column 4 of every row, ``.`` where it is missing; unpacked at each call."""
        return [name or "." for name in self.name_column.unpacked()]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Column 5 of every row, shape (rows,), NaN where it is no number; unpacked at each call."""
        return np.array([number_or_nan(text) for text in self.score_column.unpacked()], dtype=np.float64)

    @property
    def strands(self) -> NDArray[np.str_]:
        """Column 6 of every row, shape (rows,): ``+``, ``-``, or ``.`` where it is anything else."""
        return np.array(STRANDS)[self.strand_index]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        """Return the rows of a mask or of row numbers, in that order."""
        numbers = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.asarray(rows, dtype=np.intp)
        return type(self)(
            self.contigs,
            self.contig_index[numbers],
            self.start[numbers],
            self.end[numbers],
            self.lines[numbers],
            self.strand_index[numbers],
            self.name_column.taken(numbers),
            self.score_column.taken(numbers),
            self.skipped,
        )

    def sorted(self) -> Self:
        """Return the rows by contig (in the order of `contigs`), start and end; equal ones as in the file."""
        return self.take(np.lexsort((self.end, self.start, self.contig_index)))

    def rows_of(self, contig: str) -> NDArray[np.intp]:
        """Return the numbers of the rows on a contig."""
        if contig not in self.contigs:
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(self.contig_index == self.contigs.index(contig))

    def frame(self) -> pd.DataFrame:
        """Return a data frame with the columns contig, start, end, name, score, strand, line."""
        import pandas as pd

        return pd.DataFrame(
            {
                "contig": pd.Categorical.from_codes(self.contig_index, pd.Index(self.contigs, dtype=object)),
                "start": self.start,
                "end": self.end,
                "name": self.names,
                "score": self.scores,
                "strand": self.strands,
                "line": self.lines,
            }
        )
