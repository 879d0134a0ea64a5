"""`compare-db`: the order in which things are read, compared, written and shown."""

from __future__ import annotations

import argparse
import logging
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack

from dnabert_enhancer.commands.compare_db_input import (
    read_assembly,
    read_calls,
    read_databases,
    read_genes,
    read_space,
)
from dnabert_enhancer.commands.compare_db_output import (
    ControlTest,
    draw_plots,
    finish_per_call,
    open_outputs,
    write_controls,
)
from dnabert_enhancer.commands.compare_db_show import show_results
from dnabert_enhancer.commands.progress import progress_of
from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.compare import (
    CircularShift,
    GcResampling,
    Measures,
    NullResult,
    Placement,
    Resampling,
    Result,
    Ring,
    Space,
    agreement,
    compare_all,
    control_ring,
    databases_with,
    enrichments,
    load_calls,
    novel_calls,
    summary_columns,
    summary_rows,
    write_calls,
    write_matrix,
    write_novel,
    write_rows,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Genome, open_genome

_log = logging.getLogger(__name__)


def run_comparison(args: argparse.Namespace) -> None:
    """Compare, write and show."""
    if not args.output_prefix or args.output_prefix.endswith("/"):
        raise InputError(
            f"--output-prefix {args.output_prefix!r} names no file",
            remedy="give a path with a name, such as out/comparison",
        )
    record = RunRecord(args)
    databases = read_databases(args)
    assembly = read_assembly(args, record)
    space = read_space(args, assembly, record)
    with OutputSet() as out, ExitStack() as stack:
        files = open_outputs(out, args)
        calls = load_calls(read_calls(args, record), assembly, space, " ".join(args.calls))
        genes = read_genes(args, assembly, record)
        genome = None
        if args.genome is not None:
            genome = stack.enter_context(open_genome(args.genome))
            record.add_input("genome", args.genome)
        with progress_of("databases", len(databases), "databases", quiet=args.quiet) as advance:
            measures = Measures(args.min_fraction, args.bin)
            results = compare_all(space, calls, databases, assembly, measures, advance)
        for database in databases:
            record.add_input(f"database {database.name}", database.path)
        hits = [result.hits for result in results]
        found = databases_with(hits, len(calls))
        found_by = dict(sorted(Counter(found.tolist()).items()))
        novel = novel_calls(space, calls, hits, genes)
        write_calls(files.per_call, calls, found, results)
        finish_per_call(files)
        write_novel(files.novel, calls, novel)
        sets = agreement(calls, results)
        write_matrix(files.matrix, *sets)
        ring = Ring(space, calls.elements.contig_index, calls.start, calls.end)
        tester = _Tester(args, results, genome, record)
        tester.test_calls(ring)
        rows = summary_rows(results)
        write_rows(files.summary, rows, list(summary_columns()))
        if files.controls is not None:
            write_controls(files.controls, tester.test_controls(ring) if len(calls) else [])
        draw_plots(files.plots, results, *sets)
        _complete(record, space, results, calls.elements.counts)
        record.count("novel", len(novel.calls))
        record.set("calls_by_number_of_databases", found_by)
        files.record.write(record.to_json())
    show_results(results, rows, found_by)


class _Tester:
    """Runs the nulls over the databases that have elements."""

    def __init__(
        self, args: argparse.Namespace, results: Sequence[Result], genome: Genome | None, record: RunRecord
    ) -> None:
        self._args, self._genome, self._record = args, genome, record
        self._results = [result for result in results if result.overlap.elements]
        self._threads = args.threads or len(os.sched_getaffinity(0))

    def test_calls(self, ring: Ring) -> None:
        """Add the nulls' results to those of the databases."""
        for placement in self._placements(ring):
            for result, test in zip(self._results, self._test(ring, placement, "calls"), strict=True):
                result.nulls[placement.name] = test
            unplaceable = getattr(placement, "unplaceable", 0)
            if unplaceable:
                self._record.count("calls_longer_than_any_segment", unplaceable)
                _log.warning("%d calls fit into no scanned segment; they are placed across gaps", unplaceable)
            if isinstance(placement, GcResampling):
                self._record.set("gc_window_bp", placement.window)

    def test_controls(self, ring: Ring) -> list[ControlTest]:
        """Return the tests of random calls: anywhere, and with the calls' GC where there is a genome."""
        placements: dict[str, Placement] = {"random": Resampling(ring)}
        if self._genome is not None:
            placements["random_gc_matched"] = GcResampling(ring, self._genome)
        tests: list[ControlTest] = []
        for name, placement in placements.items():
            control = control_ring(ring, placement, self._args.seed)
            for null in self._placements(control):
                found = self._test(control, null, name)
                tests.append(ControlTest(name, len(control.length), null.name, self._results, found))
                for result, test in zip(self._results, found, strict=True):
                    if test.calls.p <= 0.05 / len(self._results):
                        _log.info(
                            "control %s is enriched in %s by the %s null (fold %.3g, p %.3g)",
                            name,
                            result.database.name,
                            null.name,
                            test.calls.fold,
                            test.calls.p,
                        )
        return tests

    def _placements(self, ring: Ring) -> list[Placement]:
        placements: list[Placement] = []
        # without calls, or a database that has elements, there is nothing to test
        wanted = self._args.null if self._results and len(ring.length) else "none"
        if wanted in ("circular", "both"):
            placements.append(CircularShift(ring))
        if wanted in ("resample", "both"):
            placements.append(Resampling(ring) if self._genome is None else GcResampling(ring, self._genome))
        return placements

    def _test(self, ring: Ring, placement: Placement, what: str) -> list[NullResult]:
        task = f"{what}, {placement.name} null"
        number = self._args.permutations
        with progress_of(task, number, "permutations", quiet=self._args.quiet) as advance:
            return enrichments(
                ring,
                placement,
                [result.union for result in self._results],
                permutations=number,
                seed=self._args.seed,
                threads=self._threads,
                progress=advance,
            )


def _complete(record: RunRecord, space: Space, results: Sequence[Result], counts: Counter[str]) -> None:
    """Note what was read, lifted and left out."""
    record.count("bases_that_count", space.bases)
    record.count("calls_read", counts["rows"])
    for code, number in counts.items():
        if code != "rows":
            record.skip(f"calls_{code}", number)
    record.count("calls", results[0].overlap.calls)
    record.set(
        "databases",
        {
            result.database.name: {
                "preset": result.database.preset.name,
                "layout": result.database.preset.status,
                "preset_guessed": result.database.guessed,
                "assembly": result.database.assembly,
                "licence": result.database.preset.licence,
                "citation": result.database.preset.citation,
                "elements": result.overlap.elements,
                "counts": result.counts,
            }
            for result in results
        },
    )
