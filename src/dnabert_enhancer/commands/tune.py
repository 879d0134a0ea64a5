"""Search the learning rate, weight decay and warm-up with which a model validates best.

Every trial is a training as finetune does it. The folder gets best (the model of the best trial), trials.tsv,
study.db (a study of Optuna) and run.json. A search that was killed continues when the same command is started
again, in the middle of a trial too, and comes to the same trials; with more --trials it is continued. A
training that collapses is a failed trial.

Trials that don't learn from each other (--sampler grid or random, --pruner none) can be trained apart, on
several machines too: --trial N trains one into a folder of its own (trial.json, model), and --merge puts the
folders of all together; the table of trials is that of one run, byte for byte.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.commands.options import Options, add_setting, positive_integer
from dnabert_enhancer.commands.tables import show_table
from dnabert_enhancer.commands.training_options import (
    add_training_inputs,
    add_training_options,
    check_model_places,
    training_progress,
    training_rows,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training import PRUNERS, SAMPLERS, SEARCHED, SearchSettings, TrainingSettings

if TYPE_CHECKING:
    from dnabert_enhancer.api import Tuning
    from dnabert_enhancer.commands.run_record import RunRecord

RUN_FILE = "run.json"
_OF_A_MERGE = ("merge", "output_dir", "archive")
EXAMPLES = (
    "tune --dataset data --base-model dnabert-6 --trials 30 --output-dir tuned",
    "tune --dataset data --base-model dnabert-6 --sampler grid --epochs 20 \\\n"
    "    --batch-size 400 --output-dir paper-grid",
    "tune --merge trials/* --output-dir paper-grid",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of tune."""
    add_training_inputs(parser, required=False)
    parser.add_argument(
        "--output-dir",
        required=True,
        metavar="DIR",
        help="folder of the search, or of the trial; one that broke off goes on",
    )
    parser.add_argument(
        "--trial",
        type=positive_integer,
        metavar="N",
        help="train the trial of this number alone, for --merge",
    )
    parser.add_argument(
        "--merge", nargs="+", metavar="DIR", help="folders of --trial: put all trials of a search together"
    )
    parser.add_argument(
        "--archive", metavar="FILE", help="also write the best model as one file (.tar.gz), as finetune does"
    )
    parser.add_argument("--restart", action="store_true", help="forget an earlier search in the folder")
    group = parser.add_argument_group("search")
    add = partial(add_setting, group, SearchSettings)
    add(
        "sampler",
        "grid: all combinations of the values, in an order drawn by --seed; tpe (Optuna's, learns from the "
        "trials before) and random: numbers between the least and the largest value",
        choices=SAMPLERS,
    )
    add("trials", "how many (default: all of a grid, else 20)", type=positive_integer, metavar="N")
    add(
        "pruner",
        "end a trial that falls behind: worse than the median of the earlier ones, from the sixth trial and "
        "the second epoch on; or asynchronous successive halving",
        choices=PRUNERS,
    )
    defaults = SearchSettings()
    for field, what in (
        ("learning_rates", "peak learning rates"),
        ("weight_decays", "weight decays"),
        ("warmups", "shares of the updates in which the learning rate rises"),
    ):
        values = " ".join(f"{value:g}" for value in getattr(defaults, field))
        group.add_argument(
            "--" + field.replace("_", "-"),
            nargs="+",
            type=float,
            metavar="X",
            help=f"{what} (default, the grid of DNABERT-Enhancer's authors: {values})",
        )
    add_training_options(parser, without=(*SEARCHED, "collapse_restarts", "int8"))


def check(options: Options) -> None:
    """Raise what is wrong with the options."""
    options.settings(SearchSettings)
    options.settings(TrainingSettings)


def run(options: Options) -> None:
    """Search, train one trial or merge trials; write the run's record, show the trials."""
    if "merge" in options:
        options.refuse(
            [name for name in options if name not in _OF_A_MERGE], "--merge, whose trials are trained already"
        )
        _merge(options)
        return
    for name in ("dataset", "base_model"):
        if name not in options:
            option = "--" + name.replace("_", "-")
            raise InputError(f"{option} is missing", remedy="see tune --help")
    if "trial" in options:
        options.refuse(("archive", "restart"), "--trial; give it to --merge")
        _train_trial(options)
    else:
        _search(options)


def _search(options: Options) -> None:
    from dnabert_enhancer.api import tune
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import check_output

    if "archive" in options:
        check_output(options["archive"])
    check_model_places(Path(options["output_dir"]), Path(options["output_dir"]) / "best")
    record = RunRecord(options)
    search = options.settings(SearchSettings)
    settings = options.settings(TrainingSettings)
    dataset = training_rows(options, record)
    with training_progress() as progress:
        tuning = tune(
            dataset,
            options["base_model"],
            options["output_dir"],
            search,
            settings,
            restart="restart" in options,
            progress=progress,
        )
    _write(options, record, tuning)


def _train_trial(options: Options) -> None:
    from dnabert_enhancer.api import tune_trial
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import OutputSet

    folder = Path(options["output_dir"])
    check_model_places(folder, folder / "model")
    record = RunRecord(options)
    search = options.settings(SearchSettings)
    settings = options.settings(TrainingSettings)
    dataset = training_rows(options, record)
    with training_progress() as progress:
        trial = tune_trial(
            dataset, options["base_model"], folder, options["trial"], search, settings, progress=progress
        )
    record.set("trial", {"number": trial.number, "state": trial.state, **trial.parameters, **trial.result})
    with OutputSet() as outputs, outputs.open_text(folder / RUN_FILE) as file:
        file.write(record.to_json())


def _merge(options: Options) -> None:
    from dnabert_enhancer.api import merge_trials
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.files import check_output

    if "archive" in options:
        check_output(options["archive"])
    record = RunRecord(options)
    tuning = merge_trials(options["merge"], options["output_dir"])
    training = tuning.best.opened.card.training  # the rows that the trials' own runs read
    record.set("base_model", training["base_model"]["name"])
    record.set("dataset_digest", training["dataset_digest"])
    for split, rows in training["splits"].items():
        record.count(f"sequences_{split}", rows["sequences"])
    _write(options, record, tuning)


def _write(options: Options, record: RunRecord, tuning: Tuning) -> None:
    """Write the record of a search and the archive of its best model; show the trials."""
    from dnabert_enhancer.files import OutputSet
    from dnabert_enhancer.model import write_archive

    folder = Path(options["output_dir"])
    for state, number in tuning.trials["state"].value_counts().items():
        record.count(f"trials_{state}", int(number))
    best = tuning.trials.sort_values("rank").to_dict("records")[0]
    record.set("metric", tuning.metric)
    record.set("best", {name: best[name] for name in ("trial", tuning.metric, *SEARCHED)})
    record.set("model", {"directory": str(folder / "best"), "digest": tuning.best.digest})
    with OutputSet() as outputs:
        if "archive" in options:
            write_archive(folder / "best", outputs.path(options["archive"]))
        with outputs.open_text(folder / RUN_FILE) as file:
            file.write(record.to_json())
    _show(tuning, folder)


def _show(tuning: Tuning, folder: Path) -> None:
    """Print the complete trials, the best first."""
    ranked = tuning.trials[tuning.trials["rank"].notna()].sort_values("rank")
    rows = [
        (str(row["trial"]), f"{row[tuning.metric]:.4f}", *(f"{row[name]:.3g}" for name in SEARCHED))
        for row in ranked.to_dict("records")
    ]
    titles = ("trial", tuning.metric, *(name.replace("_", " ") for name in SEARCHED))
    show_table(f"{folder}: {len(ranked)} of {len(tuning.trials)} trials were completed", titles, rows)
