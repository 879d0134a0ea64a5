"""Negatives for given positives: matched windows, shuffled positives, or windows of given regions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.background import BackgroundSampler, Targets
from dnabert_enhancer.dataset.composition import Composition, sequences_by_contig
from dnabert_enhancer.dataset.matching import NOT_MATCHED
from dnabert_enhancer.dataset.named_negatives import NamedNegatives
from dnabert_enhancer.dataset.settings import DatasetSettings, NegativeSource
from dnabert_enhancer.dataset.splits import SplitMap
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, region_frame
from dnabert_enhancer.sequence import (
    decode_bases,
    dinucleotide_shuffle,
    encode_bases,
    reverse_complement_letters,
)

if TYPE_CHECKING:
    import pandas as pd

LOGGER = logging.getLogger(__name__)

NO_PLACE = -1

_SHUFFLED_AT_ONCE = 20_000


class Labelled(NamedTuple):
    """Windows of one class with their bases and what they are taken from; shuffled ones have `NO_PLACE`."""

    contig: NDArray[np.int32]
    start: NDArray[np.int64]
    strand: NDArray[np.str_]
    split: NDArray[np.int8]
    sequence: list[str]
    name: list[str]
    source: list[str]

    def take(self, rows: NDArray[np.intp]) -> Labelled:
        """Return some of the windows, in the order asked for."""
        chosen = rows.tolist()
        return Labelled(
            self.contig[rows],
            self.start[rows],
            self.strand[rows],
            self.split[rows],
            [self.sequence[row] for row in chosen],
            [self.name[row] for row in chosen],
            [self.source[row] for row in chosen],
        )


class Matched(NamedTuple):
    """Matched negatives, how far they are from their positives, how many were wanted, GC of what has none."""

    windows: Labelled
    largest_gc_difference: float
    mean_gc_difference: float
    largest_repeat_difference: float
    on_other_contig: int
    wanted: int
    unmatched_gc: NDArray[np.float64]


def labelled_windows(
    genome: Genome,
    windows: pd.DataFrame,
    split: NDArray[np.int8],
    settings: DatasetSettings,
    source: str = "",
) -> Labelled:
    """Return windows with their bases; without a name of their own they are called by their place."""
    strand = windows["strand"].to_numpy(dtype=str) if settings.stranded else np.full(len(windows), "+")
    sequences = sequences_by_contig(genome, windows, settings.length)
    for row in np.flatnonzero(strand == "-").tolist():
        sequences[row] = reverse_complement_letters(sequences[row])
    rows = zip(windows["name"].tolist(), windows["chrom"].tolist(), windows["start"].tolist(), strict=True)
    names = [name or f"{chrom}:{start}-{start + settings.length}" for name, chrom, start in rows]
    contig = windows["chrom"].cat.codes.to_numpy().astype(np.int32)
    start = windows["start"].to_numpy()
    return Labelled(contig, start, strand, split, sequences, names, [source] * len(names))


def joined(parts: Sequence[Labelled]) -> Labelled:
    """Return the windows of several parts as one."""
    contig, start, strand, split = (np.concatenate([part[field] for part in parts]) for field in range(4))
    sequence, name, source = ([item for part in parts for item in part[field]] for field in (4, 5, 6))
    return Labelled(contig, start, strand, split, sequence, name, source)


def copies_wanted(split: NDArray[np.int8], ratio: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return how many negatives each positive gets: every split has the ratio, to the nearest window."""
    copies = np.full(len(split), int(ratio), dtype=np.int64)
    for number in np.unique(split):
        rows = np.flatnonzero(split == number)
        more = round(len(rows) * ratio) - int(ratio) * len(rows)
        copies[rng.permutation(rows)[:more]] += 1
    return copies


def matched_negatives(
    genome: Genome,
    positives: Labelled,
    composition: Composition,
    split_map: SplitMap,
    forbidden: pd.DataFrame,
    settings: DatasetSettings,
    ratio: float,
    rng: np.random.Generator,
) -> Matched:
    """Return windows of the genome like the positives, each in the split of its positive."""
    copies = copies_wanted(positives.split, ratio, rng)
    rows = np.repeat(np.arange(len(copies)), copies)
    targets = Targets(positives.contig[rows], positives.split[rows], composition.take(rows))
    matches = BackgroundSampler(genome, split_map, forbidden, settings, rng).match(targets)
    found = np.flatnonzero(matches.contig != NOT_MATCHED)
    partner = rows[found]
    start = matches.start[found]
    windows = region_frame(
        matches.contig[found],
        start,
        start + settings.length,
        genome.contig_sizes,
        name="",
        strand=positives.strand[partner],
    )
    gc = np.abs(matches.composition.gc[found] - targets.composition.gc[found])
    masked = np.abs(matches.composition.masked[found] - targets.composition.masked[found])
    return Matched(
        labelled_windows(genome, windows, positives.split[partner], settings, NegativeSource.MATCHED),
        float(gc.max(initial=0.0)),
        float(gc.mean()) if len(gc) else 0.0,
        float(masked.max(initial=0.0)),
        int((matches.contig[found] != targets.contig[found]).sum()),
        len(rows),
        targets.composition.gc[matches.contig == NOT_MATCHED],
    )


def shuffled_negatives(
    positives: Labelled, settings: DatasetSettings, ratio: float, rng: np.random.Generator
) -> Labelled:
    """Return the positives with their bases shuffled; dinucleotide counts stay, letters become upper case."""
    copies = copies_wanted(positives.split, ratio, rng)
    source = positives.take(np.repeat(np.arange(len(copies)), copies))
    shuffled: list[str] = []
    for first in range(0, len(source.sequence), _SHUFFLED_AT_ONCE):
        part = source.sequence[first : first + _SHUFFLED_AT_ONCE]
        codes = encode_bases("".join(part)).reshape(len(part), settings.length)
        shuffled += [decode_bases(row) for row in dinucleotide_shuffle(codes, rng)]
    return source._replace(
        start=np.full(len(shuffled), NO_PLACE, dtype=np.int64),
        strand=np.full(len(shuffled), "."),
        sequence=shuffled,
        name=[f"shuffled:{name}" for name in source.name],
        source=[NegativeSource.SHUFFLED.value] * len(shuffled),
    )


def thinned(
    split: NDArray[np.int8], positive_split: NDArray[np.int8], ratio: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], int]:
    """Return which given negatives stay for a ratio in each split, and how many were wanted.

    Parameters
    ----------
    split, positive_split : int8[n], int8[p]
        Splits of the given negatives and of the positives.
    ratio : float
        Negatives for each positive.
    rng : numpy.random.Generator
    """
    rows = [np.empty(0, dtype=np.intp)]
    wanted = 0
    for number in np.unique(positive_split):
        here = np.flatnonzero(split == number)
        count = round(ratio * int((positive_split == number).sum()))
        wanted += count
        rows.append(rng.permutation(here)[:count])
    return np.sort(np.concatenate(rows)), wanted


def require_enough(
    found: int,
    wanted: int,
    settings: DatasetSettings,
    skipped: Counter[str],
    unmatched_gc: NDArray[np.float64] | None = None,
    source: NamedNegatives | None = None,
) -> None:
    """Refuse a data set with fewer negatives than wanted, unless that is allowed; count what is missing.

    Parameters
    ----------
    found, wanted : int
    settings : DatasetSettings
    skipped : Counter
        Gets ``negative_not_found``.
    unmatched_gc : float64[n], optional
        GC of the positives without a negative, for the message.
    source : NamedNegatives, optional
        Whose regions are too few.

    Raises
    ------
    InputError
        With both numbers.
    """
    if found >= wanted:
        return
    detail = ""
    if unmatched_gc is not None and len(unmatched_gc):
        low, middle, high = np.quantile(unmatched_gc, (0.1, 0.5, 0.9))
        detail = f" (positives without one: GC {low:.2f} to {high:.2f}, median {middle:.2f})"
    if source is not None and not settings.allow_fewer:
        raise InputError(
            f"{source.name} gives {found:,} of {wanted:,} negatives",
            source=source.path,
            remedy="give --allow-fewer, a smaller share or a smaller --ratio",
        )
    if not settings.allow_fewer:
        raise InputError(
            f"the genome gives {found:,} of {wanted:,} negatives{detail}",
            source="--negatives",
            remedy="give --allow-fewer, a smaller --ratio, a larger --gc-tolerance or --repeat-tolerance",
        )
    LOGGER.warning("%d of %d negatives found%s", found, wanted, detail)
    skipped["negative_not_found"] += wanted - found
