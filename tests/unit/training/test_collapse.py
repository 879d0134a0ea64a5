"""The collapse guard."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.training.collapse import collapse_reason, doubts

RNG = np.random.default_rng(0)
LABELS = np.tile([0, 1], 500)
RARE = np.where(np.arange(1000) < 50, 1, 0)
THREE = np.arange(999) % 3


def two(logit: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(logit)), logit])


CASES = {
    "constant": (two(np.full(1000, -0.3)), LABELS, "binary", "class 0 predicted for all 1000"),
    "constant positive": (two(np.full(1000, 2.0)), LABELS, "binary", "class 1 predicted for all 1000"),
    "noise on one side": (two(RNG.normal(-5, 0.5, 1000)), LABELS, "binary", "class 0 predicted"),
    "noise on both sides": (two(RNG.normal(0, 1, 1000)), LABELS, "binary", None),
    "rare class, ranked well": (two(RARE - 3 + RNG.normal(0, 0.3, 1000)), RARE, "binary", None),
    "rare class, ranked by chance": (two(RNG.normal(-3, 0.3, 1000)), RARE, "binary", "class 0 predicted"),
    "barely begun but ranking": (two(-1 + 1e-5 * LABELS + RNG.normal(0, 1e-5, 1000)), LABELS, "binary", None),
    "not a number": (two(np.where(np.arange(1000) < 3, np.nan, 1.0)), LABELS, "binary", "3 of 1000 outputs"),
    "one label only": (two(np.full(1000, -1.0)), np.zeros(1000, int), "binary", None),
    "three classes, constant": (np.tile([1.0, 0.0, 0.0], (999, 1)), THREE, "multiclass", "class 0 predicted"),
    "three classes, ranked": (
        np.eye(3)[THREE] + [5.0, 0, 0] + RNG.normal(0, 0.5, (999, 3)),
        THREE,
        "multiclass",
        None,
    ),
    "values, constant": (np.full((1000, 1), 0.7), RNG.normal(size=1000), "regression", "the same value"),
    "values, varying": (RNG.normal(size=(1000, 1)), RNG.normal(size=1000), "regression", None),
    "values, infinite": (np.full((1000, 1), np.inf), RNG.normal(size=1000), "regression", "not finite"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_model_that_says_the_same_of_all_has_collapsed_and_one_that_ranks_has_not(name: str) -> None:
    outputs, labels, task, expected = CASES[name]
    reason = collapse_reason(outputs, labels, task)
    if expected is None:
        assert reason is None
    else:
        assert reason is not None
        assert expected in reason


def test_small_but_telling_values_of_a_regression_are_no_collapse() -> None:
    labels = np.random.default_rng(1).normal(size=400)
    assert collapse_reason(1e-5 * labels[:, None], labels, "regression") is None


def test_two_sequences_are_too_few_for_a_collapse() -> None:
    """Two standard errors of an AUROC by chance are 1.0 with one sequence of each class."""
    outputs, labels = two(np.array([-2.0, -1.0])), np.array([0, 1])
    assert collapse_reason(outputs, labels, "binary") is None
    assert doubts(outputs, labels, "binary") == [
        "2 validation sequences are too few to tell whether the model has learned anything"
    ]


def test_a_ranking_the_wrong_way_round_says_so() -> None:
    logit = -3 - LABELS + RNG.normal(0, 0.1, 1000)
    reason = collapse_reason(two(logit), LABELS, "binary")
    assert reason is not None
    assert "the wrong way round (AUROC 0" in reason
    (doubt,) = doubts(two(logit + 3.5), LABELS, "binary")
    assert "exchanged?" in doubt
    values = RNG.normal(size=(400, 1))
    (doubt,) = doubts(-values, values[:, 0], "regression")
    assert "Pearson r -1" in doubt


def test_chance_is_doubted_and_a_good_ranking_is_not() -> None:
    (doubt,) = doubts(two(np.tile([0.0, 0.0, 1.0, 1.0], 250)), LABELS, "binary")
    assert doubt == "no better than chance on 1000 validation sequences (AUROC 0.5)"
    assert doubts(two(LABELS + RNG.normal(0, 0.5, 1000)), LABELS, "binary") == []
