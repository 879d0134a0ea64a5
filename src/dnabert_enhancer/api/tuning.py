"""`tune`: a search over hyper-parameters, of which the best model is kept."""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import pandas as pd

from dnabert_enhancer import __version__
from dnabert_enhancer.api.inputs import with_keywords
from dnabert_enhancer.api.learning import TrainedModel, base_name, finetune
from dnabert_enhancer.api.model import Model, load_model
from dnabert_enhancer.dataset import Dataset, DatasetSource, Task, as_dataset
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.model import CONFIG_NAME
from dnabert_enhancer.training import (
    SEARCHED,
    SMALLER_IS_BETTER,
    CollapsedTraining,
    SearchSettings,
    TrainingSettings,
    chosen_metric,
    launched_count,
    open_base,
    require_packages,
)

if TYPE_CHECKING:
    from dnabert_enhancer.training import Study, Trial

BEST, STUDY, TABLE = "best", "study.db", "trials.tsv"
"""Names in the folder of a search: the best model, the study, the table of trials."""
_MODELS, _LOGS, _LOCK = "trials", "logs", ".lock"

Arguments = dict[str, Any]
"""Values of JSON by their names."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Tuning:
    """A search over hyper-parameters, made by `tune`.

    Attributes
    ----------
    trials : DataFrame
        One row a trial: ``trial`` (from 1), ``state`` (complete, pruned, failed), ``rank`` among the complete
        ones, the validation metric under its own name (NaN but for complete trials), ``learning_rate``,
        ``weight_decay``, ``warmup``, ``epochs`` (trained), ``best_epoch`` and ``reason`` (of a failed one).
    metric : str
        The validation metric that decides.
    best : Model
        The model of the best trial.
    """

    trials: pd.DataFrame
    metric: str
    best: Model

    def __repr__(self) -> str:
        best = self.trials.sort_values("rank").to_dict("records")[0]
        value = best[self.metric]
        return f"<Tuning of {len(self.trials)} trials: {self.metric} {value:.4f} in trial {best['trial']}>"


def tune(
    dataset: DatasetSource,
    base_model: str | Path | Model,
    output_dir: str | Path,
    search: SearchSettings | None = None,
    settings: TrainingSettings | None = None,
    *,
    task: Task | None = None,
    positive_label: str | None = None,
    restart: bool = False,
    engine: EngineSettings | None = None,
    progress: Callable[[int, int], None] | None = None,
    **keywords: Any,  # the fields of `TrainingSettings`
) -> Tuning:
    """Search the learning rate, weight decay and warm-up with which a model validates best.

    Parameters
    ----------
    dataset, base_model, task, positive_label, engine, progress, **keywords
        See `finetune`, which trains every trial.
    output_dir : path
        Gets ``best`` (the model of the best trial, with its ``history.tsv``), ``trials.tsv`` and
        ``study.db``; where curves are logged, ``logs`` with a folder a trial. Called again with the same
        arguments, a search that was broken off goes on, in the middle of a trial too, and comes to the same
        trials; with more `SearchSettings.trials` it is continued.
    search : SearchSettings, optional
        What is tried, how it is chosen, and what ends a trial early.
    settings : TrainingSettings, optional
        Of every trial, but for what is searched; their seed is that of the search, too.
    restart : bool
        Forget an earlier search in the folder.

    Returns
    -------
    Tuning

    Raises
    ------
    InputError
        As `finetune`; a search with other arguments in the folder; no trial that was completed.
    ResourceError
        optuna, torch or another package is missing, or the device.

    Notes
    -----
    A trial whose training collapses counts as failed: it is not started again with another seed. Only the
    model of the best trial so far is kept.

    Examples
    --------
    >>> from dnabert_enhancer import SearchSettings, tune
    >>> found = tune("my-dataset", "new:small", "tuned", SearchSettings(trials=10))  # doctest: +SKIP
    >>> found.trials  # doctest: +SKIP
    """
    search = search or SearchSettings()
    folder = Path(output_dir).absolute()
    settings = with_keywords(TrainingSettings, settings, keywords)
    data, base, settings = prepared(dataset, base_model, folder, settings, task, positive_label)
    metric = str(settings.metric)
    with locked(folder):
        run = _Search(data, base, folder, search, settings, restart=restart)
        run.trials(progress)
        return Tuning(run.table(), metric, load_model(folder / BEST, engine=engine))


def prepared(
    dataset: DatasetSource,
    base_model: str | Path | Model,
    folder: Path,
    settings: TrainingSettings,
    task: Task | None = None,
    positive_label: str | None = None,
) -> tuple[Dataset, str, TrainingSettings]:
    """Return the rows, the base model by its name, and the settings of every trial, or raise as `tune`."""
    require_packages("torch", "optuna")
    if launched_count() > 1:
        raise InputError(
            "trials are trained by one process, one after another",
            remedy="start tune without accelerate launch",
        )
    base = base_name(base_model)
    if Path(base).is_fifo():
        raise InputError(
            "a model that is read for every trial cannot come from a pipe", source=base, remedy="give a file"
        )
    data = as_dataset(dataset, task=task, positive_label=positive_label)
    return (
        data,
        base,
        settings.replace(
            collapse_restarts=0,
            metric=chosen_metric(data.task, settings.metric),
            model_name=settings.model_name or folder.name,
        ),
    )


def deciding(data: Dataset, base_model: str, search: SearchSettings, settings: TrainingSettings) -> Arguments:
    """Return what decides the trials of a search, as JSON has it, but for how many there are."""
    with tempfile.TemporaryDirectory() as work:
        base = open_base(base_model, settings.k, Path(work))
    fixed = {name: value for name, value in settings.deciding().items() if name not in SEARCHED}
    values = {f"{name}s": list(values) for name, values in search.space.items()}
    asked = {"sampler": search.sampler, "pruner": search.pruner}
    return (
        fixed | values | asked | {"dataset": data.digest, "base_model": base.digest, "version": __version__}
    )


def trained(
    trial: Trial,
    trials: int,
    data: Dataset,
    base_model: str,
    folder: Path,
    settings: TrainingSettings,
    *,
    progress: Callable[[int, int], None] | None,
    report: Callable[[int, float], None],
) -> tuple[str, dict[str, Any]]:
    """Train a trial; return its state and result, as `Trial` has them.

    Parameters
    ----------
    trial : Trial
        What was trained before a kill is gone on with; a result is as it is.
    trials : int
        How many there are in all, for the log.
    data, base_model, progress
        See `finetune`.
    folder : Path
        Of its model.
    settings : TrainingSettings
        But for what is searched.
    report : callable
        Called with an epoch and its metric; may raise `PrunedTrial`.
    """
    from dnabert_enhancer.training import PrunedTrial

    shown = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in trial.parameters.items())
    logger.info("trial %d of %d: %s", trial.number, trials, shown)
    state, result, metric = "complete", dict(trial.result), str(settings.metric)
    try:
        if not result:
            model = finetune(
                data,
                base_model,
                folder,
                settings.replace(**trial.parameters),
                restart=(folder / CONFIG_NAME).exists(),
                progress=progress,
                on_epoch=lambda epoch, metrics: report(epoch, metrics[metric]),
            )
            model.write_history(folder, data.positive_label)
            result = _result_of(model, metric)
    except PrunedTrial:
        state, result = "pruned", {"reason": ""}
    except CollapsedTraining as error:
        state, result = "failed", {"reason": f"collapsed: {error.reason}"}
    if state == "complete" and "value" not in result:
        state = "failed" if result["reason"] else "pruned"
    told = f"{metric} {result['value']:.4f}" if state == "complete" else result["reason"]
    logger.info("trial %d: %s%s", trial.number, state, f", {told}" if told else "")
    return state, result


def _result_of(model: TrainedModel, metric: str) -> dict[str, Any]:  # JSON values
    """Return the metric of the epoch that was kept, or the reason why there is none."""
    name = f"validation_{metric}"
    sign = -1 if metric in SMALLER_IS_BETTER else 1
    epochs = [epoch for epoch in model.history.to_dict("records") if not math.isnan(epoch[name])]
    if not epochs:
        return {"reason": f"{metric} is not a number"}
    # of equal epochs that of less loss is kept
    best = max(epochs, key=lambda epoch: (sign * epoch[name], -epoch["validation_loss"]))
    return {
        "value": float(best[name]),
        "best_epoch": int(best["epoch"]),
        "epochs": len(model.history),
        "reason": "",
    }


def trial_table(study: Study, metric: str) -> pd.DataFrame:
    """Return the trials of a study; see `Tuning`."""
    ranks = {trial.number: rank for rank, trial in enumerate(study.ranked, start=1)}
    rows = [
        {
            "trial": trial.number,
            "state": trial.state,
            "rank": ranks.get(trial.number, pd.NA),
            metric: trial.result.get("value", math.nan),
            **trial.parameters,
            "epochs": trial.result.get("epochs", len(trial.epochs)),
            "best_epoch": trial.result.get("best_epoch", pd.NA),
            "reason": trial.result.get("reason", ""),
        }
        for trial in study.trials
    ]
    columns = ["trial", "state", "rank", metric, *SEARCHED, "epochs", "best_epoch", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"rank": "Int64", "best_epoch": "Int64"})


def write_trials(study: Study, metric: str, folder: Path) -> None:
    """Write the table of trials into the folder of a search."""
    with OutputSet() as outputs, outputs.open_text(folder / TABLE) as table:
        table.writelines(trial_lines(trial_table(study, metric)))


def none_completed(study: Study, folder: Path) -> InputError:
    """Return the error of a search of which nothing is left."""
    return InputError(
        f"none of {len(study.trials)} trials was completed: "
        + "; ".join(dict.fromkeys(trial.result.get("reason", "") for trial in study.trials)),
        source=folder / TABLE,
        remedy="give lower --learning-rates, or more --trials",
    )


class _Search:
    """A search in a folder that is its own."""

    def __init__(
        self,
        data: Dataset,
        base_model: str,
        folder: Path,
        search: SearchSettings,
        settings: TrainingSettings,
        *,
        restart: bool,
    ) -> None:
        from dnabert_enhancer.training import Study

        self._data, self._base_model, self._folder = data, base_model, folder
        self._search, self._settings = search, settings
        self._logs = Path(settings.log_dir or folder / _LOGS)
        arguments = deciding(data, base_model, search, settings)
        if restart:
            self._forget()
        elif (folder / BEST).exists() and not (folder / STUDY).exists():
            raise InputError(
                "the folder holds a model but no study",
                source=folder / BEST,
                remedy="give another --output-dir",
            )
        self._study: Study = Study(
            folder / STUDY, search, larger=settings.metric not in SMALLER_IS_BETTER, seed=settings.seed
        )
        self._study.begin(arguments)

    def trials(self, progress: Callable[[int, int], None] | None) -> None:
        """Train what is left to train."""
        self._settle()
        try:
            while (trial := self._study.next()) is not None:
                self._train(trial, progress)
                self._settle()
        except InputError:
            if not any(trial.result for trial in self._study.trials):  # nothing was begun
                self._forget()
            raise
        if not self._study.ranked:
            raise none_completed(self._study, self._folder)

    def _train(self, trial: Trial, progress: Callable[[int, int], None] | None) -> None:
        folder = self._folder_of(trial.number)
        state, result = trained(
            trial,
            self._search.trials_wanted,
            self._data,
            self._base_model,
            folder,
            # the folder of the trial does not stay
            self._settings.replace(log_dir=str(self._logs / folder.name) if self._settings.log_to else ""),
            progress=progress,
            report=partial(self._study.report, trial.number),
        )
        self._study.note(trial.number, result)
        self._study.finish(trial.number, state)

    def _settle(self) -> None:
        """Keep the model of the best trial and what the running one has, and write the table."""
        running = {trial.number for trial in self._study.trials if trial.state == "running"}
        for best in self._study.ranked[:1]:
            if (found := self._folder_of(best.number)).exists():
                shutil.rmtree(self._folder / BEST, ignore_errors=True)
                found.rename(self._folder / BEST)
        for found in self._folder.glob(f"{_MODELS}/*"):
            if int(found.name) not in running:
                shutil.rmtree(found)
        if not running:
            with contextlib.suppress(OSError):
                (self._folder / _MODELS).rmdir()
        write_trials(self._study, str(self._settings.metric), self._folder)

    def table(self) -> pd.DataFrame:
        """Return the trials; see `Tuning`."""
        return trial_table(self._study, str(self._settings.metric))

    def _folder_of(self, number: int) -> Path:
        return self._folder / _MODELS / f"{number:04d}"

    def _forget(self) -> None:
        for name in (BEST, _MODELS, _LOGS):
            shutil.rmtree(self._folder / name, ignore_errors=True)
        for name in (STUDY, f"{STUDY}-journal", TABLE):
            (self._folder / name).unlink(missing_ok=True)


def trial_lines(trials: pd.DataFrame) -> Iterator[str]:
    """Yield the table of trials as tab-separated text, the header first; ``NA`` stands for no number."""
    yield "\t".join(trials.columns) + "\n"
    for row in trials.itertuples(index=False):
        cells = ("NA" if cell is pd.NA or cell != cell else str(cell) for cell in row)
        yield "\t".join(cells) + "\n"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make a folder and hold it for this process; a folder in which nothing came to be is removed."""
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file, not a folder", source=folder, remedy="choose another --output-dir")
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / _LOCK, timeout=0)
    try:
        with lock:
            try:
                yield
            finally:
                (folder / _LOCK).unlink(missing_ok=True)
    except filelock.Timeout:
        raise InputError(
            "another search is running in this folder",
            source=folder,
            remedy="wait for it, or choose another --output-dir",
        ) from None
    finally:
        if {entry.name for entry in folder.iterdir()} <= {_LOCK}:
            shutil.rmtree(folder, ignore_errors=True)
