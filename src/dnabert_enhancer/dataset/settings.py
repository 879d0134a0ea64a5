"""`DatasetSettings`: how windows, negatives and splits of a data set are made from regions."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnabert_enhancer.dataset.leak_rule import LeakRule
from dnabert_enhancer.dataset.named_negatives import NamedNegatives, named_negatives
from dnabert_enhancer.dataset.splits import parse_fractions
from dnabert_enhancer.errors import require_numbers, require_setting
from dnabert_enhancer.model import told_by_name

SMALLEST_LEAK_K = 12
LARGEST_LEAK_K = 62


class WindowPlacement(enum.StrEnum):
    """Where the windows of a region lie."""

    CENTRE = "centre"
    """One window around the middle, ``start = (region start + region end - length) // 2``."""
    SUMMIT = "summit"
    """One window around the peak that narrowPeak files (column 10), else the middle."""
    TILE = "tile"
    """As many windows side by side as the region holds, around its middle; one if it is shorter."""


class Overlapping(enum.StrEnum):
    """What becomes of positives that overlap each other."""

    MERGE = "merge"
    """Regions that share a base become one; of windows that still overlap the first stays."""
    KEEP = "keep"
    """Every region has its window; only a second window at the same place is dropped."""


class OnLeak(enum.StrEnum):
    """What becomes of sequences that share k-mers with another split."""

    REMOVE = "remove"
    """They leave: validation gives up what it shares with test, train what it shares with either."""
    REFUSE = "refuse"
    """An error says how many there are."""


class NegativeSource(enum.StrEnum):
    """Where negatives come from."""

    MATCHED = "matched"
    """Windows of the genome like the positives in GC and repeats, on the same contig where possible."""
    SHUFFLED = "shuffled"
    """The positives, shuffled so that dinucleotide counts stay (Altschul and Erickson 1985)."""
    BEDTOOLS_SHUFFLE = "bedtools-shuffle"
    """Each positive placed anew at random on its contig, off the excluded regions alone, as
    ``bedtools shuffle -chrom -excl`` does: the rule of DNABERT-Enhancer's authors. It may touch positives."""
    GIVEN = "given"
    """Windows of regions that the user names."""


class SplitBy(enum.StrEnum):
    """What fractions of a split are made of."""

    CONTIG = "contig"
    """Whole contigs."""
    BLOCK = "block"
    """Blocks of `DatasetSettings.block_size` bp; a window that crosses two splits is left out."""


class LeakRepeats(enum.StrEnum):
    """Whether shared k-mers of repeats count as leaks."""

    IGNORE = "ignore"
    """Not those that are soft-masked for more than half, nor tandem repeats; see `LeakRule`."""
    COUNT = "count"


_CHOICES: dict[str, type[enum.StrEnum]] = {
    "placement": WindowPlacement,
    "overlapping": Overlapping,
    "split_by": SplitBy,
    "on_leak": OnLeak,
    "leak_repeats": LeakRepeats,
}
_WORDS = tuple(source for source in NegativeSource if source is not NegativeSource.GIVEN)
_PathOrPaths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class DatasetSettings:
    """How windows, negatives and splits are made; lengths in bp, shares from 0 to 1.

    Parameters
    ----------
    length : int
        Length of every window.
    placement, overlapping, split_by, on_leak, leak_repeats : str
        See `WindowPlacement`, `Overlapping`, `SplitBy`, `OnLeak` and `LeakRepeats`.
    exclude : path, or several
        BED files whose regions no window may touch, such as a blacklist; regions outside the genome are
        passed over.
    skip_outside : bool
        Leave out (and count) regions that are not inside a contig of the genome, instead of raising an error.
    max_unknown : float
        Windows with a larger share of bases other than A, C, G, T are left out.
    stranded : bool
        Read regions of the minus strand as their reverse complement; their matched negatives too.
    negatives : {"matched", "shuffled", "bedtools-shuffle"}, path, or several paths
        Where negatives come from, see `NegativeSource`; paths are BED files.
    negatives_from : str or NamedNegatives, or several
        Regions that give a share of the negatives, such as ``"promoters=pls.bed,share=0.2"``; the others come
        from `negatives`.
    ratio : float, optional
        Negatives for each positive; default 1, all for given regions.
    gc_tolerance, repeat_tolerance : float
        Largest difference of a matched negative to its positive in GC and soft-masked fraction.
    allow_fewer : bool
        Go on with fewer negatives than asked for.
    splits : str or path
        Fractions for train, validation and test, such as ``"0.8,0.1,0.1"``, to which whole contigs (or
        blocks) are assigned; or a file with contig and split, or contig, start, end and split, in each line.
    block_size : int
        Length of the blocks.
    leak_k : int
        Length of the k-mers that two splits may not share, 12 to 62.
    seed : int
        Of all random choices.
    positive_label : str
        What the class of the regions is called, the positive one (label 1).
    """

    length: int = 200
    placement: str = WindowPlacement.CENTRE
    overlapping: str = Overlapping.MERGE
    exclude: _PathOrPaths = ()
    skip_outside: bool = False
    max_unknown: float = 0.1
    stranded: bool = False
    negatives: _PathOrPaths = NegativeSource.MATCHED
    negatives_from: str | NamedNegatives | Sequence[str | NamedNegatives] = ()
    ratio: float | None = None
    gc_tolerance: float = 0.02
    repeat_tolerance: float = 0.1
    allow_fewer: bool = False
    splits: str | Path = "0.8,0.1,0.1"
    split_by: str = SplitBy.CONTIG
    block_size: int = 500_000
    on_leak: str = OnLeak.REMOVE
    leak_k: int = 40
    leak_repeats: str = LeakRepeats.IGNORE
    seed: int = 1
    positive_label: str = "enhancer"

    def __post_init__(self) -> None:
        require_numbers(self)
        if isinstance(self.splits, str):
            parse_fractions(self.splits)
        for name in ("exclude", "negatives"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, (str, Path)) else tuple(value))
        object.__setattr__(self, "negatives_from", named_negatives(self.negatives_from))
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            require_setting(self, name, value in tuple(choices), f"one of {', '.join(choices)}")
            object.__setattr__(self, name, choices(value))
        for name in ("length", "block_size"):
            require_setting(self, name, getattr(self, name) >= 1, "at least 1 bp")
        for name in ("gc_tolerance", "repeat_tolerance"):
            require_setting(self, name, 0 < getattr(self, name) < math.inf, "a number above 0")
        require_setting(self, "ratio", self.ratio is None or 0 < self.ratio < math.inf, "a number above 0")
        require_setting(self, "max_unknown", 0 <= self.max_unknown <= 1, "from 0 to 1")
        name = self.positive_label
        is_name = bool(name.strip()) and name.isprintable() and told_by_name(name) is not False
        require_setting(self, "positive_label", is_name, "the name of a class that is positive")
        require_setting(self, "negatives", bool(self.negatives), f"{', '.join(_WORDS)} or BED files")
        needs_ratio = bool(self.negatives_from) and self.negative_source is NegativeSource.GIVEN
        require_setting(
            self,
            "ratio",
            self.ratio is not None or not needs_ratio,
            "given where BED files and --negatives-from share the negatives",
        )
        require_setting(
            self,
            "leak_k",
            SMALLEST_LEAK_K <= self.leak_k <= LARGEST_LEAK_K,
            f"from {SMALLEST_LEAK_K} to {LARGEST_LEAK_K}",
        )

    @property
    def label_names(self) -> tuple[str, str]:
        """Names of the classes 0 and 1."""
        return f"non-{self.positive_label}", self.positive_label

    @property
    def exclude_files(self) -> tuple[str | Path, ...]:
        """BED files whose regions no window may touch."""
        return tuple(self.exclude)  # type: ignore[arg-type]  # a tuple since __post_init__

    @property
    def negative_source(self) -> NegativeSource:
        """Where negatives come from."""
        return next((word for word in _WORDS if self.negatives == (word,)), NegativeSource.GIVEN)

    @property
    def negative_files(self) -> tuple[str | Path, ...]:
        """BED files of the negatives, where they are given."""
        given = self.negative_source is NegativeSource.GIVEN
        return tuple(self.negatives) if given else ()  # type: ignore[arg-type]  # a tuple since __post_init__

    @property
    def named_negatives(self) -> tuple[NamedNegatives, ...]:
        """Regions that give a share of the negatives."""
        return tuple(self.negatives_from)  # type: ignore[arg-type]  # a tuple since __post_init__

    @property
    def base_ratio(self) -> float | None:
        """Negatives for each positive that `negatives` gives; None: all of the given regions."""
        if self.ratio is None and self.negative_source is NegativeSource.GIVEN:
            return None
        named = sum(source.share for source in self.named_negatives)
        return (1.0 if self.ratio is None else self.ratio) * round(1.0 - named, 9)

    @property
    def leak_rule(self) -> LeakRule:
        """Which shared k-mers count as leaks."""
        return LeakRule(k=self.leak_k, ignore_repeats=self.leak_repeats == LeakRepeats.IGNORE)
