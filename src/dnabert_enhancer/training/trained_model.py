"""From the weights of an attempt to a model directory: adapters merged, predictions, card."""

from __future__ import annotations

import dataclasses
import logging
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelCard, ModelParts, write_model
from dnabert_enhancer.training.attempt import Outcome
from dnabert_enhancer.training.base_model import (
    BaseModel,
    Target,
    plain_config,
    tokenizer_files,
    vocabulary_of,
)
from dnabert_enhancer.training.job import Job
from dnabert_enhancer.training.judgement import Judgement, judge, rounded, split_metrics
from dnabert_enhancer.training.losses import LabelScale
from dnabert_enhancer.training.run_folder import Attempt, RunFolder
from dnabert_enhancer.training.settings import TrainingSettings
from dnabert_enhancer.training.training_data import TrainingData

logger = logging.getLogger(__name__)

_RECORDED_PACKAGES = ("torch", "transformers", "accelerate", "peft", "numpy", "scikit-learn")


class WrittenModel(NamedTuple):
    """A model directory and its metrics by split."""

    model: EnhancerModel
    metrics: Mapping[str, Mapping[str, float]]


def write_trained(
    data: TrainingData,
    base: BaseModel,
    target: Target,
    job: Job,
    outcome: Outcome,
    attempts: list[Attempt],
    folder: RunFolder,
) -> WrittenModel:
    """Judge a trained model on the validation split and write it, whole or not at all."""
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
    card = card.replace(
        calibration=judgement.calibration,
        thresholds=judgement.thresholds,
        training=rounded(_training_entry(data, base, job, outcome, judgement, attempts)),
        metrics=rounded(metrics),
    )
    written = write_model(folder.output_directory, dataclasses.replace(parts, card=card))
    logger.info("%s", judgement.summary())
    return WrittenModel(written, metrics)


def _outputs(
    model: EnhancerModel, data: TrainingData, settings: TrainingSettings
) -> dict[str, NDArray[np.float32]]:
    """Return the outputs on the validation and test splits, computed as every command does."""
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
    attempts: list[Attempt],
) -> dict[str, Any]:
    """Return the card's entry on the training: data, settings, how it went."""
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
        "attempts": [asdict(attempt) for attempt in attempts],
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


def final_model(model: Any, scale: LabelScale) -> Any:  # transformers or peft model to transformers model
    """Return the model with merged adapters, whose regression output is in the units of the labels."""
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model = model.float().eval()
    if scale != LabelScale():
        layer = _last_linear(model)
        with torch.no_grad():
            layer.weight.mul_(scale.deviation)
            layer.bias.mul_(scale.deviation).add_(scale.mean)
    return model


def plain_state(model: torch.nn.Module) -> dict[str, NDArray[Any]]:
    """Return the weights as float32 arrays (integers as they are) by name."""
    return {
        name: (tensor.float() if tensor.is_floating_point() else tensor).detach().cpu().numpy()
        for name, tensor in model.state_dict().items()
    }


def _last_linear(model: torch.nn.Module) -> torch.nn.Linear:
    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1 and layer.bias is not None
    ]
    if not layers:
        raise InputError("the base model's head is not linear, so it cannot be used for a regression")
    return layers[-1]
