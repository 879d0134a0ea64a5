"""Fitting the map from logits to probabilities on validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation.bins import expected_calibration_error
from dnabert_enhancer.model import Calibration, CalibrationKind

FOLDS = 5
ROWS_FOR_ISOTONIC = 200
"""With fewer rows only a temperature is fitted: an isotonic curve of so few rows follows their noise."""
_TEMPERATURE_LIMITS = (0.05, 20.0)
_SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class CalibrationReport:
    """What was chosen, and what it does to rows that it was not fitted on.

    Parameters
    ----------
    kind : str
        The chosen kind of calibration; ``none`` where every other makes held-out rows worse.
    rows, folds : int
        Validation rows, and the folds of the cross-validation.
    ece_before, log_loss_before : float
        Of the probabilities without calibration.
    ece_after, log_loss_after : float
        Of the chosen kind, each row by a calibration fitted on the other folds.
    held_out : dict
        ``{kind: {"ece": ..., "log_loss": ...}}`` for every kind that was tried.
    """

    kind: str
    rows: int
    folds: int
    ece_before: float
    ece_after: float
    log_loss_before: float
    log_loss_after: float
    held_out: dict[str, dict[str, float]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a model card."""
        return asdict(self)


def fit_calibration(
    logits: ArrayLike, labels: ArrayLike, seed: int = 0
) -> tuple[Calibration, CalibrationReport]:
    """Fit the calibration of a classifier on validation rows.

    Parameters
    ----------
    logits : array_like[n] or [n, classes]
        Log odds of label 1 before calibration, or the outputs of a model with several classes.
    labels : array_like[n]
        0 and 1, or the class of each row.
    seed : int
        Seed of the folds.

    Returns
    -------
    Calibration
        Fitted on all rows.
    CalibrationReport
        Calibration error before and after, on held-out folds.

    Raises
    ------
    InputError
        When the labels are all of one class or the logits are not finite.

    Notes
    -----
    Kinds: a temperature T that minimises the log loss (Guo et al. 2017), and for two classes an isotonic
    curve through the centres of its blocks (Oron and Flournoy 2017), which unlike plain isotonic steps keeps
    the order of the scores. Five stratified folds; the isotonic curve is taken when its mean log loss on
    held-out rows is lower than that of the temperature by more than one standard error of the paired
    difference, since a temperature keeps the order of all scores, beyond the range of the validation rows
    too. Several classes: temperature only. One that does not lower the log loss of held-out rows, or lowers
    it by less than one standard error and makes their calibration error larger, is not taken; where that is
    true of both kinds, none is.
    """
    z = np.asarray(logits, dtype=np.float64)
    label = np.asarray(labels).astype(np.int64)
    if not np.isfinite(z).all():
        raise InputError(
            "calibration got logits that are not finite",
            remedy="the training has diverged; use a lower learning rate",
        )
    if len(np.unique(label)) < 2:
        raise InputError(
            "calibration needs rows of both classes",
            remedy="give a validation split with enhancers and others",
        )
    if z.ndim == 2:
        return _choose(z, label, {"temperature": _fit_temperature_of_classes}, seed)
    kinds: dict[str, _Fit] = {"temperature": _fit_temperature}
    if len(z) >= ROWS_FOR_ISOTONIC:
        kinds["isotonic"] = _fit_isotonic
    return _choose(z, label, kinds, seed)


_Fit = Callable[[NDArray[np.float64], NDArray[np.int64]], Calibration]


def _choose(
    logits: NDArray[np.float64], labels: NDArray[np.int64], kinds: dict[str, _Fit], seed: int
) -> tuple[Calibration, CalibrationReport]:
    fold, folds = _stratified_folds(labels, seed)
    losses: dict[str, NDArray[np.float64]] = {}
    held_out: dict[str, dict[str, float]] = {}
    for kind, fit in kinds.items():
        probability = np.empty(logits.shape)
        for number in range(folds):
            inside = fold != number if folds > 1 else np.ones(len(labels), dtype=bool)
            probability[fold == number] = _apply(fit(logits[inside], labels[inside]), logits[fold == number])
        losses[kind] = _log_loss(probability, labels)
        held_out[kind] = {"ece": _ece(probability, labels), "log_loss": float(losses[kind].mean())}
    uncalibrated = _apply(Calibration(), logits)
    loss = _log_loss(uncalibrated, labels)
    none = str(CalibrationKind.NONE)
    held = held_out | {none: {"ece": _ece(uncalibrated, labels), "log_loss": float(loss.mean())}}
    order = ["temperature"]
    if "isotonic" in losses:
        is_clear = _is_beyond_noise(losses["temperature"] - losses["isotonic"])
        order.insert(0 if is_clear else 1, "isotonic")
    chosen = none
    for kind in order:
        gain = loss - losses[kind]
        if gain.mean() > 0 and (_is_beyond_noise(gain) or held[kind]["ece"] <= held[none]["ece"]):
            chosen = kind
            break
    report = CalibrationReport(
        kind=chosen,
        rows=len(labels),
        folds=folds,
        ece_before=held[none]["ece"],
        ece_after=held[chosen]["ece"],
        log_loss_before=held[none]["log_loss"],
        log_loss_after=held[chosen]["log_loss"],
        held_out=held_out,
    )
    return Calibration() if chosen == none else kinds[chosen](logits, labels), report


def _is_beyond_noise(gain: NDArray[np.float64]) -> bool:
    """Whether the mean of paired differences is more than its standard error."""
    return bool(gain.mean() > gain.std(ddof=1) / np.sqrt(len(gain)))


def _fit_temperature(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    return _best_temperature(
        lambda inverse: np.logaddexp(0, -np.where(labels == 1, 1, -1) * logits * inverse).mean()
    )


def _fit_temperature_of_classes(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    own = logits[np.arange(len(labels)), labels]
    return _best_temperature(
        lambda inverse: (np.logaddexp.reduce(logits * inverse, axis=1) - own * inverse).mean()
    )


def _best_temperature(loss: Callable[[float], np.floating[Any]]) -> Calibration:
    """Return the temperature with the lowest loss, which is convex in 1 / T."""
    from scipy.optimize import minimize_scalar

    coldest, hottest = _TEMPERATURE_LIMITS
    best = minimize_scalar(loss, bounds=(1 / hottest, 1 / coldest), method="bounded", options={"xatol": 1e-8})
    return Calibration("temperature", {"temperature": float(1 / best.x)})


def _fit_isotonic(logits: NDArray[np.float64], labels: NDArray[np.int64]) -> Calibration:
    from scipy.optimize import isotonic_regression

    value, place, rows = np.unique(logits, return_inverse=True, return_counts=True)
    share = np.bincount(place, weights=labels) / rows
    fit = isotonic_regression(share, weights=rows)
    first = fit.blocks[:-1]
    centre = np.add.reduceat(value * rows, first) / np.add.reduceat(rows, first)
    edge = 1 / (len(logits) + 2)
    return Calibration(
        "isotonic",
        {"logits": centre.tolist(), "probabilities": np.clip(fit.x[first], edge, 1 - edge).tolist()},
    )


def _stratified_folds(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], int]:
    """Return the fold of each row and the number of folds, 1 where a class has one row."""
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    folds = min(FOLDS, smallest)
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(labels), dtype=np.int64)
    for group in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == group))
        fold[rows] = np.arange(len(rows)) % folds
    return fold, folds


def _apply(calibration: Calibration, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    probability = calibration.apply_classes(logits) if logits.ndim == 2 else calibration.apply(logits)
    return probability.astype(np.float64)


def _log_loss(probability: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    own = (
        probability[np.arange(len(labels)), labels]
        if probability.ndim == 2
        else np.where(labels == 1, probability, 1 - probability)
    )
    loss: NDArray[np.float64] = -np.log(np.maximum(own, _SMALLEST_PROBABILITY))
    return loss


def _ece(probability: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    if probability.ndim == 2:
        return expected_calibration_error(probability.argmax(axis=1) == labels, probability.max(axis=1))
    return expected_calibration_error(labels, probability)
