"""The Hugging Face Trainer with our order of rows, our loss, whole checkpoints, and epoch reports."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers

from dnabert_enhancer.training.augment import Augmentation
from dnabert_enhancer.training.batches import Collator, EpochSampler
from dnabert_enhancer.training.job import ProgressListener
from dnabert_enhancer.training.losses import Loss
from dnabert_enhancer.training.run_folder import drop_checkpoints, mark_complete

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
    seconds_before : float
        Seconds of training that led to the checkpoint from which this one goes on.
    **options
        What `transformers.Trainer` takes.
    """

    def __init__(
        self,
        *,
        augmentation: Augmentation,
        loss: Loss,
        evaluation_collator: Collator,
        seconds_before: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.data_collator: Any  # either of our collators
        self._evaluation_collator = evaluation_collator
        self._augmentation = augmentation
        self._loss = loss
        self._seconds_before = seconds_before
        self._clock = time.monotonic()
        self.model_accepts_loss_kwargs = False
        self.loss_is_scaled_for_ga = False

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before a kill included."""
        return self._seconds_before + time.monotonic() - self._clock

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

    def _save_checkpoint(self, *arguments: Any, **options: Any) -> None:
        super()._save_checkpoint(*arguments, **options)
        self.accelerator.wait_for_everyone()
        if not self.args.should_save:
            return
        directory = Path(self.args.output_dir)
        checkpoint = directory / f"checkpoint-{self.state.global_step}"
        mark_complete(checkpoint, self.seconds)
        best = self.state.best_model_checkpoint
        drop_checkpoints(directory, {checkpoint} | ({Path(best)} if best else set()))


class EpochReport(transformers.TrainerCallback):  # type: ignore[misc]  # transformers ships no complete types
    """Logs one line an epoch and tells the progress listener; gives up a training that has collapsed.

    Parameters
    ----------
    metric : str
        The metric that decides, named first.
    rows : int
        Training sequences an epoch.
    progress : callable, optional
        See `ProgressListener`.
    checkpoint_steps : int
        Save every so many updates; 0: never within an epoch.
    """

    def __init__(
        self, metric: str, rows: int, progress: ProgressListener | None, checkpoint_steps: int
    ) -> None:
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
        """Training sequences a second in this process, validation and checkpoints not counted."""
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
        last = history[-COLLAPSED_EPOCHS:]
        if len(last) == COLLAPSED_EPOCHS and all(entry.get("eval_collapsed", 0.0) for entry in last):
            control.should_training_stop = True
