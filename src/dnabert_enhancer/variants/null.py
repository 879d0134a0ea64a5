"""Null variants, of the same kinds in shuffled sequence, and the p- and q-values that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.sequence import (
    BASES,
    dinucleotide_shuffle,
    encode_bases,
    gc_fraction,
    reverse_complement_letters,
)
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.reference import SequenceContext
from dnabert_enhancer.variants.windows import WindowPlan

GC_EDGES = (0.35, 0.40, 0.45, 0.50, 0.55, 0.60)
SUBSTITUTIONS = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
"""Substitution types, each with its complement: C>A is G>T too."""
VARIANT_TYPES = (*SUBSTITUTIONS, "MNV", "INS1-2", "INS3-9", "INS10+", "DEL1-2", "DEL3-9", "DEL10+")
MINIMUM_STRATUM = 500
_FIRST_BLOCKS = 8
_LATER_FRACTION = 1 / 16
_CONTEXT_WINDOWS = 3


def null_count(minimum: int, block: int, scored: int) -> int:
    """Return how many null variants a block of records gets: one an allele at first, one in 16 later.

    Parameters
    ----------
    minimum : int
        At least so many from the first block, if it has an allele that can be scored; 0: no null.
    block : int
        Number of the block, from 0.
    scored : int
        Alleles of the block that have a score.
    """
    if not scored or not minimum:
        return 0
    if block == 0:
        return max(minimum, scored)
    return scored if block < _FIRST_BLOCKS else round(scored * _LATER_FRACTION)


class NullVariant(NamedTuple):
    """A variant in a shuffled piece of genome, with its stratum."""

    context: SequenceContext
    allele: Allele
    stratum: int


def variant_type(allele: Allele) -> int:
    """Return the index in `VARIANT_TYPES`."""
    ref, alt = allele.trimmed_ref.decode("latin-1"), allele.trimmed_alt.decode("latin-1")
    change = len(alt) - len(ref)
    if change == 0:
        substitutions = (
            f"{ref}>{alt}",
            f"{reverse_complement_letters(ref)}>{reverse_complement_letters(alt)}",
        )
        known = next((name for name in substitutions if name in SUBSTITUTIONS), "MNV")
        return VARIANT_TYPES.index(known)
    size = "1-2" if abs(change) < 3 else "3-9" if abs(change) < 10 else "10+"
    return VARIANT_TYPES.index(("INS" if change > 0 else "DEL") + size)


def strata_of(alleles: Sequence[tuple[SequenceContext, Allele]], length: int) -> NDArray[np.int16]:
    """Return the stratum of each variant: the GC share of the three windows around it, and its type."""
    return _strata(_contexts(alleles, length), [allele for _, allele in alleles])


def draw_nulls(
    alleles: Sequence[tuple[SequenceContext, Allele]], count: int, plan: WindowPlan, rng: np.random.Generator
) -> list[NullVariant]:
    """Return variants of the same types in dinucleotide-shuffled sequence of the same places.

    Parameters
    ----------
    alleles : sequence of (SequenceContext, Allele)
        Those that were scored, each with the genome around it.
    count : int
        How many to return; the alleles are taken in turn, in random order.
    plan : WindowPlan
        The longest windows of all models.
    rng : numpy.random.Generator

    Notes
    -----
    The three window lengths around the allele are shuffled, which keeps their GC share and every
    dinucleotide's count. A substitution is put on the occurrence of its reference base that is nearest to a
    random place near the middle; several replaced bases are first written there.
    """
    if not alleles or not count:
        return []
    order = np.concatenate([rng.permutation(len(alleles)) for _ in range(-(-count // len(alleles)))])[:count]
    chosen = [alleles[row] for row in order.tolist()]
    contexts = _contexts(chosen, plan.length)
    strata = _strata(contexts, [allele for _, allele in chosen]).tolist()
    shuffled = dinucleotide_shuffle(contexts, rng)
    half = plan.step // 2
    places = contexts.shape[1] // 2 + rng.integers(-half, half + 1, size=count)
    return [
        _planted(codes, allele, stratum, int(place), plan)
        for codes, (_, allele), stratum, place in zip(shuffled, chosen, strata, places, strict=True)
    ]


class NullStatistics:
    """The null's statistics by stratum; answers with p-values.

    Parameters
    ----------
    strata : int array, shape (n,)
    statistics : float array, shape (n,)
        Differences of logits, with any sign; NaN is left out.

    Notes
    -----
    A stratum with fewer than `MINIMUM_STRATUM` null variants is answered for by all GC bins of its type
    together, and where those are fewer too, by all.
    """

    def __init__(self, strata: NDArray[np.integer[Any]], statistics: NDArray[np.floating[Any]]) -> None:
        known = ~np.isnan(statistics)
        sizes = np.abs(statistics[known]).astype(np.float32)
        types = strata[known] % len(VARIANT_TYPES)
        self.count = len(sizes)
        self._groups: dict[str, NDArray[np.float32]] = {"all": np.sort(sizes)}
        for stratum in np.unique(strata[known]).tolist():
            self._groups[f"stratum {stratum}"] = np.sort(sizes[strata[known] == stratum])
        for kind in np.unique(types).tolist():
            self._groups[f"type {kind}"] = np.sort(sizes[types == kind])

    def group(self, stratum: int) -> str:
        """Return the name of the group of null variants that answers for a stratum."""
        for name in (f"stratum {stratum}", f"type {stratum % len(VARIANT_TYPES)}"):
            if len(self._groups.get(name, ())) >= MINIMUM_STRATUM:
                return name
        return "all"

    def p_values(
        self,
        strata: NDArray[np.integer[Any]],
        statistics: NDArray[np.floating[Any]],
    ) -> NDArray[np.float64]:
        """Return the two-sided empirical p-value of each statistic; NaN where it is NaN or there is no null.

        Notes
        -----
        ``p = (1 + number of null |d| >= |d|) / (1 + number of null)`` (Phipson and Smyth 2010, Stat Appl
        Genet Mol Biol 9:39), within the group of the stratum.
        """
        p = np.full(len(statistics), np.nan)
        if not self.count:
            return p
        sizes = np.abs(statistics).astype(np.float32)
        known = ~np.isnan(sizes)
        for stratum in np.unique(strata[known]).tolist():
            rows = np.flatnonzero(known & (strata == stratum))
            null = self._groups[self.group(int(stratum))]
            at_least = len(null) - np.searchsorted(null, sizes[rows], side="left")
            p[rows] = (1 + at_least) / (1 + len(null))
        return p


class FalseDiscovery:
    """Benjamini-Hochberg q-values of a run, from counts of p-values: exact, in memory that does not grow.

    p-values are empirical, so that there are no more different ones than null variants.
    """

    def __init__(self) -> None:
        self._counts: dict[float, int] = {}
        self._p = np.zeros(0)
        self._q = np.zeros(0)

    def add(self, p: NDArray[np.float64]) -> None:
        """Count p-values; NaN is left out."""
        values, counts = np.unique(p[~np.isnan(p)], return_counts=True)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            self._counts[value] = self._counts.get(value, 0) + count

    def finish(self) -> None:
        """Compute the q-values, when all p-values are counted.

        Notes
        -----
        ``q(p) = min over p' >= p of p' m / #{p-values <= p'}`` (Benjamini and Hochberg 1995, J R Stat Soc B
        57:289).
        """
        self._p = np.array(sorted(self._counts))
        counts = np.array([self._counts[p] for p in self._p.tolist()], dtype=np.int64)
        rank = np.cumsum(counts)
        ratio = self._p * (rank[-1] if len(rank) else 0) / np.maximum(rank, 1)
        self._q = np.minimum(np.minimum.accumulate(ratio[::-1])[::-1], 1.0)

    def q_values(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the q-value of each p-value that was counted; NaN stays NaN."""
        q = np.full(len(p), np.nan)
        known = ~np.isnan(p)
        q[known] = self._q[np.searchsorted(self._p, p[known])]
        return q


def uniformity(strata: NDArray[np.integer[Any]], statistics: NDArray[np.floating[Any]]) -> dict[str, float]:
    """Return the Kolmogorov-Smirnov test of the p-values that one half of the null gives the other.

    Returns
    -------
    dict
        ``ks_statistic``, ``ks_p_value`` (both halves are samples, so that of the two-sample test) and
        ``variants``; empty with fewer than 100 null variants.
    """
    known = ~np.isnan(statistics)
    strata, statistics = strata[known], statistics[known]
    if len(statistics) < 100:
        return {}
    from scipy.special import kolmogorov

    p = NullStatistics(strata[::2], statistics[::2]).p_values(strata[1::2], statistics[1::2])
    ordered, n, known_half = np.sort(p), len(p), len(statistics) - len(p)
    ranks = np.arange(n)
    statistic = float(max(((ranks + 1) / n - ordered).max(), (ordered - ranks / n).max()))
    return {
        "ks_statistic": statistic,
        "ks_p_value": float(kolmogorov(statistic * np.sqrt(n * known_half / (n + known_half)))),
        "variants": n,
    }


def _contexts(alleles: Sequence[tuple[SequenceContext, Allele]], length: int) -> NDArray[np.uint8]:
    """Return the bases around each allele, shape (alleles, three windows)."""
    size = _CONTEXT_WINDOWS * length
    contexts = np.empty((len(alleles), size), dtype=np.uint8)
    for row, (context, allele) in enumerate(alleles):
        start = (allele.start + allele.end - size) // 2
        contexts[row] = context.part(start, start + size)
    return contexts


def _strata(contexts: NDArray[np.uint8], alleles: Sequence[Allele]) -> NDArray[np.int16]:
    gc = np.nan_to_num(gc_fraction(contexts), nan=0.5)
    types = np.array([variant_type(allele) for allele in alleles], dtype=np.int64)
    return (np.searchsorted(GC_EDGES, gc, side="right") * len(VARIANT_TYPES) + types).astype(np.int16)


def _planted(
    codes: NDArray[np.uint8], allele: Allele, stratum: int, place: int, plan: WindowPlan
) -> NullVariant:
    ref, alt = encode_bases(allele.trimmed_ref), encode_bases(allele.trimmed_alt)
    start, end = place - len(ref) // 2, place - len(ref) // 2 + len(ref)
    if len(ref) == len(alt) == 1:
        occurrences = np.flatnonzero(codes == ref[0])
        if len(occurrences):
            start = int(occurrences[np.abs(occurrences - place).argmin()])
            end = start + 1
    if len(ref) == len(alt) and len(ref):
        codes = codes.copy()
        codes[start:end] = ref
    flank = plan.reach
    padded = np.pad(codes, flank, constant_values=len(BASES))
    planted = Allele(allele.contig, start, end, alt, codes[start:end], allele.trimmed_ref, allele.trimmed_alt)
    return NullVariant(SequenceContext(padded, -flank, len(codes)), planted, stratum)
