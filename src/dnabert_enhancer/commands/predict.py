"""Enhancer probability of sequences (--fasta, --tsv), or a scan of a genome (--genome) with track and calls.

Sequences give PREFIX.predictions.tsv, one row each: name, length, windows scored and skipped, maximum and
mean of their scores, summit (0-based centre of the highest window), label at the threshold, percentile, and
why nothing was scored. The percentile is the share of a genome's windows that score lower, in per cent, by
the background on the model's card (models background); NA without one. --embeddings FILE.npz also gives one
embedding each, of the whole sequence, and is all that a base model such as dnabert-2 gives.

A scan gives PREFIX.bw (per-base mean of the windows that cover it), PREFIX.scanned.bed (what was scored),
with --regions PREFIX.regions.tsv (one row for each, in their order, with its name and further columns:
maximum and mean of its windows' scores, summit, label, percentile, windows, and why nothing was scored) and
PREFIX.calls.bed.gz: windows at or above the threshold, merged where they overlap or touch, with chrom, start,
end, name, score (1000 times the maximum), strand, summit, mean, maximum, q_value, which is the false
discovery rate among windows as high or higher, against shuffled windows, and percentile. It can be cut into
shards (--shard I/N) that --merge joins; the files are those of one run, byte for byte. With --screen windows
that a cheap model excludes are not computed; PREFIX.screened.bed has them.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from dnabert_enhancer.commands.options import (
    Options,
    add_assembly_report,
    add_engine_arguments,
    add_models,
    add_null,
    add_setting,
    fraction,
    genome_of,
    models_of,
    positive_integer,
    shard,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from dnabert_enhancer.api import Model
    from dnabert_enhancer.commands.run_record import RunRecord, SequenceRecord
    from dnabert_enhancer.engine import WindowScores
    from dnabert_enhancer.scan import Embeddings, NamedSequence, SequenceSettings

_SCORING = ("model", "label", "window_length", "stride", "max_unknown", "keep_letters")
_NULL = ("null", "null_fraction", "null_exclude", "seed")
_GRID = ("regions", "skip_outside", "contigs", "shard", "assembly_report", "screen", *_NULL)
_CALLING = ("merge_gap", "bedgraph")
_EMBEDDING = ("embeddings", "pooling")
_HEAD = ("label", "threshold", "window_length", "stride", "windows")
_ARRAYS = ".npz"
COLUMNS = ("name", "length", "windows", "skipped", "maximum", "mean", "summit", "label", "percentile", "note")
WINDOW_COLUMNS = ("name", "start", "end", "logit", "probability")
NO_VALUE = "NA"
CHUNK_SEQUENCES = 4096
EXAMPLES = (
    "predict --fasta sequences.fa --output-prefix out/sequences",
    "predict --genome hg38.fa.gz --regions peaks.bed --output-prefix out/peaks",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from dnabert_enhancer.model import Pooling
    from dnabert_enhancer.scan import EmbeddingSettings, ScanSettings

    given = parser.add_argument_group("input, one of").add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--fasta", metavar="FILE", help="sequences to score, plain or gzip; - is standard input"
    )
    given.add_argument(
        "--tsv",
        metavar="FILE",
        help="table with a column 'sequence' (letters or DNABERT's k-mers) and optionally 'name'",
    )
    given.add_argument("--genome", metavar="FASTA", help="genome to scan, plain, gzip or bgzip")
    given.add_argument(
        "--merge", nargs="+", metavar="PREFIX", help="shards to join, by their prefixes or names"
    )
    parser.add_argument(
        "--output-prefix", required=True, metavar="PREFIX", help="start of the names of all outputs"
    )
    add_assembly_report(parser)
    group = parser.add_argument_group("model and windows")
    add_models(group, ", such as default:lentimpra_hepg2")
    group.add_argument("--label", metavar="NAME", help="which output to report, of a model with several")
    add = partial(add_setting, group, ScanSettings)
    add(
        "threshold",
        "positive at or above this: a number, the name of one of the card's thresholds, such as strict, or "
        "top:1%%: what this share of the background on the card reaches "
        "(default: the card's default; an output that is a value has none: its scan gives no calls then)",
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
    add(
        "keep_letters",
        "hand letters to the model's tokenizer as they are, as the original code does: lower case is mostly "
        "unknown to it, and counts as such for --max-unknown; default: upper case, T for U, N for all else",
    )
    group.add_argument("--windows", action="store_true", help="also write PREFIX.windows.tsv.gz")
    group = parser.add_argument_group("embeddings of sequences")
    group.add_argument(
        "--embeddings",
        metavar="FILE",
        type=_arrays_file,
        help="also write one embedding for each sequence, read whole",
    )
    add_setting(
        group,
        EmbeddingSettings,
        "pooling",
        "first: the last layer's state of the first token, [CLS]; mean: the mean of the sequence's tokens",
        choices=[*Pooling],
    )
    group = parser.add_argument_group("scan")
    add = partial(add_setting, group, ScanSettings)
    group.add_argument("--regions", metavar="BED", help="scan only these; those that overlap are merged")
    add("skip_outside", "leave out (and count) regions outside the genome's contigs instead of stopping")
    add("contigs", "scan only these", nargs="+", action="extend", metavar="NAME")
    add(
        "merge_gap",
        "called windows with at most so many bases between them are one call; 0: those that touch",
        type=whole_number,
        metavar="BP",
    )
    add_null(group)
    add(
        "null_fraction",
        "windows of the null, as a share of those scored (default 1/16, more where that is below 10,000)",
        type=fraction,
        metavar="SHARE",
    )
    add("seed", "of the null", type=whole_number, metavar="N")
    add(
        "screen",
        "a cheap model, by default the packaged one, tells which windows need not be computed: at most "
        "0.5 %% of the called ones are expected to be lost; writes PREFIX.screened.bed",
        nargs="?",
        const="default",
        metavar="MODEL",
    )
    group.add_argument("--bedgraph", action="store_true", help="also write PREFIX.bedgraph.gz")
    group.add_argument(
        "--shard", type=shard, metavar="I/N", help="score part I of N only, into PREFIX.shard-I-of-N.scores"
    )
    add_engine_arguments(parser)


def check(options: Options) -> None:
    """Raise what is wrong with the options of a scan."""
    from dnabert_enhancer.engine import EngineSettings
    from dnabert_enhancer.scan import ScanSettings

    options.settings(EngineSettings)
    options.settings(ScanSettings).check_regions(options.get("regions"))
    _check_threshold(options)


def _check_threshold(options: Options) -> None:
    """Raise what the card of a model's folder tells of the threshold; of other models a run tells it."""
    from dnabert_enhancer.engine import Target
    from dnabert_enhancer.model import DEFAULT_NAME, PACKAGED, read_card, split_output

    asked, spec = options.get("threshold"), models_of(options)
    if asked is None or not isinstance(spec, str):
        return
    name, output = split_output(spec)
    card = read_card(PACKAGED if name == DEFAULT_NAME else Path(str(name)))
    if card is None:
        return
    card = card.select(output) if output else card
    if not isinstance(asked, str):
        Target(card.task, card.labels[-1], 0).check_threshold(asked)
    elif not asked.startswith("top:"):
        card.threshold(asked)


def run(options: Options) -> None:
    """Score sequences, scan a genome or merge shards."""
    if "genome" in options:
        options.refuse(_EMBEDDING, "a scan; it belongs to --fasta and --tsv")
        _scan(options)
    elif "merge" in options:
        options.refuse(_SCORING + _GRID + _EMBEDDING, "--merge, whose shards are scored already")
        _merge(options)
    else:
        options.refuse(_GRID + _CALLING, "sequences; it belongs to --genome")
        if "embeddings" not in options:
            options.refuse(("pooling",), "scores; it belongs to --embeddings")
        _score_sequences(options)


def _scan(options: Options) -> None:
    from dnabert_enhancer.commands.run_record import ScanRecord, progress_of
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import ResultFiles, ScanSettings
    from dnabert_enhancer.shards import shard_path

    record = ScanRecord(options)
    prefix, genome, regions = options["output_prefix"], options["genome"], options.get("regions")
    settings = options.settings(ScanSettings)
    model = _load(options, record)
    places = (genome_of(options), None if regions is None else Path(regions), settings)
    progress = partial(progress_of, "scan", unit="windows", quiet=options.quiet)
    with OutputSet() as out:
        if "shard" in options:
            path = shard_path(prefix, *options["shard"])
            stream = out.open_text(path.removesuffix(".scores") + ".run.json")
            header, notes = model.scan_shard(out.path(path), options["shard"], *places, progress=progress)
            record.add_scores(header.settings, header.counts, header.seconds, notes)
            record.add_known_input("genome", genome, header.settings["genome_digest"])
        else:
            more = {"regions": regions is not None, "screened": "screen" in options}
            files = ResultFiles(out, prefix, **_optional_files(options), **more)
            stream = out.open_text(f"{prefix}.run.json")
            folder = Path(prefix).resolve().parent
            with contextlib.closing(model.scan(*places, progress=progress, folder=folder)) as scan:
                began = time.perf_counter()
                counts = scan.write_to(files)
                record.add_results(scan, counts, time.perf_counter() - began)
            record.add_input("genome", genome)
        for role in ("regions", "assembly_report"):
            if role in options:
                record.add_input(role, options[role])
        for path in options.get("null_exclude", ()):
            record.add_input("null_exclude", path)
        record.set("engine", model.engine.description())
        stream.write(record.to_json())


def _merge(options: Options) -> None:
    from dnabert_enhancer.commands.run_record import ScanRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import ResultFiles, merge_scans
    from dnabert_enhancer.shards import find_shards

    record = ScanRecord(options)
    paths = find_shards(options["merge"])
    for path in paths:
        record.add_input("shard", path)
    chosen = {name: options[name] for name in ("threshold", "merge_gap") if name in options}
    with OutputSet() as out, contextlib.closing(merge_scans(paths, **chosen)) as scan:
        more = {**_optional_files(options), "regions": scan.scores.rows is not None}
        more["screened"] = "screen" in scan.scores.settings
        files = ResultFiles(out, options["output_prefix"], **more)
        stream = out.open_text(f"{options['output_prefix']}.run.json")
        began = time.perf_counter()
        record.add_results(scan, scan.write_to(files), time.perf_counter() - began)
        facts = scan.scores.settings
        model = {"name": facts["model"], "digest": facts["model_digest"]}
        record.set("model", model | ({"members": facts["members"]} if scan.scores.is_ensemble else {}))
        record.set("engine", scan.scores.engine)
        record.set("scan", {**facts, "shards": scan.scores.n_shards})
        stream.write(record.to_json())


def _score_sequences(options: Options) -> None:
    from dnabert_enhancer.commands.run_record import SequenceRecord
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.scan import SequenceSettings

    record = SequenceRecord(options)
    model = _load(options, record, pretrained="embeddings" in options)
    prefix = options["output_prefix"]
    if model.embeds_only:
        options.refuse(_HEAD, f"the base model {model.name}, which gives embeddings alone")
    settings = options.settings(SequenceSettings)
    if not model.embeds_only:
        settings.tiling(model.opened)  # said before hours of work
    record.add_input("sequences", options["fasta"] if "fasta" in options else options["tsv"])
    with OutputSet() as out:
        table = None if model.embeds_only else out.open_text(f"{prefix}.predictions.tsv")
        windows = out.open_text(f"{prefix}.windows.tsv.gz") if "windows" in options else None
        arrays = out.path(options["embeddings"]) if "embeddings" in options else None
        stream = out.open_text(f"{prefix}.run.json")
        if arrays is not None:
            _embed(options, model, arrays, record)
        if table is not None:
            _predict(options, model, settings, (table, windows), record)
        stream.write(record.to_json())


def _predict(
    options: Options,
    model: Model,
    settings: SequenceSettings,
    streams: tuple[TextIO, TextIO | None],
    record: SequenceRecord,
) -> None:
    """Write the rows of sequences and, where it is asked for, those of their windows."""
    from dnabert_enhancer.commands.run_record import progress_of

    table, windows = streams
    window, _ = settings.tiling(model.opened)
    columns, window_columns = _columns(is_ensemble=len(model.members) > 1)
    table.write("\t".join(columns) + "\n")
    if windows is not None:
        windows.write("\t".join(window_columns) + "\n")
    report = None if windows is None else partial(_write_windows, windows)
    labels: Counter[str] = Counter()
    with progress_of("predict", None, "sequences", quiet=options.quiet) as advance:
        parts = model.predict(_sequences(options), settings, chunks=CHUNK_SEQUENCES, on_windows=report)
        for frame in parts:
            labels.update(_write_rows(table, frame, columns))
            record.add_rows(frame, window)
            advance(len(frame))
    record.finish(model, settings, labels)


def _embed(options: Options, model: Model, path: Path, record: SequenceRecord) -> None:
    """Write the embeddings of sequences."""
    from dnabert_enhancer.commands.run_record import progress_of
    from dnabert_enhancer.scan import EmbeddingSettings, write_embeddings

    settings = options.settings(EmbeddingSettings)
    facts = {"pooling": settings.pooling, **model.engine.embedding_description(settings.strand)}
    hidden = model.embed([], settings).shape[1]
    notes: Counter[str] = Counter()

    def found() -> Iterator[Embeddings]:
        for part in model.embed(_sequences(options), settings, chunks=CHUNK_SEQUENCES):
            notes.update(note for note in part.note if note)
            yield part
            advance(len(part.name))

    with progress_of("embed", None, "sequences", quiet=options.quiet) as advance:
        model_facts = {"model": model.name, "model_digest": model.digest}
        folder = Path(options["output_prefix"]).resolve().parent
        count = write_embeddings(path, found(), hidden, facts | model_facts, folder)
    record.add_embeddings(options["embeddings"], facts, (count, hidden), notes)


def _sequences(options: Options) -> Iterator[NamedSequence]:
    from dnabert_enhancer.api import fasta_sequences, table_sequences

    return fasta_sequences(options["fasta"]) if "fasta" in options else table_sequences(options["tsv"])


def _optional_files(options: Options) -> dict[str, bool]:
    return {name: name in options for name in ("windows", "bedgraph")}


def _load(options: Options, record: RunRecord, *, pretrained: bool = False) -> Model:
    from dnabert_enhancer.api import load_model
    from dnabert_enhancer.engine import EngineSettings

    model = load_model(
        models_of(options),
        label=options.get("label"),
        engine=options.settings(EngineSettings),
        pretrained=pretrained,
    )
    record.set("model", model.opened.description())
    return model


def _columns(*, is_ensemble: bool) -> tuple[list[str], list[str]]:
    """Return the columns of the table of sequences and of that of windows."""
    columns, window_columns = list(COLUMNS), list(WINDOW_COLUMNS)
    if is_ensemble:
        columns.insert(columns.index("maximum") + 1, "maximum_sd")
        window_columns.append("probability_sd")
    return columns, window_columns


def _write_rows(table: TextIO, frame: pd.DataFrame, columns: list[str]) -> list[str]:
    """Write the rows of a table of predictions; return their labels."""
    renamed = frame.rename(columns=lambda name: re.sub("^(probability|value)", "maximum", name))
    labels: list[str] = renamed["label"].fillna(NO_VALUE).tolist()
    numbers = {
        name: [str(value) if value == value else NO_VALUE for value in renamed[name].to_numpy()]
        for name in ("maximum", "maximum_sd", "mean")
        if name in renamed
    }
    percentiles = [f"{value:.6g}" if value == value else NO_VALUE for value in renamed["percentile"]]
    summits = renamed["summit"].astype("string").fillna(NO_VALUE)
    shown = renamed.assign(label=labels, summit=summits, percentile=percentiles, **numbers)[columns]
    table.writelines("\t".join(map(str, row)) + "\n" for row in shown.itertuples(index=False))
    return labels


def _write_windows(
    stream: TextIO, name: str, starts: NDArray[np.int64], length: int, scores: WindowScores
) -> None:
    deviation = scores.deviation()
    numbers = [scores.rank, scores.score, *([] if deviation is None else [deviation])]
    columns = [column.astype("U").tolist() for column in numbers]
    stream.writelines(
        "\t".join([name, str(start), str(start + length), *row]) + "\n"
        for start, *row in zip(starts.tolist(), *columns, strict=True)
    )


def _arrays_file(text: str) -> str:
    if not text.endswith(_ARRAYS) or Path(text).name == _ARRAYS:
        raise argparse.ArgumentTypeError(f"the extension of {text!r} names no format; end it in {_ARRAYS}")
    return text


def _threshold(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    if number != number or number in (float("inf"), float("-inf")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
