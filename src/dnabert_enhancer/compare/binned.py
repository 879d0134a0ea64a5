"""Odds ratio and Fisher's exact test on the genome cut into bins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dnabert_enhancer.compare.algebra import Union, union_of
from dnabert_enhancer.compare.overlap import shared_bases
from dnabert_enhancer.compare.space import Space


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


def fisher_on_bins(space: Space, calls: Union, database: Union, width: int) -> Fisher:
    """Test whether bins with calls are bins with elements more often than by chance.

    Parameters
    ----------
    space : Space
        What counts; each contig's part of it is cut from its beginning, the last bin may be shorter.
    calls, database : Union
        On the space's line.
    width : int
        Of a bin, in base pairs.
    """
    from scipy.stats import fisher_exact

    bins_of_contig = -(-space.contig_length // width)
    first_bin = np.cumsum(bins_of_contig) - bins_of_contig
    with_calls, with_elements = (_bins(space, union, width, first_bin) for union in (calls, database))
    both = shared_bases(with_calls, with_elements)
    calls_only, database_only = with_calls.bases - both, with_elements.bases - both
    neither = int(bins_of_contig.sum()) - both - calls_only - database_only
    if not (with_calls.bases and with_elements.bases):
        return Fisher(both, calls_only, database_only, neither, float("nan"), float("nan"))
    test = fisher_exact([[both, calls_only], [database_only, neither]], alternative="greater")
    return Fisher(both, calls_only, database_only, neither, float(test.statistic), float(test.pvalue))


def _bins(
    space: Space, union: Union, width: int, first_bin: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Union:
    """Return the bins with a base of a union, as a union of bin numbers."""
    contig = np.searchsorted(space.contig_start, union.start, side="right") - 1
    local = union.start - space.contig_start[contig]
    first = first_bin[contig] + local // width
    last = first_bin[contig] + (local + (union.end - union.start) - 1) // width
    return union_of(first, last + 1)
