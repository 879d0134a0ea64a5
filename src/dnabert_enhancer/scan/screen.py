"""Screens of scans: a cheap model tells which windows the expensive one need not compute.

A ridge on the cheap model's embeddings estimates the expensive model's ranking score (logit). Windows whose
estimate is below a cut-off are not computed. Both are made on windows of the scan itself, drawn by the seed
and scored by both models: the ridge on every other one, the cut-off on the rest, as split conformal
prediction does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_LOST = 0.005
"""The largest share of calls that a screen may lose."""
CALLS_NEEDED = round(1 / MOST_LOST) - 1
"""So many called windows a cut-off needs at least."""
FIRST_SAMPLE = 2048
LARGEST_SHARE = 0.2
"""Of the scan's windows, for the sample."""
_RIDGE = 1.0

Embedder = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Gives the embeddings, float32[windows, hidden], of windows."""


@dataclass(frozen=True)
class Screen:
    """What a cheap model says of windows.

    Parameters
    ----------
    embed : callable
        The cheap model's embeddings.
    weights : float64 array, shape (1 + hidden,)
        Of the ridge; the intercept first.
    cutoff : float
        Windows are computed from this estimate on; minus infinity: all.
    facts : mapping
        How it was made, as JSON values, for the run record.
    """

    embed: Embedder
    weights: NDArray[np.float64]
    cutoff: float
    facts: Mapping[str, Any]

    def estimates(self, windows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the estimated ranking scores of windows, uint8[n, length]."""
        if np.isneginf(self.cutoff):
            return np.full(len(windows), np.inf, dtype=np.float32)
        found = self.weights[0] + self.embed(windows).astype(np.float64) @ self.weights[1:]
        return np.asarray(found.astype(np.float32))

    def passes(self, estimates: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return which windows must be computed."""
        return np.asarray(estimates >= self.cutoff)


def fit_screen(
    embed: Embedder,
    embeddings: NDArray[np.float32],
    ranks: NDArray[np.float32],
    is_called: NDArray[np.bool_],
) -> Screen:
    """Return a screen made of windows that both models scored.

    Parameters
    ----------
    embed : callable
    embeddings : float32 array, shape (windows, hidden)
    ranks : float32 array, shape (windows,)
        The expensive model's ranking scores.
    is_called : bool array, shape (windows,)
        Whether its score reaches the threshold.

    Notes
    -----
    The ridge is fitted on the even rows. With m called windows among the odd ones the cut-off is the k-th
    smallest of their estimates, ``k = floor(MOST_LOST (m + 1))``: of further called windows of the same kind
    at most the share ``k / (m + 1)`` is expected below it (split conformal prediction; Vovk et al. 2005,
    Algorithmic Learning in a Random World). With fewer than `CALLS_NEEDED` there is no such cut-off, and all
    windows are computed.
    """
    features = embeddings.astype(np.float64)
    if len(ranks) < 2:
        return Screen(embed, np.zeros(1), float("-inf"), {"sample": len(ranks), "calls_of_the_cutoff": 0})
    weights = _ridge(features[::2], ranks[::2].astype(np.float64))
    estimates = (weights[0] + features[1::2] @ weights[1:]).astype(np.float32)
    called = np.sort(estimates[is_called[1::2]])
    k = int(np.floor(MOST_LOST * (len(called) + 1) + 1e-9))
    cutoff = float(called[k - 1]) if k else float("-inf")
    facts = {
        "sample": len(ranks),
        "calls_of_the_cutoff": len(called),
        "cutoff": cutoff if k else None,
        "most_calls_lost": k / (len(called) + 1) if k else 0.0,
        "share_computed_in_sample": float((estimates >= cutoff).mean()) if len(estimates) else 1.0,
    }
    return Screen(embed, weights, cutoff, facts)


def enough_calls(is_called: NDArray[np.bool_]) -> bool:
    """Return whether a sample has the calls that a cut-off needs."""
    return int(is_called[1::2].sum()) >= CALLS_NEEDED


def _ridge(features: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intercept and weights of a ridge regression on standardised features."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    scaled = (features - mean) / spread
    gram = scaled.T @ scaled + _RIDGE * np.eye(features.shape[1])
    slopes = np.linalg.solve(gram, scaled.T @ (values - values.mean())) / spread
    return np.concatenate([[values.mean() - mean @ slopes], slopes])
