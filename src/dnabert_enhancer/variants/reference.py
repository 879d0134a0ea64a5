"""Bases of the reference around variants: letters and codes, read ahead once, N beyond the contig."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE, decode_bases, encode_bases

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


class Letters(Protocol):
    """What placing an allele needs of a genome."""

    def contig_length(self, contig: str) -> int:
        """Return the length of a contig of the genome in bp."""

    def letters(self, contig: str, start: int, end: int) -> bytes:
        """Return the upper-case letters of a stretch that lies within the contig."""


class ContextLetters:
    """Letters of a piece of one contig; N where the piece ends.

    Parameters
    ----------
    context : SequenceContext
    """

    def __init__(self, context: SequenceContext) -> None:
        self._context = context
        self._letters = decode_bases(context.codes).encode()

    def contig_length(self, contig: str) -> int:  # noqa: ARG002  there is but one
        """Return the length of the contig in bp."""
        return self._context.contig_length

    def letters(self, contig: str, start: int, end: int) -> bytes:  # noqa: ARG002
        """Return the upper-case letters of a stretch, 0-based and half-open."""
        first, last = start - self._context.start, end - self._context.start
        known = self._letters[max(0, first) : max(0, last)]
        before = min(max(0, -first), end - start)
        return b"N" * before + known + b"N" * (end - start - before - len(known))


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
