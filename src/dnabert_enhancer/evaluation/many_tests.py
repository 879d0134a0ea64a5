"""Exact tests of counts, and false discovery rates of many tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
    """
    from scipy.stats import hypergeom  # takes most of a second, which not every command needs

    k, marked_, drawn_, total_ = (
        np.atleast_1d(np.asarray(x, np.int64)) for x in (found, marked, drawn, total)
    )
    return np.asarray(np.minimum(1.0, hypergeom.sf(k - 1, total_, marked_, drawn_)))
