"""Fine-tuning from a data set and a base model to a model directory: attempts, resume, card."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnabert_enhancer import __version__
from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel
from dnabert_enhancer.training.base_model import BaseModel, Target, open_base
from dnabert_enhancer.training.collapse import CollapsedTraining
from dnabert_enhancer.training.job import EpochListener, Job, ProgressListener, completed_settings, make_job
from dnabert_enhancer.training.logging_targets import logging_targets
from dnabert_enhancer.training.network import torch_model, with_adapters
from dnabert_enhancer.training.packages import (
    TRAINING_PACKAGES,
    explained_failures,
    quiet_packages,
    require_packages,
)
from dnabert_enhancer.training.processes import Processes, launched_processes
from dnabert_enhancer.training.run_folder import Attempt, RunFolder, RunState
from dnabert_enhancer.training.settings import TrainingSettings
from dnabert_enhancer.training.training_data import (
    TrainingData,
    check_lengths,
    check_validation,
    training_data,
)

if TYPE_CHECKING:
    from dnabert_enhancer.training.attempt import Outcome

logger = logging.getLogger(__name__)

_SEED_STEP = 1000
"""Added to the seed of each further attempt."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to.

    Attributes
    ----------
    model : EnhancerModel or None
        The written model; None in the processes of a launched training that do not write.
    history : list of dict
        One entry per epoch of the attempt that was kept.
    metrics : dict
        By split: the metrics at the model's threshold, with calibrated probabilities.
    attempts : list of dict
        Number, seed, outcome and reason of each attempt.
    sequences_per_second : float
        Training speed, validation not counted.
    seconds : float
        Of the kept attempt.
    warnings : list of str
        What speaks against the model.
    int8 : dict
        With ``settings.int8``: which weights were written and how int8 agrees, as on the card.
    """

    model: EnhancerModel | None
    history: list[dict[str, float]] = field(default_factory=list)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)  # JSON values
    sequences_per_second: float = 0.0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)
    int8: dict[str, Any] = field(default_factory=dict)  # JSON values


def finetune(
    dataset: Dataset,
    base_model: str,
    output_directory: Path | str,
    settings: TrainingSettings | None = None,
    *,
    restart: bool = False,
    progress: ProgressListener | None = None,
    on_epoch: EpochListener | None = None,
) -> TrainingResult:
    """Train a model on a data set and write it.

    Parameters
    ----------
    dataset : Dataset
        With a ``train`` split, or all rows in one.
    base_model : str
        ``new:tiny|small|base``, ``default``, a name of the catalogue, ``hub:NAME@REVISION`` or a directory;
        see `open_base`.
    output_directory : path
        Gets the model; a broken-off run in it goes on.
    settings : TrainingSettings, optional
        How to train.
    restart : bool
        Forget a broken-off run, or replace a finished model.
    progress : callable, optional
        Called after each update with the updates done and in all.
    on_epoch : callable, optional
        See `EpochListener`.

    Raises
    ------
    InputError
        Data or model that do not fit; a run with other arguments, or a finished model, in the folder.
    CollapsedTraining
        An `InputError`: the training collapsed in every attempt.
    ResourceError
        torch or another package is missing; no such device.

    Notes
    -----
    Killed at any moment and called again with the same arguments it goes on from the last whole
    checkpoint, and on one device gives the same model: order and augmentation depend on seed, epoch and
    row alone, and dropout's generator is kept in the checkpoint.
    """
    settings = settings or TrainingSettings()
    require_packages(*TRAINING_PACKAGES, *(("peft",) if settings.method == "lora" else ()))
    output = Path(output_directory).absolute()
    if output.exists() and not output.is_dir():
        raise InputError("is a file, not a folder", source=output, remedy="choose another --output-dir")
    folder = RunFolder(output)
    if (output / "config.json").exists() and not folder.path.exists() and not restart:
        raise InputError(
            "the folder holds a finished model",
            source=output,
            remedy="give --restart to replace it, or another --output-dir",
        )
    data = training_data(dataset, settings)
    with quiet_packages(), explained_failures(output):
        processes = launched_processes(on_cpu=settings.device == "cpu")
        if not processes.is_first:
            return _train(data, base_model, folder, settings, processes, None, None)
        with folder:
            if restart:
                folder.clear()
            return _train(data, base_model, folder, settings, processes, progress, on_epoch)


def _train(
    data: TrainingData,
    base_model: str,
    folder: RunFolder,
    settings: TrainingSettings,
    processes: Processes,
    progress: ProgressListener | None,
    on_epoch: EpochListener | None,
) -> TrainingResult:
    # the first process alone may have to import a checkpoint; the others then find it
    base = processes.first_then_others(lambda: open_base(base_model, settings.k, folder.path))
    check_lengths(data, base.tokenizer, base.k)
    settings = completed_settings(settings, base, data.task)
    check_validation(data, settings.metric)
    target = Target(data.task, data.label_names, data.window_length)
    job = make_job(data, base, settings, target, progress, on_epoch)
    fingerprint = {
        **settings.deciding(),
        "dataset": data.digest,
        "base_model": base.digest,
        "arithmetic": [job.arithmetic.device, job.arithmetic.precision],
        "processes": processes.count,
        "version": __version__,
    }
    state = processes.first_then_others(lambda: folder.begin(fingerprint))
    logger.info(
        "training %s on %d sequences, validating on %d; %s, %s (%s)",
        base.name,
        len(job.train.store),
        len(job.validation.store),
        job.arithmetic.device,
        job.arithmetic.precision,
        job.arithmetic.why,
    )
    log_directory = Path(settings.log_dir) if settings.log_dir else folder.output_directory / "logs"
    with logging_targets(tuple(settings.log_to), log_directory, state.tracking_id):
        outcome = _attempts(job, base, target, state, folder, processes)
    processes.wait()
    if not processes.is_first:
        return TrainingResult(None)
    from dnabert_enhancer.training.trained_model import write_trained

    written = write_trained(data, base, target, job, outcome, state.attempts, folder)
    folder.remove()
    return TrainingResult(
        written.model,
        outcome.history,
        written.metrics,
        [asdict(attempt) for attempt in state.attempts],
        outcome.sequences_per_second,
        outcome.seconds,
        written.warnings,
        written.int8,
    )


def _attempts(
    job: Job, base: BaseModel, target: Target, state: RunState, folder: RunFolder, processes: Processes
) -> Outcome:
    """Train until an attempt does not collapse."""
    import torch

    from dnabert_enhancer.training.attempt import run_attempt

    if job.settings.threads:
        torch.set_num_threads(job.settings.threads)
    while True:
        attempt = _next_attempt(state, job.settings)
        model = torch_model(base, target, job.settings, attempt.seed, job.arithmetic.attention)
        if job.settings.method == "lora":
            model = with_adapters(model, job.settings)
        outcome = run_attempt(job, model, folder.attempt_directory(attempt), attempt.seed)
        attempt.outcome = "collapsed" if outcome.collapse else "kept"
        attempt.reason = outcome.collapse or ""
        if not outcome.collapse:
            return outcome
        _note_collapse(attempt, state, job.settings, folder, processes)


def _next_attempt(state: RunState, settings: TrainingSettings) -> Attempt:
    if not state.attempts or state.attempts[-1].outcome == "collapsed":
        number = len(state.attempts) + 1
        state.attempts.append(Attempt(number, settings.seed + _SEED_STEP * (number - 1)))
    return state.attempts[-1]


def _note_collapse(
    attempt: Attempt, state: RunState, settings: TrainingSettings, folder: RunFolder, processes: Processes
) -> None:
    tries = settings.collapse_restarts + 1
    if processes.is_first:
        folder.save(state)
    processes.wait()
    if attempt.number >= tries:
        if processes.is_first:
            folder.remove()
        raise CollapsedTraining(tries, attempt.reason)
    logger.warning(
        "attempt %d (seed %d) collapsed: %s; starting again with another seed",
        attempt.number,
        attempt.seed,
        attempt.reason,
    )
