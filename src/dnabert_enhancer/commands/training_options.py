"""The options of a training, of one or of many: what is trained on, and how."""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.commands.options import Options, add_setting
from dnabert_enhancer.training import CHOICES, LOGGERS, TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import Dataset

_INPUTS = ("dataset", "negatives", "validation")


def add_training_inputs(parser: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Declare the data set and the base model."""
    parser.add_argument(
        "--dataset",
        required=required,
        metavar="PATH",
        help="folder of make-dataset, folder with train/dev/test tables, DNABERT TSV, CSV, or FASTA; - for a "
        "TSV from the standard input",
    )
    parser.add_argument(
        "--negatives", metavar="FASTA", help="negatives, when --dataset is a FASTA of enhancers"
    )
    parser.add_argument(
        "--validation", metavar="PATH", help="data set to validate on, instead of the data set's own split"
    )
    parser.add_argument(
        "--base-model",
        required=required,
        metavar="MODEL",
        help="new:tiny, new:small, new:base (fresh weights); a DNABERT directory, legacy or current; a model "
        "directory or archive; any Hugging Face sequence classifier; default; a name of models list, such as "
        "dnabert-6; hub:NAME@REVISION/SUBFOLDER",
    )


def add_training_options(parser: argparse.ArgumentParser, without: Collection[str] = ()) -> None:
    """Declare how to train.

    Parameters
    ----------
    parser : parser
    without : collection of str
        Fields of `TrainingSettings` that are no options of this command.
    """
    add = _Declared(without)
    add(parser, "k", "length of the k-mers of a fresh model (default 6)", type=int, choices=(3, 4, 5, 6))
    add(
        parser,
        "window_length",
        "crop sequences around their centres; default: their own length",
        type=int,
        metavar="BP",
    )
    parser.add_argument(
        "--task",
        choices=("binary", "multiclass", "regression"),
        help="what the labels are; default: decided from them",
    )
    parser.add_argument(
        "--positive-label",
        metavar="NAME",
        help="which of two classes is the positive one, whose probability the model gives; default: by "
        "their names (enhancer, bound, 1, ...); of labels 0 and 1 another word is the name of 1",
    )
    _add_training(parser.add_argument_group("training"), add)
    _add_adapters(parser.add_argument_group("adapters"), add)
    _add_augmentation(parser.add_argument_group("augmentation"), add)
    _add_validation(parser.add_argument_group("validation"), add)
    _add_machine(parser.add_argument_group("machine"), add)
    _add_card(parser.add_argument_group("card"), add)
    _add_logging(parser.add_argument_group("logging"), add)


def _add_training(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(group, "epochs", "passes over the training split", type=int, metavar="N")
    add(group, "batch_size", "sequences per step and device", type=int, metavar="N")
    add(group, "accumulate", "batches added up before an update", type=int, metavar="N")
    add(
        group,
        "learning_rate",
        "peak learning rate; default 1e-3 for a fresh model, 3e-5 for a pre-trained one, 3e-4 with "
        "LoRA (DNABERT-Enhancer tried 1e-3 1e-4 3e-4 1e-5 3e-5 1e-6 3e-6)",
        type=float,
        metavar="RATE",
    )
    add(group, "weight_decay", "of AdamW, not on biases and normalisation", type=float, metavar="X")
    add(group, "warmup", "share of the updates in which the learning rate rises", type=float, metavar="SHARE")
    add(group, "schedule", "how the learning rate falls", choices=CHOICES["schedule"])
    add(group, "gradient_clip", "largest norm of the gradient", type=float, metavar="NORM")
    add(
        group,
        "class_weights",
        "weight the classes by their rarity in the loss",
        choices=CHOICES["class_weights"],
    )
    add(group, "label_smoothing", "share of the target spread over all classes", type=float, metavar="SHARE")
    add(group, "dropout", "of the hidden units; default: the model's own", type=float, metavar="SHARE")
    add(
        group,
        "attention_dropout",
        "of the attention weights; default: the model's own, none for a fresh model",
        type=float,
        metavar="SHARE",
    )
    add(group, "seed", "of fresh weights, order, augmentation and dropout", type=int, metavar="N")
    add(
        group,
        "collapse_restarts",
        "new starts, with another seed, of a training that predicts one class only",
        type=int,
        metavar="N",
    )


def _add_adapters(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(
        group,
        "method",
        "train all weights, or low-rank adapters that are merged at the end",
        choices=CHOICES["method"],
    )
    add(group, "lora_rank", "rank of the adapters", type=int, metavar="R")
    add(group, "lora_alpha", "scale of the adapters", type=float, metavar="X")
    add(group, "lora_dropout", "dropout before the adapters", type=float, metavar="SHARE")


def _add_augmentation(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(group, "shift", "move training windows by up to so many bp, anew each epoch", type=int, metavar="BP")
    add(
        group,
        "token_dropout",
        "share of the tokens replaced by [MASK], in runs of k",
        type=float,
        metavar="SHARE",
    )
    add(
        group,
        "reverse_complement",
        "train on the forward strand only; default: each window is reverse-complemented with probability 0.5",
        option="--no-reverse-complement",
        action="store_false",
    )


def _add_validation(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(
        group,
        "validation_fraction",
        "split off for validation where the data have no such split",
        type=float,
        metavar="SHARE",
    )
    add(
        group,
        "metric",
        "which epoch is kept; auroc auprc mcc f1 accuracy loss; several classes: mcc macro_f1 accuracy "
        "loss; values: pearson spearman r2 rmse loss (default: the first)",
        metavar="NAME",
    )
    add(
        group,
        "early_stopping",
        "stop after so many epochs without a better metric; 0: never",
        type=int,
        metavar="N",
    )
    add(
        group,
        "threshold",
        "default decision threshold: half of the calibrated probability, or the best MCC",
        choices=CHOICES["threshold"],
    )
    add(
        group,
        "int8",
        "round the weights of the kept epoch to 8-bit integers by windows of the validation split, as models "
        "quantize does; where int8 does not agree with float32 they stay as they are: log and card say so",
    )


def _add_machine(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(group, "device", "where to train", choices=CHOICES["device"])
    add(
        group,
        "precision",
        "of the matrix products; auto: bfloat16 where the hardware has units for it",
        choices=CHOICES["precision"],
    )
    add(group, "threads", "CPU threads; 0: as torch takes them", type=int, metavar="N")
    add(
        group,
        "checkpoint_steps",
        "keep a checkpoint every N updates beside each epoch's; 0: only those",
        type=int,
        metavar="N",
    )


def _add_card(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(group, "model_name", "name on the card; default: that of the output folder", metavar="NAME")
    add(group, "licence", "licence of the weights", metavar="NAME")
    add(group, "limits", "what the model must not be used for", metavar="TEXT")


def _add_logging(group: argparse._ArgumentGroup, add: _Declared) -> None:
    add(
        group,
        "log_to",
        "also log the curves there; may be given several times; wandb is offline without WANDB_API_KEY",
        action="append",
        choices=("none", *LOGGERS),
    )
    add(group, "log_dir", "files of the loggers; default: logs in --output-dir", metavar="DIR")


class _Declared:
    """Declares the options of `TrainingSettings`, but for some fields."""

    def __init__(self, without: Collection[str]) -> None:
        self._without = without

    def __call__(
        self,
        group: argparse.ArgumentParser | argparse._ArgumentGroup,
        field: str,
        help: str,
        **declared: Any,  # as `add_setting` takes them
    ) -> None:
        if field not in self._without:
            add_setting(group, TrainingSettings, field, help, **declared)


def check_model_places(*places: Path) -> None:
    """Raise `InputError` where a model that is read, or its records, would be replaced."""
    from dnabert_enhancer.files import check_no_input
    from dnabert_enhancer.model import model_files

    for place in filter(Path.is_dir, places):
        records = (place / name for name in ("history.tsv", "run.json", "trials.tsv", "study.db"))
        for path in (*model_files(place), *records):
            check_no_input(path)


def training_rows(options: Options, record: RunRecord) -> Dataset:
    """Return the rows to train and validate on, and note them in the record."""
    from dnabert_enhancer.dataset import as_dataset

    negatives = options.get("negatives")
    source = options["dataset"] if negatives is None else (options["dataset"], negatives)
    positive = options.get("positive_label")
    dataset = as_dataset(source, task=options.get("task"), positive_label=positive)
    for role in _INPUTS:
        if role in options:
            record.add_input(role, options[role])
    if "validation" in options:
        dataset = dataset.with_validation(
            as_dataset(
                options["validation"],
                task=dataset.task,
                positive_label=positive,
                hints=dataset.label_hints,
                allow_one_class=True,
            )
        )
    record.set("dataset_digest", dataset.digest)
    if dataset.positive_label is not None:
        record.set("positive_label", dataset.positive_label)
    for split, frame in dataset.splits.items():
        record.count(f"sequences_{split}", len(frame))
    return dataset


@contextlib.contextmanager
def training_progress() -> Iterator[Callable[[int, int], None] | None]:
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
