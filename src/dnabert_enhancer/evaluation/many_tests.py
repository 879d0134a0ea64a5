"""Exact tests of counts and false discovery rates, without the second that SciPy's take to be imported."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

_EXACT_BELOW = 16
# 1/12, 1/360, 1/1260 ... of Stirling's series, from the highest power down
_STIRLING = (-3617 / 122400, 1 / 156, -691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)
_NEAR = 0.1
_TERMS = 12
_SMALLEST = 1e-17


def false_discovery_rates(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return q-values of tests, shape (tests,); not a number where there is no p.

    Notes
    -----
    Benjamini and Hochberg 1995, J R Stat Soc B 57:289: ``q_(i) = min over j >= i of p_(j) m / j``.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]
    scaled = p[order] * (len(order) / np.arange(1, len(order) + 1))
    q = np.full(len(p), np.nan)
    # the largest q is the largest p, so none is above 1
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return q


def hypergeometric_tail(
    found: ArrayLike, marked: ArrayLike, drawn: ArrayLike, total: ArrayLike
) -> NDArray[np.float64]:
    """Return the chance that a sample has so many marked members or more, the p of Fisher's one-sided test.

    Parameters
    ----------
    found : array_like of int[n]
        Marked members of the sample.
    marked : array_like of int[n]
        Marked members of all.
    drawn : array_like of int[n]
        Size of the sample, which is drawn without replacement.
    total : array_like of int[n]
        Size of all, at least 1.

    Notes
    -----
    The smaller side of the distribution is added up from its largest term, each further one by the ratio to
    the one before; the first is Loader's saddle-point expansion (2000, Fast and accurate computation of
    binomial probabilities), which no large logarithms cancel in.
    """
    arrays = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, np.int64)) for x in (found, marked, drawn, total))
    )
    k, marked_, drawn_, total_ = (array.astype(np.float64) for array in arrays)
    least, most = np.maximum(0, drawn_ - (total_ - marked_)), np.minimum(marked_, drawn_)
    p = np.where(k <= least, 1.0, 0.0)
    inside = np.flatnonzero((k > least) & (k <= most))
    k, marked_, drawn_, total_ = (array[inside] for array in (k, marked_, drawn_, total_))
    upwards = k * total_ >= marked_ * drawn_
    # downwards: all but the terms below k, which begin at k - 1
    side = _sum_of_terms(np.where(upwards, k, k - 1), marked_, drawn_, total_, upwards)
    p[inside] = np.where(upwards, np.minimum(side, 1.0), 1.0 - side)
    return p


def _sum_of_terms(
    k: NDArray[np.float64],
    marked: NDArray[np.float64],
    drawn: NDArray[np.float64],
    total: NDArray[np.float64],
    upwards: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return the probability of k and of all counts beyond it, up or down."""
    first = _probability(k, marked, drawn, total)
    term, added, at = np.ones_like(k), np.ones_like(k), k.copy()
    rest = total - marked - drawn
    left = np.arange(len(k))
    while len(left):
        x, r, n, b = at[left], marked[left], drawn[left], rest[left]
        up, down = (r - x) * (n - x) / ((x + 1) * (b + x + 1)), x * (b + x) / ((r - x + 1) * (n - x + 1))
        term[left] *= np.where(upwards[left], up, down)
        added[left] += term[left]
        at[left] += np.where(upwards[left], 1, -1)
        left = left[term[left] > _SMALLEST * added[left]]
    return first * added


def _probability(
    k: NDArray[np.float64],
    marked: NDArray[np.float64],
    drawn: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the probability of exactly k."""
    drawn_share, left_share = drawn / total, (total - drawn) / total
    logarithm = (
        _log_binomial(k, marked, drawn_share, left_share)
        + _log_binomial(drawn - k, total - marked, drawn_share, left_share)
        - _log_binomial(drawn, total, drawn_share, left_share)
    )
    return np.exp(logarithm)


def _log_binomial(
    k: NDArray[np.float64], n: NDArray[np.float64], p: NDArray[np.float64], q: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the logarithm of the probability of k of n at a chance of p = 1 - q each; n at least 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = (
            _stirling_error(n)
            - _stirling_error(k)
            - _stirling_error(n - k)
            - _deviance(k, n * p)
            - _deviance(n - k, n * q)
            - 0.5 * np.log(2 * math.pi * k * ((n - k) / n))
        )
    return np.where(k == 0, n * np.log1p(-p), np.where(k == n, n * np.log(p), inner))


def _stirling_error(n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``log(n!) - log(sqrt(2 pi n) (n / e)^n)``."""
    large = np.maximum(n, _EXACT_BELOW)
    series = np.polyval(_STIRLING, large**-2.0) / large
    return np.where(n < _EXACT_BELOW, _EXACT[np.minimum(n, _EXACT_BELOW - 1).astype(np.int64)], series)


def _deviance(x: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``x log(x / mean) + mean - x`` without loss where both are near; x and mean above 0."""
    ratio = (x - mean) / (x + mean)
    # log(x / mean) = 2 (v + v^3 / 3 + v^5 / 5 ...) with v the ratio
    series = np.polyval([2 / (2 * j + 1) for j in range(_TERMS, 0, -1)] + [0.0], ratio**2)
    near = (x - mean) * ratio + x * ratio * series
    return np.where(np.abs(ratio) < _NEAR, near, x * np.log(x / mean) + mean - x)


_EXACT = np.array(
    [0.0]
    + [
        math.lgamma(n + 1) - (n + 0.5) * math.log(n) + n - 0.5 * math.log(2 * math.pi)
        for n in range(1, _EXACT_BELOW)
    ]
)
