"""Which of a model's outputs is reported (engine/predictions.py)."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dnabert_enhancer.engine import Predictions, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import ModelCard


def model(task: str, *labels: str) -> SimpleNamespace:
    return SimpleNamespace(card=ModelCard("m", 200, labels, task, 6))


BINARY = model("binary", "other", "enhancer")
CLASSES = model("multiclass", "none", "weak", "strong")
VALUE = model("regression", "activity")
VALUES = model("regression", "HepG2", "K562")


@pytest.mark.parametrize(
    ("given", "label", "expected"),
    [
        (BINARY, None, Target("binary", "enhancer", 1)),
        (BINARY, "enhancer", Target("binary", "enhancer", 1)),
        (CLASSES, "weak", Target("multiclass", "weak", 1)),
        (VALUE, None, Target("regression", "activity", 0)),
        (VALUES, "K562", Target("regression", "K562", 1)),
    ],
)
def test_a_target_is_found_by_its_label(given, label: str | None, expected: Target) -> None:
    assert Target.of_model(given, label) == expected


@pytest.mark.parametrize(
    ("given", "label", "said"),
    [
        (BINARY, "other", "negative class"),
        (BINARY, "promoter", "no label 'promoter'; it has other, enhancer"),
        (CLASSES, None, "several outputs; choose one with --label: none, weak, strong"),
        (VALUES, None, "choose one with --label: HepG2, K562"),
    ],
)
def test_an_unclear_target_is_an_error_that_lists_the_labels(given, label: str | None, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Target.of_model(given, label)
    assert said in str(caught.value)


def test_scores_of_the_three_tasks() -> None:
    outputs = np.array([[0.5, 2.0, -1.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    logit, probability = np.array([1.5, 0], "f4"), np.array([0.8, 0.5], "f4")
    found = Target("binary", "e", 1).scores(Predictions(logit, probability, outputs[:, :2]))
    assert found.rank.tolist() == [1.5, 0.0]
    assert found.score.tolist() == pytest.approx([0.8, 0.5])

    nothing = np.full(2, np.nan, "f4")
    found = Target("regression", "b", 1).scores(Predictions(nothing, nothing, outputs))
    assert found.rank.tolist() == found.score.tolist() == [2.0, 0.0]

    classes = np.array([[0.25, 0.75, 0.0], [0.5, 0.5, 0.0]], "f4")
    found = Target("multiclass", "b", 1).scores(Predictions(outputs, classes, outputs))
    assert found.score.tolist() == [0.75, 0.5]
    assert found.rank.tolist() == pytest.approx([np.log(3), 0.0])
    assert np.isfinite(Target("multiclass", "c", 2).scores(Predictions(outputs, classes, outputs)).rank).all()
