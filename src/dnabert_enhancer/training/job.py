"""What all attempts of a run share: data, tokenizer, settings, arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import Tokenizer
from dnabert_enhancer.training.augment import TokenMasking
from dnabert_enhancer.training.base_model import BaseModel, Target, width_of
from dnabert_enhancer.training.epoch_metrics import chosen_metric
from dnabert_enhancer.training.losses import LabelScale, label_scale
from dnabert_enhancer.training.precision import Arithmetic, choose_arithmetic
from dnabert_enhancer.training.settings import (
    LEARNING_RATE_FULL,
    LEARNING_RATE_LORA,
    LEARNING_RATE_NEW,
    TrainingSettings,
)
from dnabert_enhancer.training.training_data import TrainingData
from dnabert_enhancer.training.window_store import WindowStore

ProgressListener = Callable[[int, int], None]
"""Called after each update with the updates done and the updates in all."""
EpochListener = Callable[[int, Mapping[str, float]], None]
"""Called after each epoch with its number, from 1, and the validation metrics; what it raises ends the
training."""


class LabelledWindows(NamedTuple):
    """A split as the training reads it: ``labels`` are int64 classes, or float32 in units of `LabelScale`."""

    store: WindowStore
    labels: NDArray[Any]  # int64 or float32


@dataclass(frozen=True)
class Job:
    """What all attempts of a run share.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        By the labels.
    outputs : int
        Number of outputs of the model.
    train, validation : LabelledWindows
        The splits.
    tokenizer : Tokenizer
        The base model's.
    pad_id : int or None
        Its padding token.
    masking : TokenMasking or None
        For token dropout.
    run_length : int
        k, or 1.
    scale : LabelScale
        Of regression labels.
    metric : str
        Which validation metric decides.
    settings : TrainingSettings
        The rest.
    arithmetic : Arithmetic
        Device and precision.
    progress : callable or None
        See `ProgressListener`.
    on_epoch : callable or None
        See `EpochListener`.
    """

    task: str
    outputs: int
    train: LabelledWindows
    validation: LabelledWindows
    tokenizer: Tokenizer
    pad_id: int | None
    masking: TokenMasking | None
    run_length: int
    scale: LabelScale
    metric: str
    settings: TrainingSettings
    arithmetic: Arithmetic
    progress: ProgressListener | None = None
    on_epoch: EpochListener | None = None


def completed_settings(settings: TrainingSettings, base: BaseModel, task: str) -> TrainingSettings:
    """Return the settings with the values filled in that depend on the base model and the task.

    Raises
    ------
    InputError
        A setting that the base model or the task has no use for.
    """
    if settings.method == "lora" and base.is_fresh:
        raise InputError(
            "--method lora needs a pre-trained model", remedy="give --method full for a fresh one"
        )
    if settings.token_dropout and base.mask_id is None:
        raise InputError(
            "the base model has no known mask token",
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


def make_job(
    data: TrainingData,
    base: BaseModel,
    settings: TrainingSettings,
    target: Target,
    progress: ProgressListener | None,
    on_epoch: EpochListener | None = None,
) -> Job:
    """Return the job of a run, from its data, base model and completed settings."""
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
        on_epoch=on_epoch,
    )
