"""Train a model on labelled sequences, from a DNABERT, a Hugging Face classifier or fresh weights.

The labels decide the task: two classes, several classes, or measured values. A run that was killed goes
on when the same command is started again. Several GPUs: accelerate launch $(command -v
dnabert-enhancer) finetune ...
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.training import TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.dataset import Dataset
    from dnabert_enhancer.training import TrainingResult

_CHOICES = {
    "precision": ("auto", "float32", "bfloat16", "float16"),
    "device": ("auto", "cpu", "cuda"),
    "method": ("full", "lora"),
    "schedule": ("linear", "cosine", "constant"),
    "class_weights": ("none", "balanced"),
    "threshold": ("0.5", "max-mcc"),
}
_OPTIONS: dict[str, tuple[tuple[str, type, str, str], ...]] = {
    "training": (
        ("epochs", int, "N", "passes over the training split"),
        ("batch_size", int, "N", "sequences a step and device"),
        ("accumulate", int, "N", "batches added up before an update"),
        (
            "learning_rate",
            float,
            "RATE",
            "peak learning rate; default 1e-3 for a fresh model, 3e-5 for a pre-trained one, 3e-4 with LoRA "
            "(DNABERT-Enhancer tried 1e-3 1e-4 3e-4 1e-5 3e-5 1e-6 3e-6)",
        ),
        ("weight_decay", float, "X", "of AdamW, not on biases and normalisation"),
        ("warmup", float, "SHARE", "share of the updates in which the learning rate rises"),
        ("schedule", str, "", "how the learning rate falls"),
        ("gradient_clip", float, "NORM", "largest norm of the gradient"),
        ("class_weights", str, "", "weight the classes by their rarity in the loss"),
        ("label_smoothing", float, "SHARE", "share of the target spread over all classes"),
        ("dropout", float, "SHARE", "of the hidden units; default: the model's own"),
        (
            "attention_dropout",
            float,
            "SHARE",
            "of the attention weights; default: the model's own, none for a fresh model",
        ),
        ("seed", int, "N", "of fresh weights, order, augmentation and dropout"),
        (
            "collapse_restarts",
            int,
            "N",
            "new starts, with another seed, of a training that predicts one class only",
        ),
    ),
    "adapters": (
        ("method", str, "", "train all weights, or low-rank adapters that are merged at the end"),
        ("lora_rank", int, "R", "rank of the adapters"),
        ("lora_alpha", float, "X", "scale of the adapters"),
        ("lora_dropout", float, "SHARE", "dropout before the adapters"),
    ),
    "augmentation": (
        ("shift", int, "BP", "move training windows by up to so many bp, anew each epoch"),
        ("token_dropout", float, "SHARE", "share of the tokens replaced by [MASK], in runs of k"),
    ),
    "validation": (
        ("validation_fraction", float, "SHARE", "split off for validation where the data have no such split"),
        (
            "metric",
            str,
            "NAME",
            "which epoch is kept; auroc auprc mcc f1 accuracy loss; several classes: mcc macro_f1 accuracy "
            "loss; values: pearson spearman r2 rmse loss (default: the first)",
        ),
        ("early_stopping", int, "N", "stop after so many epochs without a better metric; 0: never"),
        (
            "threshold",
            str,
            "",
            "default decision threshold: half of the calibrated probability, or the best MCC",
        ),
    ),
    "machine": (
        ("device", str, "", "where to train"),
        ("precision", str, "", "of the matrix products; auto: bfloat16 where the hardware has units for it"),
        ("threads", int, "N", "CPU threads; 0: as torch takes them"),
        (
            "checkpoint_steps",
            int,
            "N",
            "keep a checkpoint every N updates beside each epoch's; 0: only those",
        ),
    ),
    "card": (
        ("model_name", str, "NAME", "name in the card; default: that of the output folder"),
        ("licence", str, "NAME", "licence of the weights"),
        ("limits", str, "TEXT", "what the model must not be used for"),
    ),
}


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
        "--validation", metavar="PATH", help="data set to validate on, instead of the data set's own split"
    )
    parser.add_argument(
        "--base-model",
        required=True,
        metavar="MODEL",
        help="new:tiny, new:small, new:base (fresh weights); a DNABERT directory, legacy or current; a model "
        "directory; any Hugging Face sequence classifier; default; hub:NAME@REVISION",
    )
    parser.add_argument(
        "--output-dir", required=True, metavar="DIR", help="gets the model; a broken-off run in it goes on"
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
    defaults = {item.name: item.default for item in dataclasses.fields(TrainingSettings)}
    for title, options in _OPTIONS.items():
        group = parser.add_argument_group(title)
        for name, kind, metavar, text in options:
            default = defaults[name]
            shown = "" if default in (None, "") else f" (default {default})"
            choices = _CHOICES.get(name)
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=kind,
                default=default,
                choices=choices,
                metavar=None if choices else metavar,
                help=text + shown,
            )
        if title == "augmentation":
            group.add_argument(
                "--no-reverse-complement",
                dest="reverse_complement",
                action="store_false",
                help="train on the forward strand only; default: each window is turned with probability 0.5",
            )
    group = parser.add_argument_group("logging")
    group.add_argument(
        "--log-to",
        action="append",
        choices=("none", "tensorboard", "wandb", "mlflow"),
        help="also log the curves there; may be given several times; wandb is offline without WANDB_API_KEY",
    )
    group.add_argument(
        "--log-dir", default="", metavar="DIR", help="files of the loggers; default: logs in --output-dir"
    )


def run(args: argparse.Namespace) -> None:
    """Read the data, train, write the run's record and history."""
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import read_dataset
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.training import finetune

    record = RunRecord(args)
    settings = _settings(args)
    dataset = read_dataset(args.dataset, task=args.task)
    record.add_input("dataset", args.dataset)
    if args.validation:
        dataset = _with_validation(dataset, args.validation)
        record.add_input("validation", args.validation)
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
        with outputs.open_text(Path(args.output_dir) / "history.tsv") as table:
            table.writelines(_history_lines(result))
        with outputs.open_text(Path(args.output_dir) / "run.json") as file:
            file.write(record.to_json())


def _settings(args: argparse.Namespace) -> TrainingSettings:
    names = {item.name for item in dataclasses.fields(TrainingSettings)}
    values = {name: value for name, value in vars(args).items() if name in names}
    values["log_to"] = tuple(dict.fromkeys(name for name in args.log_to or () if name != "none"))
    return TrainingSettings(**values)


def _with_validation(dataset: Dataset, path: str) -> Dataset:
    """Return the data set with the rows of another as its validation split, classes matched by name."""
    from dnabert_enhancer.dataset import ALL_ROWS, Dataset, read_dataset
    from dnabert_enhancer.errors import InputError

    other = read_dataset(path, task=dataset.task)
    frame = other.frame("validation" if "validation" in other.splits else None)
    if dataset.task != "regression":
        number_of = {name: number for number, name in enumerate(dataset.label_names)}
        unknown = [name for name in other.label_names if name not in number_of]
        if unknown:
            raise InputError(
                f"the class {unknown[0]!r} is not among those of the training data",
                source=path,
                remedy=f"name the classes alike: {', '.join(dataset.label_names)}",
            )
        numbers = [number_of[other.label_names[label]] for label in frame["label"].tolist()]
        frame = frame.assign(label=numbers)
    splits = {name: rows for name, rows in dataset.splits.items() if name != ALL_ROWS}
    splits["train"] = dataset.frame("train" if "train" in dataset.splits else ALL_ROWS)
    return Dataset(
        {**splits, "validation": frame}, dataset.task, dataset.label_names, dataset.metadata, dataset.source
    )


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
