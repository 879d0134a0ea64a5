"""From the weights of an attempt to a model directory: adapters merged, predictions, card."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dnabert_enhancer import __version__
from dnabert_enhancer.engine import Engine, EngineSettings, calibration_windows, quantized_weights
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import Judgement, few_rows, judge, judged_scores, rounded, split_metrics
from dnabert_enhancer.installation import package_versions
from dnabert_enhancer.model import EnhancerModel, ModelCard, ModelParts, replace_card, write_model
from dnabert_enhancer.training.attempt import Outcome
from dnabert_enhancer.training.base_model import (
    BaseModel,
    Target,
    tokenizer_files,
    vocabulary_of,
)
from dnabert_enhancer.training.job import Job
from dnabert_enhancer.training.losses import LabelScale
from dnabert_enhancer.training.network import trained_parts
from dnabert_enhancer.training.run_folder import Attempt, RunFolder
from dnabert_enhancer.training.settings import TrainingSettings
from dnabert_enhancer.training.training_data import TrainingData

logger = logging.getLogger(__name__)

_RECORDED_PACKAGES = ("torch", "transformers", "accelerate", "peft", "numpy", "scikit-learn")


class WrittenModel(NamedTuple):
    """A model directory, its metrics by split, what speaks against it, and what became of its int8."""

    model: EnhancerModel
    metrics: Mapping[str, Mapping[str, float]]
    warnings: list[str]
    int8: dict[str, Any]


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
        versions=package_versions(__version__, _RECORDED_PACKAGES),
        licence=settings.licence,
        limits=settings.limits,
        positive=target.labels[1] if target.task == "binary" else "",
    )
    trained = trained_parts(model, base, target, settings)
    parts = ModelParts(trained.config, trained.state, card, vocabulary_of(base), tokenizer_files(base))
    try:
        draft = write_model(folder.path / "model", parts)
    except InputError as error:
        # the draft's folder is gone when the message is read
        raise InputError(
            f"the trained model cannot be kept: {error.problem}",
            source=folder.output_directory,
            remedy="lower --learning-rate, or raise --warmup",
        ) from None
    scores = _scores(draft, data, settings)
    judgement = judge(scores["validation"], data.labels("validation"), data.task, settings.threshold)
    metrics = {
        split: split_metrics(values, data.labels(split), data.task, judgement)
        for split, values in scores.items()
    }
    warnings = list(outcome.doubts)
    if not warnings and metrics["validation"].get("mcc", 1.0) <= 0:
        warnings.append("MCC is 0 on the validation split: one class is predicted for all sequences")
    if judgement.report is not None:
        labels = data.labels("validation").astype(int)
        counts = {name: int((labels == place).sum()) for place, name in enumerate(target.labels)}
        warnings += [f"its calibration is on {reason}" for reason in few_rows(counts)]
    for warning in warnings:
        logger.warning("the trained model: %s", warning)
    card = card.replace(
        calibration=judgement.calibration,
        thresholds=judgement.thresholds,
        training=rounded(_training_entry(data, base, job, outcome, judgement, attempts, warnings)),
        metrics=rounded(metrics),
    )
    parts = dataclasses.replace(parts, card=card)
    if settings.int8:
        parts = _quantized(parts, replace_card(draft.directory, card), data, settings)
    written = write_model(folder.output_directory, parts)
    logger.info("%s", judgement.summary())
    return WrittenModel(written, metrics, warnings, parts.card.training.get("int8", {}))


def _quantized(
    parts: ModelParts, model: EnhancerModel, data: TrainingData, settings: TrainingSettings
) -> ModelParts:
    """Return the parts with weights rounded for int8 where it then agrees with float32, and what came of it.

    Parameters
    ----------
    parts : ModelParts
    model : EnhancerModel
        The same, written.
    data : TrainingData
        Windows of its validation split say how to round.
    settings : TrainingSettings
    """
    threads = EngineSettings(threads=settings.threads).used_threads
    try:
        windows = calibration_windows(data.windows("validation").all_windows(), model.window_length)
        found = quantized_weights(model, windows, threads)
    except InputError as error:
        logger.warning("int8: the weights stay as they are: %s", error.problem)
        return _with_int8(parts, {"weights": "as trained", "why": error.problem})
    entry = found.entry(model)
    figures = ", ".join(f"{name} {value}" for name, value in found.after.report().items())
    if not found.after.passes:
        logger.warning("int8 does not agree with float32, the weights stay as they are: %s", figures)
        return _with_int8(parts, {"weights": "as trained", **entry})
    logger.info("int8 agrees with float32, the weights are rounded to 8-bit integers: %s", figures)
    assert model.layout is not None  # ONNX Runtime computed it
    state = parts.state | model.layout.own_state(found.state)
    return _with_int8(dataclasses.replace(parts, state=state), {"weights": "rounded", **entry})


def _with_int8(parts: ModelParts, entry: dict[str, Any]) -> ModelParts:
    training = {**parts.card.training, "int8": entry}
    return dataclasses.replace(parts, card=parts.card.replace(training=training))


def _scores(
    model: EnhancerModel, data: TrainingData, settings: TrainingSettings
) -> dict[str, NDArray[np.float32]]:
    """Return what `judge` takes of the validation and test splits, computed as every command does."""
    engine = Engine(model, EngineSettings(settings.device, precision="float32", threads=settings.threads))
    return {
        split: judged_scores(engine.predict(data.windows(split).all_windows()), data.task)
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
    warnings: list[str],
) -> dict[str, Any]:
    """Return the card's entry on the training: data, settings, how it went; without times."""
    settings = job.settings.deciding()
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
        **({"warnings": warnings} if warnings else {}),
    }


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


def _last_linear(model: torch.nn.Module) -> torch.nn.Linear:
    layers = [
        layer
        for layer in model.modules()
        if isinstance(layer, torch.nn.Linear) and layer.out_features == 1 and layer.bias is not None
    ]
    if not layers:
        raise InputError("the base model's head is not linear, so it cannot be used for a regression")
    return layers[-1]
