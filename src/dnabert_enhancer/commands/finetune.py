"""Train a model on labelled sequences, from a DNABERT, a Hugging Face classifier or fresh weights.

The labels decide the task: two classes, several classes, or measured values. A run that was killed continues
when the same command is started again. Several GPUs: accelerate launch -m dnabert_enhancer finetune ...
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer.commands.options import Options, add_setting, whole_number
from dnabert_enhancer.training import CHOICES, LOGGERS, TrainingSettings

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.api import TrainedModel
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import Dataset

_INPUTS = ("dataset", "negatives", "validation")
EXAMPLES = (
    "finetune --dataset data --base-model dnabert-6 --output-dir my-model",
    "finetune --dataset data --base-model dnabert-2 --method lora \\\n    --output-dir adapted",
)


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
        "--negatives", metavar="FASTA", help="negatives, when --dataset is a FASTA of enhancers"
    )
    parser.add_argument(
        "--validation", metavar="PATH", help="data set to validate on, instead of the data set's own split"
    )
    parser.add_argument(
        "--base-model",
        required=True,
        metavar="MODEL",
        help="new:tiny, new:small, new:base (fresh weights); a DNABERT directory, legacy or current; a model "
        "directory or archive; any Hugging Face sequence classifier; default; a name of models list, such as "
        "dnabert-6; hub:NAME@REVISION/SUBFOLDER",
    )
    parser.add_argument(
        "--output-dir",
        required=True,
        metavar="DIR",
        help="folder of the model; an interrupted run in it is continued",
    )
    parser.add_argument(
        "--archive",
        metavar="FILE",
        help="also write the model as one file (.tar.gz), which every --model takes; with --folds one a "
        "fold: FILE m.tar.gz gives m.fold1.tar.gz and so on",
    )
    parser.add_argument(
        "--restart", action="store_true", help="discard an interrupted run, or replace a finished model"
    )
    _add(parser, "k", "length of the k-mers of a fresh model (default 6)", type=int, choices=(3, 4, 5, 6))
    _add(
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
    _add_training(parser.add_argument_group("training"))
    _add_adapters(parser.add_argument_group("adapters"))
    _add_augmentation(parser.add_argument_group("augmentation"))
    _add_validation(parser.add_argument_group("validation"))
    _add_machine(parser.add_argument_group("machine"))
    _add_card(parser.add_argument_group("card"))
    _add_logging(parser.add_argument_group("logging"))


def _add_training(group: argparse._ArgumentGroup) -> None:
    _add(group, "epochs", "passes over the training split", type=int, metavar="N")
    _add(group, "batch_size", "sequences per step and device", type=int, metavar="N")
    _add(group, "accumulate", "batches added up before an update", type=int, metavar="N")
    _add(
        group,
        "learning_rate",
        "peak learning rate; default 1e-3 for a fresh model, 3e-5 for a pre-trained one, 3e-4 with "
        "LoRA (DNABERT-Enhancer tried 1e-3 1e-4 3e-4 1e-5 3e-5 1e-6 3e-6)",
        type=float,
        metavar="RATE",
    )
    _add(group, "weight_decay", "of AdamW, not on biases and normalisation", type=float, metavar="X")
    _add(
        group, "warmup", "share of the updates in which the learning rate rises", type=float, metavar="SHARE"
    )
    _add(group, "schedule", "how the learning rate falls", choices=CHOICES["schedule"])
    _add(group, "gradient_clip", "largest norm of the gradient", type=float, metavar="NORM")
    _add(
        group,
        "class_weights",
        "weight the classes by their rarity in the loss",
        choices=CHOICES["class_weights"],
    )
    _add(group, "label_smoothing", "share of the target spread over all classes", type=float, metavar="SHARE")
    _add(group, "dropout", "of the hidden units; default: the model's own", type=float, metavar="SHARE")
    _add(
        group,
        "attention_dropout",
        "of the attention weights; default: the model's own, none for a fresh model",
        type=float,
        metavar="SHARE",
    )
    _add(group, "seed", "of fresh weights, order, augmentation and dropout", type=int, metavar="N")
    _add(
        group,
        "collapse_restarts",
        "new starts, with another seed, of a training that predicts one class only",
        type=int,
        metavar="N",
    )


def _add_adapters(group: argparse._ArgumentGroup) -> None:
    _add(
        group,
        "method",
        "train all weights, or low-rank adapters that are merged at the end",
        choices=CHOICES["method"],
    )
    _add(group, "lora_rank", "rank of the adapters", type=int, metavar="R")
    _add(group, "lora_alpha", "scale of the adapters", type=float, metavar="X")
    _add(group, "lora_dropout", "dropout before the adapters", type=float, metavar="SHARE")


def _add_augmentation(group: argparse._ArgumentGroup) -> None:
    _add(group, "shift", "move training windows by up to so many bp, anew each epoch", type=int, metavar="BP")
    _add(
        group,
        "token_dropout",
        "share of the tokens replaced by [MASK], in runs of k",
        type=float,
        metavar="SHARE",
    )
    _add(
        group,
        "reverse_complement",
        "train on the forward strand only; default: each window is reverse-complemented with probability 0.5",
        option="--no-reverse-complement",
        action="store_false",
    )


def _add_validation(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--folds",
        type=whole_number,
        metavar="N",
        help="train N models, each with another part of the training and validation rows held out, whole "
        "contigs where they are known, into fold1, fold2 … of --output-dir, an ensemble for every --model; "
        "finished folds of an interrupted run are kept",
    )
    _add(
        group,
        "validation_fraction",
        "split off for validation where the data have no such split",
        type=float,
        metavar="SHARE",
    )
    _add(
        group,
        "metric",
        "which epoch is kept; auroc auprc mcc f1 accuracy loss; several classes: mcc macro_f1 accuracy "
        "loss; values: pearson spearman r2 rmse loss (default: the first)",
        metavar="NAME",
    )
    _add(
        group,
        "early_stopping",
        "stop after so many epochs without a better metric; 0: never",
        type=int,
        metavar="N",
    )
    _add(
        group,
        "threshold",
        "default decision threshold: half of the calibrated probability, or the best MCC",
        choices=CHOICES["threshold"],
    )


def _add_machine(group: argparse._ArgumentGroup) -> None:
    _add(group, "device", "where to train", choices=CHOICES["device"])
    _add(
        group,
        "precision",
        "of the matrix products; auto: bfloat16 where the hardware has units for it",
        choices=CHOICES["precision"],
    )
    _add(group, "threads", "CPU threads; 0: as torch takes them", type=int, metavar="N")
    _add(
        group,
        "checkpoint_steps",
        "keep a checkpoint every N updates beside each epoch's; 0: only those",
        type=int,
        metavar="N",
    )


def _add_card(group: argparse._ArgumentGroup) -> None:
    _add(group, "model_name", "name on the card; default: that of the output folder", metavar="NAME")
    _add(group, "licence", "licence of the weights", metavar="NAME")
    _add(group, "limits", "what the model must not be used for", metavar="TEXT")


def _add_logging(group: argparse._ArgumentGroup) -> None:
    _add(
        group,
        "log_to",
        "also log the curves there; may be given several times; wandb is offline without WANDB_API_KEY",
        action="append",
        choices=("none", *LOGGERS),
    )
    _add(group, "log_dir", "files of the loggers; default: logs in --output-dir", metavar="DIR")


def _add(
    group: argparse.ArgumentParser | argparse._ArgumentGroup,
    field: str,
    help: str,
    **declared: Any,  # as `add_setting` takes them
) -> None:
    add_setting(group, TrainingSettings, field, help, **declared)


def run(options: Options) -> None:
    """Read the data, train, write the run's record and history."""
    from dnabert_enhancer.api import finetune
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import as_dataset
    from dnabert_enhancer.files import OutputSet, check_output
    from dnabert_enhancer.model import write_archive

    if "folds" in options:
        options.refuse(("validation", "validation_fraction"), "--folds, which hold out each part in turn")
    archive, folder = options.get("archive"), Path(options["output_dir"])
    if archive is not None:
        check_output(archive)
    record = RunRecord(options)
    settings = options.settings(TrainingSettings)
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
    if "folds" in options:
        _train_folds(options, record, dataset, settings)
        return
    with _progress() as progress:
        model = finetune(
            dataset,
            options["base_model"],
            folder,
            settings,
            restart="restart" in options,
            progress=progress,
        )
    record.set("model", {"directory": str(folder), "digest": model.digest})
    record.set("attempts", model.attempts)
    record.set("metrics", model.metrics)
    record.set("warnings", model.warnings)
    record.set("sequences_per_second", round(model.sequences_per_second, 1))
    record.set("training_seconds", round(model.seconds, 1))
    with OutputSet() as outputs:
        if archive is not None:
            write_archive(folder, outputs.path(archive))
        with outputs.open_text(folder / "history.tsv") as table:
            table.writelines(_history_lines(model.history, dataset.positive_label))
        with outputs.open_text(folder / "run.json") as file:
            file.write(record.to_json())


def _train_folds(options: Options, record: RunRecord, dataset: Dataset, settings: TrainingSettings) -> None:
    """Train a model a fold, write the history of each and the record of all."""
    from dnabert_enhancer.api import finetune_folds
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.model import write_archive

    folder = Path(options["output_dir"])

    def write_history(directory: Path, model: TrainedModel) -> None:
        with OutputSet() as outputs, outputs.open_text(directory / "history.tsv") as table:
            table.writelines(_history_lines(model.history, dataset.positive_label))

    with _progress() as progress:
        ensemble = finetune_folds(
            dataset,
            options["base_model"],
            folder,
            settings,
            folds=options["folds"],
            restart="restart" in options,
            progress=progress,
            on_fold=write_history,
        )
    record.set("model", ensemble.opened.description())
    cards = [model.opened.card for model in ensemble.members]
    record.set(
        "folds",
        [
            {name: card.training[name] for name in ("validation", "attempts")} | {"metrics": card.metrics}
            for card in cards
        ],
    )
    with OutputSet() as outputs:
        if "archive" in options:
            before, ending = _split_ending(options["archive"])
            for number in range(1, len(cards) + 1):
                archive = outputs.path(f"{before}.fold{number}{ending}")
                write_archive(folder / f"fold{number}", archive)
        with outputs.open_text(folder / "run.json") as file:
            file.write(record.to_json())


def _split_ending(archive: str) -> tuple[str, str]:
    """Return the name of an archive without its ending, and that: ``.tar.gz``, or nothing."""
    ending = next((one for one in (".tar.gz", ".tgz") if archive.endswith(one)), "")
    return archive.removesuffix(ending), ending


def _history_lines(history: pd.DataFrame, positive: str | None) -> Iterator[str]:
    """Yield the lines of history.tsv; of two classes the last column names the one that metrics are of."""
    titles, names = ([], []) if positive is None else (["positive_label"], [positive])
    yield "\t".join([*history.columns, *titles]) + "\n"
    for row in history.itertuples(index=False):
        numbers = ("" if value != value else f"{value:.9g}" for value in row)
        yield "\t".join([*numbers, *names]) + "\n"


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
