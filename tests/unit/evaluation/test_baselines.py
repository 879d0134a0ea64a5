"""The paper's baselines: every one learns a planted signal, for every kind of label."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import baselines, binary_metrics
from dnabert_enhancer.evaluation.baselines import BASELINES, predict_baseline


def planted(n: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows whose class changes the share of G and C."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    rich = rng.random((n, 80)) < (0.3 + 0.4 * labels / (classes - 1))[:, None]
    return np.where(rich, rng.integers(1, 3, (n, 80)), 3 * rng.integers(0, 2, (n, 80))).astype(
        np.uint8
    ), labels


@pytest.mark.parametrize("name", BASELINES)
def test_two_classes(name: str) -> None:
    codes, labels = planted(300, 2, seed=0)
    prediction = predict_baseline(name, codes[:200], labels[:200], codes[200:], seed=1)
    assert prediction is not None
    assert prediction.outputs.shape == (100,)
    assert prediction.training_rows == 200
    values = binary_metrics(labels[200:], prediction.outputs)
    assert values["auroc"] > 0.9
    assert values["accuracy"] > 0.75


@pytest.mark.parametrize("name", BASELINES)
def test_several_classes_even_when_one_has_no_training_row(name: str) -> None:
    codes, labels = planted(300, 3, seed=0)
    prediction = predict_baseline(
        name, codes[:200], labels[:200], codes[200:], task="multiclass", classes=4, seed=1
    )
    assert prediction is not None
    np.testing.assert_allclose(prediction.outputs.sum(axis=1), 1, atol=1e-6)
    assert (prediction.outputs[:, :3].argmax(axis=1) == labels[200:]).mean() > 0.5
    assert prediction.outputs[:, 3].max() < 1e-3


@pytest.mark.parametrize("name", BASELINES)
def test_measured_values(name: str) -> None:
    codes, labels = planted(300, 3, seed=0)
    activity = labels + np.random.default_rng(1).normal(scale=0.1, size=300)
    prediction = predict_baseline(name, codes[:200], activity[:200], codes[200:], task="regression", seed=1)
    if name == "GNB":
        assert prediction is None
        return
    assert prediction is not None
    assert np.corrcoef(prediction.outputs, activity[200:])[0, 1] > 0.6


@pytest.mark.parametrize("name", ["RF", "MLP"])
def test_the_same_seed_gives_the_same_numbers(name: str) -> None:
    codes, labels = planted(120, 2, seed=0)
    first, again = (predict_baseline(name, codes, labels, codes, seed=7) for _ in range(2))
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first.outputs, again.outputs)


def test_many_training_rows_are_sampled_by_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_TRAINING_ROWS", 40)
    codes, labels = planted(200, 2, seed=0)
    prediction = predict_baseline("GNB", codes, (labels == 1) & (np.arange(200) < 50), codes)
    assert prediction is not None
    assert prediction.training_rows == 40


def test_one_class_in_training_is_refused() -> None:
    codes, _ = planted(20, 2, seed=0)
    with pytest.raises(InputError, match="all 20 training labels are the same"):
        predict_baseline("RF", codes, np.ones(20, dtype=int), codes)
