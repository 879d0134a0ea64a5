"""What a prediction is: outputs, logit and probability of each window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.model import ModelCard, Task


class Predictions(NamedTuple):
    """Predictions in input order.

    Attributes
    ----------
    logit : float32 array
        Binary: shape (windows,), the log odds of the second label before calibration. Multi-class:
        shape (windows, labels), the outputs. Regression: shape (windows,), NaN.
    probability : float32 array
        Binary: shape (windows,), calibrated. Multi-class: shape (windows, labels), rows sum to 1.
        Regression: NaN.
    outputs : float32 array, shape (windows, outputs)
        What the model's head gives, averaged over the strands; for a regression, the predicted values. One
        column where the card is about one output.
    """

    logit: NDArray[np.float32]
    probability: NDArray[np.float32]
    outputs: NDArray[np.float32]


def interpret_outputs(outputs: NDArray[np.float32], card: ModelCard) -> Predictions:
    """Return the predictions that a model's outputs mean.

    Parameters
    ----------
    outputs : float32 array, shape (windows, outputs)
        Averaged over the strands.
    card : ModelCard
        Task and calibration.
    """
    if card.column is not None:
        outputs = outputs[:, card.column : card.column + 1]
    if card.task == Task.REGRESSION:
        nothing = np.full(len(outputs), np.nan, dtype=np.float32)
        return Predictions(nothing, nothing, outputs)
    if card.task == Task.MULTICLASS:
        return Predictions(outputs, card.calibration.apply_classes(outputs), outputs)
    logit = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
    return Predictions(logit, card.calibration.apply(logit), outputs)
