"""Platt's scaling of the trained model, written into its classifier's bias and the card's temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import expected_calibration_error
from dnabert_enhancer.model import Calibration

FOLDS = 5


def platt(
    logits: NDArray[np.float64], labels: NDArray[np.int64], seed: int
) -> tuple[float, Calibration, dict[str, Any]]:
    """Return the shift to add to the logit, the temperature after it, and the errors before and after.

    Parameters
    ----------
    logits : float64[n]
        Of validation rows, before any calibration.
    labels : int64[n]
        0 and 1.
    seed : int
        Of the folds.

    Notes
    -----
    ``p = 1 / (1 + exp(-(z + shift) / T))``: the two numbers of Platt (1999). The training rows hold other
    shares of positives than the validation rows, which a temperature alone cannot mend; an isotonic curve
    can, but it is flat beyond its last rows and bends between them, and differences between alleles would
    follow the bends. The error after is on folds that the numbers were not fitted on.
    """
    from sklearn.linear_model import LogisticRegression

    def fitted(rows: NDArray[np.bool_]) -> LogisticRegression:
        return LogisticRegression(C=np.inf, solver="lbfgs").fit(logits[rows, None], labels[rows])

    fold = np.random.default_rng(seed).permutation(len(logits)) % FOLDS
    held_out = np.empty(len(logits))
    for number in range(FOLDS):
        held_out[fold == number] = fitted(fold != number).predict_proba(logits[fold == number, None])[:, 1]
    model = fitted(np.ones(len(logits), dtype=bool))
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    report = {
        "kind": "Platt: a shift in the classifier's bias, and a temperature",
        "rows": len(logits),
        "folds": FOLDS,
        "shift": round(intercept / slope, 6),
        "ece_before": round(float(expected_calibration_error(labels, 1 / (1 + np.exp(-logits)))), 4),
        "ece_after": round(float(expected_calibration_error(labels, held_out)), 4),
    }
    return intercept / slope, Calibration("temperature", {"temperature": 1 / slope}), report
