"""Train a model on labelled sequences, from a DNABERT, a Hugging Face classifier or fresh weights.

The labels decide the task: two classes, several classes, or measured values. A run that was killed goes
on when the same command is started again. Several GPUs: accelerate launch -m dnabert_enhancer finetune ...
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.finetune_options import add_setting_arguments, settings_from

if TYPE_CHECKING:
    from dnabert_enhancer.training import TrainingResult


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--dataset",
        required=True,
        metavar="PATH",
        help="folder of make-dataset, folder with train/dev/test tables, DNABERT TSV, CSV, or FASTA; - for a "
        "TSV from the standard input",
    )
    parser.add_argument(
        "--negatives", metavar="FASTA", help="the others, when --dataset is a FASTA of enhancers"
    )
    parser.add_argument(
        "--validation", metavar="PATH", help="data set to validate on, instead of the data set's own split"
    )
    parser.add_argument(
        "--base-model",
        required=True,
        metavar="MODEL",
        help="new:tiny, new:small, new:base (fresh weights); a DNABERT directory, legacy or current; a model "
        "directory or archive; any Hugging Face sequence classifier; default; hub:NAME@REVISION",
    )
    parser.add_argument(
        "--output-dir", required=True, metavar="DIR", help="gets the model; a broken-off run in it goes on"
    )
    parser.add_argument(
        "--archive",
        metavar="FILE",
        help="also write the model as one file (.tar.gz), which every --model takes",
    )
    parser.add_argument(
        "--restart", action="store_true", help="forget a broken-off run, or replace a finished model"
    )
    parser.add_argument(
        "--k", type=int, choices=(3, 4, 5, 6), help="length of the k-mers of a fresh model (default 6)"
    )
    parser.add_argument(
        "--window-length",
        type=int,
        metavar="BP",
        help="crop sequences around their centres; default: their own length",
    )
    parser.add_argument(
        "--task",
        choices=("binary", "multiclass", "regression"),
        help="what the labels are; default: decided from them",
    )
    add_setting_arguments(parser)


def run(args: argparse.Namespace) -> None:
    """Read the data, train, write the run's record and history."""
    from dnabert_enhancer.commands.finetune_input import training_dataset
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet, check_output
    from dnabert_enhancer.model import write_archive
    from dnabert_enhancer.training import finetune

    if args.archive is not None:
        check_output(args.archive)
    record = RunRecord(args)
    settings = settings_from(args)
    dataset = training_dataset(args, record)
    with _progress() as progress:
        result = finetune(
            dataset, args.base_model, args.output_dir, settings, restart=args.restart, progress=progress
        )
    if result.model is None:
        return
    record.set("dataset_digest", dataset.digest)
    record.set("model", {"directory": str(args.output_dir), "digest": result.model.digest})
    record.set("attempts", result.attempts)
    record.set("metrics", result.metrics)
    record.set("sequences_per_second", round(result.sequences_per_second, 1))
    for split, frame in dataset.splits.items():
        record.count(f"sequences_{split}", len(frame))
    with OutputSet() as outputs:
        if args.archive is not None:
            write_archive(args.output_dir, outputs.path(args.archive))
        with outputs.open_text(Path(args.output_dir) / "history.tsv") as table:
            table.writelines(_history_lines(result))
        with outputs.open_text(Path(args.output_dir) / "run.json") as file:
            file.write(record.to_json())


def _history_lines(result: TrainingResult) -> Iterator[str]:
    columns = list(dict.fromkeys(name for entry in result.history for name in entry))
    yield "\t".join(columns) + "\n"
    for entry in result.history:
        yield "\t".join("" if name not in entry else f"{entry[name]:.9g}" for name in columns) + "\n"


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Give a progress bar on a terminal, nothing elsewhere (the log has a line an epoch)."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    handlers = [handler for handler in logging.root.handlers if isinstance(handler, logging.StreamHandler)]
    streams = [handler.stream for handler in handlers]
    with Progress(*columns, console=Console(stderr=True)) as bar:
        for handler in handlers:
            handler.setStream(sys.stderr)  # the bar's own, which writes lines above it
        task = bar.add_task("training", total=None)
        try:
            yield lambda done, total: bar.update(task, completed=done, total=total)
        finally:
            for handler, stream in zip(handlers, streams, strict=True):
                handler.setStream(stream)
