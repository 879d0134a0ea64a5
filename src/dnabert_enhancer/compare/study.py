"""The whole comparison: calls against every database, one after the other, then all against the nulls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.compare.algebra import Union, union_of
from dnabert_enhancer.compare.binned import Fisher, fisher_on_bins
from dnabert_enhancer.compare.coverage import Coverage
from dnabert_enhancer.compare.enrichment import NullResult
from dnabert_enhancer.compare.loading import Assembly, load_database
from dnabert_enhancer.compare.novelty import nearest_within_contig
from dnabert_enhancer.compare.overlap import Hits, Overlap, overlap_of, shared_bases
from dnabert_enhancer.compare.ranking import Ranking, ranking_of
from dnabert_enhancer.compare.space import Placed, Space
from dnabert_enhancer.compare.specification import Database
from dnabert_enhancer.compare.suspicion import sign_of_shifted_start

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measures:
    """How calls and a database are compared.

    Parameters
    ----------
    minimum_fraction : float
        Of a call, for `Overlap.calls_hit_fraction`.
    bin_width : int
        Of the bins of Fisher's test, in base pairs.
    """

    minimum_fraction: float = 0.5
    bin_width: int = 200


@dataclass(eq=False)
class Result:
    """One database's share of the comparison.

    Attributes
    ----------
    database : Database
    counts : dict of str to int
        What was read, filtered, lifted, lost and dropped.
    overlap : Overlap
    hits : Hits
    best_names : list of str
        Name of the element that shares most bases with each call, ``.`` for none.
    distance : int64 array, shape (calls,)
        Of each call to the nearest element, see `algebra.nearest`; -1 where its contig has none.
    fisher : Fisher
    ranking : Ranking
    union : Union
        The database on the space's line.
    start, end : int64 array, shape (elements,)
        Its elements on the space's line.
    nulls : dict of str to NullResult
        By the name of the null.
    """

    database: Database
    counts: dict[str, int]
    overlap: Overlap
    hits: Hits
    best_names: list[str]
    distance: NDArray[np.int64]
    fisher: Fisher
    ranking: Ranking
    union: Union
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    nulls: dict[str, NullResult] = field(default_factory=dict)


def compare_with(
    space: Space, calls: Placed, database: Database, placed: Placed, measures: Measures
) -> Result:
    """Compare the calls with one database that was laid out in the same space."""
    calls_union = union_of(calls.start, calls.end)
    overlap, hits, union = overlap_of(calls, placed, calls_union, measures.minimum_fraction)
    if sign := sign_of_shifted_start(calls, placed):
        _log.warning("%s: %s", database.name, sign)
    on_line = union_of(placed.line_start, placed.line_end)
    _, distance = nearest_within_contig(space, calls.line_start, calls.line_end, on_line.start, on_line.end)
    return Result(
        database=database,
        counts=dict(placed.elements.counts),
        overlap=overlap,
        hits=hits,
        best_names=[placed.elements.name(best) if best >= 0 else "." for best in hits.best.tolist()],
        distance=distance,
        fisher=fisher_on_bins(space, calls_union, union, measures.bin_width),
        ranking=ranking_of(calls.elements.scores, hits.elements > 0),
        union=union,
        start=placed.start,
        end=placed.end,
    )


def compare_all(
    space: Space,
    calls: Placed,
    databases: Sequence[Database],
    assembly: Assembly,
    measures: Measures,
    progress: Callable[[int], None] | None = None,
) -> list[Result]:
    """Compare the calls with all databases, reading one at a time."""
    results = []
    for database in databases:
        placed = load_database(database, assembly, space)
        results.append(compare_with(space, calls, database, placed, measures))
        if progress is not None:
            progress(1)
    for number, result in enumerate(results):
        for other in results[:number]:
            if len(result.start) and all(map(np.array_equal, result.union, other.union)):
                _log.warning("%s and %s cover the same bases", other.database.name, result.database.name)
    return results


def agreement(
    calls: Placed, results: Sequence[Result]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Return how all sets agree, the calls first.

    Returns
    -------
    names : list of str
        ``calls`` and the databases.
    jaccard : float64 array, shape (sets, sets)
        `Overlap.jaccard` of each pair.
    share : float64 array, shape (sets, sets)
        Share of the row's elements that share a base with the column's set.
    """
    unions = [union_of(calls.start, calls.end), *(result.union for result in results)]
    sets = [(calls.start, calls.end), *((result.start, result.end) for result in results)]
    number = len(unions)
    jaccard, share = np.full((number, number), np.nan), np.full((number, number), np.nan)
    for column, union in enumerate(unions):
        coverage = Coverage(union)
        for row, (start, end) in enumerate(sets):
            if len(start):
                share[row, column] = float((coverage.within(start, end) > 0).mean())
            shared = shared_bases(union, unions[row]) if row < column else union.bases
            if row <= column and (either := union.bases + unions[row].bases - shared):
                jaccard[row, column] = jaccard[column, row] = shared / either
    return ["calls", *(result.database.name for result in results)], jaccard, share
