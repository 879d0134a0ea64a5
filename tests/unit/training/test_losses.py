"""Losses and metrics of an epoch (training/losses, training/epoch_metrics) against other implementations."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training.epoch_metrics import METRICS, chosen_metric, epoch_scores
from dnabert_enhancer.training.losses import LabelScale, Loss, balanced_weights, label_scale

stats = late("scipy.stats")
metrics = late("sklearn.metrics")
utils = late("sklearn.utils")

RNG = np.random.default_rng(5)


def test_balanced_weights_are_scikit_learns() -> None:
    labels = RNG.choice(3, 200, p=[0.7, 0.2, 0.1])
    expected = utils.class_weight.compute_class_weight("balanced", classes=np.arange(3), y=labels)
    assert balanced_weights(labels, 3) == pytest.approx(expected)
    assert balanced_weights(np.array([0, 0, 2]), 3).tolist() == [0.5, 0.0, 1.0]


def test_the_loss_is_a_weighted_smoothed_cross_entropy() -> None:
    torch = pytest.importorskip("torch")
    outputs = RNG.normal(size=(6, 2)).astype(np.float32)
    labels = np.array([0, 1, 1, 0, 1, 1])
    weights = np.array([2.0, 0.5], dtype=np.float32)
    log_p = outputs - np.logaddexp(outputs[:, :1], outputs[:, 1:])
    plain = -(weights[labels] * log_p[np.arange(6), labels]).sum()
    spread = -(weights * log_p).sum() / 2
    expected = (0.9 * plain + 0.1 * spread) / weights[labels].sum()
    loss = Loss("binary", weights, 0.1)(torch.from_numpy(outputs), torch.from_numpy(labels))
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_the_loss_of_a_regression_is_the_squared_error() -> None:
    torch = pytest.importorskip("torch")
    loss = Loss("regression")(torch.tensor([[1.0], [3.0]]), torch.tensor([0.0, 1.0]))
    assert float(loss) == pytest.approx((1 + 4) / 2)


def test_label_scale_of_constant_labels_does_not_divide_by_zero() -> None:
    assert label_scale(np.array([2.0, 2.0])) == LabelScale(2.0, 1.0)
    assert label_scale(np.array([1.0, 3.0])) == LabelScale(2.0, 1.0)


def test_binary_scores_are_scikit_learns_on_the_logit() -> None:
    labels = RNG.integers(0, 2, 300)
    outputs = np.column_stack([RNG.normal(size=300), RNG.normal(size=300) + labels])
    logit = outputs[:, 1] - outputs[:, 0]
    scores = epoch_scores(outputs, labels, "binary")
    assert scores == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, logit > 0),
            "mcc": metrics.matthews_corrcoef(labels, logit > 0),
            "f1": metrics.f1_score(labels, logit > 0),
            "auroc": metrics.roc_auc_score(labels, logit),
            "auprc": metrics.average_precision_score(labels, logit),
        }
    )


@pytest.mark.parametrize("absent", [(), (3,), (0, 2)])
def test_multi_class_scores_are_scikit_learns_also_where_classes_are_absent(absent: tuple[int, ...]) -> None:
    labels = RNG.choice([number for number in range(4) if number not in absent], 300)
    outputs = RNG.normal(size=(300, 4)) + np.eye(4)[labels]
    outputs[:, 1] = -9 if absent else outputs[:, 1]  # a class that is never called
    called = outputs.argmax(axis=1)
    assert epoch_scores(outputs, labels, "multiclass") == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, called),
            "mcc": metrics.matthews_corrcoef(labels, called),
            "macro_f1": metrics.f1_score(labels, called, average="macro", zero_division=0.0),
        }
    )


def test_regression_scores_are_scipys() -> None:
    labels = RNG.normal(size=100)
    outputs = (labels + RNG.normal(size=100))[:, None]
    scores = epoch_scores(outputs, labels, "regression")
    assert scores["pearson"] == pytest.approx(stats.pearsonr(outputs[:, 0], labels).statistic)
    assert scores["spearman"] == pytest.approx(stats.spearmanr(outputs[:, 0], labels).statistic)
    assert scores["r2"] == pytest.approx(metrics.r2_score(labels, outputs[:, 0]))
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean((outputs[:, 0] - labels) ** 2)))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_metric_that_can_decide_is_computed(task: str) -> None:
    outputs = RNG.normal(size=(60, {"binary": 2, "multiclass": 3, "regression": 1}[task]))
    labels = RNG.normal(size=60) if task == "regression" else np.arange(60) % outputs.shape[1]
    assert set(METRICS[task]) - {"loss"} <= set(epoch_scores(outputs, labels, task))


def test_outputs_that_are_no_numbers_give_scores_all_the_same() -> None:
    scores = epoch_scores(np.full((10, 2), np.nan), np.arange(10) % 2, "binary")
    assert scores["auroc"] == 0.5


@pytest.mark.filterwarnings("ignore:A single label")
def test_one_class_has_no_auroc() -> None:
    assert "auroc" not in epoch_scores(RNG.normal(size=(5, 2)), np.ones(5, int), "binary")


def test_a_metric_of_another_task_is_refused() -> None:
    assert chosen_metric("binary", "") == "auroc"
    with pytest.raises(InputError, match="a regression task has no metric 'auroc'; one of pearson"):
        chosen_metric("regression", "auroc")
