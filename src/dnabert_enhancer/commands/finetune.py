"""Train a model on labelled sequences, from a DNABERT, a Hugging Face classifier or fresh weights.

The labels decide the task: two classes, several classes, or measured values. A run that was killed continues
when the same command is started again. Several GPUs: accelerate launch -m dnabert_enhancer finetune ...
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import Options, whole_number
from dnabert_enhancer.commands.training_options import (
    add_training_inputs,
    add_training_options,
    check_model_places,
    training_progress,
    training_rows,
)
from dnabert_enhancer.training import TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.api import TrainedModel
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.dataset import Dataset

EXAMPLES = (
    "finetune --dataset data --base-model dnabert-6 --output-dir my-model",
    "finetune --dataset data --base-model dnabert-2 --method lora \\\n    --output-dir adapted",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_training_inputs(parser)
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
    add_training_options(parser)
    group = parser.add_argument_group("folds")
    group.add_argument(
        "--folds",
        type=whole_number,
        metavar="N",
        help="train N models, each with another part of the training and validation rows held out, whole "
        "contigs where they are known, into fold1, fold2 … of --output-dir, an ensemble for every --model; "
        "finished folds of an interrupted run are kept",
    )


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    options.settings(TrainingSettings)


def run(options: Options) -> None:
    """Read the data, train, write the run's record and history."""
    from dnabert_enhancer.api import finetune
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet, check_output
    from dnabert_enhancer.model import write_archive

    if "folds" in options:
        options.refuse(("validation", "validation_fraction"), "--folds, which hold out each part in turn")
    archive, folder = options.get("archive"), Path(options["output_dir"])
    if archive is not None:
        for path in _archives(archive, options["folds"]) if "folds" in options else (archive,):
            check_output(path)
    check_model_places(folder, *(folder / f"fold{n}" for n in range(1, options.get("folds", 0) + 1)))
    record = RunRecord(options)
    settings = options.settings(TrainingSettings)
    dataset = training_rows(options, record)
    if "folds" in options:
        _train_folds(options, record, dataset, settings)
        return
    with training_progress() as progress:
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
    if model.int8:
        record.set("int8", model.int8)
    record.set("sequences_per_second", round(model.sequences_per_second, 1))
    record.set("training_seconds", round(model.seconds, 1))
    with OutputSet() as outputs:
        if archive is not None:
            write_archive(folder, outputs.path(archive))
        model.write_history(folder, dataset.positive_label, outputs)
        with outputs.open_text(folder / "run.json") as file:
            file.write(record.to_json())


def _train_folds(options: Options, record: RunRecord, dataset: Dataset, settings: TrainingSettings) -> None:
    """Train a model a fold, write the history of each and the record of all."""
    from dnabert_enhancer.api import finetune_folds
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.model import write_archive

    folder = Path(options["output_dir"])

    def write_history(directory: Path, model: TrainedModel) -> None:
        model.write_history(directory, dataset.positive_label)

    with training_progress() as progress:
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
            {
                name: card.training[name]
                for name in ("validation", "attempts", "int8")
                if name in card.training
            }
            | {"metrics": card.metrics}
            for card in cards
        ],
    )
    with OutputSet() as outputs:
        if "archive" in options:
            for number, path in enumerate(_archives(options["archive"], len(cards)), start=1):
                write_archive(folder / f"fold{number}", outputs.path(path))
        with outputs.open_text(folder / "run.json") as file:
            file.write(record.to_json())


def _archives(archive: str, folds: int) -> list[str]:
    """Return the names of the archives of folds: ``m.fold1.tar.gz`` and so on of ``m.tar.gz``."""
    ending = next((one for one in (".tar.gz", ".tgz") if archive.endswith(one)), "")
    return [f"{archive.removesuffix(ending)}.fold{number}{ending}" for number in range(1, folds + 1)]
