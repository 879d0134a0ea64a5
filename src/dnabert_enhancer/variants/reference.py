"""Bases of the reference around variants: letters and codes, read ahead once, N beyond the contig."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases

_READ_BASES = 1 << 18


class SequenceSource(Protocol):
    """What scoring needs of a genome."""

    @property
    def contig_sizes(self) -> dict[str, int]:
        """Length of every contig in base pairs."""

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        """Return the letters of a stretch, 0-based and half-open."""


class SequenceContext(NamedTuple):
    """A piece of a contig, and possibly of what lies beyond its ends.

    Attributes
    ----------
    codes : uint8 array
        Base codes; unknown beyond the contig.
    start : int
        0-based place of the first code on the contig; negative before the contig.
    contig_length : int
        In bp.
    """

    codes: NDArray[np.uint8]
    start: int
    contig_length: int

    def part(self, start: int, end: int) -> NDArray[np.uint8]:
        """Return the codes of a smaller piece, 0-based places on the contig."""
        return self.codes[start - self.start : end - self.start]


class GenomeBases:
    """Letters and codes of a genome near places that mostly ascend.

    Parameters
    ----------
    source : SequenceSource
    """

    def __init__(self, source: SequenceSource) -> None:
        self._source = source
        self._contig = ""
        self._start = 0
        self._letters = b""
        self._codes = np.zeros(0, dtype=np.uint8)

    def contig_length(self, contig: str) -> int:
        """Return the length of a contig of the genome in bp."""
        return self._source.contig_sizes[contig]

    def letters(self, contig: str, start: int, end: int) -> bytes:
        """Return the upper-case letters of a stretch that lies within the contig."""
        self._read(contig, start, end)
        return self._letters[start - self._start : end - self._start]

    def context(self, contig: str, start: int, end: int) -> SequenceContext:
        """Return the codes of a stretch that may reach beyond the contig."""
        length = self.contig_length(contig)
        first, last = min(max(start, 0), length), max(min(end, length), 0)
        last = max(first, last)
        self._read(contig, first, last)
        codes = self._codes[first - self._start : last - self._start]
        if first != start or last != end:
            before, after = max(0, min(0, end) - start), max(0, end - max(length, start))
            codes = np.pad(codes, (before, after), constant_values=UNKNOWN_BASE)
        return SequenceContext(codes, start, length)

    def _read(self, contig: str, start: int, end: int) -> None:
        if contig == self._contig and self._start <= start and end <= self._start + len(self._letters):
            return
        length = self.contig_length(contig)
        first = max(0, start - _READ_BASES // 8)
        stop = min(length, max(end, start + _READ_BASES))
        self._letters = self._source.fetch(contig, first, stop).upper()
        self._codes = encode_bases(self._letters)
        self._contig, self._start = contig, first
