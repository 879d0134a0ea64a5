"""Which epoch is the best, and what is told of the epochs (training/attempt, trainer)."""

from __future__ import annotations

import math

import pytest
from late import late

attempt, trainer = late("dnabert_enhancer.training.attempt"), late("dnabert_enhancer.training.trainer")
late("torch")


@pytest.mark.parametrize(
    ("metrics", "losses", "larger", "best"),
    [
        ([1.0, 1.0, 1.0], [0.693, 0.489, 0.5], True, 1),
        ([0.8, 0.9, 0.9], [0.1, 0.5, 0.5], True, 1),
        ([0.3, 0.2, 0.4], [0.3, 0.2, 0.4], False, 1),
        ([math.nan, 0.1], [0.1, 0.9], True, 1),
        ([math.nan], [0.1], True, None),
    ],
)
def test_ties_of_the_metric_go_to_the_lower_loss(
    metrics: list[float], losses: list[float], larger: bool, best: int | None
) -> None:
    epochs = [{"eval_x": metric, "eval_loss": loss} for metric, loss in zip(metrics, losses, strict=True)]
    assert trainer.best_epoch_of(epochs, "eval_x", larger=larger) == best


def test_the_columns_of_the_history_have_one_order() -> None:
    line = {"eval_auroc": 0.9, "eval_accuracy": 0.8, "eval_loss": 0.5, "epoch": 1.0, "step": 7}
    columns = ["epoch", "step", "train_loss", "validation_loss", "validation_accuracy", "validation_auroc"]
    for entry in (line, dict(sorted(line.items()))):
        assert list(attempt.history_of([{"loss": 0.6}, entry])[0]) == columns


@pytest.mark.parametrize(
    ("values", "larger", "passed"),
    [
        ([0.5], True, 0),
        ([0.5, 0.7, 0.7, 0.7], True, 2),  # equal is no better, whatever the loss
        ([0.5, 0.7, 0.6, 0.8], True, 0),
        ([0.5, 0.4, 0.45], False, 1),
        ([math.nan, math.nan], True, 0),
        ([math.nan, 0.5, math.nan], True, 1),
    ],
)
def test_epochs_since_the_metric_was_last_better(values: list[float], larger: bool, passed: int) -> None:
    epochs = [{"eval_x": value, "eval_loss": 1 / (place + 1)} for place, value in enumerate(values)]
    assert trainer.epochs_without_better(epochs, "eval_x", larger=larger) == passed
