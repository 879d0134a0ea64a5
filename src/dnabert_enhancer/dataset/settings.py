"""The choices of a data set made from regions, as one value."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from dnabert_enhancer.dataset.leak_rule import LeakRule


class WindowPlacement(enum.Enum):
    """Where the windows of a region lie."""

    CENTRE = "centre"
    """One window around the middle, ``start = (region start + region end - length) // 2``."""
    SUMMIT = "summit"
    """One window around the peak that narrowPeak files (column 10), else the middle."""
    TILE = "tile"
    """As many windows side by side as the region holds, around its middle; one if it is shorter."""


class Overlapping(enum.Enum):
    """What becomes of positives that overlap each other."""

    MERGE = "merge"
    """Regions that share a base become one; of windows that still overlap the first stays."""
    KEEP = "keep"
    """Every region has its window; only a second window at the same place is dropped."""


class OnLeak(enum.Enum):
    """What becomes of sequences that share k-mers with another split."""

    REMOVE = "remove"
    """They leave: validation gives up what it shares with test, train what it shares with either."""
    REFUSE = "refuse"
    """An error says how many there are."""


class NegativeSource(enum.Enum):
    """Where negatives come from."""

    MATCHED = "matched"
    """Windows of the genome like the positives in GC and repeats, on the same contig where possible."""
    SHUFFLED = "shuffled"
    """The positives, shuffled so that dinucleotide counts stay (Altschul and Erickson 1985)."""
    GIVEN = "given"
    """Windows of regions that the user names."""


@dataclass(frozen=True)
class DatasetSettings:
    """How windows, negatives and splits are made; lengths in bp, shares from 0 to 1.

    Parameters
    ----------
    length : int
        Length of every window.
    placement, overlapping, negatives, on_leak : enum
        See the classes.
    ratio : float, optional
        Negatives for each positive; default 1 for matched and shuffled ones, all for given regions.
    gc_tolerance, repeat_tolerance : float
        Largest difference of a matched negative to its positive in GC and soft-masked fraction.
    most_unknown : float
        Windows with a larger share of bases other than A, C, G, T are left out.
    stranded : bool
        Read regions of the minus strand as their reverse complement; their matched negatives too.
    skip_outside : bool
        Leave out regions that are not inside a contig of the genome, instead of raising an error.
    allow_fewer : bool
        Go on with fewer negatives than asked for.
    leak_rule : LeakRule
        Which shared k-mers count.
    seed : int
        Of all random choices.
    """

    length: int = 200
    placement: WindowPlacement = WindowPlacement.CENTRE
    overlapping: Overlapping = Overlapping.MERGE
    negatives: NegativeSource = NegativeSource.MATCHED
    ratio: float | None = None
    gc_tolerance: float = 0.02
    repeat_tolerance: float = 0.1
    most_unknown: float = 0.1
    stranded: bool = False
    skip_outside: bool = False
    allow_fewer: bool = False
    on_leak: OnLeak = OnLeak.REMOVE
    leak_rule: LeakRule = field(default_factory=LeakRule)
    seed: int = 1
