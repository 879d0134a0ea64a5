"""Compares calls with each database, then with random placements and random calls."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.comparison.association import Fisher, Ranking, fisher_on_bins, ranking_of
from dnabert_enhancer.comparison.coverage import Coverage
from dnabert_enhancer.comparison.database_spec import Database
from dnabert_enhancer.comparison.effective_genome import EffectiveGenome, MappedElements
from dnabert_enhancer.comparison.elements import NO_NAME
from dnabert_enhancer.comparison.enrichment import NullResult, enrichments
from dnabert_enhancer.comparison.gc_placements import GcResampling
from dnabert_enhancer.comparison.loading import Assembly, load_database
from dnabert_enhancer.comparison.novelty import nearest_within_contig
from dnabert_enhancer.comparison.offset_checks import sign_of_shifted_start
from dnabert_enhancer.comparison.overlap import Hits, Overlap, overlap_of, shared_bases
from dnabert_enhancer.comparison.random_placements import (
    CircularShift,
    Placement,
    Resampling,
    Ring,
    control_ring,
)
from dnabert_enhancer.comparison.settings import CompareSettings
from dnabert_enhancer.comparison.sweep import Sweep
from dnabert_enhancer.genome import Genome, Spans, union_of

Progress = Callable[[str, int, str], AbstractContextManager[Callable[[int], None]]]
_log = logging.getLogger(__name__)
GC_CONTROL = "random_gc_matched"


@dataclass(eq=False)
class DatabaseResult:
    """Calls against one database.

    Attributes
    ----------
    database : Database
    counts : dict of str to int
        What was read, filtered, lifted, lost and dropped.
    overlap : Overlap
    hits : Hits
    best_names : array of str, shape (calls,)
        Name of the element that shares most bases with each call, ``.`` for none.
    distance : int64 array, shape (calls,)
        Of each call to the nearest element, see `genome.nearest_of`; -1 where its contig has none.
    fisher : Fisher
    ranking : Ranking
    union : Spans
        The database on the effective line.
    start, end : int64 array, shape (elements,)
        Its elements on the effective line.
    sweep : Sweep
        At the shares of `CompareSettings.sweep_fractions`.
    nulls : dict of str to NullResult
        By the name of the null.
    """

    database: Database
    counts: dict[str, int]
    overlap: Overlap
    hits: Hits
    best_names: NDArray[Any]  # of str objects
    distance: NDArray[np.int64]
    fisher: Fisher
    ranking: Ranking
    union: Spans
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    sweep: Sweep
    nulls: dict[str, NullResult] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:  # JSON values
        """Return what a run's record says of the database."""
        database = self.database
        return {
            "preset": database.preset.name,
            "layout": database.preset.status,
            "preset_guessed": database.guessed,
            "assembly": database.assembly,
            "licence": database.preset.licence,
            "citation": database.preset.citation,
            "elements": self.overlap.elements,
            "counts": self.counts,
        }


def compare_with(
    effective: EffectiveGenome,
    calls: MappedElements,
    database: Database,
    mapped: MappedElements,
    settings: CompareSettings,
) -> DatabaseResult:
    """Compare the calls with one database that was laid out in the same effective genome."""
    calls_union = union_of(calls.start, calls.end)
    overlap, hits, union, sweep = overlap_of(
        calls, mapped, calls_union, settings.summary_fraction, settings.sweep_fractions
    )
    if sign := sign_of_shifted_start(calls, mapped):
        _log.warning("%s: %s", database.name, sign)
    on_line = union_of(mapped.line_start, mapped.line_end)
    _, distance = nearest_within_contig(
        effective, calls.line_start, calls.line_end, on_line.start, on_line.end
    )
    return DatabaseResult(
        database=database,
        counts=dict(mapped.elements.counts),
        overlap=overlap,
        hits=hits,
        best_names=np.append(mapped.elements.names, NO_NAME)[hits.best],
        distance=distance,
        fisher=fisher_on_bins(effective, calls_union, union, settings.bin),
        ranking=ranking_of(calls.elements.scores, hits.elements > 0),
        union=union,
        start=mapped.start,
        end=mapped.end,
        sweep=sweep,
    )


def compare_all(
    effective: EffectiveGenome,
    calls: MappedElements,
    databases: Sequence[Database],
    assembly: Assembly,
    settings: CompareSettings,
    progress: Callable[[int], None] | None = None,
) -> list[DatabaseResult]:
    """Compare the calls with all databases, reading one at a time."""
    results = []
    for database in databases:
        mapped = load_database(database, assembly, effective)
        results.append(compare_with(effective, calls, database, mapped, settings))
        if progress is not None:
            progress(1)
    for number, result in enumerate(results):
        for other in results[:number]:
            if len(result.start) and all(map(np.array_equal, result.union, other.union)):
                _log.warning("%s and %s cover the same bases", other.database.name, result.database.name)
    return results


def agreement(
    calls: MappedElements, results: Sequence[DatabaseResult]
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


class ControlTest(NamedTuple):
    """Random calls against the databases under one null.

    Attributes
    ----------
    name : str
        How the calls were drawn: ``random`` or ``random_gc_matched``.
    calls : int
        How many were drawn.
    null : str
    tests : dict of str to NullResult
        By the database's name.
    """

    name: str
    calls: int
    null: str
    tests: dict[str, NullResult]


class EnrichmentTests:
    """Tests the calls, and random calls, against random placements, in all databases that have elements.

    Parameters
    ----------
    calls : MappedElements
    genome : EffectiveGenome
    results : sequence of DatabaseResult
        `test_calls` adds the nulls' results to them.
    settings : CompareSettings
    sequence : Genome, optional
        Matches GC in the re-sampling, and in a control.
    progress : callable, optional
        Called with a task, a number of permutations and their unit; gives a context whose value takes how
        many are done since its last call.

    Attributes
    ----------
    unplaceable : int
        Calls that fit into no scanned segment.
    gc_window : int or None
        Length of the windows whose GC is matched.
    """

    def __init__(
        self,
        calls: MappedElements,
        genome: EffectiveGenome,
        results: Sequence[DatabaseResult],
        settings: CompareSettings,
        sequence: Genome | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._ring = Ring(genome, calls.elements.contig_index, calls.start, calls.end)
        self._results = [result for result in results if result.overlap.elements]
        self._settings, self._sequence = settings, sequence
        self._progress = progress or (lambda *_: nullcontext(lambda _: None))
        self.unplaceable = 0
        self.gc_window: int | None = None

    def test_calls(self) -> None:
        """Test the calls."""
        for placement in self._placements(self._ring):
            for result, test in zip(self._results, self._test(self._ring, placement, "calls"), strict=True):
                result.nulls[placement.name] = test
            if isinstance(placement, (Resampling, GcResampling)) and placement.unplaceable:
                self.unplaceable = placement.unplaceable
                _log.warning(
                    "%d calls fit into no scanned segment; they are placed across gaps", self.unplaceable
                )
            if isinstance(placement, GcResampling):
                self.gc_window = placement.window

    def test_controls(self) -> list[ControlTest]:
        """Return the tests of random calls: anywhere, and with the calls' GC where there is a sequence."""
        if not len(self._ring.length):
            return []
        placements: dict[str, Placement] = {"random": Resampling(self._ring)}
        if self._sequence is not None:
            placements[GC_CONTROL] = GcResampling(self._ring, self._sequence)
        names = [result.database.name for result in self._results]
        tests: list[ControlTest] = []
        for name, placement in placements.items():
            control = control_ring(self._ring, placement, self._settings.seed)
            for null in self._placements(control):
                found = self._test(control, null, name)
                by_database = dict(zip(names, found, strict=True))
                tests.append(ControlTest(name, len(control.length), null.name, by_database))
                for database, test in by_database.items():
                    if test.calls.p <= 0.05 / len(names):
                        _log.info(
                            "control %s is enriched in %s by the %s null (fold %.3g, p %.3g): %s",
                            name,
                            database,
                            null.name,
                            test.calls.fold,
                            test.calls.p,
                            _meaning(name, null.name),
                        )
        return tests

    def _placements(self, ring: Ring) -> list[Placement]:
        if not self._results or not len(ring.length):
            return []
        placements: list[Placement] = []
        if self._settings.null in ("circular", "both"):
            placements.append(CircularShift(ring))
        if self._settings.null in ("resample", "both"):
            sequence = self._sequence
            placements.append(Resampling(ring) if sequence is None else GcResampling(ring, sequence))
        return placements

    def _test(self, ring: Ring, placement: Placement, what: str) -> list[NullResult]:
        number = self._settings.permutations
        with self._progress(f"{what}, {placement.name} null", number, "permutations") as advance:
            return enrichments(
                ring,
                placement,
                [result.union for result in self._results],
                permutations=number,
                seed=self._settings.seed,
                threads=self._settings.threads or len(os.sched_getaffinity(0)),
                progress=advance,
            )


def _meaning(control: str, null: str) -> str:
    """Return what it means that a control is enriched by a null."""
    if control == GC_CONTROL and null == "circular":
        return (
            "no fault of the calls; GC alone goes with this database, which this null does not match, so "
            "that part of the calls' own fold is GC, too: read the resample null"
        )
    return (
        "by chance in one run of twenty; if another --seed shows it, too, this null is too narrow here, and "
        "the calls' own p for this database is not to be believed"
    )
