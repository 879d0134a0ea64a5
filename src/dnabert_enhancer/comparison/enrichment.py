"""Enrichment of calls in databases against random placements: fold, interval, z, empirical p, FDR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.permutation_overlap import MOST_DATABASES, Measure
from dnabert_enhancer.comparison.random_placements import Placement, Ring
from dnabert_enhancer.genome import Spans

_CENTRAL = (2.5, 97.5)


@dataclass(frozen=True)
class Enrichment:
    """How one number compares with its values under a null.

    Attributes
    ----------
    observed : float
        Calls that share a base with the database, or their bases in it.
    expected, deviation : float
        Mean and standard deviation of the null values.
    fold : float
        ``observed / expected``.
    fold_low, fold_high : float
        ``observed`` by the 97.5 % and by the 2.5 % quantile of the null values: what the spread of the null
        leaves of the fold; infinite where that quantile is 0.
    z : float
        ``(observed - expected) / deviation``.
    p : float
        One-sided empirical p of enrichment: ``(1 + #{null >= observed}) / (1 + permutations)``, never 0
        (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39).
    p_depleted : float
        The same with ``<=``.
    """

    observed: float
    expected: float
    deviation: float
    fold: float
    fold_low: float
    fold_high: float
    z: float
    p: float
    p_depleted: float


@dataclass(frozen=True)
class NullResult:
    """One database against one null.

    Attributes
    ----------
    calls : Enrichment
        Of the calls that share a base with the database.
    bases : Enrichment
        Of the bases of calls in the database, summed over calls.
    """

    calls: Enrichment
    bases: Enrichment


def enrichments(
    ring: Ring,
    placement: Placement,
    databases: Sequence[Spans],
    *,
    permutations: int,
    seed: int,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[NullResult]:
    """Compare the calls with random placements of themselves, for all databases at once.

    Parameters
    ----------
    ring : Ring
        The calls where they are.
    placement : Placement
        Draws them elsewhere.
    databases : sequence of Spans
        On the effective line.
    permutations : int
        How many placements are drawn; every database meets the same ones.
    seed : int
        Results depend on it and not on the number of threads.
    threads : int
        How many placements are worked on at once.
    progress : callable, optional
        Called with how many permutations are done.

    Returns
    -------
    list of NullResult
        One a database; not a number where there is no call or no element.
    """
    on_ring = [ring.union(union) for union in databases]
    groups = [on_ring[at : at + MOST_DATABASES] for at in range(0, len(on_ring), MOST_DATABASES)]
    measures = [Measure(group, ring.line_length) for group in groups]

    def measured(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.concatenate([measure(start, end) for measure in measures], axis=1)

    start = ring.offset[ring.contig] + ring.local
    observed = measured(start, start + ring.length)
    seeds = np.random.SeedSequence([seed, *placement.name.encode()]).spawn(permutations)

    def one(number: int) -> NDArray[np.float64]:
        placed = placement.draw(np.random.default_rng(seeds[number]))
        values = measured(*placed)
        if progress is not None:
            progress(1)
        return values

    with ThreadPoolExecutor(max(1, threads)) as pool:
        null = np.stack([*pool.map(one, range(permutations))])
    return [
        NullResult(
            compare(observed[0, number], null[:, 0, number]), compare(observed[1, number], null[:, 1, number])
        )
        for number in range(len(databases))
    ]


def compare(observed: float, null: NDArray[np.float64]) -> Enrichment:
    """Return how a number compares with its values under a null, shape (permutations,)."""
    expected, deviation = float(null.mean()), float(null.std(ddof=1)) if len(null) > 1 else float("nan")
    low, high = (float(value) for value in np.percentile(null, _CENTRAL))
    return Enrichment(
        observed=float(observed),
        expected=expected,
        deviation=deviation,
        fold=_by(observed, expected),
        fold_low=_by(observed, high),
        fold_high=_by(observed, low),
        z=float((observed - expected) / deviation) if deviation > 0 else float("nan"),
        p=(1 + int((null >= observed).sum())) / (1 + len(null)),
        p_depleted=(1 + int((null <= observed).sum())) / (1 + len(null)),
    )


def _by(observed: float, expected: float) -> float:
    if expected > 0:
        return float(observed / expected)
    return float("inf") if observed > 0 else float("nan")
