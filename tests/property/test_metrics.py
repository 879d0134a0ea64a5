"""Properties of the metrics that hold for any labels, scores and weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from late import late

from dnabert_enhancer.evaluation import AS_GIVEN, BinaryMetrics, MetricKey, binary_metrics

reference = late("sklearn.metrics")


@st.composite
def predictions(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels of both classes, probabilities with ties, and whole weights that leave both classes."""
    size = draw(st.integers(2, 60))
    labels = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    labels[0], labels[-1] = 0, 1
    scores = draw(
        st.lists(st.sampled_from([0.0, 1e-9, 0.1, 0.5, 0.5000001, 0.9, 1.0]), min_size=size, max_size=size)
    )
    weights = np.array(draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)), dtype=float)
    weights[0], weights[-1] = weights[0] + 1, weights[-1] + 1
    return labels, np.array(scores), weights


@settings(deadline=None, max_examples=60)
@given(predictions())
def test_areas_equal_scikit_learn_for_any_ties_and_weights(
    example: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    labels, scores, weights = example
    values = BinaryMetrics(labels, scores).evaluate(weights[None, :])
    for name, function in (
        ("auroc", reference.roc_auc_score),
        ("auprc", reference.average_precision_score),
        ("brier", reference.brier_score_loss),
    ):
        expected = function(labels, scores, sample_weight=weights)
        assert values[MetricKey(AS_GIVEN, name)][0] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(predictions(), st.integers(1, 4))
def test_whole_weights_equal_repeated_rows(
    example: tuple[np.ndarray, np.ndarray, np.ndarray], threshold: int
) -> None:
    labels, scores, weights = example
    rows = np.repeat(np.arange(len(labels)), weights.astype(int))
    values = BinaryMetrics(labels, scores, threshold / 4).evaluate(weights[None, :])
    for name, expected in binary_metrics(labels[rows], scores[rows], threshold / 4).items():
        assert values[MetricKey(AS_GIVEN, name)][0] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(predictions(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(
    example: tuple[np.ndarray, np.ndarray, np.ndarray], random: object
) -> None:
    labels, scores, _ = example
    order = np.arange(len(labels))
    random.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert binary_metrics(labels[order], scores[order]) == pytest.approx(
        binary_metrics(labels, scores), abs=1e-12
    )


@settings(deadline=None, max_examples=60)
@given(predictions())
def test_swapping_classes_mirrors_the_area(example: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    labels, scores, _ = example
    mirrored = binary_metrics(1 - labels, 1 - scores)["auroc"]
    assert mirrored == pytest.approx(binary_metrics(labels, scores)["auroc"], abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(predictions(), st.sampled_from([1.0, 10.0, 100.0]))
def test_more_negatives_never_raise_precision(
    example: tuple[np.ndarray, np.ndarray, np.ndarray], ratio: float
) -> None:
    labels, scores, _ = example
    rare = binary_metrics(labels, scores, negatives_per_positive=ratio)
    rarer = binary_metrics(labels, scores, negatives_per_positive=2 * ratio)
    assert rarer["precision"] <= rare["precision"] + 1e-12
    assert rarer["auprc"] <= rare["auprc"] + 1e-12
    for name in ("recall", "specificity", "auroc"):
        assert rarer[name] == pytest.approx(rare[name], abs=1e-12)
