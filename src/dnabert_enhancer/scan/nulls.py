"""What q-values of a scan compare with: shuffled windows, or windows of the genome that nothing marks."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import region_frame, subtract
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases

if TYPE_CHECKING:
    import pandas as pd

_PLACE = ("chrom", "start", "end")
_ROUNDS = 100
_SPARE = 8


class NullKind(enum.StrEnum):
    """What the windows of the null are."""

    SHUFFLE = "shuffle"
    """Windows of the scan, shuffled with all dinucleotide counts kept."""
    GENOME = "genome"
    """Windows of the genome outside the regions of the scan and what is marked."""
    NONE = "none"
    """There is none, and no q-value."""


class SequenceSource(Protocol):
    """What drawing windows needs of a genome."""

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        """Return the bases of a piece."""


@dataclass(frozen=True, eq=False)
class UnmarkedWindows:
    """All windows of a genome that lie in none of some regions.

    Parameters
    ----------
    contigs : tuple of str
        Of each stretch.
    starts : int64[n]
        The first window of each stretch, 0-based.
    counts : int64[n]
        How many windows begin in it.
    length : int
        Of a window in bp.
    """

    contigs: tuple[str, ...]
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]
    length: int

    @classmethod
    def outside(cls, sizes: Mapping[str, int], marked: pd.DataFrame, length: int) -> UnmarkedWindows:
        """Return the windows of contigs that share no base with a table of regions.

        Raises
        ------
        InputError
            There is none.
        """
        whole = region_frame(list(sizes), [0] * len(sizes), list(sizes.values()))
        free = subtract(whole, marked)
        free = free[free["end"] - free["start"] >= length]
        if not len(free):
            raise InputError(
                f"no window of {length} bp lies outside what is marked", remedy="give fewer --null-exclude"
            )
        starts = free["start"].to_numpy(np.int64)
        counts = free["end"].to_numpy(np.int64) - starts - length + 1
        return cls(tuple(map(str, free["chrom"])), starts, counts, length)

    @property
    def digest(self) -> str:
        """SHA-256 of the stretches."""
        found = hashlib.sha256("\n".join(self.contigs).encode())
        found.update(self.starts.astype("<i8").tobytes() + self.counts.astype("<i8").tobytes())
        return found.hexdigest()

    def draw(
        self,
        source: SequenceSource,
        count: int,
        rng: np.random.Generator,
        max_unknown: float,
        *,
        keep_letters: bool,
    ) -> NDArray[np.uint8]:
        """Return windows at random, uint8[count, length], each place as likely as another.

        Those with too many unknown bases are drawn again; fewer come back where there are hardly others.
        """
        ends = np.cumsum(self.counts)
        found: list[NDArray[np.uint8]] = []
        for _ in range(_ROUNDS):
            if len(found) >= count:
                break
            numbers = rng.integers(ends[-1], size=count - len(found) + _SPARE)
            stretches = np.searchsorted(ends, numbers, side="right")
            places = self.starts[stretches] + numbers - (ends - self.counts)[stretches]
            for stretch, start in zip(stretches.tolist(), places.tolist(), strict=True):
                letters = source.fetch(self.contigs[stretch], start, start + self.length)
                codes = encode_bases(letters, keep_letters=keep_letters)
                if (codes >= UNKNOWN_BASE).mean() <= max_unknown:
                    found.append(codes)
        return np.stack(found[:count]) if found else np.zeros((0, self.length), np.uint8)


def null_kind(value: bool | str) -> NullKind:
    """Return the kind that a setting names; True is the shuffle, False none.

    Raises
    ------
    InputError
        Another word.
    """
    if isinstance(value, bool):
        return NullKind.SHUFFLE if value else NullKind.NONE
    if value not in [*NullKind]:
        raise InputError(f"--null {value} is not known", remedy=f"give {', '.join(NullKind)}")
    return NullKind(value)


def marked_regions(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the regions that a null of the genome leaves out, in one table.

    Raises
    ------
    InputError
        None are given.
    """
    if not frames:
        raise InputError(
            "--null genome compares a whole genome with itself",
            remedy="give what is known of it by --null-exclude, or --regions to scan",
        )
    columns = [[value for frame in frames for value in frame[name].tolist()] for name in _PLACE]
    return region_frame(*columns)
