"""Calibration, thresholds and metrics of a model, from its scores of labelled rows: a validation split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Predictions
from dnabert_enhancer.evaluation.binary import BinaryMetrics, threshold_of_best_mcc
from dnabert_enhancer.evaluation.calibration_fit import CalibrationReport, fit_calibration
from dnabert_enhancer.evaluation.metric_set import MetricSet
from dnabert_enhancer.evaluation.multiclass import MulticlassMetrics
from dnabert_enhancer.evaluation.regression import RegressionMetrics
from dnabert_enhancer.model import Calibration, CalibrationKind, Threshold

HALF = 0.5
VALIDATION_ROWS = "validation sequences"


class Judgement(NamedTuple):
    """Calibration and thresholds of a model, from labelled rows.

    Attributes
    ----------
    calibration : Calibration
        From logits to probabilities.
    report : CalibrationReport or None
        ECE and log loss before and after; None for a regression or where no calibration could be fitted.
    thresholds : dict of str to Threshold
        ``default`` and ``max-mcc``; empty but for a binary task.
    """

    calibration: Calibration
    report: CalibrationReport | None
    thresholds: dict[str, Threshold]

    def summary(self) -> str:
        """Return a line for the log."""
        if self.report is None:
            return "no calibration"
        report = self.report
        if report.kind == CalibrationKind.NONE:
            tried = "; ".join(
                f"{kind}: ECE {found['ece']:.4f}, log loss {found['log_loss']:.4f}"
                for kind, found in report.held_out.items()
            )
            line = (
                f"calibration: none, since any made held-out rows worse "
                f"(without: ECE {report.ece_before:.4f}, log loss {report.log_loss_before:.4f}; {tried})"
            )
        else:
            line = (
                f"calibration: {report.kind}, ECE {report.ece_before:.4f} before, "
                f"{report.ece_after:.4f} after (held-out folds of the {report.rows} rows)"
            )
        if "default" not in self.thresholds:
            return line
        default = self.thresholds["default"]
        return f"{line}; threshold {default.value:.4g}: {default.source}"


def judged_scores(predictions: Predictions, task: str) -> NDArray[np.float32]:
    """Return what `judge` takes of predictions: log odds, the outputs of several classes, or values."""
    if task == "regression":
        return predictions.outputs[:, 0]
    return predictions.logit


def judge(
    scores: NDArray[np.floating],
    labels: NDArray[Any],
    task: str,
    threshold: str,
    rows: str = VALIDATION_ROWS,
) -> Judgement:
    """Fit calibration and thresholds on labelled rows.

    Parameters
    ----------
    scores : float[n] or float[n, m]
        Averaged over the strands. Binary: log odds of label 1. Several classes: the outputs. Regression: the
        predicted values.
    labels : int64[n] or float[n]
        The truth.
    task : {"binary", "multiclass", "regression"}
        What the scores mean.
    threshold : {"0.5", "max-mcc"}
        Which becomes the default.
    rows : str
        What the rows are, for the sources of the thresholds.

    Notes
    -----
    A binary model all whose calibrated probabilities lie on one side of 0.5 (a rare class)
    would call all or nothing: its default is the threshold of the best MCC whatever was asked, and its
    source says so.
    """
    if task == "regression" or len(np.unique(labels)) < 2:
        return Judgement(Calibration(), None, {})
    if task == "multiclass":
        calibration, report = fit_calibration(scores, labels)
        return Judgement(calibration, report, {})
    calibration, report = fit_calibration(scores, labels)
    probability = calibration.apply(scores).astype(np.float64)
    best = Threshold(
        float(np.clip(threshold_of_best_mcc(labels, probability), 0.0, 1.0)),
        f"largest MCC on the {len(labels)} {rows}",
    )
    is_calibrated = calibration.kind != CalibrationKind.NONE
    half = Threshold(
        HALF, "one half of the calibrated probability" if is_calibrated else "one half of the probability"
    )
    default = half if threshold == "0.5" else best
    if threshold == "0.5" and len(np.unique(probability >= HALF)) == 1:
        default = Threshold(
            best.value, f"{best.source}, since no calibrated probability is on the other side of 0.5"
        )
    return Judgement(calibration, report, {"default": default, "max-mcc": best})


def split_metrics(
    scores: NDArray[np.floating], labels: NDArray[Any], task: str, judgement: Judgement
) -> dict[str, float]:
    """Return the metrics of a split with calibrated probabilities, a binary one's at the model's threshold.

    Scores and labels are those of `judge`.

    Notes
    -----
    Those of the command evaluate; what is not defined (such as AUROC of one class) is left out.
    """
    metric_set: MetricSet
    if task == "regression":
        metric_set = RegressionMetrics(labels, scores.astype(np.float64))
    elif task == "multiclass":
        metric_set = MulticlassMetrics(labels, judgement.calibration.apply_classes(scores).astype(np.float64))
    else:
        probability = judgement.calibration.apply(scores).astype(np.float64)
        threshold = judgement.thresholds["default"].value if judgement.thresholds else HALF
        metric_set = BinaryMetrics(labels, probability, threshold, {})
    with np.errstate(invalid="ignore", divide="ignore"):
        found = metric_set.evaluate(np.ones((1, len(labels))))
    values = {key.metric: float(value[0]) for key, value in found.items()}
    return {"n": len(labels), **{name: value for name, value in values.items() if np.isfinite(value)}}


def rounded(values: Mapping[str, Any], digits: int = 6) -> dict[str, Any]:  # JSON values
    """Return JSON values with floats of so many significant digits, NaN as None, at any depth."""
    return {name: _round(value, digits) for name, value in values.items()}


def _round(value: Any, digits: int) -> Any:  # any JSON value
    if isinstance(value, Mapping):
        return rounded(value, digits)
    if isinstance(value, (list, tuple)):
        return [_round(item, digits) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{digits}g}") if np.isfinite(value) else None
    return value
