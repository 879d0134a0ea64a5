"""The study file of a search: which trials there were, what they came to, and which is next."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import optuna
import sqlalchemy.exc
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import FrozenTrial, TrialState

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.run_folder import differences
from dnabert_enhancer.training.search_settings import SearchSettings

_NAME = "tune"
_ARGUMENTS, _RESULT = "arguments", "result"
_STARTUP_TRIALS, _FIRST_PRUNED_EPOCH = 5, 2
STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


class PrunedTrial(Exception):  # noqa: N818  it is no error
    """A trial that is not worth its other epochs."""


@dataclass(frozen=True)
class Trial:
    """A trial, as far as it came.

    Attributes
    ----------
    number : int
        From 1.
    state : {"running", "complete", "pruned", "failed"}
    parameters : dict of str to float
        The values of the searched fields of `TrainingSettings`.
    epochs : dict of int to float
        Metric by epoch, from 1.
    result : mapping
        ``value`` of a complete trial, ``reason`` of a failed one; empty while it runs.
    """

    number: int
    state: str
    parameters: dict[str, float]
    epochs: dict[int, float] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)  # JSON values


class Study:
    """A study of Optuna in an SQLite file, which a kill leaves whole.

    Parameters
    ----------
    path : Path
        The file, made when missing.
    settings : SearchSettings
    larger : bool
        Whether a larger metric is better.
    seed : int
        Of the choice of parameters.

    Notes
    -----
    The parameters of a trial follow from the seed, its number and the trials before it, and are stored
    together in one transaction: a study that was killed goes on as if it had not been.
    """

    def __init__(self, path: Path, settings: SearchSettings, *, larger: bool, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._path, self._settings, self._seed = path, settings, seed
        self._direction: Literal["maximize", "minimize"] = "maximize" if larger else "minimize"
        with _readable(path):
            storage = optuna.storages.RDBStorage(
                # the path is no part of the address, where % and ? would have a meaning
                "sqlite://",
                engine_kwargs={"creator": lambda: sqlite3.connect(path, check_same_thread=False)},
            )
            self._study = optuna.create_study(
                storage=storage,
                study_name=_NAME,
                direction=self._direction,
                sampler=optuna.samplers.RandomSampler(seed),
                pruner=_pruner(settings.pruner),
                load_if_exists=True,
            )

    def begin(self, arguments: Mapping[str, Any]) -> None:
        """Note what decides the trials, or check that it is the same.

        Raises
        ------
        InputError
            A study with other arguments; what differs is named.
        """
        stored = self._study.user_attrs.get(_ARGUMENTS)
        if stored is None:
            self._study.set_user_attr(_ARGUMENTS, dict(arguments))
        elif changes := differences(arguments, stored):
            raise InputError(
                f"the folder holds a study with other arguments: {', '.join(changes)}",
                source=self._path.parent,
                remedy="give the same arguments to continue, --restart to start over, or a new --output-dir",
            )

    @property
    def trials(self) -> list[Trial]:
        """All trials, in their order."""
        return [_trial(found) for found in self._study.get_trials()]

    @property
    def ranked(self) -> list[Trial]:
        """The complete trials, the best value first, of equal ones the first trial."""
        complete = [trial for trial in self.trials if trial.state == "complete"]
        sign = -1 if self._direction == "maximize" else 1
        return sorted(complete, key=lambda trial: (sign * trial.result["value"], trial.number))

    def next(self) -> Trial | None:
        """Return the trial that was broken off, or else a new one; None when there were all."""
        found = self._study.get_trials()
        running = [trial for trial in found if trial.state == TrialState.RUNNING]
        if running:
            return _trial(running[0])
        if len(found) >= self._settings.trials_wanted:
            return None
        self._study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.RUNNING,
                params=self._proposed(found),
                distributions=_distributions(self._settings),
            )
        )
        return self.trials[-1]

    def add(self, trial: Trial) -> None:
        """Note a trial that was made elsewhere, after those before it."""
        self._study.add_trial(
            optuna.trial.create_trial(
                state=next(one for one, name in STATES.items() if name == trial.state),
                value=trial.result.get("value"),
                params=trial.parameters,
                distributions=_distributions(self._settings),
                user_attrs={_RESULT: dict(trial.result)},
                intermediate_values=trial.epochs,
            )
        )

    def report(self, number: int, epoch: int, value: float) -> None:
        """Note the metric of an epoch of a running trial.

        Raises
        ------
        PrunedTrial
            When the trial is not worth going on with.
        """
        trial = optuna.trial.Trial(self._study, self._study.get_trials(deepcopy=False)[number - 1]._trial_id)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an epoch that is repeated after a kill has been reported
            trial.report(value, epoch)
        if trial.should_prune():
            raise PrunedTrial

    def note(self, number: int, result: Mapping[str, Any]) -> None:
        """Note the result of a trial whose training has ended, before `finish`."""
        trial_id = self._study.get_trials(deepcopy=False)[number - 1]._trial_id
        self._study._storage.set_trial_user_attr(trial_id, _RESULT, dict(result))

    def finish(self, number: int, state: str) -> None:
        """End a trial as complete, pruned or failed."""
        found = next(one for one, name in STATES.items() if name == state)
        result = self.trials[number - 1].result
        value = result["value"] if state == "complete" else None
        self._study.tell(number - 1, value, state=found)

    def _proposed(self, earlier: list[FrozenTrial]) -> dict[str, float]:
        """Return the parameters of the trial after some others."""
        number = len(earlier)
        if self._settings.sampler == "tpe":
            sampler = optuna.samplers.TPESampler(seed=self._seed + number)
            memory = optuna.create_study(direction=self._direction, sampler=sampler)
            memory.add_trials(earlier)
            return dict(memory.ask(_distributions(self._settings)).params)
        return parameters_of(self._settings, self._seed, number + 1)


def parameters_of(settings: SearchSettings, seed: int, number: int) -> dict[str, float]:
    """Return the parameters of a trial that do not hang on the trials before it.

    Parameters
    ----------
    settings : SearchSettings
        With the sampler ``grid`` or ``random``.
    seed : int
        Of the search.
    number : int
        Of the trial, from 1.
    """
    if settings.sampler == "grid":
        grid = settings.grid
        return grid[int(np.random.default_rng(seed).permutation(len(grid))[number - 1])]
    sampler = optuna.samplers.RandomSampler(seed=seed + number - 1)
    return dict(optuna.create_study(sampler=sampler).ask(_distributions(settings)).params)


def _distributions(settings: SearchSettings) -> dict[str, BaseDistribution]:
    return {
        name: FloatDistribution(min(values), max(values), log=name != "warmup" and min(values) > 0)
        for name, values in settings.space.items()
    }


def _trial(found: FrozenTrial) -> Trial:
    return Trial(
        found.number + 1,
        STATES[found.state],
        {name: float(value) for name, value in found.params.items()},
        dict(sorted(found.intermediate_values.items())),
        found.user_attrs.get(_RESULT, {}),
    )


def _pruner(name: str) -> optuna.pruners.BasePruner:
    if name == "median":
        return optuna.pruners.MedianPruner(_STARTUP_TRIALS, n_warmup_steps=_FIRST_PRUNED_EPOCH)
    if name == "halving":
        return optuna.pruners.SuccessiveHalvingPruner()
    return optuna.pruners.NopPruner()


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlalchemy.exc.DatabaseError, sqlite3.DatabaseError) as error:
        raise InputError(
            f"cannot be read as a study ({str(error.__cause__ or error).splitlines()[0]})",
            source=path,
            remedy="give --restart to start over, or another --output-dir",
        ) from None
