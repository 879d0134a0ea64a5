"""A student's classifier fitted anew on the labels, with the encoder as it is, and mixed with the old one."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import torch
from damping import DAMPING, damped
from ensemble import mixture_of
from judging import over_strands
from networks import Student
from numpy.typing import NDArray
from rows import Data, some_rows
from sklearn.linear_model import LogisticRegression, Ridge

MOST_ROWS = 1500


def refit(
    model: Student, data: Data, strength: float, kept: Collection[str] = (), most: int = MOST_ROWS
) -> None:
    """Damp each row of the classifier, and mix it with one that is fitted on the training labels.

    Parameters
    ----------
    model : Student
        Changed.
    data : Data
    strength : float
        Inverse of the penalty of the regressions (``C`` of `LogisticRegression`) on standardised features.
    kept : collection of str
        Tasks whose row is not mixed.
    most : int
        Rows of a task that are looked at.

    Notes
    -----
    A student learns what its teachers say of changed windows; what the labels say of the true ones is a
    second opinion, whose errors are others. How much it counts is chosen on the validation rows, as for the
    members of a mixture.
    """
    features, targets = _rows(model, data, "train", most)
    known = ~np.isnan(targets)
    old = (_numbers(model.classifier.weight), _numbers(model.classifier.bias))
    new = (np.zeros_like(old[0]), np.zeros_like(old[1]))
    binary = data.binary.cpu().numpy()
    fitted = np.array([len(np.unique(column[~np.isnan(column)])) > 1 for column in targets.T])
    for task in np.flatnonzero(fitted):
        rows = features[known[:, task]]
        old[0][task], old[1][task] = damped(old[0][task], old[1][task], rows)
        new[0][task], new[1][task] = _fitted(
            rows, targets[known[:, task], task], binary=bool(binary[task]), strength=strength
        )
    seen, truth = _rows(model, data, "validation", most)
    answers = [(seen @ weight.T + bias).astype(np.float32) for weight, bias in (old, new)]
    mixture = mixture_of(answers, truth, binary)
    changed = fitted & ~np.isin(data.tasks, list(kept))
    part = mixture.weight * mixture.scale
    weight = part[0, :, None] * old[0] + part[1, :, None] * new[0]
    bias = part[0] * old[1] + part[1] * new[1] + (mixture.weight * mixture.offset).sum(axis=0)
    with torch.no_grad():
        model.classifier.weight.copy_(torch.from_numpy(np.where(changed[:, None], weight, old[0])))
        model.classifier.bias.copy_(torch.from_numpy(np.where(changed, bias, old[1])))


def _fitted(
    features: NDArray[np.float32], truth: NDArray[np.float32], *, binary: bool, strength: float
) -> tuple[NDArray[np.float64], float]:
    """Return weights and offset; a binary target between 0 and 1 counts for both classes."""
    centre, deviation = features.mean(axis=0), np.sqrt(features.var(axis=0) + DAMPING)
    scaled = (features - centre) / deviation
    if binary:
        label, share = np.repeat([1, 0], len(truth)), np.concatenate([truth, 1 - truth])
        used = share > 0
        fitted = LogisticRegression(C=strength, max_iter=1000).fit(
            np.concatenate([scaled, scaled])[used], label[used], share[used]
        )
    else:
        fitted = Ridge(1 / strength).fit(scaled, truth)
    weight = np.ravel(fitted.coef_).astype(np.float64) / deviation
    return weight, float(np.ravel(fitted.intercept_)[0]) - float(weight @ centre)


def _rows(
    model: Student, data: Data, split: str, most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what the classifier reads of rows of a split, float32[n, hidden], and their targets."""
    model.eval()
    chosen = [(data.groups[length], rows) for length, rows in some_rows(data, split, most).items()]
    features = torch.cat([over_strands(model.pooled, group.codes[rows]) for group, rows in chosen])
    return features.cpu().numpy(), torch.cat([group.targets[rows] for group, rows in chosen]).cpu().numpy()


def _numbers(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()
