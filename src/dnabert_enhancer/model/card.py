"""The model card, `enhancer_model.json`: all that a model says about itself beside its weights."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

CARD_NAME = "enhancer_model.json"
CARD_FORMAT = 1


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
        temperature = self.parameters.get("temperature")
        if not isinstance(temperature, (int, float)) or not np.isfinite(temperature) or temperature <= 0:
            raise InputError(f"a calibration temperature must be a positive number, not {temperature!r}")

    def _check_isotonic(self) -> None:
        logits = np.asarray(self.parameters.get("logits", ()), dtype=np.float64)
        probabilities = np.asarray(self.parameters.get("probabilities", ()), dtype=np.float64)
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
            One row a window.

        Returns
        -------
        float32[n, classes]
            Rows sum to 1.
        """
        z = np.asarray(logits, dtype=np.float64) / self.temperature
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(z / z.sum(axis=1, keepdims=True), dtype=np.float32)

    @property
    def temperature(self) -> float:
        """The temperature T; 1 where the calibration has none."""
        return float(self.parameters["temperature"]) if self.kind == CalibrationKind.TEMPERATURE else 1.0

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the card."""
        return {"kind": self.kind, "parameters": dict(self.parameters)}


class Task(StrEnum):
    """What a model's outputs mean."""

    BINARY = "binary"
    """Two outputs; the logit is ``outputs[1] - outputs[0]`` (or the one output of a one-output head)."""
    MULTICLASS = "multiclass"
    """One output a class; the probabilities are ``softmax(outputs / T)``."""
    REGRESSION = "regression"
    """Outputs are the predicted values themselves."""


@dataclass(frozen=True)
class Threshold:
    """A decision threshold on the calibrated probability, and where it comes from."""

    value: float
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.value <= 1:
            raise InputError(f"a threshold is a probability in 0..1, not {self.value!r}")


@dataclass(frozen=True)
class FurtherOutput:
    """One more thing that a model tells, beside what it is for.

    Parameters
    ----------
    column : int
        Which of the classifier's outputs it is, from 0.
    task : {"binary", "regression"}
        Whether the output is a log odds or the value itself.
    meaning : str
        In a few words, with the unit of a value.
    window_length : int
        Length in bp of the windows that it was made for.
    calibration, thresholds, metrics
        As in `ModelCard`.
    """

    column: int
    task: str
    meaning: str
    window_length: int
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)  # free JSON values

    def __post_init__(self) -> None:
        if self.task not in (Task.BINARY, Task.REGRESSION):
            raise InputError(f"an output is binary or a regression, not {self.task!r}")
        if self.column < 0:
            raise InputError(f"a column counts from 0, not {self.column}")
        if self.window_length < 1:
            raise InputError(f"window_length must be at least 1, not {self.window_length}")


@dataclass(frozen=True)
class ModelCard:
    """What `enhancer_model.json` holds.

    Parameters
    ----------
    name : str
        What the model calls itself.
    window_length : int
        Length in bp of the windows it was made for.
    labels : tuple of str
        Names of the outputs, in their order; for a binary model the second is the positive class.
    task : {"binary", "multiclass", "regression"}
        See `Task`.
    k : int or None
        Length of the overlapping k-mers; None for another tokenizer.
    tokenizer : {"kmer", "huggingface"}
        Which tokenizer reads the windows.
    strand : {"both", "forward"}
        ``both``: outputs are averaged over a window and its reverse complement.
    calibration : Calibration
        From logit to probability.
    thresholds : mapping of str to Threshold
        Decision thresholds by name; ``default`` is the one that commands use.
    training, metrics, versions : mapping
        Free JSON values: data digest, splits and settings; results; versions of what made the model.
    licence : str
        Licence of the weights.
    limits : str
        What the model must not be used for, in a sentence.
    column : int or None
        The one output of the classifier that this card is about, from 0; None: all of them.
    further_outputs : mapping of str to FurtherOutput
        What the other outputs tell, by the name under which `select` and ``--model DIR:NAME`` find them.
    """

    name: str
    window_length: int
    labels: tuple[str, ...] = ("other", "enhancer")
    task: str = Task.BINARY
    k: int | None = None
    tokenizer: str = "kmer"
    strand: str = "both"
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)  # free JSON values, as the two below
    metrics: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    licence: str = "unknown"
    limits: str = ""
    column: int | None = None
    further_outputs: Mapping[str, FurtherOutput] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
        object.__setattr__(self, "task", self._choice("task", self.task, tuple(Task)))
        object.__setattr__(self, "strand", self._choice("strand", self.strand, ("both", "forward")))
        object.__setattr__(
            self, "tokenizer", self._choice("tokenizer", self.tokenizer, ("kmer", "huggingface"))
        )
        if self.window_length < 1:
            raise InputError(f"window_length must be at least 1, not {self.window_length}")
        if (self.tokenizer == "kmer") != (self.k is not None):
            raise InputError(f"a card with tokenizer {self.tokenizer!r} cannot have k {self.k!r}")
        if not self.labels:
            raise InputError("a card needs at least one label")
        if self.task == Task.BINARY and len(self.labels) != 2:
            raise InputError(
                f"a binary model has two labels, not {len(self.labels)}: {', '.join(self.labels)}"
            )
        if self.task == Task.MULTICLASS and len(self.labels) < 3:
            raise InputError(f"a multi-class model has at least three labels, not {len(self.labels)}")

        if self.column is not None and self.task == Task.MULTICLASS:
            raise InputError("one output of a classifier cannot tell several classes")
        if self.further_outputs and self.column is None:
            raise InputError("a card with further outputs must name the column that it is about")

    @staticmethod
    def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise InputError(f"unknown {name} {value!r}", remedy=f"one of {', '.join(choices)}")
        return str(value)

    def threshold(self, name: str = "default") -> float:
        """Return a decision threshold; 0.5 when the card names none as default."""
        if name in self.thresholds:
            return self.thresholds[name].value
        if name == "default":
            return 0.5
        raise InputError(
            f"the model has no threshold {name!r}", remedy=f"it has {', '.join(self.thresholds) or 'none'}"
        )

    def select(self, name: str) -> ModelCard:
        """Return the card of an output: this one for the first, else one without further outputs."""
        first = self.labels[-1]
        if self.further_outputs and name == first:
            return self
        if name not in self.further_outputs:
            names = ", ".join([first, *self.further_outputs]) if self.further_outputs else ""
            raise InputError(
                f"the model {self.name} has no output {name!r}",
                remedy=f"it has {names or 'no further outputs'}",
            )
        output = self.further_outputs[name]
        return self.replace(
            name=f"{self.name}:{name}",
            labels=(f"not_{name}", name) if output.task == Task.BINARY else (name,),
            task=output.task,
            window_length=output.window_length,
            column=output.column,
            calibration=output.calibration,
            thresholds=output.thresholds,
            metrics=output.metrics,
            further_outputs={},
        )

    def replace(self, **changes: Any) -> ModelCard:  # any field of the card
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> str:
        """Return the text of the card file; the same card gives the same bytes."""
        content: dict[str, Any] = {"format": CARD_FORMAT}
        for item in dataclasses.fields(self):
            content[item.name] = getattr(self, item.name)
        content["labels"] = list(self.labels)
        content["calibration"] = self.calibration.to_json()
        content["thresholds"] = _thresholds_to_json(self.thresholds)
        content["further_outputs"] = {
            name: {
                "column": output.column,
                "task": str(output.task),
                "meaning": output.meaning,
                "window_length": output.window_length,
                "calibration": output.calibration.to_json(),
                "thresholds": _thresholds_to_json(output.thresholds),
                "metrics": output.metrics,
            }
            for name, output in self.further_outputs.items()
        }
        if self.column is None:
            del content["column"], content["further_outputs"]
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str | PathLike[str] | None = None) -> ModelCard:
        """Read a card from its text.

        Raises
        ------
        InputError
            When the text is not JSON, or a field is missing or wrong; the field is named.
        """
        try:
            content = json.loads(text)
            if not isinstance(content, dict):
                raise InputError("the card is not a JSON object")
            if content.pop("format", CARD_FORMAT) != CARD_FORMAT:
                raise InputError("the card has a newer format", remedy="update dnabert-enhancer")
            known = {item.name for item in dataclasses.fields(cls)}
            values = {name: value for name, value in content.items() if name in known}
            values["calibration"] = _calibration_from_json(values)
            values["thresholds"] = _thresholds_from_json(values)
            values["further_outputs"] = {
                str(name): FurtherOutput(
                    int(entry["column"]),
                    str(entry["task"]),
                    str(entry.get("meaning", "")),
                    int(entry["window_length"]),
                    _calibration_from_json(entry),
                    _thresholds_from_json(entry),
                    dict(entry.get("metrics", {})),
                )
                for name, entry in values.get("further_outputs", {}).items()
            }
            values["labels"] = tuple(values.get("labels", ()))
            return cls(**values)
        except InputError as error:
            raise InputError(error.problem, source=source, remedy=error.remedy) from None
        except json.JSONDecodeError as error:
            raise InputError(
                f"not JSON ({error.msg})", source=source, location=f"line {error.lineno}"
            ) from None
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise InputError(f"not a model card: {error}", source=source) from None


def _thresholds_to_json(thresholds: Mapping[str, Threshold]) -> dict[str, Any]:
    return {name: dataclasses.asdict(value) for name, value in thresholds.items()}


def _thresholds_from_json(content: Mapping[str, Any]) -> dict[str, Threshold]:
    return {
        name: Threshold(float(value["value"]), str(value.get("source", "")))
        for name, value in content.get("thresholds", {}).items()
    }


def _calibration_from_json(content: Mapping[str, Any]) -> Calibration:
    values = content.get("calibration", {})
    return Calibration(values.get("kind", "none"), values.get("parameters", {}))


def read_card(directory: Path) -> ModelCard | None:
    """Return the card of a model directory, or None where it has none."""
    path = directory / CARD_NAME
    if not path.is_file():
        return None
    return ModelCard.from_json(path.read_text(encoding="utf-8"), source=path)
