"""Fine-tuning from a data set and a base model to a model directory: attempts, resume, card."""

from __future__ import annotations

import dataclasses
import logging
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.dataset import Dataset
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelCard, ModelParts, write_model
from dnabert_enhancer.training.base import (
    BaseModel,
    Target,
    open_base,
    plain_config,
    tokenizer_files,
    torch_model,
    vocabulary_of,
    with_adapters,
)
from dnabert_enhancer.training.data import TrainingData, check_lengths, training_data
from dnabert_enhancer.training.finish import Judgement, judge, rounded, split_metrics
from dnabert_enhancer.training.logging_targets import logging_targets
from dnabert_enhancer.training.losses import LabelScale, label_scale
from dnabert_enhancer.training.packages import TRAINING_PACKAGES, quiet_packages, require_packages
from dnabert_enhancer.training.precision import choose_arithmetic
from dnabert_enhancer.training.processes import Processes, launched_processes
from dnabert_enhancer.training.run_folder import Attempt, RunFolder, RunState
from dnabert_enhancer.training.scores import chosen_metric
from dnabert_enhancer.training.settings import (
    LEARNING_RATE_FULL,
    LEARNING_RATE_LORA,
    LEARNING_RATE_NEW,
    TrainingSettings,
)

if TYPE_CHECKING:
    from dnabert_enhancer.training.attempt import Job, Outcome
    from dnabert_enhancer.training.trainer import ProgressListener

logger = logging.getLogger(__name__)

_SEED_STEP = 1000
"""Added to the seed of each further attempt."""
_RECORDED_PACKAGES = ("torch", "transformers", "accelerate", "peft", "numpy", "scikit-learn")


@dataclass(frozen=True)
class TrainingResult:
    """What a training came to.

    Attributes
    ----------
    model : EnhancerModel or None
        The written model; None in the processes of a launched training that do not write.
    history : list of dict
        One entry an epoch of the attempt that was kept.
    metrics : dict
        By split: the metrics at the model's threshold, with calibrated probabilities.
    attempts : list of dict
        Number, seed, outcome and reason of each attempt.
    card : ModelCard or None
        The model's card.
    sequences_per_second : float
        Training speed, validation not counted.
    seconds : float
        Of the kept attempt.
    """

    model: EnhancerModel | None
    history: list[dict[str, float]] = field(default_factory=list)
    metrics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)  # JSON values
    sequences_per_second: float = 0.0
    seconds: float = 0.0


def finetune(
    dataset: Dataset,
    base_model: str,
    output_directory: Path | str,
    settings: TrainingSettings | None = None,
    *,
    restart: bool = False,
    progress: ProgressListener | None = None,
) -> TrainingResult:
    """Train a model on a data set and write it.

    Parameters
    ----------
    dataset : Dataset
        With a ``train`` split, or all rows in one.
    base_model : str
        ``new:tiny|small|base``, ``default``, ``hub:NAME@REVISION`` or a directory; see `base.open_base`.
    output_directory : path
        Gets the model; a broken-off run in it goes on.
    settings : TrainingSettings, optional
        How to train.
    restart : bool
        Forget a broken-off run, or replace a finished model.
    progress : callable, optional
        Called after each update with the updates done and in all.

    Raises
    ------
    InputError
        Data or model that do not fit; a run with other arguments, or a finished model, in the folder; a
        training that collapsed in every attempt.
    ResourceError
        torch or another package is missing; no such device.

    Notes
    -----
    Killed at any moment and called again with the same arguments it goes on from the last whole
    checkpoint, and on one device gives the same model: order and augmentation hang on seed, epoch and
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
    with quiet_packages():
        processes = launched_processes(on_cpu=settings.device == "cpu")
        if not processes.is_first:
            return _train(data, base_model, folder, settings, processes, restart=False, progress=None)
        with folder:
            return _train(data, base_model, folder, settings, processes, restart=restart, progress=progress)


def _train(
    data: TrainingData,
    base_model: str,
    folder: RunFolder,
    settings: TrainingSettings,
    processes: Processes,
    *,
    restart: bool,
    progress: ProgressListener | None,
) -> TrainingResult:
    from dnabert_enhancer.training.attempt import run_attempt

    if restart and processes.is_first:
        folder.clear()
    # the first process alone may have to import a checkpoint; the others then find it
    if processes.is_first:
        base = open_base(base_model, settings.k, folder.path)
    processes.wait()
    if not processes.is_first:
        base = open_base(base_model, settings.k, folder.path)
    check_lengths(data, base.tokenizer, base.k)
    settings = _completed(settings, base, data.task)
    target = Target(data.task, data.label_names, data.window_length)
    job = _job(data, base, settings, target, progress)
    fingerprint = {
        **settings.deciding(),
        "dataset": data.digest,
        "base_model": base.digest,
        "arithmetic": [*job.arithmetic[:2]],
        "processes": processes.count,
        "version": __version__,
    }
    state = folder.begin(fingerprint, restart=False) if processes.is_first else RunState({})
    processes.wait()
    if not processes.is_first:
        state = folder.begin(fingerprint, restart=False)
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
    with logging_targets(settings.log_to, log_directory):
        while True:
            attempt = _next_attempt(state, settings)
            model = torch_model(base, target, settings, attempt.seed, job.arithmetic.attention)
            if settings.method == "lora":
                model = with_adapters(model, settings)
            outcome = run_attempt(job, model, folder.attempt_directory(attempt), attempt.seed)
            attempt.outcome = "collapsed" if outcome.collapse else "kept"
            attempt.reason = outcome.collapse or ""
            if not outcome.collapse:
                break
            _note_collapse(attempt, state, settings, folder, processes)
    processes.wait()
    if not processes.is_first:
        return TrainingResult(None)
    result = _write(data, base, target, job, outcome, state, folder)
    folder.remove()
    return result


def _completed(settings: TrainingSettings, base: BaseModel, task: str) -> TrainingSettings:
    """Return the settings with the values that hang on the base model and the task filled in."""
    if settings.method == "lora" and base.is_fresh:
        raise InputError(
            "--method lora needs a pre-trained model", remedy="give --method full for a fresh one"
        )
    if settings.token_dropout and base.mask_id is None:
        raise InputError(
            "the base model has no mask token that is known",
            source=base.name,
            remedy="leave out --token-dropout",
        )
    if task == "regression" and (settings.class_weights != "none" or settings.label_smoothing):
        raise InputError(
            "a regression has no classes", remedy="leave out --class-weights and --label-smoothing"
        )
    usual = LEARNING_RATE_LORA if settings.method == "lora" else LEARNING_RATE_FULL
    usual = LEARNING_RATE_NEW if base.is_fresh else usual
    rate = usual if settings.learning_rate is None else settings.learning_rate
    return settings.replace(learning_rate=rate, metric=chosen_metric(task, settings.metric))


def _job(
    data: TrainingData,
    base: BaseModel,
    settings: TrainingSettings,
    target: Target,
    progress: ProgressListener | None,
) -> Job:
    import torch

    from dnabert_enhancer.training.attempt import Job, LabelledWindows
    from dnabert_enhancer.training.base import width_of
    from dnabert_enhancer.training.batches import TokenMasking

    if settings.threads:
        torch.set_num_threads(settings.threads)
    scale = label_scale(data.labels("train")) if data.task == "regression" else LabelScale()

    def windows(split: str) -> LabelledWindows:
        labels = data.labels(split)
        if data.task == "regression":
            labels = ((labels - scale.mean) / scale.deviation).astype(np.float32)
        return LabelledWindows(data.windows(split), labels)

    masking = (
        TokenMasking(base.mask_id, base.special_ids)
        if settings.token_dropout and base.mask_id is not None
        else None
    )
    return Job(
        task=data.task,
        outputs=len(target.labels),
        train=windows("train"),
        validation=windows("validation"),
        tokenizer=base.tokenizer,
        pad_id=base.pad_id,
        masking=masking,
        run_length=base.k or 1,
        scale=scale,
        metric=settings.metric,
        settings=settings,
        arithmetic=choose_arithmetic(settings.device, settings.precision, width_of(base)),
        progress=progress,
    )


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
        raise InputError(
            f"the training collapsed in all {tries} attempts (last: {attempt.reason})",
            remedy="lower --learning-rate, raise --warmup, or look at the labels",
        )
    logger.warning(
        "attempt %d (seed %d) collapsed: %s; starting again with another seed",
        attempt.number,
        attempt.seed,
        attempt.reason,
    )


def _write(
    data: TrainingData,
    base: BaseModel,
    target: Target,
    job: Job,
    outcome: Outcome,
    state: RunState,
    folder: RunFolder,
) -> TrainingResult:
    from dnabert_enhancer.training.weights import final_model, plain_state

    settings = job.settings
    model = final_model(outcome.model, job.scale)
    card = ModelCard(
        name=settings.model_name or folder.output_directory.name,
        window_length=target.window_length,
        labels=target.labels,
        task=target.task,
        k=base.k,
        tokenizer="kmer" if base.k else "huggingface",
        versions=_versions(),
        licence=settings.licence,
        limits=settings.limits,
    )
    parts = ModelParts(
        plain_config(model), plain_state(model), card, vocabulary_of(base), tokenizer_files(base)
    )
    outputs = _outputs(write_model(folder.path / "model", parts), data, settings)
    judgement = judge(outputs["validation"], data.labels("validation"), data.task, settings.threshold)
    metrics = {
        split: split_metrics(values, data.labels(split), data.task, judgement)
        for split, values in outputs.items()
    }
    attempts = [asdict(attempt) for attempt in state.attempts]
    card = card.replace(
        calibration=judgement.calibration,
        thresholds=judgement.thresholds,
        training=rounded(_training_entry(data, base, job, outcome, judgement, attempts)),
        metrics=rounded(metrics),
    )
    written = write_model(folder.output_directory, dataclasses.replace(parts, card=card))
    logger.info("%s", judgement.summary())
    return TrainingResult(
        written, outcome.history, metrics, attempts, outcome.sequences_per_second, outcome.seconds
    )


def _outputs(
    model: EnhancerModel, data: TrainingData, settings: TrainingSettings
) -> dict[str, NDArray[np.float32]]:
    """Return what the model says of the validation and test splits, as every command will compute it."""
    engine = Engine(model, EngineSettings(settings.device, precision="float32", threads=settings.threads))
    return {
        split: engine.predict(data.windows(split).all_windows()).outputs
        for split in data.frames
        if split != "train"
    }


def _training_entry(
    data: TrainingData,
    base: BaseModel,
    job: Job,
    outcome: Outcome,
    judgement: Judgement,
    attempts: list[dict[str, Any]],
) -> dict[str, Any]:
    settings = {
        name: value for name, value in job.settings.to_json().items() if name not in ("log_dir", "limits")
    }
    return {
        "dataset": Path(data.source).name,
        "dataset_digest": data.digest,
        "splits": data.describe(),
        "validation": data.validation_source,
        "validation_shared_with_train": data.shared,
        "base_model": {"name": base.name if base.is_fresh else Path(base.name).name, "digest": base.digest},
        "settings": settings,
        "attempts": attempts,
        "epochs": outcome.history,
        "best_epoch": outcome.best_epoch,
        "calibration": judgement.report.to_json() if judgement.report else None,
        "device": job.arithmetic.device,
        "precision": job.arithmetic.precision,
        "seconds": outcome.seconds,
        "sequences_per_second": outcome.sequences_per_second,
    }


def _versions() -> dict[str, str]:
    versions = {"dnabert-enhancer": __version__, "python": platform.python_version()}
    for package in _RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
