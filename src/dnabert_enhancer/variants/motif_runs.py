"""Motifs in runs of bases: the best match of each motif to each run of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE
from dnabert_enhancer.variants.motifs import LETTERS, UNKNOWN_SCORE, MotifGroup, MotifLibrary

_CELLS = 1 << 22


class RunMatches(NamedTuple):
    """The best word of each motif in each run; its arrays have the shape (runs, motifs).

    Attributes
    ----------
    names : list of str
        Of the motifs.
    widths : int64 array, shape (motifs,)
        Of the motifs in bp.
    word_p : float64 array
        Chance of a score as high at one place and strand of random sequence; NaN where no word fits.
    p : float64 array
        Chance that the best of so many words has such a score: ``1 - (1 - word_p) ** words``, where both
        strands count, and words that overlap count as if they did not.
    start : int64 array
        0-based start of the word in the sequence.
    is_reverse : bool array
        Whether it is the reverse complement that matches.
    """

    names: list[str]
    widths: NDArray[np.int64]
    word_p: NDArray[np.float64]
    p: NDArray[np.float64]
    start: NDArray[np.int64]
    is_reverse: NDArray[np.bool_]


def run_matches(
    library: MotifLibrary, codes: NDArray[np.uint8], runs: Sequence[tuple[int, int]]
) -> RunMatches:
    """Return the best match of each motif to each run of a sequence.

    Parameters
    ----------
    library : MotifLibrary
    codes : uint8 array, shape (length,)
        Base codes of the sequence.
    runs : sequence of (int, int)
        Starts and ends, 0-based and half-open.

    Notes
    -----
    A word belongs to a run where they share at least half of the shorter of the two. Words lie within the
    sequence and hold no unknown base.
    """
    motifs = library.motifs
    shape = (len(runs), len(motifs))
    found = RunMatches(
        [motif.name for motif in motifs],
        np.array([motif.width for motif in motifs], dtype=np.int64),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.full(shape, -1, dtype=np.int64),
        np.zeros(shape, dtype=bool),
    )
    first = 0
    for group in library.groups:
        for number, (start, end) in enumerate(runs):
            shared = -(-min(group.width, end - start) // 2)
            low, high = max(0, start - group.width + shared), min(len(codes) - group.width, end - shared)
            places = np.arange(low, high + 1)
            if len(places):
                _fill(found, number, first, group, codes, places)
        first += len(group.motifs)
    return found


def _fill(
    found: RunMatches,
    run: int,
    first: int,
    group: MotifGroup,
    codes: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> None:
    """Write the best words of motifs of one width, the first of which is number `first`, in one run."""
    columns = np.arange(group.width)[:, None]
    letters = codes[places + columns]
    words = 2 * np.count_nonzero((letters < UNKNOWN_BASE).all(axis=0))
    entries = letters + LETTERS * columns
    step = max(1, _CELLS // entries.size)
    for begin in range(0, len(group.motifs), step):
        part = group.motifs[begin : begin + step]
        # by word, motif and strand; added column by column, so that a sum does not depend on other words
        scores = np.add.reduce(group.tables[:, begin : begin + step][entries], axis=0)
        both = scores.transpose(1, 0, 2).reshape(len(part), -1)
        best = both.argmax(axis=1)
        highest = both[np.arange(len(part)), best].tolist()
        for offset, (motif, score, word) in enumerate(zip(part, highest, best.tolist(), strict=True)):
            if score < UNKNOWN_SCORE / 2:
                continue
            at = (run, first + begin + offset)
            found.word_p[at] = motif.distribution.p_value(score)
            found.start[at] = places[word // 2]
            found.is_reverse[at] = word % 2 == 1
    of_group = (run, slice(first, first + len(group.motifs)))
    with np.errstate(divide="ignore"):
        found.p[of_group] = -np.expm1(words * np.log1p(-found.word_p[of_group]))
