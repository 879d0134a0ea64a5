"""`predict --genome` and `predict --merge`: opens what is asked for, calls the scan, writes the record."""

from __future__ import annotations

import argparse
import contextlib
import logging
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from dnabert_enhancer.commands.engine_options import settings_from
from dnabert_enhancer.commands.predict import DEFAULT_MAX_UNKNOWN, DEFAULT_SEED
from dnabert_enhancer.commands.predict_model import (
    check_threshold,
    model_entry,
    threshold_for,
    window_and_stride,
)
from dnabert_enhancer.commands.progress import progress_of
from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.engine import Engine
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import Genome, open_genome, read_intervals
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.scan import (
    Regions,
    ResultFiles,
    ResultSettings,
    ScanPlan,
    ScoreHeader,
    Scores,
    ScoreSettings,
    Target,
    automatic_null_fraction,
    plan_grid,
    score_shard,
    write_results,
)
from dnabert_enhancer.shards import find_shards, shard_path

_log = logging.getLogger(__name__)


def run_scan(args: argparse.Namespace) -> None:
    """Scan a genome: all of it into results, or one shard into a score file."""
    record = RunRecord(args)
    model = open_model(args.model)
    with open_genome(args.genome) as genome, OutputSet() as out:
        plan = _plan(args, model, genome, record)
        engine = Engine(model, settings_from(args))
        if args.shard:
            final = shard_path(args.output_prefix, *args.shard)
            path = out.path(final)
            stream = out.open_text(final.removesuffix(".scores") + ".run.json")
            header = _score(plan, genome, engine, path, args)
            _note_scores(record, header.counts, header.seconds)
        else:
            settings = _result_settings(args, plan.calls)
            files = ResultFiles(out, args.output_prefix, settings)
            stream = out.open_text(f"{args.output_prefix}.run.json")
            # a nameless file: it goes with the process, however that ends
            with tempfile.TemporaryFile(dir=Path(args.output_prefix).resolve().parent) as spool:
                _score(plan, genome, engine, spool, args)
                with _naming(args.genome):
                    _finish(record, Scores([spool]), files, settings)
        record.set("engine", engine.description())
        stream.write(record.to_json())


def _score(
    plan: ScanPlan, genome: Genome, engine: Engine, target: Path | IO[bytes], args: argparse.Namespace
) -> ScoreHeader:
    shard = args.shard or (1, 1)
    first, last = plan.grid.shard_windows(*shard)
    with progress_of("scan", last - first, "windows", quiet=args.quiet) as progress:
        return score_shard(plan, genome, engine, target, shard, progress)


def run_merge(args: argparse.Namespace) -> None:
    """Put shards together: the files of one run."""
    record = RunRecord(args)
    paths = find_shards(args.merge)
    for path in paths:
        record.add_input("shard", path)
    scores = Scores(paths)
    with OutputSet() as out:
        if isinstance(args.threshold, str):
            raise InputError(
                f"--threshold {args.threshold}: shards are put together without the model and its card",
                remedy="name the threshold when the shards are made, or give a number",
            )
        if args.threshold is not None:
            check_threshold(args.threshold, Target(scores.settings["task"], scores.settings["label"], 0))
        settings = _result_settings(args, scores.calls)
        files = ResultFiles(out, args.output_prefix, settings)
        stream = out.open_text(f"{args.output_prefix}.run.json")
        _finish(record, scores, files, settings)
        record.set("model", {"name": scores.settings["model"], "digest": scores.settings["model_digest"]})
        record.set("engine", scores.engine)
        record.set("scan", {**scores.settings, "shards": scores.n_shards})
        stream.write(record.to_json())
    scores.close()


@contextlib.contextmanager
def _naming(source: str) -> Iterator[None]:
    """Give an error that knows no file the name of one."""
    try:
        yield
    except InputError as error:
        if error.source is not None:
            raise
        raise InputError(error.problem, source=source, remedy=error.remedy) from None


def _plan(args: argparse.Namespace, model: EnhancerModel, genome: Genome, record: RunRecord) -> ScanPlan:
    target = Target.of_model(model, args.label)
    window, stride = window_and_stride(args, model)
    contigs = [genome.own_name(name) for name in args.contigs] if args.contigs else None
    skipped: dict[str, int] = {}
    regions = None
    if args.regions is not None:
        table = read_intervals(
            args.regions, genome.contig_sizes, names=genome.names, skip_outside=bool(args.skip_outside)
        )
        regions = Regions(table.contigs, table.contig_index, table.start, table.end)
        skipped |= table.skipped
        record.add_input("regions", args.regions)
    with _naming(args.genome):
        grid, notes = plan_grid(genome.contig_sizes, window, stride, regions, contigs)
    if notes.regions_widened:
        _log.info("%d regions shorter than the window were widened to %d bp", notes.regions_widened, window)
    skipped["contig_shorter_than_window"] = notes.too_short
    fraction = 0.0
    if args.null is not False:
        fraction = (
            automatic_null_fraction(grid.n_windows) if args.null_fraction is None else args.null_fraction
        )
    score_settings = ScoreSettings(
        DEFAULT_MAX_UNKNOWN if args.max_unknown is None else args.max_unknown,
        fraction,
        DEFAULT_SEED if args.seed is None else args.seed,
    )
    calls = {"threshold": threshold_for(args, model, target), "merge_gap": args.merge_gap or 0}
    record.set("model", model_entry(model))
    plan = ScanPlan(grid, target, score_settings, calls, record.add_input("genome", args.genome), skipped)
    record.set("scan", plan.settings() | {"regions": notes._asdict()})
    return plan


def _result_settings(args: argparse.Namespace, calls: Mapping[str, Any]) -> ResultSettings:
    return ResultSettings(
        calls["threshold"] if args.threshold is None or isinstance(args.threshold, str) else args.threshold,
        calls["merge_gap"] if args.merge_gap is None else args.merge_gap,
        bool(args.windows),
        bool(args.bedgraph),
    )


def _finish(record: RunRecord, scores: Scores, files: ResultFiles, settings: ResultSettings) -> None:
    began = time.perf_counter()
    counts = write_results(files, scores, settings)
    seconds = scores.total("seconds")
    seconds["other"] += time.perf_counter() - began
    _note_scores(record, {name: int(number) for name, number in scores.total("counts").items()}, seconds)
    for name, number in counts._asdict().items():
        record.count(name, number)
    record.set("calls_made_with", {"threshold": settings.threshold, "merge_gap": settings.merge_gap})
    _log.info("%d calls with %d bp in %d bp scanned", *counts)


def _note_scores(record: RunRecord, counts: Mapping[str, int], seconds: Mapping[str, float]) -> None:
    done = ("windows", "scored", "null_windows")
    for name, number in counts.items():
        if name in done:
            record.count(name, number)
        else:
            record.skip(name, number)
            _log.info("%d skipped: %s", number, name.replace("_", " "))
    total = sum(seconds.values())
    shares = {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
    record.set("time", shares | {"other_share": round(seconds["other"] / total, 4) if total else 0.0})
    if seconds["model"]:
        n_null = counts.get("null_windows", 0)
        rate = (counts["scored"] + n_null) / seconds["model"]
        _log.info("%d windows and %d shuffled ones scored, %.0f a second", counts["scored"], n_null, rate)
