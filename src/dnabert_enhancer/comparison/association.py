"""Association of calls with a database: Fisher's exact test on bins, and areas under curves of the scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.effective_genome import EffectiveGenome
from dnabert_enhancer.comparison.overlap import shared_bases
from dnabert_enhancer.evaluation import areas, hypergeometric_tail
from dnabert_enhancer.genome import Spans, union_of


class Fisher(NamedTuple):
    """A two-by-two table of bins and its test.

    Attributes
    ----------
    both, calls_only, database_only, neither : int
        Bins with a base of both sets, of one, of none.
    odds_ratio : float
        ``both * neither / (calls_only * database_only)``.
    p : float
        One-sided, of a larger odds ratio (Fisher 1922, J R Stat Soc 85:87). Neighbouring bins are not
        independent, which this test ignores: the permutations are the better p. Not a number where one of
        the sets has no bin.
    """

    both: int
    calls_only: int
    database_only: int
    neither: int
    odds_ratio: float
    p: float


def fisher_on_bins(effective: EffectiveGenome, calls: Spans, database: Spans, width: int) -> Fisher:
    """Test whether bins with calls are bins with elements more often than by chance.

    Parameters
    ----------
    effective : EffectiveGenome
        What counts; each contig's part of it is cut from its beginning, the last bin may be shorter.
    calls, database : Spans
        On the effective line.
    width : int
        Of a bin, in base pairs.
    """
    bins_of_contig = -(-effective.contig_length // width)
    first_bin = np.cumsum(bins_of_contig) - bins_of_contig
    with_calls, with_elements = (_bins(effective, union, width, first_bin) for union in (calls, database))
    both = shared_bases(with_calls, with_elements)
    calls_only, database_only = with_calls.bases - both, with_elements.bases - both
    neither = int(bins_of_contig.sum()) - both - calls_only - database_only
    if not (with_calls.bases and with_elements.bases):
        return Fisher(both, calls_only, database_only, neither, float("nan"), float("nan"))
    apart = calls_only * database_only
    odds_ratio = both * neither / apart if apart else float("inf") if both * neither else float("nan")
    p = hypergeometric_tail(both, with_elements.bases, with_calls.bases, bins_of_contig.sum())
    return Fisher(both, calls_only, database_only, neither, odds_ratio, float(p[0]))


def _bins(
    effective: EffectiveGenome,
    union: Spans,
    width: int,
    first_bin: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Spans:
    """Return the bins with a base of a union, as a union of bin numbers."""
    contig = np.searchsorted(effective.contig_start, union.start, side="right") - 1
    local = union.start - effective.contig_start[contig]
    first = first_bin[contig] + local // width
    last = first_bin[contig] + (local + (union.end - union.start) - 1) // width
    return union_of(first, last + 1)


class Ranking(NamedTuple):
    """Areas under curves of the calls' scores, with "shares a base with the database" as the label.

    Attributes
    ----------
    auroc : float
        Chance that a call in the database scores above one that is not, ties counting half (Hanley and
        McNeil 1982, Radiology 143:29).
    auprc : float
        Average precision: ``sum over ranks of (R_k - R_(k-1)) P_k`` (Davis and Goadrich 2006, ICML 23:233);
        `precision` of the whole set is what random scores reach.
    """

    auroc: float
    auprc: float


def ranking_of(scores: NDArray[np.float64], in_database: NDArray[np.bool_]) -> Ranking:
    """Return the areas; not a number when calls lack scores, all score alike, or all are in or out.

    Parameters
    ----------
    scores : float64 array, shape (calls,)
        Higher means more likely an enhancer.
    in_database : bool array, shape (calls,)
        The label.
    """
    nothing = Ranking(float("nan"), float("nan"))
    if not len(scores) or not np.isfinite(scores).all() or np.ptp(scores) == 0:
        return nothing
    if in_database.all() or not in_database.any():
        return nothing
    return Ranking(*areas(in_database, scores))
