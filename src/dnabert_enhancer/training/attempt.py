"""One attempt at a training, from first weights to the best epoch, going on where a kill broke it off."""

from __future__ import annotations

import json
import logging
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import transformers
from numpy.typing import NDArray

from dnabert_enhancer.training.augment import Augmentation
from dnabert_enhancer.training.batches import Collator, RowNumbers
from dnabert_enhancer.training.collapse import collapse_reason, doubts
from dnabert_enhancer.training.epoch_metrics import SCORE_ORDER, SMALLER_IS_BETTER, epoch_scores
from dnabert_enhancer.training.job import Job
from dnabert_enhancer.training.logging_targets import tensorboard_callback
from dnabert_enhancer.training.losses import Loss, balanced_weights
from dnabert_enhancer.training.run_folder import complete_checkpoints, elapsed_before
from dnabert_enhancer.training.trainer import EpochReport, FinetuneTrainer

logger = logging.getLogger(__name__)

_STATE_FILE = "trainer_state.json"
_EVALUATION_BATCH = 256


@dataclass
class Outcome:
    """What an attempt came to.

    Attributes
    ----------
    model : torch.nn.Module
        With the weights of the best epoch.
    collapse : str or None
        Why it counts as collapsed.
    doubts : list of str
        What speaks against it all the same.
    history : list of dict
        One entry per epoch: epoch, step, loss, validation metrics.
    seconds : float
        Of training and validation, those before a kill included.
    sequences_per_second : float
        Training speed in this process.
    """

    model: Any  # torch.nn.Module of transformers or peft
    collapse: str | None
    doubts: list[str] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    seconds: float = 0.0
    sequences_per_second: float = 0.0
    resumed_at_step: int = 0


def run_attempt(job: Job, model: Any, directory: Path, seed: int) -> Outcome:
    """Train a model, or go on from the last whole checkpoint in the directory.

    Parameters
    ----------
    job : Job
        Data and settings.
    model : transformers.PreTrainedModel or peft.PeftModel
        With its first weights.
    directory : Path
        Of the checkpoints.
    seed : int
        Of order, augmentation and dropout.
    """
    settings = job.settings
    checkpoints = complete_checkpoints(directory)
    last = checkpoints[-1] if checkpoints else None
    augmentation = Augmentation(
        seed, settings.reverse_complement, settings.shift, settings.token_dropout, job.run_length
    )
    report = EpochReport(
        job.metric,
        len(job.train.store),
        job.progress,
        settings.checkpoint_steps,
        settings.early_stopping,
        job.on_epoch,
    )
    callbacks: list[Any] = [report]
    arguments = _arguments(job, directory, seed)
    if "tensorboard" in settings.log_to and arguments.process_index == 0:
        callbacks.append(tensorboard_callback())
    weights = (
        balanced_weights(job.train.labels, job.outputs) if settings.class_weights == "balanced" else None
    )
    trainer = FinetuneTrainer(
        augmentation=augmentation,
        loss=Loss(job.task, weights, settings.label_smoothing),
        evaluation_collator=Collator(job.validation.store, job.validation.labels, job.tokenizer, job.pad_id),
        elapsed=elapsed_before(last) if last else None,
        model=model,
        args=arguments,
        train_dataset=RowNumbers(len(job.train.store)),
        eval_dataset=RowNumbers(2 * len(job.validation.store)),
        data_collator=Collator(
            job.train.store, job.train.labels, job.tokenizer, job.pad_id, augmentation, job.masking
        ),
        compute_metrics=_BothStrands(job),
        callbacks=callbacks,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    if last is not None and _has_ended(last):
        trainer.state = transformers.TrainerState.load_from_json(str(last / _STATE_FILE))
        trainer._load_best_model()
    else:
        if last is not None:
            logger.info("continuing from update %s of attempt with seed %d", last.name.split("-")[-1], seed)
        trainer.train(resume_from_checkpoint=str(last) if last else None)
    outputs = both_strands(trainer.predict(RowNumbers(2 * len(job.validation.store))).predictions)
    return Outcome(
        model=trainer.accelerator.unwrap_model(trainer.model),
        collapse=collapse_reason(outputs, job.validation.labels, job.task),
        doubts=doubts(outputs, job.validation.labels, job.task),
        history=history_of(trainer.state.log_history),
        best_epoch=_best_epoch(trainer.state),
        seconds=trainer.seconds,
        sequences_per_second=report.sequences_per_second,
        resumed_at_step=int(last.name.split("-")[-1]) if last else 0,
    )


def both_strands(outputs: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean over the strands of ``outputs[2 n, m]``, the forward strands first."""
    values = np.asarray(outputs, dtype=np.float64).reshape(len(outputs), -1)
    half = len(values) // 2
    return 0.5 * (values[:half] + values[half:])


class _BothStrands:
    """Computes the metrics of an evaluation from the outputs of both strands."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, prediction: Any) -> dict[str, float]:  # transformers.EvalPrediction
        outputs = both_strands(prediction.predictions)
        labels = self._job.validation.labels
        collapsed = collapse_reason(outputs, labels, self._job.task) is not None
        scale = self._job.scale
        if self._job.task == "regression":
            outputs = outputs * scale.deviation + scale.mean
            labels = labels.astype(np.float64) * scale.deviation + scale.mean
        return {**epoch_scores(outputs, labels, self._job.task), "collapsed": float(collapsed)}


def _arguments(job: Job, directory: Path, seed: int) -> transformers.TrainingArguments:
    settings = job.settings
    on_cpu = job.arithmetic.device == "cpu"
    arguments = transformers.TrainingArguments(
        output_dir=str(directory),
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=max(settings.batch_size, _EVALUATION_BATCH),
        gradient_accumulation_steps=settings.accumulate,
        num_train_epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="constant_with_warmup" if settings.schedule == "constant" else settings.schedule,
        max_grad_norm=settings.gradient_clip,
        bf16=job.arithmetic.precision == "bfloat16",
        fp16=job.arithmetic.precision == "float16",
        use_cpu=on_cpu,
        eval_strategy="epoch",
        save_strategy="epoch",
        logging_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model=f"eval_{job.metric}",
        greater_is_better=job.metric not in SMALLER_IS_BETTER,
        restore_callback_states_from_checkpoint=True,
        seed=seed,
        report_to=[name for name in settings.log_to if name != "tensorboard"] or "none",
        # transformers would put it before the name that Weights & Biases is told
        run_name=("wandb" in settings.log_to and os.environ.get("WANDB_NAME"))
        or directory.parent.parent.name,
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=not on_cpu,
        logging_nan_inf_filter=False,
        ddp_find_unused_parameters=False,
        log_level="error",
    )
    # several GPUs are used through `accelerate launch`, one process each, never as one process's DataParallel
    arguments._n_gpu = min(1, arguments.n_gpu)
    batches = math.ceil(len(job.train.store) / (settings.batch_size * arguments.world_size))
    updates = settings.epochs * math.ceil(batches / settings.accumulate)
    arguments.warmup_steps = round(settings.warmup * updates)
    return arguments


def _has_ended(checkpoint: Path) -> bool:
    """Return whether nothing was left to train after a checkpoint: the last update, or an early stop."""
    state = json.loads((checkpoint / _STATE_FILE).read_text(encoding="utf-8"))
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(state["global_step"] >= state["max_steps"] or control.get("should_training_stop"))


def _best_epoch(state: Any) -> int:  # transformers.TrainerState
    """Return the epoch whose weights were kept: the best, or the last where no metric is a number."""
    evaluations = [entry for entry in state.log_history if "eval_loss" in entry]
    best = [entry for entry in evaluations if entry["step"] == state.best_global_step] or evaluations[-1:]
    return round(float(best[0]["epoch"])) if best else 0


def history_of(log: list[dict[str, float]]) -> list[dict[str, float]]:
    """Return one entry per epoch from a Trainer's log: its training loss and the validation metrics."""
    entries: list[dict[str, float]] = []
    loss = math.nan
    for line in log:
        if "loss" in line:
            loss = line["loss"]
        if "eval_loss" in line:
            entry = {"epoch": round(line["epoch"]), "step": line["step"], "train_loss": loss}
            # a state that was read from its file has the names in the order of letters
            entry |= {
                f"validation_{name}": line[f"eval_{name}"]
                for name in ("loss", *SCORE_ORDER)
                if f"eval_{name}" in line
            }
            entries.append(entry)
    return entries
