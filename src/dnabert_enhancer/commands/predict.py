"""Enhancer probability of sequences (--fasta, --tsv), or a scan of a genome (--genome) with track and calls.

Sequences give PREFIX.predictions.tsv, a row each: name, length, windows scored and skipped, maximum and mean
of their scores, summit (0-based centre of the highest window), label at the threshold, and why nothing was
scored.

A scan gives PREFIX.bw (per-base mean of the windows that cover it), PREFIX.scanned.bed (what was scored) and
PREFIX.calls.bed.gz: windows at or above the threshold, merged where they overlap or touch, with chrom, start,
end, name, score (1000 times the maximum), strand, summit, mean, maximum and q_value, which is the false
discovery rate among windows as high or higher, against shuffled windows. It can be cut into shards
(--shard I/N) that --merge puts together; the files are those of one run, byte for byte.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dnabert_enhancer.commands.option_types import (
    fraction,
    positive_integer,
    shard,
    whole_number,
)
from dnabert_enhancer.commands.options import Options, add_engine_arguments, add_setting
from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dnabert_enhancer.api import Model
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.engine import WindowScores

_SCORING = ("model", "label", "window_length", "stride", "max_unknown")
_GRID = ("regions", "skip_outside", "contigs", "shard", "null", "null_fraction", "seed")
_CALLING = ("merge_gap", "bedgraph")
COLUMNS = ("name", "length", "windows", "skipped", "maximum", "mean", "summit", "label", "note")
WINDOW_COLUMNS = ("name", "start", "end", "logit", "probability")
NO_VALUE = "NA"
CHUNK_SEQUENCES = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from dnabert_enhancer.scan import ScanSettings

    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--fasta", metavar="FILE", help="sequences to score, plain or gzip; - is standard input"
    )
    given.add_argument(
        "--tsv",
        metavar="FILE",
        help="table with a column 'sequence' (letters or DNABERT's k-mers) and maybe 'name'",
    )
    given.add_argument("--genome", metavar="FASTA", help="genome to scan, plain, gzip or bgzip")
    given.add_argument(
        "--merge", nargs="+", metavar="PREFIX", help="shards to put together, by their prefixes or names"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="what the names of all outputs begin with"
    )
    group = parser.add_argument_group("model and windows")
    group.add_argument(
        "--model",
        metavar="MODEL",
        help="model directory or archive (.tar.gz), or hub:NAME@REVISION (default: the packaged one); "
        ":OUTPUT at the end takes one of its outputs, such as default:lentimpra_hepg2",
    )
    group.add_argument("--label", metavar="NAME", help="which output to report, of a model with several")
    add = partial(add_setting, group, ScanSettings)
    add(
        "threshold",
        "positive from here on: a number, or the name of one of the card's thresholds, such as strict "
        "(default: the card's default)",
        type=_threshold,
        metavar="P",
    )
    add("window_length", "default: the model's own", type=positive_integer, metavar="BP")
    add(
        "stride",
        "step between windows (default: a quarter of a window)",
        type=positive_integer,
        metavar="BP",
    )
    add(
        "max_unknown",
        "skip windows with a larger share of N and the like",
        type=fraction,
        metavar="SHARE",
    )
    group.add_argument("--windows", action="store_true", help="also write PREFIX.windows.tsv.gz")
    group = parser.add_argument_group("scan")
    add = partial(add_setting, group, ScanSettings)
    group.add_argument("--regions", metavar="BED", help="scan these only; those that overlap are merged")
    add("skip_outside", "leave out (and count) regions outside the genome's contigs instead of stopping")
    add("contigs", "scan these only", nargs="+", action="extend", metavar="NAME")
    add(
        "merge_gap",
        "called windows with at most so many bases between them are one call; 0: those that touch",
        type=whole_number,
        metavar="BP",
    )
    add("null", "score shuffled windows too, for q-values (the default); --no-null is faster")
    add(
        "null_fraction",
        "share of windows to shuffle (default 1/16, and more where that is less than 10,000 windows)",
        type=fraction,
        metavar="SHARE",
    )
    add("seed", "of the shuffles", type=whole_number, metavar="N")
    group.add_argument("--bedgraph", action="store_true", help="also write PREFIX.bedgraph.gz")
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="score part I of N only, into PREFIX.shard-I-of-N.scores"
    )
    add_engine_arguments(parser)


def run(options: Options) -> None:
    """Score sequences, scan a genome or merge shards."""
    prefix = options["output_prefix"]
    if not prefix or prefix.endswith("/"):
        raise InputError(
            f"--output-prefix {prefix!r} names no file", remedy="give a path with a name, such as out/scan"
        )
    if "genome" in options:
        _scan(options)
    elif "merge" in options:
        options.refuse(_SCORING + _GRID, "--merge, whose shards are scored already")
        _merge(options)
    else:
        options.refuse(_GRID + _CALLING, "sequences; it belongs to --genome")
        _score_sequences(options)


def _scan(options: Options) -> None:
    from dnabert_enhancer.commands.predict_record import ScanRecord
    from dnabert_enhancer.commands.progress import progress_of
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import ResultFiles, ScanSettings
    from dnabert_enhancer.shards import shard_path

    record = ScanRecord(options)
    prefix, genome, regions = options["output_prefix"], options["genome"], options.get("regions")
    settings = options.settings(ScanSettings)
    model = _load(options, record)
    places = (genome, None if regions is None else Path(regions), settings)
    progress = partial(progress_of, "scan", unit="windows", quiet=options.quiet)
    with OutputSet() as out:
        if "shard" in options:
            path = shard_path(prefix, *options["shard"])
            stream = out.open_text(path.removesuffix(".scores") + ".run.json")
            header, notes = model.scan_shard(out.path(path), options["shard"], *places, progress=progress)
            record.add_scores(header.settings, header.counts, header.seconds, notes)
        else:
            files = ResultFiles(out, prefix, **_optional_files(options))
            stream = out.open_text(f"{prefix}.run.json")
            folder = Path(prefix).resolve().parent
            with contextlib.closing(model.scan(*places, progress=progress, folder=folder)) as scan:
                began = time.perf_counter()
                counts = scan.write_to(files)
                record.add_results(scan, counts, time.perf_counter() - began)
        record.add_input("genome", genome)
        if regions is not None:
            record.add_input("regions", regions)
        record.set("engine", model.engine.description())
        stream.write(record.to_json())


def _merge(options: Options) -> None:
    from dnabert_enhancer.commands.predict_record import ScanRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import ResultFiles, merge_scans
    from dnabert_enhancer.shards import find_shards

    record = ScanRecord(options)
    paths = find_shards(options["merge"])
    for path in paths:
        record.add_input("shard", path)
    chosen = {name: options[name] for name in ("threshold", "merge_gap") if name in options}
    with OutputSet() as out, contextlib.closing(merge_scans(paths, **chosen)) as scan:
        files = ResultFiles(out, options["output_prefix"], **_optional_files(options))
        stream = out.open_text(f"{options['output_prefix']}.run.json")
        began = time.perf_counter()
        record.add_results(scan, scan.write_to(files), time.perf_counter() - began)
        facts = scan.scores.settings
        record.set("model", {"name": facts["model"], "digest": facts["model_digest"]})
        record.set("engine", scan.scores.engine)
        record.set("scan", {**facts, "shards": scan.scores.n_shards})
        stream.write(record.to_json())


def _score_sequences(options: Options) -> None:
    from dnabert_enhancer.api import fasta_sequences, table_sequences
    from dnabert_enhancer.commands.predict_record import SequenceRecord
    from dnabert_enhancer.commands.progress import progress_of
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import SequenceSettings

    record = SequenceRecord(options)
    model = _load(options, record)
    settings = options.settings(SequenceSettings)
    window, _ = settings.tiling(model.opened)
    is_fasta, prefix = "fasta" in options, options["output_prefix"]
    path = options["fasta"] if is_fasta else options["tsv"]
    record.add_input("sequences", path)
    with OutputSet() as out:
        table = out.open_text(f"{prefix}.predictions.tsv")
        windows = out.open_text(f"{prefix}.windows.tsv.gz") if "windows" in options else None
        stream = out.open_text(f"{prefix}.run.json")
        table.write("\t".join(COLUMNS) + "\n")
        if windows is not None:
            windows.write("\t".join(WINDOW_COLUMNS) + "\n")
        sequences = fasta_sequences(path) if is_fasta else table_sequences(path)
        report = None if windows is None else partial(_write_windows, windows)
        labels: Counter[str] = Counter()
        with progress_of("predict", None, "sequences", quiet=options.quiet) as advance:
            for frame in model.predict(sequences, settings, chunks=CHUNK_SEQUENCES, on_windows=report):
                labels.update(_write_rows(table, frame))
                record.add_rows(frame, window)
                advance(len(frame))
        record.finish(model, settings, labels)
        stream.write(record.to_json())


def _optional_files(options: Options) -> dict[str, bool]:
    return {name: name in options for name in ("windows", "bedgraph")}


def _load(options: Options, record: RunRecord) -> Model:
    from dnabert_enhancer.api import load_model
    from dnabert_enhancer.engine import EngineSettings

    model = load_model(
        options.get("model"), label=options.get("label"), engine=options.settings(EngineSettings)
    )
    record.set("model", model.opened.description())
    return model


def _write_rows(table: TextIO, frame: pd.DataFrame) -> list[str]:
    """Write the rows of a table of predictions; return their labels."""
    renamed = frame.rename(columns={"probability": "maximum", "value": "maximum"})
    labels: list[str] = renamed["label"].fillna(NO_VALUE).tolist()
    numbers = {
        name: [str(value) if value == value else NO_VALUE for value in renamed[name].to_numpy()]
        for name in ("maximum", "mean")
    }
    summits = renamed["summit"].astype("string").fillna(NO_VALUE)
    shown = renamed.assign(label=labels, summit=summits, **numbers)[list(COLUMNS)]
    table.writelines("\t".join(map(str, row)) + "\n" for row in shown.itertuples(index=False))
    return labels


def _write_windows(
    stream: TextIO, name: str, starts: NDArray[np.int64], length: int, scores: WindowScores
) -> None:
    columns = (starts.tolist(), scores.rank.astype("U").tolist(), scores.score.astype("U").tolist())
    stream.writelines(
        f"{name}\t{start}\t{start + length}\t{rank}\t{score}\n"
        for start, rank, score in zip(*columns, strict=True)
    )


def _threshold(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
