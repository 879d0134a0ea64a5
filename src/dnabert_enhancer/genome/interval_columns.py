"""Finds the columns of all lines of a block at once: the fast path of `interval_reader`."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome.interval import STRANDS
from dnabert_enhancer.genome.interval_table import TextColumn, packed_column

_NEWLINE, _TAB, _COMMENT, _ZERO = b"\n\t#0"
_KEPT_COLUMNS = 6
_MOST_DIGITS = 15
_HASH_FACTOR = np.uint64(0x100000001B3)
_UNKNOWN_STRAND = STRANDS.index(".")


class Columns(NamedTuple):
    """Where the columns of a block's lines lie.

    Attributes
    ----------
    letters : uint8 array, shape (bytes,)
        The block.
    column_starts, column_ends : int64 array, shape (6, lines)
        Where the first six columns lie; a missing column is empty.
    start, end : int64 array, shape (lines,)
        Columns 2 and 3 as numbers, where `is_interval`.
    strand_index : int8 array, shape (lines,)
    is_interval : bool array, shape (lines,)
        Contig, start and end are as they should be.
    is_plain : bool array, shape (lines,)
        An interval, a blank line or a comment; the others need a closer look.
    """

    letters: NDArray[np.uint8]
    column_starts: NDArray[np.int64]
    column_ends: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    strand_index: NDArray[np.int8]
    is_interval: NDArray[np.bool_]
    is_plain: NDArray[np.bool_]

    def column(self, number: int, rows: NDArray[np.intp]) -> TextColumn:
        """Return the texts of a column (from 0) in some lines."""
        return packed_column(self.letters, self.column_starts[number, rows], self.column_ends[number, rows])

    def distinct_contigs(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the first line of each contig, in order of appearance, and each line's contig among them."""
        if not len(rows):
            return rows, rows
        starts, ends = self.column_starts[0, rows], self.column_ends[0, rows]
        # neighbours mostly share their contig: only the first line of a run is looked up
        hashes = self._hashes(starts, ends)
        runs = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))
        _, first, inverse = np.unique(hashes[runs], return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        run_lengths = np.diff(runs, append=len(rows))
        return rows[runs[first[order]]], np.repeat(rank[inverse], run_lengths)

    def _hashes(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return a 64-bit FNV-1a hash of each text."""
        lengths = ends - starts
        hashes = np.full(len(starts), 0xCBF29CE484222325, dtype=np.uint64)
        for position in range(int(lengths.max())):
            has_letter = lengths > position
            if has_letter.all():
                hashes = (hashes ^ self.letters[starts + position]) * _HASH_FACTOR
            else:
                longer = np.flatnonzero(has_letter)
                hashes[longer] = (hashes[longer] ^ self.letters[starts[longer] + position]) * _HASH_FACTOR
        return hashes


def find_columns(content: bytes) -> Columns:
    """Return the columns of a block of whole lines.

    Parameters
    ----------
    content : bytes
        Lines that each end in a line feed. A block without any tab is split at blanks.
    """
    if b"\t" not in content:
        content = re.sub(rb"[ ]+", b"\t", content)
    letters = np.frombuffer(content, dtype=np.uint8)
    line_ends = np.flatnonzero(letters == _NEWLINE)
    line_starts = np.concatenate(([0], line_ends[:-1] + 1))
    tabs = np.append(np.flatnonzero(letters == _TAB), np.full(_KEPT_COLUMNS, len(letters)))
    first_tab = np.searchsorted(tabs, line_starts)
    column_ends = np.stack([np.minimum(tabs[first_tab + n], line_ends) for n in range(_KEPT_COLUMNS)])
    column_starts = np.minimum(np.concatenate((line_starts[None], column_ends[:-1] + 1)), line_ends)
    start, start_is_good = _whole_numbers(letters, column_starts[1], column_ends[1])
    end, end_is_good = _whole_numbers(letters, column_starts[2], column_ends[2])
    first_letter = letters[line_starts]
    is_comment = (first_letter == _COMMENT) | (first_letter == _NEWLINE)
    has_name = column_ends[0] > line_starts
    has_clean_name = has_name & (first_letter > ord(" ")) & (letters[column_ends[0] - 1] > ord(" "))
    is_interval = start_is_good & end_is_good & (start <= end) & has_clean_name & ~is_comment
    return Columns(
        letters,
        column_starts,
        column_ends,
        start,
        end,
        _strand_index(letters, column_starts[5], column_ends[5]),
        is_interval,
        is_interval | is_comment,
    )


def _whole_numbers(
    letters: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return texts as numbers, and whether each is a row of 1 to 15 digits."""
    lengths = ends - starts
    is_good = (lengths > 0) & (lengths <= _MOST_DIGITS)
    values = np.zeros(len(starts), dtype=np.int64)
    for position in range(min(_MOST_DIGITS, int(lengths.max()))):
        has_digit = lengths > position
        digit = letters[np.minimum(starts + position, len(letters) - 1)] - np.uint8(_ZERO)
        is_good &= (digit <= 9) | ~has_digit
        values = np.where(has_digit, values * 10 + digit, values)
    return values, is_good


def _strand_index(
    letters: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.int8]:
    strands = np.full(len(starts), _UNKNOWN_STRAND, dtype=np.int8)
    one_letter = np.flatnonzero(ends - starts == 1)
    letter = letters[starts[one_letter]]
    for number, sign in enumerate(STRANDS):
        strands[one_letter[letter == ord(sign)]] = number
    return strands
