"""`tune_trial` and `merge_trials`: a search whose trials are trained apart, and put together again."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dnabert_enhancer.api.model import load_model
from dnabert_enhancer.api.tuning import (
    BEST,
    STUDY,
    Arguments,
    Tuning,
    deciding,
    locked,
    none_completed,
    prepared,
    trained,
    trial_table,
    write_trials,
)
from dnabert_enhancer.dataset import DatasetSource
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.training import (
    SMALLER_IS_BETTER,
    SearchSettings,
    TrainingSettings,
    differences,
    require_packages,
)

if TYPE_CHECKING:
    from dnabert_enhancer.training import Trial

TRIAL, MODEL = "trial.json", "model"
"""Names in the folder of a trial: what it came to, and its model where it was completed."""


@dataclass(frozen=True)
class TrialRecord:
    """A trial that was trained apart, as its file has it.

    Attributes
    ----------
    trial : Trial
    metric : str
        The validation metric that decides.
    seed : int
        Of the search.
    search : SearchSettings
    arguments : dict
        What decides the trials of the search, as JSON has it.
    """

    trial: Trial
    metric: str
    seed: int
    search: SearchSettings
    arguments: Arguments

    def write(self, folder: Path) -> None:
        """Write it into the folder of the trial."""
        with OutputSet() as outputs, outputs.open_text(folder / TRIAL) as file:
            file.write(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> TrialRecord:
        """Return the trial of a folder; `InputError` where there is none."""
        from dnabert_enhancer.training import Trial

        path = folder / TRIAL
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            trial = dict(content["trial"])
            trial["epochs"] = {int(epoch): value for epoch, value in trial["epochs"].items()}
            return cls(
                Trial(**trial),
                str(content["metric"]),
                int(content["seed"]),
                SearchSettings(**content["search"]),
                dict(content["arguments"]),
            )
        except OSError as error:
            raise InputError(
                f"is no trial ({error.strerror})", source=path, remedy="give folders of tune --trial"
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(
                "cannot be read as a trial", source=path, remedy="train it again with tune --trial"
            ) from None


def tune_trial(
    dataset: DatasetSource,
    base_model: str,
    output_dir: str | Path,
    number: int,
    search: SearchSettings,
    settings: TrainingSettings,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Trial:
    """Train one trial of a search, for `merge_trials`.

    Parameters
    ----------
    dataset, base_model, settings, progress
        As `tune` takes them; the same for every trial of a search.
    output_dir : path
        Gets ``trial.json`` and, of a trial that was completed, ``model``. Called again with the same
        arguments, a trial that was broken off goes on.
    number : int
        Of the trial, from 1.
    search : SearchSettings
        With a sampler that does not learn from other trials (grid, random), and the pruner ``none``.

    Returns
    -------
    Trial
        A collapse is a failed trial, no error.

    Raises
    ------
    InputError
        As `tune`; a number beyond the trials; a search whose trials hang on each other.
    """
    if search.sampler == "tpe":
        raise InputError(
            "--sampler tpe learns from the trials before, so that none can be trained alone",
            remedy="give --sampler grid or random, or leave --trial out",
        )
    if search.pruner != "none":
        raise InputError(
            f"--pruner {search.pruner} compares with the trials before, so that none can be trained alone",
            remedy="give --pruner none with --trial",
        )
    if not 1 <= number <= search.trials_wanted:
        raise InputError(
            f"--trial is {number}; there are {search.trials_wanted} trials",
            remedy=f"give a number from 1 to {search.trials_wanted}",
        )
    folder = Path(output_dir).absolute()
    data, base, settings = prepared(dataset, base_model, folder, settings)
    from dnabert_enhancer.training import Trial, parameters_of

    arguments = deciding(data, base, search, settings)
    trial = Trial(number, "running", parameters_of(search, settings.seed, number))
    with locked(folder):
        (folder / TRIAL).unlink(missing_ok=True)
        state, result = trained(
            trial,
            search.trials_wanted,
            data,
            base,
            folder / MODEL,
            settings,
            progress=progress,
            report=trial.epochs.__setitem__,
        )
        trial = dataclasses.replace(trial, state=state, result=result)
        TrialRecord(trial, str(settings.metric), settings.seed, search, arguments).write(folder)
    return trial


def merge_trials(
    trials: Iterable[str | Path], output_dir: str | Path, *, engine: EngineSettings | None = None
) -> Tuning:
    """Put the trials of a search together that `tune_trial` trained.

    Parameters
    ----------
    trials : iterable of path
        The folders of all trials of one search, in any order.
    output_dir : path
        Gets what `tune` gives its folder: the table of trials is that of one process, byte for byte.

    Raises
    ------
    InputError
        A folder that holds no trial; trials of different searches; one that is missing or comes twice; none
        that was completed; a folder that holds a search already.
    """
    require_packages("torch", "optuna")
    from dnabert_enhancer.training import Study

    folders = [Path(folder).absolute() for folder in trials]
    found = _of_one_search(folders, [TrialRecord.read(folder) for folder in folders])
    first, folder = next(iter(found.values())), Path(output_dir).absolute()
    with locked(folder):
        for name in (STUDY, BEST):
            if (folder / name).exists():
                raise InputError(
                    "the folder holds a search already", source=folder, remedy="give a new --output-dir"
                )
        study = Study(
            folder / STUDY, first.search, larger=first.metric not in SMALLER_IS_BETTER, seed=first.seed
        )
        study.begin(first.arguments)
        for record in sorted(found.values(), key=lambda record: record.trial.number):
            study.add(record.trial)
        write_trials(study, first.metric, folder)
        if not study.ranked:
            (folder / STUDY).unlink()
            raise none_completed(study, folder)
        best = next(path for path, record in found.items() if record.trial.number == study.ranked[0].number)
        shutil.copytree(best / MODEL, folder / BEST)
        return Tuning(
            trial_table(study, first.metric), first.metric, load_model(folder / BEST, engine=engine)
        )


def _of_one_search(folders: list[Path], records: list[TrialRecord]) -> dict[Path, TrialRecord]:
    """Return the trials by their folders, once they are all of the trials of one search."""
    first = records[0]
    seen: dict[int, Path] = {}
    for folder, record in zip(folders, records, strict=True):
        if changes := differences(record.arguments, first.arguments):
            raise InputError(
                f"is a trial of another search than {folders[0]}: {', '.join(changes)}",
                source=folder,
                remedy="merge the trials of one search",
            )
        if record.search != first.search:
            raise InputError(
                f"is one of {record.search.trials_wanted} trials, {folders[0]} one of "
                f"{first.search.trials_wanted}",
                source=folder,
                remedy="merge the trials of one search",
            )
        number = record.trial.number
        if number in seen:
            raise InputError(f"is trial {number}, as {seen[number]} is", source=folder, remedy="give it once")
        seen[number] = folder
    missing = [number for number in range(1, first.search.trials_wanted + 1) if number not in seen]
    if missing:
        raise InputError(
            f"trial {missing[0]} of {first.search.trials_wanted} is missing"
            + (f", and {len(missing) - 1} more" if missing[1:] else ""),
            remedy=f"train it with tune --trial {missing[0]}",
        )
    return dict(zip(folders, records, strict=True))
