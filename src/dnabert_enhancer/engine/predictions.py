"""What a model says of windows: outputs, logit and probability, and which of them is reported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, ModelCard, Task


class Predictions(NamedTuple):
    """Predictions in input order.

    Attributes
    ----------
    logit : float32 array
        Binary: shape (windows,), the log odds of the positive class before calibration. Multi-class:
        shape (windows, labels), the outputs. Regression: shape (windows,), NaN.
    probability : float32 array
        Binary: shape (windows,), calibrated. Multi-class: shape (windows, labels), rows sum to 1.
        Regression: NaN.
    outputs : float32 array, shape (windows, outputs)
        What the model's head gives, averaged over the strands; for a regression, the predicted values. One
        column where the card is about one output.
    members : float32 array, shape (models, windows) or (models, windows, outputs), optional
        Of an ensemble: the ``probability`` of each model, or of a regression its ``outputs``.
    """

    logit: NDArray[np.float32]
    probability: NDArray[np.float32]
    outputs: NDArray[np.float32]
    members: NDArray[np.float32] | None = None


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
    if card.positive_index == 0:
        logit = -logit
    return Predictions(logit, card.calibration.apply(logit), outputs)


def mean_of(members: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the mean over models, the first axis, computed in float64."""
    return np.asarray(members.mean(axis=0, dtype=np.float64), dtype=np.float32)


def deviation_of(members: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the sample standard deviation (n - 1) over models, the first axis, computed in float64."""
    return np.asarray(members.std(axis=0, ddof=1, dtype=np.float64), dtype=np.float32)


class WindowScores(NamedTuple):
    """Scores of windows.

    Attributes
    ----------
    rank : float32[n]
        What orders them: the logit; for regression the value.
    score : float32[n]
        What is reported and compared with the threshold: the probability; for regression the value.
    members : float32 array, shape (models, n), optional
        Of an ensemble: the score of each model.
    """

    rank: NDArray[np.float32]
    score: NDArray[np.float32]
    members: NDArray[np.float32] | None = None

    def part(self, part: slice) -> WindowScores:
        """Return the scores of some of the windows."""
        members = None if self.members is None else self.members[:, part]
        return WindowScores(self.rank[part], self.score[part], members)

    def deviation(self) -> NDArray[np.float32] | None:
        """Return the standard deviation of the models' scores, float32[n], of an ensemble."""
        return None if self.members is None else deviation_of(self.members)


_TOP = "top:"


@dataclass(frozen=True)
class Target:
    """The output of a model that is reported.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        The model's.
    label : str
        Name of the class or value.
    index : int
        Its place among the model's outputs.
    """

    task: str
    label: str
    index: int

    @classmethod
    def of_model(cls, model: EnhancerModel, label: str | None = None) -> Target:
        """Return the target by its name; default: the positive class, or the only value.

        Raises
        ------
        InputError
            The model has no such label, or several to choose from.
        """
        card = model.card
        names = ", ".join(card.labels)
        if label is None:
            if card.has_choice:
                raise InputError(
                    f"the model {card.name} has several outputs", remedy=f"choose one with --label: {names}"
                )
            label = card.positive_label or card.labels[-1]
        if label not in card.labels:
            raise InputError(f"the model {card.name} has no label {label!r}", remedy=f"it has {names}")
        index = card.labels.index(label)
        if card.task == Task.BINARY and index != card.positive_index:
            raise InputError(
                f"{label!r} is the negative class of {card.name}", remedy=f"choose {card.positive_label!r}"
            )
        return cls(card.task, label, index)

    @property
    def is_probability(self) -> bool:
        """Whether scores lie in 0..1."""
        return self.task != Task.REGRESSION

    def other_label(self, card: ModelCard) -> str:
        """Return what windows below the threshold are called."""
        return card.negative_label or f"not {self.label}"

    def threshold(self, model: EnhancerModel, asked: float | str | None = None) -> float | None:
        """Return the score from which a window is positive; None for a value for which none is asked.

        Parameters
        ----------
        model : EnhancerModel
        asked : float or str, optional
            A number, the name of one of the card's thresholds, or ``"top:1%"``: the score that this share of
            the windows of the card's background reaches; default: the card's own default.

        Raises
        ------
        InputError
            No probability, for a target that is one; no threshold of that name; no background.
        """
        if isinstance(asked, str) and asked.startswith(_TOP):
            return self._top(model, asked)
        if asked is None and not self.is_probability:
            return None
        if asked is None or isinstance(asked, str):
            return model.card.threshold(asked or "default")
        return self.check_threshold(asked)

    def _top(self, model: EnhancerModel, asked: str) -> float:
        found = re.fullmatch(rf"{_TOP}([0-9]*\.?[0-9]+)%", asked)
        share = float(found[1]) if found else 0.0
        if not 0 < share < 100:
            raise InputError(
                f"--threshold {asked} names no share of the background",
                remedy="write it as top:1% or top:0.1%",
            )
        background = model.card.background_of(self.label)
        if background is None:
            raise InputError(
                f"--threshold {asked}: the model {model.card.name} has no background",
                source=model.source,
                remedy="make it: dnabert-enhancer models background NAME --genome G --output-dir DIR",
            )
        score = np.array([background.score_of_top(share / 100)], np.float32)
        if self.task == Task.MULTICLASS:  # log odds of the calibrated probability
            return float(1 / (1 + np.exp(-score[0])))
        return float((model.card.calibration.apply(score) if self.is_probability else score)[0])

    def check_threshold(self, threshold: float) -> float:
        """Return a threshold that suits the target; raises `InputError` for another."""
        if self.is_probability and not 0 <= threshold <= 1:
            raise InputError(
                f"--threshold {threshold} is not a probability", remedy="give a number from 0 to 1"
            )
        return threshold

    def scores(self, predictions: Predictions) -> WindowScores:
        """Return the target's scores."""
        members = predictions.members
        if self.task == Task.BINARY:
            return WindowScores(predictions.logit, predictions.probability, members)
        found = predictions.outputs if self.task == Task.REGRESSION else predictions.probability
        column = np.ascontiguousarray(found[:, self.index], dtype=np.float32)
        members = None if members is None else members[:, :, self.index]
        return WindowScores(_log_odds(column) if self.is_probability else column, column, members)


def _log_odds(probability: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    p = np.clip(probability.astype(np.float64), 1e-30, 1 - 1e-16)
    return np.log(p / (1 - p)).astype(np.float32)
