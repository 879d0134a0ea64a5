"""`predict --fasta` and `predict --tsv`: one row a sequence."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.commands.engine_options import settings_from
from dnabert_enhancer.commands.predict import DEFAULT_MAX_UNKNOWN
from dnabert_enhancer.commands.predict_model import (
    model_entry,
    shortest_sequence,
    threshold_for,
    window_and_stride,
)
from dnabert_enhancer.commands.progress import progress_of
from dnabert_enhancer.commands.run_record import RunRecord
from dnabert_enhancer.dataset import read_table
from dnabert_enhancer.engine import Engine
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.model import open_model
from dnabert_enhancer.scan import (
    NamedSequence,
    SequenceScore,
    SequenceScorer,
    SequenceSettings,
    Target,
    WindowScores,
)

_log = logging.getLogger(__name__)

COLUMNS = ("name", "length", "windows", "skipped", "maximum", "mean", "summit", "label", "note")
WINDOW_COLUMNS = ("name", "start", "end", "logit", "probability")
NO_VALUE = "NA"
SHORTER = "shorter_than_window"


def run_sequences(args: argparse.Namespace) -> None:
    """Score sequences and write one row for each, in their order."""
    record = RunRecord(args)
    model = open_model(args.model)
    target = Target.of_model(model, args.label)
    window, stride = window_and_stride(args, model)
    threshold = np.float32(threshold_for(args, model, target))
    max_unknown = DEFAULT_MAX_UNKNOWN if args.max_unknown is None else args.max_unknown
    settings = SequenceSettings(window, stride, shortest_sequence(model), max_unknown)
    record.add_input("sequences", args.fasta or args.tsv)
    record.set("model", model_entry(model))
    engine = Engine(model, settings_from(args))
    with OutputSet() as out:
        table = out.open_text(f"{args.output_prefix}.predictions.tsv")
        windows = out.open_text(f"{args.output_prefix}.windows.tsv.gz") if args.windows else None
        json_stream = out.open_text(f"{args.output_prefix}.run.json")
        if windows is not None:
            windows.write("\t".join(WINDOW_COLUMNS) + "\n")
        table.write("\t".join(COLUMNS) + "\n")
        scorer = SequenceScorer(engine, target, settings, _WindowRows(windows).write if windows else None)
        labels: Counter[str] = Counter()
        with progress_of("predict", None, "sequences", quiet=args.quiet) as progress:
            for score in scorer.scores(_sequences(args)):
                label = _label(score, threshold, target, model.card.labels)
                labels[label] += 1
                table.write(_row(score, label, window))
                _count(record, score, window)
                progress(1)
        told = ", ".join(
            f"{number} {name if name != NO_VALUE else 'without a label'}"
            for name, number in sorted(labels.items())
        )
        _log.info("%d sequences: %s", labels.total(), told)
        record.set("engine", engine.description())
        record.set("threshold", float(threshold))
        json_stream.write(record.to_json())


class _WindowRows:
    """Writes a row for every window."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, name: str, starts: NDArray[np.int64], length: int, scores: WindowScores) -> None:
        columns = (starts.tolist(), scores.rank.astype("U").tolist(), scores.score.astype("U").tolist())
        self._stream.writelines(
            f"{name}\t{start}\t{start + length}\t{rank}\t{score}\n"
            for start, rank, score in zip(*columns, strict=True)
        )


def _sequences(args: argparse.Namespace) -> Iterator[NamedSequence]:
    if args.fasta is not None:
        for record in read_fasta(args.fasta):
            yield NamedSequence(record.name, record.sequence)
        return
    rows = read_table(args.tsv, labelled=False)
    for name, sequence in zip(rows.names, rows.sequences, strict=True):
        yield NamedSequence(name, sequence)


def _label(score: SequenceScore, threshold: np.float32, target: Target, labels: tuple[str, ...]) -> str:
    if not score.windows or not target.is_probability:
        return NO_VALUE
    if np.float32(score.maximum) >= threshold:
        return target.label
    return labels[0] if len(labels) == 2 else f"not {target.label}"


def _row(score: SequenceScore, label: str, window: int) -> str:
    note = score.note or (SHORTER if score.length < window else "")
    numbers = (NO_VALUE, NO_VALUE, NO_VALUE)
    if score.windows:
        numbers = (str(np.float32(score.maximum)), str(np.float32(score.mean)), str(score.summit))
    fields = (
        score.name,
        str(score.length),
        str(score.windows),
        str(score.skipped),
        *numbers,
        label,
        note,
    )
    return "\t".join(fields) + "\n"


def _count(record: RunRecord, score: SequenceScore, window: int) -> None:
    record.count("sequences", 1)
    record.count("windows", score.windows)
    if score.note:
        record.skip(f"sequence_{score.note}")
    else:
        record.count("scored", 1)
    if score.skipped:
        record.skip("window_too_many_unknown_bases", score.skipped)
    record.count(SHORTER, score.length < window)
