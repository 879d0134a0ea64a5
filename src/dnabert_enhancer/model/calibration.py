"""Calibration: the map from a model's logits to probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card_values import is_number, shown


class CalibrationKind(StrEnum):
    """The forms that a calibration can take; z is the logit, p the probability."""

    NONE = "none"
    """``p = 1 / (1 + exp(-z))``."""
    TEMPERATURE = "temperature"
    """``p = 1 / (1 + exp(-z / T))`` (Guo et al. 2017, On Calibration of Modern Neural Networks)."""
    ISOTONIC = "isotonic"
    """``p`` interpolated linearly between knots (z_i, p_i), constant beyond (Zadrozny and Elkan 2002)."""


@dataclass(frozen=True)
class Calibration:
    """A map from logits to probabilities.

    Parameters
    ----------
    kind : {"none", "temperature", "isotonic"}
        See `CalibrationKind`.
    parameters : mapping
        For a temperature ``{"temperature": T}`` with T > 0; for an isotonic curve ``{"logits": [...],
        "probabilities": [...]}``, strictly ascending and non-decreasing, as long as each other.
    """

    kind: str = CalibrationKind.NONE
    parameters: Mapping[str, Any] = field(default_factory=dict)  # JSON numbers, or lists of them

    def __post_init__(self) -> None:
        known = [str(kind) for kind in CalibrationKind]
        if self.kind not in known:
            raise InputError(f"unknown calibration {self.kind!r}", remedy=f"one of {', '.join(known)}")
        object.__setattr__(self, "kind", str(self.kind))
        if self.kind == CalibrationKind.TEMPERATURE:
            self._check_temperature()
        elif self.kind == CalibrationKind.ISOTONIC:
            self._check_isotonic()

    def _check_temperature(self) -> None:
        temperature: Any = self.parameters.get("temperature")
        if not is_number(temperature) or not np.isfinite(float(temperature)) or temperature <= 0:
            raise InputError(f"a calibration temperature must be a positive number, not {shown(temperature)}")

    def _check_isotonic(self) -> None:
        knots = [list(self.parameters.get(name, ())) for name in ("logits", "probabilities")]
        if not all(is_number(value) for values in knots for value in values):
            raise InputError("the knots of an isotonic calibration must be numbers")
        logits, probabilities = (np.asarray(values, dtype=np.float64) for values in knots)
        if logits.ndim != 1 or logits.size == 0 or logits.shape != probabilities.shape:
            raise InputError(
                "an isotonic calibration needs as many probabilities as logits, and at least one"
            )
        if not (np.isfinite(logits).all() and (np.diff(logits) > 0).all()):
            raise InputError("the logits of an isotonic calibration must ascend strictly")
        if (np.diff(probabilities) < 0).any() or not (probabilities[0] >= 0 and probabilities[-1] <= 1):
            raise InputError("the probabilities of an isotonic calibration must not descend and lie in 0..1")

    def apply(self, logit: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return the probability of the positive class.

        Parameters
        ----------
        logit : float[...]
            Log odds of the positive class before calibration.

        Returns
        -------
        float32[...]
            Probabilities in 0..1, computed in double precision.
        """
        z = np.asarray(logit, dtype=np.float64)
        if self.kind == CalibrationKind.ISOTONIC:
            p = np.interp(z, self.parameters["logits"], self.parameters["probabilities"])
        else:
            small = np.exp(-np.abs(z) / self.temperature)
            p = np.where(z < 0, small, 1.0) / (1.0 + small)
        return np.asarray(p, dtype=np.float32)

    def apply_classes(self, logits: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
        """Return the probabilities of several classes, ``softmax(logits / T)``.

        Parameters
        ----------
        logits : float[n, classes]
            One row per window.

        Returns
        -------
        float32[n, classes]
            Rows sum to 1.
        """
        z = np.asarray(logits, dtype=np.float64) / self.temperature
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(z / z.sum(axis=1, keepdims=True), dtype=np.float32)

    def mirrored(self) -> Calibration:
        """Return the calibration of the other class, whose logits have the other sign."""
        if self.kind != CalibrationKind.ISOTONIC:
            return self
        logits = [-value for value in reversed(self.parameters["logits"])]
        probabilities = [1.0 - value for value in reversed(self.parameters["probabilities"])]
        return Calibration(self.kind, {"logits": logits, "probabilities": probabilities})

    @property
    def temperature(self) -> float:
        """The temperature T; 1 where the calibration has none."""
        return float(self.parameters["temperature"]) if self.kind == CalibrationKind.TEMPERATURE else 1.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the card."""
        return {"kind": self.kind, "parameters": dict(self.parameters)}
