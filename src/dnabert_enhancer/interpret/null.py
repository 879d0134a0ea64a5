"""Shuffled sequence to compare with: the regions that are explained, with their bases in random order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import dinucleotide_shuffle


def shuffle_count(null: int, number: int, regions: int) -> int:
    """Return how many of the shuffles of a run are of one region: they are spread evenly.

    Parameters
    ----------
    null : int
        Shuffles in all.
    number : int
        Of the region, from 0.
    regions : int
        How many there are in all.
    """
    # shuffle j is of region floor(j * regions / null)
    return _ceiling((number + 1) * null, regions) - _ceiling(number * null, regions)


def shuffled_stretches(stretches: Iterable[tuple[int, int, Stretch]], seed: int) -> Iterator[Stretch]:
    """Yield shuffles of stretches, one after the other.

    Parameters
    ----------
    stretches : iterable of (int, int, Stretch)
        Number of the region in the whole run, from 0, which with the seed decides its shuffles; how many of
        them; and the region.
    seed : int

    Notes
    -----
    The bases of the stretch alone are shuffled, with their dinucleotides kept (see
    `sequence.dinucleotide_shuffle`); those around it and unknown ones stay.
    """
    for number, count, stretch in stretches:
        rng = np.random.default_rng([seed, number])
        for _ in range(count):
            context = stretch.context
            codes = context.codes.copy()
            place = slice(stretch.start - context.start, stretch.end - context.start)
            codes[place] = dinucleotide_shuffle(codes[place], rng)
            yield stretch._replace(context=context._replace(codes=codes))


def _ceiling(value: int, divisor: int) -> int:
    return -(-value // divisor)
