"""The Hugging Face Trainer with our order of rows, our loss, whole checkpoints, and epoch reports."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers

from dnabert_enhancer.training.augment import Augmentation
from dnabert_enhancer.training.batches import Collator, EpochSampler
from dnabert_enhancer.training.job import EpochListener, ProgressListener
from dnabert_enhancer.training.losses import Loss
from dnabert_enhancer.training.run_folder import Elapsed, drop_checkpoints, mark_complete

logger = logging.getLogger(__name__)

COLLAPSED_EPOCHS = 2
"""A training is given up after so many collapsed epochs in a row."""


class FinetuneTrainer(transformers.Trainer):  # type: ignore[misc]  # transformers ships no complete types
    """A Trainer that orders the rows by seed and epoch, computes our loss and marks whole checkpoints.

    Parameters
    ----------
    augmentation : Augmentation
        Gives the order of the rows.
    loss : Loss
        Computes the loss from outputs and labels.
    evaluation_collator : callable
        Makes the batches of an evaluation; ``data_collator`` makes those of the training.
    elapsed : Elapsed, optional
        What the training had come to at the checkpoint from which this one goes on.
    **options
        What `transformers.Trainer` takes.
    """

    def __init__(
        self,
        *,
        augmentation: Augmentation,
        loss: Loss,
        evaluation_collator: Collator,
        elapsed: Elapsed | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.data_collator: Any  # either of our collators
        self._evaluation_collator = evaluation_collator
        self._augmentation = augmentation
        self._loss = loss
        self._before = elapsed or Elapsed()
        self._loss_sum: Any = self._before.loss
        self._logged_step = self._before.logged_step
        self._clock = time.monotonic()
        self.model_accepts_loss_kwargs = False
        self.loss_is_scaled_for_ga = False

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before a kill included."""
        return self._before.seconds + time.monotonic() - self._clock

    def _get_train_sampler(self, train_dataset: Any = None) -> EpochSampler:
        rows = self.train_dataset if train_dataset is None else train_dataset
        return EpochSampler(len(rows), self._augmentation)

    def get_eval_dataloader(self, eval_dataset: Any = None) -> Any:
        """Return the loader of an evaluation, with its own collator."""
        with self._evaluating():
            return super().get_eval_dataloader(eval_dataset)

    def get_test_dataloader(self, test_dataset: Any) -> Any:
        """Return the loader of a prediction, with the collator of an evaluation."""
        with self._evaluating():
            return super().get_test_dataloader(test_dataset)

    @contextlib.contextmanager
    def _evaluating(self) -> Iterator[None]:
        training = self.data_collator
        self.data_collator = self._evaluation_collator
        try:
            yield
        finally:
            self.data_collator = training

    def compute_loss(
        self, model: Any, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **_: Any
    ) -> torch.Tensor | tuple[torch.Tensor, Any]:
        """Return the loss of a batch, and the model's outputs if asked."""
        labels = inputs["labels"]
        outputs = model(**{name: value for name, value in inputs.items() if name != "labels"})
        loss = self._loss(outputs["logits"], labels)
        return (loss, {"logits": outputs["logits"].float()}) if return_outputs else loss

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        """Train on a batch; its loss is added up here too, since a resumed Trainer forgets those before."""
        loss: torch.Tensor = super().training_step(*arguments, **options)
        self._loss_sum = self._loss_sum + loss
        return loss

    def log(self, logs: dict[str, float], *arguments: Any, **options: Any) -> None:
        """Log the mean loss of all updates since the last line, those before a kill included."""
        if "loss" in logs and not isinstance(self._loss_sum, float):
            first = self._logged_step or 0
            logs["loss"] = self._mean_loss_sum() / (self.state.global_step - first)
            self._loss_sum, self._logged_step = 0.0, self.state.global_step
        super().log(logs, *arguments, **options)

    def _mean_loss_sum(self) -> float:
        """Return the sum of losses since the last line, its mean over the processes."""
        if isinstance(self._loss_sum, float):
            return self._loss_sum
        return float(self.accelerator.gather(self._loss_sum.detach().reshape(1)).mean())

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:  # noqa: ARG002  the interface
        """Note whether an epoch is the best so far; of those with the same metric the one of less loss is."""
        epochs = [entry for entry in self.state.log_history if "eval_loss" in entry]
        best = best_epoch_of(epochs, str(self.args.metric_for_best_model), larger=self.args.greater_is_better)
        if best is None or epochs[best]["step"] != self.state.global_step:
            return False
        self.state.best_metric = metrics[str(self.args.metric_for_best_model)]
        self.state.best_global_step = self.state.global_step
        return True

    def _save_checkpoint(self, *arguments: Any, **options: Any) -> None:
        super()._save_checkpoint(*arguments, **options)
        elapsed = Elapsed(self.seconds, self._mean_loss_sum(), self._logged_step or 0)
        self.accelerator.wait_for_everyone()
        if not self.args.should_save:
            return
        directory = Path(self.args.output_dir)
        checkpoint = directory / f"checkpoint-{self.state.global_step}"
        mark_complete(checkpoint, elapsed)
        best = self.state.best_model_checkpoint
        drop_checkpoints(directory, {checkpoint} | ({Path(best)} if best else set()))


def best_epoch_of(epochs: Sequence[Mapping[str, float]], metric: str, *, larger: bool | None) -> int | None:
    """Return the place of the best epoch: by its metric, then by its validation loss, then the first.

    Epochs whose metric is not a number are never the best; None where there is no other.
    """
    sign = 1.0 if larger else -1.0
    ranked = [
        (sign * entry[metric], -entry["eval_loss"], -place)
        for place, entry in enumerate(epochs)
        if not math.isnan(entry.get(metric, math.nan))
    ]
    return -max(ranked)[2] if ranked else None


def epochs_without_better(epochs: Sequence[Mapping[str, float]], metric: str, *, larger: bool) -> int:
    """Return how many epochs have passed since the metric was last better than ever before.

    An epoch of the same metric and less loss is kept as the best one, but is no better; 0 before any is a
    number.
    """
    sign = 1.0 if larger else -1.0
    values = [sign * entry.get(metric, math.nan) for entry in epochs]
    known = [value for value in values if not math.isnan(value)]
    return len(values) - 1 - values.index(max(known)) if known else 0


class EpochReport(transformers.TrainerCallback):  # type: ignore[misc]  # transformers ships no complete types
    """Logs one line per epoch and tells the progress listener; gives up a training that has collapsed.

    Parameters
    ----------
    metric : str
        The metric that decides, named first.
    rows : int
        Training sequences per epoch.
    progress : callable, optional
        See `ProgressListener`.
    checkpoint_steps : int
        Save every so many updates; 0: never within an epoch.
    patience : int
        Stop after so many epochs without a better metric; 0: never.
    on_epoch : callable, optional
        See `EpochListener`.
    """

    def __init__(
        self,
        metric: str,
        rows: int,
        progress: ProgressListener | None,
        checkpoint_steps: int,
        patience: int = 0,
        on_epoch: EpochListener | None = None,
    ) -> None:
        self._on_epoch = on_epoch
        self._patience = patience
        self._metric = metric
        self._rows = rows
        self._progress = progress
        self._checkpoint_steps = checkpoint_steps
        self._epoch_start = time.monotonic()
        self._first_step = 0
        self._epoch_rate = 0.0
        self._training_seconds = 0.0
        self._trained_rows = 0.0

    @property
    def sequences_per_second(self) -> float:
        """Training sequences per second in this process, validation and checkpoints not counted."""
        return self._trained_rows / self._training_seconds if self._training_seconds else 0.0

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002  the interface
        """Start the epoch's clock."""
        self._epoch_start = time.monotonic()
        self._first_step = state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002  the interface
        """Tell the listener, and ask for a checkpoint where one is due."""
        if self._progress is not None and state.is_world_process_zero:
            self._progress(state.global_step, state.max_steps)
        if self._checkpoint_steps and state.global_step % self._checkpoint_steps == 0:
            control.should_save = True

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002  the interface
        """Note the epoch's speed."""
        steps = max(1, state.max_steps // max(1, int(state.num_train_epochs)))
        seconds = time.monotonic() - self._epoch_start
        rows = self._rows * (state.global_step - self._first_step) / steps
        self._epoch_rate = rows / seconds
        self._training_seconds += seconds
        self._trained_rows += rows

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        """Log the epoch's line; stop when the last epochs have collapsed."""
        history = [entry for entry in state.log_history if "eval_loss" in entry]
        if state.is_world_process_zero:
            losses = [entry["loss"] for entry in state.log_history if "loss" in entry]
            shown = {name.removeprefix("eval_"): value for name, value in metrics.items()}
            first = [self._metric] if self._metric != "loss" else []
            others = [name for name in ("auroc", "mcc", "accuracy", "pearson", "rmse") if name in shown]
            figures = ", ".join(f"{name} {shown[name]:.4f}" for name in dict.fromkeys([*first, *others]))
            logger.info(
                "epoch %d of %d: training loss %.4f, validation loss %.4f, %s; %.0f sequences/s",
                round(state.epoch),
                int(args.num_train_epochs),
                losses[-1] if losses else float("nan"),
                shown["loss"],
                figures,
                self._epoch_rate,
            )
        larger = bool(args.greater_is_better)
        stale = epochs_without_better(history, str(args.metric_for_best_model), larger=larger)
        if self._patience and stale >= self._patience:
            control.should_training_stop = True
        if self._on_epoch is not None and state.is_world_process_zero:
            named = {name.removeprefix("eval_"): value for name, value in metrics.items()}
            self._on_epoch(round(state.epoch), named)
        last = history[-COLLAPSED_EPOCHS:]
        if len(last) == COLLAPSED_EPOCHS and all(entry.get("eval_collapsed", 0.0) for entry in last):
            control.should_training_stop = True
