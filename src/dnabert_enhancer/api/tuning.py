"""`tune`: a search over hyper-parameters, of which the best model is kept."""

from __future__ import annotations

import contextlib
import logging
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
        Gets ``best`` (the model of the best trial), ``trials.tsv`` and ``study.db``; where curves are logged,
        ``logs`` with a folder a trial. Called again with the same arguments, a search that was broken off
        goes on, in the middle of a trial too, and comes to the same trials; with more `SearchSettings.trials`
        it is continued.
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
    settings = with_keywords(TrainingSettings, settings, keywords).replace(collapse_restarts=0)
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
    metric = chosen_metric(data.task, settings.metric)
    folder = Path(output_dir).absolute()
    settings = settings.replace(metric=metric, model_name=settings.model_name or folder.name)
    with _locked(folder):
        run = _Search(data, base, folder, search, settings, restart=restart)
        run.trials(progress)
        return Tuning(run.table(), metric, load_model(folder / BEST, engine=engine))


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
        with tempfile.TemporaryDirectory() as work:
            base = open_base(base_model, settings.k, Path(work))
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
        values = {f"{name}s": list(values) for name, values in search.space.items()}
        fixed = {name: value for name, value in settings.deciding().items() if name not in SEARCHED}
        self._study.begin(
            {
                **fixed,
                **values,
                "sampler": search.sampler,
                "pruner": search.pruner,
                "dataset": data.digest,
                "base_model": base.digest,
                "version": __version__,
            }
        )

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
            raise InputError(
                f"none of {len(self._study.trials)} trials was completed: "
                + "; ".join(dict.fromkeys(trial.result.get("reason", "") for trial in self._study.trials)),
                source=self._folder / TABLE,
                remedy="give lower --learning-rates, or more --trials",
            )

    def _train(self, trial: Trial, progress: Callable[[int, int], None] | None) -> None:
        from dnabert_enhancer.training import PrunedTrial

        shown = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in trial.parameters.items())
        logger.info("trial %d of %d: %s", trial.number, self._search.trials_wanted, shown)
        state, result = "complete", dict(trial.result)
        folder = self._folder_of(trial.number)

        def report(epoch: int, metrics: Mapping[str, float]) -> None:
            self._study.report(trial.number, epoch, metrics[self._settings.metric])

        try:
            if not result:
                model = finetune(
                    self._data,
                    self._base_model,
                    folder,
                    self._settings.replace(
                        **trial.parameters,
                        # the folder of the trial does not stay
                        log_dir=str(self._logs / folder.name) if self._settings.log_to else "",
                    ),
                    restart=(folder / CONFIG_NAME).exists(),
                    progress=progress,
                    on_epoch=report,
                )
                result = self._result_of(model)
        except PrunedTrial:
            state, result = "pruned", {"reason": ""}
        except CollapsedTraining as error:
            state, result = "failed", {"reason": f"collapsed: {error.reason}"}
        if state == "complete" and "value" not in result:
            state = "failed" if result["reason"] else "pruned"
        self._study.note(trial.number, result)
        self._study.finish(trial.number, state)
        told = f"{self._settings.metric} {result['value']:.4f}" if state == "complete" else result["reason"]
        logger.info("trial %d: %s%s", trial.number, state, f", {told}" if told else "")

    def _result_of(self, model: TrainedModel) -> dict[str, Any]:  # JSON values
        """Return the metric of the epoch that was kept, or the reason why there is none."""
        name = f"validation_{self._settings.metric}"
        sign = -1 if self._settings.metric in SMALLER_IS_BETTER else 1
        epochs = [epoch for epoch in model.history.to_dict("records") if not math.isnan(epoch[name])]
        if not epochs:
            return {"reason": f"{self._settings.metric} is not a number"}
        # of equal epochs that of less loss is kept
        best = max(epochs, key=lambda epoch: (sign * epoch[name], -epoch["validation_loss"]))
        return {
            "value": float(best[name]),
            "best_epoch": int(best["epoch"]),
            "epochs": len(model.history),
            "reason": "",
        }

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
        with OutputSet() as outputs, outputs.open_text(self._folder / TABLE) as table:
            table.writelines(trial_lines(self.table()))

    def table(self) -> pd.DataFrame:
        """Return the trials; see `Tuning`."""
        ranks = {trial.number: rank for rank, trial in enumerate(self._study.ranked, start=1)}
        rows = [
            {
                "trial": trial.number,
                "state": trial.state,
                "rank": ranks.get(trial.number, pd.NA),
                self._settings.metric: trial.result.get("value", math.nan),
                **trial.parameters,
                "epochs": trial.result.get("epochs", len(trial.epochs)),
                "best_epoch": trial.result.get("best_epoch", pd.NA),
                "reason": trial.result.get("reason", ""),
            }
            for trial in self._study.trials
        ]
        columns = ["trial", "state", "rank", self._settings.metric, *SEARCHED]
        columns += ["epochs", "best_epoch", "reason"]
        return pd.DataFrame(rows, columns=columns).astype({"rank": "Int64", "best_epoch": "Int64"})

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
def _locked(folder: Path) -> Iterator[None]:
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
