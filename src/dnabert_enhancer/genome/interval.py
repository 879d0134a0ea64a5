"""A stretch of a contig, 0-based and half-open, and its algebra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from dnabert_enhancer.errors import InputError

STRANDS = ("+", "-", ".")


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of a contig.

    Parameters
    ----------
    contig : str
        Name of the contig.
    start : int
        First base, 0-based; not negative.
    end : int
        One past the last base, 0-based (half-open); at least `start`. Equal to it: the place between
        two bases.
    strand : str
        ``+``, ``-`` or ``.`` (unknown or both).

    Raises
    ------
    InputError
        When the contig has no name, the start is negative, the end is before the start, or the strand
        is another.
    """

    contig: str
    start: int
    end: int
    strand: str = "."

    def __post_init__(self) -> None:
        if not self.contig:
            raise InputError("an interval needs the name of a contig")
        if self.start < 0:
            raise InputError(
                f"the start {self.start} is negative", remedy="coordinates are 0-based and half-open"
            )
        if self.end < self.start:
            raise InputError(
                f"the end {self.end} is before the start {self.start}",
                remedy="coordinates are 0-based and half-open, start first on both strands",
            )
        if self.strand not in STRANDS:
            raise InputError(f"the strand {self.strand!r} is unknown", remedy="use +, - or .")

    def __str__(self) -> str:
        """Return ``contig:start-end`` with the 0-based, half-open numbers."""
        return f"{self.contig}:{self.start}-{self.end}"

    @property
    def length(self) -> int:
        """Number of bases."""
        return self.end - self.start

    def overlaps(self, other: Interval) -> bool:
        """Return whether the two share at least one base, whatever their strands."""
        return self.contig == other.contig and max(self.start, other.start) < min(self.end, other.end)

    def contains(self, other: Interval) -> bool:
        """Return whether every place of the other lies in this one, whatever their strands."""
        return self.contig == other.contig and self.start <= other.start and other.end <= self.end

    def intersection(self, other: Interval) -> Self | None:
        """Return the shared bases with this one's strand, or None when there are none."""
        if not self.overlaps(other):
            return None
        return replace(self, start=max(self.start, other.start), end=min(self.end, other.end))

    def shifted(self, distance: int) -> Self:
        """Return the interval moved by a number of bases (positive: to the right)."""
        return replace(self, start=self.start + distance, end=self.end + distance)

    def centred(self, length: int) -> Self:
        """Return an interval of the given length around the middle, ``(start + end) // 2``.

        It starts ``length // 2`` bases before the middle, as most enhancer sets are cut.

        Raises
        ------
        InputError
            When it would start before the contig.
        """
        start = (self.start + self.end) // 2 - length // 2
        return replace(self, start=start, end=start + length)
