"""Which motifs of a database resemble a seqlet or a motif: TOMTOM's comparison of columns, with its p-values.

Own code, since memelite, which has it, takes minutes to compile wherever it is new, and 210 MB with numba.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import false_discovery_rates
from dnabert_enhancer.variants import MemeMotif

MATCH_COLUMNS = ("query", "target", "p", "q", "offset", "overlap", "orientation")
HIGHEST_MATCH_Q = 0.05
FEWEST_TARGETS = 25
"""With fewer the p-values depend on which motifs the file happens to have."""
_BINS = 100
_ALL = 1 - 2.0**-53
"""The largest chance below 1, whose log is finite."""


class SimilarMotif(NamedTuple):
    """A motif of a database that resembles a query.

    Attributes
    ----------
    query, target : str
    p : float
        Chance of so high a score at the best of all offsets and both strands.
    q : float
        Over the targets, by Benjamini and Hochberg.
    offset : int
        Column of the target, from 0, that lies under the first of the query; below 0 where the query begins
        before it.
    overlap : int
        Columns that lie upon each other.
    orientation : str
        ``+``, or ``-`` where the target was turned (offsets are then those of the turned one).
    """

    query: str
    target: str
    p: float
    q: float
    offset: int
    overlap: int
    orientation: str


class Tomtom:
    """Compares queries with the motifs of a database.

    Parameters
    ----------
    targets : sequence of MemeMotif

    Notes
    -----
    Gupta et al. 2007 (Genome Biol 8:R24), with the complete score of Tanaka et al. 2011 (Bioinformatics
    27:1603): two columns score minus their Euclidean distance, less the median over all columns of the
    targets in both strands, and a column of the query beside the target scores 0. Scores are rounded to a
    hundredth of their range. Sums over a run of the query's columns are distributed as if each met a column
    drawn at random from those of all targets; over the offsets and the two strands, taken as independent, the
    highest counts.
    """

    def __init__(self, targets: Sequence[MemeMotif]) -> None:
        self._names = [target.name for target in targets]
        shares = [target.shares for target in targets]
        both = [*shares, *(one[::-1, ::-1] for one in shares)]
        self._columns = np.concatenate(both)
        self._widths = np.array([len(one) for one in both])

    def matches(self, name: str, query: NDArray[np.float64]) -> list[SimilarMotif]:
        """Return the motif that resembles a query most, and all others of q <= 0.05, the smallest p first.

        Parameters
        ----------
        name : str
        query : float array, shape (width, 4)
            Shares of A, C, G and T in each column.
        """
        p, offset, overlap, is_turned = self._best(query)
        q = false_discovery_rates(p)
        order = np.argsort(p, kind="stable")
        return [
            SimilarMotif(
                name,
                self._names[place],
                float(p[place]),
                float(q[place]),
                int(offset[place]),
                int(overlap[place]),
                "-" if is_turned[place] else "+",
            )
            for rank, place in enumerate(order.tolist())
            if rank == 0 or q[place] <= HIGHEST_MATCH_Q
        ]

    def _best(
        self, query: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return p, offset, overlap of each target, and whether it is turned."""
        scores = _column_scores(query, self._columns)
        width, number = len(query), len(self._names)
        # blank columns around each target: every window of the query's width belongs to one target
        lengths = self._widths + width - 1
        ends = np.cumsum(lengths)
        within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        padded = np.zeros((width, ends[-1] + width - 1), dtype=np.int64)
        padded[:, width - 1 :][:, within < np.repeat(self._widths, lengths)] = scores
        total = np.zeros(ends[-1], dtype=np.int64)
        for column in range(width):
            total += padded[column, column : column + ends[-1]]
        offset = within - (width - 1)
        overlap = np.minimum(width, np.repeat(self._widths, lengths) - offset) - np.maximum(0, -offset)
        # of equal scores the longest overlap, of these the first
        key = total * (width + 1) + overlap
        best = np.maximum.reduceat(key, ends - lengths)
        places = np.flatnonzero(key == np.repeat(best, lengths))
        places = places[np.searchsorted(places, ends - lengths)]
        is_turned: NDArray[np.bool_] = best[number:] > best[:number]
        chosen = np.where(is_turned, places[number:], places[:number])
        p = _p_values(scores, self._widths[:number], total[chosen])
        return p, offset[chosen], overlap[chosen], is_turned


def _column_scores(query: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the score of each column of a query against each target column, int64[width, columns]."""
    from scipy.spatial.distance import cdist

    different, which = np.unique(query, axis=0, return_inverse=True)
    scores = -cdist(different, columns)
    scores -= np.median(scores, axis=1, keepdims=True)
    unit = float(np.ptp(scores)) / _BINS or 1.0
    return np.asarray(np.rint(scores / unit).astype(np.int64)[which])


def _p_values(
    scores: NDArray[np.int64], widths: NDArray[np.int64], reached: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the chance of each target's score at the best of all offsets and both strands."""
    width, lowest, highest = len(scores), min(0, int(scores.min())), max(0, int(scores.max()))
    shares = [np.bincount(row - lowest, minlength=highest - lowest + 1) / len(row) for row in scores]
    # log of the chance that a run of the query's columns scores below each sum from width * lowest on;
    # by its length: of the runs at one of the query's ends, of those within it; of the whole query
    at_end, within = np.zeros((2, width + 1, width * (highest - lowest) + 1))
    for first in range(width):
        sums = np.ones(1)
        for end in range(first + 1, width + 1):
            sums = np.convolve(sums, shares[end - 1])
            length = end - first
            above = np.ones(at_end.shape[1])
            start = -lowest * (width - length)
            above[start:] = 0
            above[start : start + len(sums)] = np.cumsum(sums[::-1])[::-1]
            (within if first > 0 and end < width else at_end)[length] += np.log1p(-np.minimum(above, _ALL))
    # a target has each run at an end that it is wide enough for over it once, those within if it is as wide
    different, which = np.unique(widths, return_inverse=True)
    shorter = np.minimum(different, width - 1)
    log_below = np.cumsum(at_end, axis=0)[shorter]
    log_below += np.where(different < width, 1, 0)[:, None] * within[shorter]
    log_below += np.maximum(0, different - width + 1)[:, None] * at_end[width]
    one_strand: NDArray[np.float64] = -np.expm1(log_below[which, reached - width * lowest])
    return np.maximum(one_strand * (2 - one_strand), np.finfo(np.float64).tiny)
