"""How much two sets of elements share: bases, elements, Jaccard, precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.coverage import Coverage
from dnabert_enhancer.comparison.effective_genome import MappedElements
from dnabert_enhancer.comparison.sweep import Sweep, at_least
from dnabert_enhancer.genome import Spans, overlap_counts, overlapping_pairs, union_of

RECIPROCAL = 0.5
"""Share of both elements that a reciprocal overlap covers."""


@dataclass(frozen=True)
class Overlap:
    """What calls and a database share; all counts of bases and elements are within the effective genome.

    Attributes
    ----------
    calls, elements : int
        Numbers of calls and of elements.
    calls_bp, elements_bp : int
        Bases of their unions.
    shared_bp : int
        Bases of both unions.
    calls_hit, elements_hit : int
        Calls that share a base with an element, elements that share one with a call.
    calls_hit_fraction : int
        Calls of which one element covers at least the minimum fraction (``bedtools intersect -u -f``).
    calls_hit_reciprocal, elements_hit_reciprocal : int
        Calls and elements with a partner such that the shared bases are at least half of each
        (``bedtools intersect -u -f 0.5 -r``).
    """

    calls: int
    elements: int
    calls_bp: int
    elements_bp: int
    shared_bp: int
    calls_hit: int
    elements_hit: int
    calls_hit_fraction: int
    calls_hit_reciprocal: int
    elements_hit_reciprocal: int

    @property
    def jaccard(self) -> float:
        """Shared bases by bases in either: ``|A and B| / |A or B|`` (Jaccard 1912; ``bedtools jaccard``)."""
        return _ratio(self.shared_bp, self.calls_bp + self.elements_bp - self.shared_bp)

    @property
    def precision(self) -> float:
        """Share of the calls that share a base with the database: ``calls_hit / calls``."""
        return _ratio(self.calls_hit, self.calls)

    @property
    def recall(self) -> float:
        """Share of the elements that share a base with a call: ``elements_hit / elements``."""
        return _ratio(self.elements_hit, self.elements)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: ``2 P R / (P + R)`` (van Rijsbergen 1979)."""
        return _ratio(2 * self.precision * self.recall, self.precision + self.recall)

    @property
    def bp_precision(self) -> float:
        """Share of the called bases that are in the database: ``shared_bp / calls_bp``."""
        return _ratio(self.shared_bp, self.calls_bp)

    @property
    def bp_recall(self) -> float:
        """Share of the database's bases that are called: ``shared_bp / elements_bp``."""
        return _ratio(self.shared_bp, self.elements_bp)


@dataclass(frozen=True, eq=False)
class Hits:
    """What each call shares with a database.

    Attributes
    ----------
    bases : int64 array, shape (calls,)
        Bases of the call in the union of the database.
    elements : int64 array, shape (calls,)
        Elements that share a base with the call.
    best : int64 array, shape (calls,)
        The element that shares most bases (of equal ones the first), -1 for none.
    """

    bases: NDArray[np.int64]
    elements: NDArray[np.int64]
    best: NDArray[np.int64]


def overlap_of(
    calls: MappedElements,
    database: MappedElements,
    calls_union: Spans,
    minimum_fraction: float,
    sweep_fractions: Sequence[float] = (),
) -> tuple[Overlap, Hits, Spans, Sweep]:
    """Compare calls with a database.

    Parameters
    ----------
    calls, database : MappedElements
        In the same effective genome.
    calls_union : Spans
        Of the calls, on the effective line.
    minimum_fraction : float
        For `Overlap.calls_hit_fraction`, in (0, 1].
    sweep_fractions : sequence of float
        For the sweep, in (0, 1].

    Returns
    -------
    Overlap, Hits, Spans, Sweep
        The numbers, what each call shares, the database's union on the effective line, and the sweep.
    """
    union = union_of(database.start, database.end)
    coverage = Coverage(union)
    shared = int(coverage.within(calls_union.start, calls_union.end).sum())
    call_length, element_length = calls.end - calls.start, database.end - database.start
    # the largest share that one partner covers, and the largest that the shared bases are of both
    covered, both = np.zeros(len(calls)), np.zeros(len(calls))
    elements_covered, elements_both = np.zeros(len(database)), np.zeros(len(database))
    best = np.full(len(calls), -1, dtype=np.int64)
    for pairs in overlapping_pairs(calls.start, calls.end, database.start, database.end):
        of_call = pairs.bases / call_length[pairs.first]
        of_element = pairs.bases / element_length[pairs.second]
        of_both = np.minimum(of_call, of_element)
        np.maximum.at(covered, pairs.first, of_call)
        np.maximum.at(elements_covered, pairs.second, of_element)
        np.maximum.at(both, pairs.first, of_both)
        np.maximum.at(elements_both, pairs.second, of_both)
        order = np.lexsort((pairs.second, -pairs.bases, pairs.first))
        numbers, at = np.unique(pairs.first[order], return_index=True)
        best[numbers] = pairs.second[order[at]]
    counts = overlap_counts(calls.start, calls.end, database.start, database.end)
    back = overlap_counts(database.start, database.end, calls.start, calls.end)
    overlap = Overlap(
        calls=len(calls),
        elements=len(database),
        calls_bp=calls_union.bases,
        elements_bp=union.bases,
        shared_bp=shared,
        calls_hit=int((counts > 0).sum()),
        elements_hit=int((back > 0).sum()),
        calls_hit_fraction=int((covered >= minimum_fraction).sum()),
        calls_hit_reciprocal=int((both >= RECIPROCAL).sum()),
        elements_hit_reciprocal=int((elements_both >= RECIPROCAL).sum()),
    )
    shares = (covered, elements_covered, both, elements_both)
    sweep = Sweep(*(at_least(values, sweep_fractions) for values in shares))
    return overlap, Hits(coverage.within(calls.start, calls.end), counts, best), union, sweep


def shared_bases(one: Spans, other: Spans) -> int:
    """Return the bases of two unions' intersection."""
    return int(Coverage(one).within(other.start, other.end).sum())


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
