"""Bases and composition (GC, soft-masked, unknown) of many windows, read from a genome in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.genome import Genome

if TYPE_CHECKING:
    import pandas as pd

_BLOCK_BASES = 4_000_000
_STRONG, _KNOWN, _MASKED = 1, 2, 4


def _letter_table() -> NDArray[np.uint8]:
    table = np.zeros(256, dtype=np.uint8)
    for letter in "ACGTU":
        bits = _KNOWN | (_STRONG if letter in "GC" else 0)
        table[ord(letter)] = bits
        table[ord(letter.lower())] = bits | _MASKED
    for letter in "nrykmswbdhv":
        table[ord(letter)] = _MASKED
    return table


_BITS = _letter_table()


class Composition(NamedTuple):
    """Shares of each window, ``float64[n]``: GC of the known bases (NaN if none), the others of all bases."""

    gc: NDArray[np.float64]
    masked: NDArray[np.float64]
    unknown: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Composition:
        """Return the composition of some of the windows."""
        return Composition(self.gc[rows], self.masked[rows], self.unknown[rows])


class _Block(NamedTuple):
    """Letters of a stretch of a contig; rows and starts (from its beginning) of the windows in it."""

    letters: NDArray[np.uint8]
    rows: NDArray[np.intp]
    starts: NDArray[np.int64]


def composition_of(genome: Genome, contig: str, starts: NDArray[np.int64], length: int) -> Composition:
    """Return the composition of windows of one contig.

    Parameters
    ----------
    genome : Genome
    contig : str
    starts : int64[n]
        0-based, in any order; every window lies inside the contig.
    length : int
        In bp.

    Notes
    -----
    By prefix sums over blocks of 4 Mb, so that memory does not grow with the contig.
    """
    gc = np.full(len(starts), np.nan)
    masked = np.zeros(len(starts))
    unknown = np.zeros(len(starts))
    for block in _blocks(genome, contig, starts, length):
        bits = _BITS[block.letters]
        known = _window_counts(bits & _KNOWN, block.starts, length)
        strong = _window_counts(bits & _STRONG, block.starts, length)
        gc[block.rows] = np.divide(strong, known, out=np.full(len(known), np.nan), where=known > 0)
        masked[block.rows] = _window_counts(bits & _MASKED, block.starts, length) / length
        unknown[block.rows] = 1.0 - known / length
    return Composition(gc, masked, unknown)


def composition_by_contig(genome: Genome, windows: pd.DataFrame, length: int) -> Composition:
    """Return the composition of the windows of a table of regions."""
    result = Composition(*(np.full(len(windows), np.nan) for _ in range(3)))
    start = windows["start"].to_numpy()
    for name, rows in _rows_by_contig(windows):
        for written, read in zip(result, composition_of(genome, name, start[rows], length), strict=True):
            written[rows] = read
    return result


def sequences_by_contig(genome: Genome, windows: pd.DataFrame, length: int) -> list[str]:
    """Return the bases of the windows of a table of regions, letter case kept."""
    sequences = [""] * len(windows)
    start = windows["start"].to_numpy()
    for name, rows in _rows_by_contig(windows):
        found = sequences_of(genome, name, start[rows], length)
        for row, sequence in zip(rows.tolist(), found, strict=True):
            sequences[row] = sequence
    return sequences


def _rows_by_contig(windows: pd.DataFrame) -> Iterator[tuple[str, NDArray[np.intp]]]:
    codes = windows["chrom"].cat.codes.to_numpy()
    for code, name in enumerate(windows["chrom"].cat.categories):
        rows = np.flatnonzero(codes == code)
        if len(rows):
            yield name, rows


def sequences_of(genome: Genome, contig: str, starts: NDArray[np.int64], length: int) -> list[str]:
    """Return the bases of windows of one contig, letter case kept, in the order of the starts."""
    sequences = [""] * len(starts)
    for block in _blocks(genome, contig, starts, length):
        text = block.letters.tobytes().decode("ascii")
        for row, start in zip(block.rows.tolist(), block.starts.tolist(), strict=True):
            sequences[row] = text[start : start + length]
    return sequences


def _blocks(genome: Genome, contig: str, starts: NDArray[np.int64], length: int) -> Iterator[_Block]:
    order = np.argsort(starts, kind="stable")
    ascending = starts[order]
    first = 0
    while first < len(order):
        begin = int(ascending[first])
        last = int(np.searchsorted(ascending, begin + _BLOCK_BASES))
        end = int(ascending[last - 1]) + length
        letters = np.frombuffer(genome.fetch(contig, begin, end), dtype=np.uint8)
        yield _Block(letters, order[first:last], ascending[first:last] - begin)
        first = last


def _window_counts(
    flags: NDArray[np.integer[Any]], starts: NDArray[np.int64], length: int
) -> NDArray[np.int32]:
    sums = np.zeros(len(flags) + 1, dtype=np.int32)
    np.cumsum(flags != 0, dtype=np.int32, out=sums[1:])
    return sums[starts + length] - sums[starts]
