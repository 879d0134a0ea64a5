"""Losses by task, in float32 whatever the precision of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


class LabelScale(NamedTuple):
    """Mean and standard deviation of regression labels; training sees labels of mean 0, deviation 1."""

    mean: float = 0.0
    deviation: float = 1.0


def label_scale(labels: NDArray[np.generic]) -> LabelScale:
    """Return the scale of regression labels (a deviation of 1 where they do not vary)."""
    values = labels.astype(np.float64)
    return LabelScale(float(values.mean()), float(values.std()) or 1.0)


def balanced_weights(labels: NDArray[np.generic], classes: int) -> NDArray[np.float32]:
    """Return ``n / (classes * n_class)`` of each class, ``float32[classes]``; 0 where a class has no row."""
    counts = np.bincount(labels.astype(np.int64), minlength=classes)
    weights = np.zeros(classes)
    np.divide(len(labels), classes * counts, out=weights, where=counts > 0)
    return weights.astype(np.float32)


class Loss:
    """Cross-entropy with class weights and smoothing, or the squared error.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        What the outputs are.
    weights : float32[classes], optional
        Weight of each class; the mean is over the weights, as in `torch.nn.functional.cross_entropy`.
    smoothing : float
        Share of the target spread evenly over the classes.
    """

    def __init__(self, task: str, weights: NDArray[np.float32] | None = None, smoothing: float = 0.0) -> None:
        self._task = task
        self._weights = weights
        self._smoothing = smoothing

    def __call__(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch, from ``outputs[n, m]`` and ``labels[n]``."""
        import torch
        from torch.nn import functional

        outputs = outputs.float()
        if self._task == "regression":
            return functional.mse_loss(outputs.squeeze(-1), labels.float())
        weights = None if self._weights is None else torch.from_numpy(self._weights).to(outputs.device)
        return functional.cross_entropy(outputs, labels, weight=weights, label_smoothing=self._smoothing)
