"""False discovery rates of window scores, from counts of scores on real and on shuffled windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SCORE_BINS = 1 << 18
AUTO_NULL_WINDOWS = 10_000
AUTO_NULL_FRACTION = 1 / 16
_DROPPED_BITS = 14


def score_bins(scores: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the bin of each score: the sign, the exponent and 9 bits of the mantissa of a float32, in order.

    Bins keep the order of the scores whatever their scale (logits, probabilities, activities) and are 0.2 %
    wide or narrower.

    Parameters
    ----------
    scores : float[n]
        No NaN among them.

    Returns
    -------
    int64[n]
        In 0..`SCORE_BINS` - 1, never descending with the score.
    """
    # adding 0 turns -0 into 0, which must share a bin
    bits = (np.asarray(scores, dtype=np.float32) + np.float32(0)).view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> _DROPPED_BITS).astype(np.int64)


def count_scores(scores: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return how many scores fall into each bin, int64[`SCORE_BINS`]."""
    return np.bincount(score_bins(scores), minlength=SCORE_BINS).astype(np.int64, copy=False)


def q_values(scored: NDArray[np.int64], null: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the q-value of each bin: the false discovery rate among windows that score as high or higher.

    Parameters
    ----------
    scored : int64[`SCORE_BINS`]
        Counts of the scores of real windows.
    null : int64[`SCORE_BINS`]
        Counts of the scores of shuffled windows.

    Returns
    -------
    float64[`SCORE_BINS`]
        In 0..1, never ascending with the score; NaN throughout when there is no null.

    Notes
    -----
    With N(s) null windows of N, and R(s) real windows of R that score s or higher, the empirical p-value is
    ``p(s) = (N(s) + 1) / (N + 1)`` (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39), and by Benjamini
    and Hochberg (1995, J R Stat Soc B 57:289) ``q(s) = min over t <= s of min(1, p(t) R / R(t))``. That is
    the ratio of decoys to targets above a score, scaled to equal numbers and made monotone (Storey and
    Tibshirani 2003, PNAS 100:9440, with all windows taken as null).
    """
    n_null, n_scored = int(null.sum()), int(scored.sum())
    if n_null == 0:
        return np.full(len(null), np.nan)
    null_above = np.cumsum(null[::-1])[::-1]
    scored_above = np.cumsum(scored[::-1])[::-1]
    p = (null_above + 1) / (n_null + 1)
    rate = p * n_scored / np.maximum(scored_above, 1)
    return np.minimum.accumulate(np.minimum(rate, 1.0))


def automatic_null_fraction(n_windows: int) -> float:
    """Return the share of windows to shuffle: one in 16, but 10,000 windows where there are that many."""
    return min(1.0, max(AUTO_NULL_FRACTION, AUTO_NULL_WINDOWS / max(n_windows, 1)))
