"""Which shared k-mers count as leakage, and which are repeats that do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import UNKNOWN_BASE

_LOWER_CASE = ord("a")


@dataclass(frozen=True)
class LeakRule:
    """Which shared k-mers give a sequence away.

    Parameters
    ----------
    k : int
        Length of the k-mers, in bp.
    ignore_repeats : bool
        Leave out k-mers of repeats: those soft-masked (lower case) for more than `masked_share` of
        their bases, and tandem repeats, where for some period of 1 to `longest_period` bp at least
        `tandem_share` of the bases equal the base one period before. Sequences that are lower case as a
        whole (more than 95 % of all letters) count as not masked. Sequences that are equal as a whole
        (either strand) are leaks whether masked or not.

    Notes
    -----
    Young interspersed repeats share 40-mers all over a genome without telling anything about an element,
    and counting them would empty a training set of repeats. Measured on 200-bp windows, even against odd
    megabases: of 8.4 Mb of hg19 chr20 (5 % soft-masked there, far less than RepeatMasker finds) 11.8 % of
    the windows share a 40-mer with the other side, 10.1 % by the rule; of 6.7 Mb of hg38 (12 % soft-masked)
    9.8 % and 7.4 %. A masked share of 0.25 or 0.75 instead of 0.5 changes nothing there. Leaving out
    40-mers by the number of their copies does not help: 78 % of the shared ones occur at most five times.
    So the rule is as good as the mask of the genome, and what is not masked counts as a leak.
    """

    k: int = 40
    ignore_repeats: bool = True
    masked_share: float = 0.5
    longest_period: int = 6
    tandem_share: float = 0.8

    def describe(self) -> str:
        """Return the rule as a sentence, for dataset.json."""
        text = f"no {self.k}-mer (either strand) in two splits"
        if not self.ignore_repeats:
            return f"{text}, repeats included"
        return (
            f"{text}, except k-mers soft-masked for more than {self.masked_share:.0%} and tandem repeats "
            f"(period 1 to {self.longest_period}, {self.tandem_share:.0%} equal to the base one period "
            "before); no equal sequences"
        )


def counting_kmers(
    codes: NDArray[np.uint8], letters: NDArray[np.uint8] | None, places: NDArray[np.intp], rule: LeakRule
) -> NDArray[np.bool_]:
    """Return for some k-mers whether they count: known bases alone, and no repeat by the rule.

    Parameters
    ----------
    codes : uint8[n]
        Base codes.
    letters : uint8[n] or None
        The same bases as ASCII letters; None where letter case means nothing.
    places : intp[m]
        Where the k-mers begin.
    rule : LeakRule

    Returns
    -------
    bool[m]
    """
    spots = places[:, np.newaxis] + np.arange(rule.k)
    kmers = codes[spots]
    counts: NDArray[np.bool_] = ~(kmers >= UNKNOWN_BASE).any(axis=1)
    if not rule.ignore_repeats:
        return counts
    if letters is not None:
        counts &= (letters[spots] >= _LOWER_CASE).sum(axis=1) <= rule.masked_share * rule.k
    return counts & ~tandem_kmers(kmers, rule)


def tandem_kmers(kmers: NDArray[np.uint8], rule: LeakRule) -> NDArray[np.bool_]:
    """Return for each k-mer, ``uint8[m, k]``, whether it is a tandem repeat by the rule: ``bool[m]``."""
    tandem = np.zeros(len(kmers), dtype=bool)
    for period in range(1, min(rule.longest_period + 1, rule.k)):
        equal = (kmers[:, period:] == kmers[:, :-period]).sum(axis=1)
        tandem |= equal >= rule.tandem_share * (rule.k - period)
    return tandem
