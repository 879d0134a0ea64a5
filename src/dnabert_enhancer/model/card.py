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

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.background import Background
from dnabert_enhancer.model.calibration import Calibration
from dnabert_enhancer.model.card_values import (
    check_whole,
    is_whole,
    printable,
    printable_values,
    shown,
    with_printable_keys,
)
from dnabert_enhancer.model.class_names import positive_class
from dnabert_enhancer.model.json_text import parse_object, read_object

CARD_NAME = "enhancer_model.json"
CARD_FORMAT = 1
NOT_TRAINED = "the classifier is not trained: fine-tune the model before use"
"""What `limits` says of a pre-trained model that was given a fresh classifier."""
NOT_STATED = "no card was found beside the weights: {} are not known"
"""What `limits` says of weights without a card."""
NOT_CALIBRATED = (
    "calibration and threshold are not known: probabilities are the network's own, and the threshold is "
    "0.5 by default"
)
"""What `limits` says of a model that was brought without either."""
_SAID_UNTIL_CALIBRATED = (
    NOT_CALIBRATED,
    NOT_STATED.format("threshold and calibration"),
    NOT_STATED.format("window length, threshold and calibration"),
)
LONGEST_WINDOW = 10_000_000
"""Length in bp above which a window length is a mistake."""
_EARLIER = "before_calibration"
_OF_OUTPUTS = "calibration_of_outputs"
_MOST_LABELS = 10_000
_LONGEST_NAME = 500


class Task(StrEnum):
    """What a model's outputs mean."""

    BINARY = "binary"
    """Two outputs, one of the positive class; the logit is that one minus the other (the one output of a
    one-output head is the logit of the second label)."""
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
        object.__setattr__(self, "source", printable(self.source))
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
    calibration, thresholds, metrics, background
        As in `ModelCard`.
    """

    column: int
    task: str
    meaning: str
    window_length: int
    calibration: Calibration = field(default_factory=Calibration)
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)  # free JSON values
    background: Background | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "meaning", printable(self.meaning))
        object.__setattr__(self, "thresholds", with_printable_keys(self.thresholds))
        object.__setattr__(self, "metrics", printable_values(self.metrics))
        if self.task not in (Task.BINARY, Task.REGRESSION):
            raise InputError(f"an output is binary or a regression, not {shown(self.task)}")
        check_whole("column", self.column, 0, _MOST_LABELS)
        check_whole("window_length", self.window_length, 1, LONGEST_WINDOW)


@dataclass(frozen=True)
class ModelCard:
    """What `enhancer_model.json` holds.

    Parameters
    ----------
    name : str
        What the model calls itself.
    window_length : int or None
        Length in bp of the windows it was made for; None where nobody has said it.
    labels : tuple of str
        Names of the outputs, in their order.
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
    origin : mapping
        Of a model brought from elsewhere: the name in the catalogue, the source with its commit, the type and
        the citation.
    positive : str
        Which label of a binary model is the positive class, whose log odds, probability, calibration and
        thresholds are meant; empty: what `class_names.positive_class` tells, or else the second.
    background : Background, optional
        The distribution of its scores over the windows of a genome.
    class_backgrounds : mapping of str to Background
        The same of each class or value, where one of several has to be chosen.
    withdrawn : mapping of str to str
        Outputs and thresholds that earlier versions of the model had, and what to take instead of each.

    Notes
    -----
    Characters of a text that cannot be printed, line breaks and tabs among them, become blanks: texts of a
    card stand in headers and tables.
    """

    name: str
    window_length: int | None
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
    origin: Mapping[str, Any] = field(default_factory=dict)  # free JSON values
    positive: str = ""
    background: Background | None = None
    class_backgrounds: Mapping[str, Background] = field(default_factory=dict)
    withdrawn: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("name", "licence", "limits", "positive"):
            object.__setattr__(self, name, printable(getattr(self, name)))
        object.__setattr__(self, "labels", tuple(printable(str(label)) for label in self.labels))
        for name in ("thresholds", "further_outputs"):
            object.__setattr__(self, name, with_printable_keys(getattr(self, name)))
        for name in ("training", "metrics", "versions", "origin", "withdrawn"):
            object.__setattr__(self, name, printable_values(getattr(self, name)))
        object.__setattr__(self, "withdrawn", {old: printable(new) for old, new in self.withdrawn.items()})
        object.__setattr__(self, "task", self._choice("task", self.task, tuple(Task)))
        object.__setattr__(self, "strand", self._choice("strand", self.strand, ("both", "forward")))
        object.__setattr__(
            self, "tokenizer", self._choice("tokenizer", self.tokenizer, ("kmer", "huggingface"))
        )
        if self.window_length is not None:
            check_whole("window_length", self.window_length, 1, LONGEST_WINDOW)
        if (self.tokenizer == "kmer") != (self.k is not None):
            raise InputError(f"a card with tokenizer {self.tokenizer!r} cannot have k {shown(self.k)}")
        if not 1 <= len(self.labels) <= _MOST_LABELS:
            raise InputError(f"a card needs at least one label and at most {_MOST_LABELS:,}")
        for text in (self.name, *self.labels, *self.further_outputs, *self.thresholds):
            if not 1 <= len(text) <= _LONGEST_NAME:
                raise InputError(f"a name has 1 to {_LONGEST_NAME} letters, not {len(text)}: {shown(text)}")
        if len(set(self.labels)) < len(self.labels):
            twice = next(label for label in self.labels if self.labels.count(label) > 1)
            raise InputError(f"two labels are called {shown(twice)}")
        if self.task == Task.BINARY and len(self.labels) != 2:
            raise InputError(
                f"a binary model has two labels, not {len(self.labels)}: {shown(', '.join(self.labels))}"
            )
        if self.task == Task.MULTICLASS and len(self.labels) < 3:
            raise InputError(f"a multi-class model has at least three labels, not {len(self.labels)}")

        if self.column is not None:
            check_whole("column", self.column, 0, _MOST_LABELS)
        if self.positive and (self.task != Task.BINARY or self.positive not in self.labels):
            raise InputError(
                f"the positive class {self.positive!r} is not one of two labels: {', '.join(self.labels)}"
            )
        if self.column is not None and self.task == Task.MULTICLASS:
            raise InputError("one output of a classifier cannot tell several classes apart")
        if self.further_outputs and self.column is None:
            raise InputError("a card with further outputs must name the column that it is about")

    @staticmethod
    def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
        if value not in choices:
            raise InputError(f"unknown {name} {shown(value)}", remedy=f"one of {', '.join(choices)}")
        return str(value)

    @property
    def is_trained(self) -> bool:
        """Whether its classifier means anything; False for a pre-trained model with a fresh one."""
        return self.limits != NOT_TRAINED

    @property
    def names_positive(self) -> bool:
        """Whether the card or the names of its labels tell which of two classes is the positive one."""
        return bool(self.positive) or self.column is not None or positive_class(self.labels) is not None

    @property
    def positive_index(self) -> int:
        """Place of a binary model's positive class among its labels."""
        if self.positive:
            return self.labels.index(self.positive)
        told = None if self.column is not None else positive_class(self.labels)
        return 1 if told is None else told

    @property
    def positive_label(self) -> str:
        """Name of a binary model's positive class; empty for another task."""
        return self.labels[self.positive_index] if self.task == Task.BINARY else ""

    @property
    def negative_label(self) -> str:
        """Name of a binary model's other class; empty for another task."""
        return self.labels[1 - self.positive_index] if self.task == Task.BINARY else ""

    def threshold(self, name: str = "default") -> float:
        """Return a decision threshold; 0.5 when the card names none as default."""
        if name in self.thresholds:
            return self.thresholds[name].value
        if name == "default":
            return 0.5
        if name in self.withdrawn:
            raise InputError(f"the threshold {name!r} was withdrawn", remedy=self.withdrawn[name])
        raise InputError(
            f"the model has no threshold {name!r}", remedy=f"it has {', '.join(self.thresholds) or 'none'}"
        )

    def select(self, name: str) -> ModelCard:
        """Return the card of an output: this one for the first, else one without further outputs."""
        first = self.labels[-1]
        if self.further_outputs and name == first:
            return self
        if name not in self.further_outputs and name in self.withdrawn:
            raise InputError(
                f"the output {name!r} of the model {self.name} was withdrawn", remedy=self.withdrawn[name]
            )
        if name not in self.further_outputs:
            names = ", ".join([first, *self.further_outputs]) if self.further_outputs else ""
            raise InputError(
                f"the model {self.name} has no output {name!r}",
                remedy=f"it has {names or 'no further outputs'}",
            )
        output = self.further_outputs[name]
        return self.replace(
            name=f"{self.name}:{name}"[:_LONGEST_NAME],
            labels=(f"not_{name}"[:_LONGEST_NAME], name) if output.task == Task.BINARY else (name,),
            task=output.task,
            window_length=output.window_length,
            column=output.column,
            calibration=output.calibration,
            thresholds=output.thresholds,
            metrics=output.metrics,
            background=output.background,
            further_outputs={},
        )

    def replace(self, **changes: Any) -> ModelCard:  # any field of the card
        """Return a copy with some fields changed; of other labels the one in its place is positive."""
        if self.positive and "labels" in changes and "positive" not in changes:
            labels = tuple(changes["labels"])
            changes["positive"] = labels[self.positive_index] if len(labels) == len(self.labels) else ""
        return dataclasses.replace(self, **changes)

    def with_positive(self, label: str) -> ModelCard:
        """Return the card of a binary model with another of its labels as the positive class."""
        changed = self.replace(positive=label)
        return changed if label == self.positive_label else changed.mirrored()

    def calibrated(
        self,
        calibration: Calibration,
        thresholds: Mapping[str, Threshold],
        metrics: Mapping[str, Any],  # JSON values
        evidence: Mapping[str, Any],  # JSON values
        output: str = "",
    ) -> ModelCard:
        """Return the card with a calibration that was fitted after the training.

        Parameters
        ----------
        calibration, thresholds
            In place of those that the card has; thresholds of other names were of the earlier calibration.
        metrics : mapping
            On the rows of the calibration; they become ``metrics["calibration"]``. Those of the training
            become ``metrics["before_calibration"]``; reported ones stay as they are.
        evidence : mapping
            What it was fitted on; becomes ``training["calibration"]``.
        output : str
            The further output that is calibrated, with its own metrics; its evidence becomes
            ``training["calibration_of_outputs"][output]``.
        """
        if output:
            old = self.further_outputs[output]
            changed = dataclasses.replace(
                old,
                calibration=calibration,
                thresholds=thresholds,
                metrics=_with_calibration(old.metrics, metrics),
            )
            of_outputs = {**self.training.get(_OF_OUTPUTS, {}), output: evidence}
            return self.replace(
                further_outputs={**self.further_outputs, output: changed},
                training={**self.training, _OF_OUTPUTS: of_outputs},
            )
        return self.replace(
            calibration=calibration,
            thresholds=thresholds,
            metrics=_with_calibration(self.metrics, metrics),
            training={**self.training, "calibration": evidence},
            limits="" if self.limits in _SAID_UNTIL_CALIBRATED else self.limits,
            # those of classes are of calibrated probabilities
            class_backgrounds={} if self.task == Task.MULTICLASS else self.class_backgrounds,
        )

    @property
    def has_choice(self) -> bool:
        """Whether one of several classes or values has to be chosen."""
        return self.task == Task.MULTICLASS or (self.task == Task.REGRESSION and len(self.labels) > 1)

    def background_of(self, label: str) -> Background | None:
        """Return the background of an output's score, where there is one."""
        return self.class_backgrounds.get(label) if self.has_choice else self.background

    def with_background(self, background: Background, output: str = "") -> ModelCard:
        """Return the card with a background, of one of its further outputs where it is named."""
        if not output:
            return self.replace(background=background)
        changed = dataclasses.replace(self.further_outputs[output], background=background)
        return self.replace(further_outputs={**self.further_outputs, output: changed})

    def mirrored(self) -> ModelCard:
        """Return the card with calibration and thresholds of the other class as those of the positive one.

        Notes
        -----
        Cards without ``positive`` were written when the second label was always meant.
        """
        thresholds = {
            name: Threshold(1.0 - value.value, f"one minus that of {self.negative_label}: {value.source}")
            for name, value in self.thresholds.items()
        }
        return self.replace(
            calibration=self.calibration.mirrored(),
            thresholds=thresholds,
            positive=self.positive_label,
            background=None if self.background is None else self.background.mirrored(),
        )

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
                **({} if output.background is None else {"background": output.background.to_json()}),
            }
            for name, output in self.further_outputs.items()
        }
        del content["background"], content["class_backgrounds"]
        if self.class_backgrounds:
            content["class_backgrounds"] = {
                label: one.to_json() for label, one in self.class_backgrounds.items()
            }
        if self.background is not None:  # last, since it is long
            content["background"] = self.background.to_json()
        if self.column is None:
            del content["column"], content["further_outputs"]
        for name in ("origin", "withdrawn"):
            if not content[name]:
                del content[name]
        if self.task == Task.BINARY and self.positive_index == 0:
            content["positive"] = self.positive_label
        elif not self.positive:
            del content["positive"]
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, source: str | PathLike[str] | None = None) -> ModelCard:
        """Read a card from its text.

        Raises
        ------
        InputError
            When the text is not JSON, or a field is missing or wrong; the field is named.
        """
        return cls.of_object(parse_object(text, source), source)

    @classmethod
    def of_object(cls, content: dict[str, Any], source: str | PathLike[str] | None = None) -> ModelCard:
        """Read a card from its JSON object; raises as `from_json`."""
        try:
            if content.pop("format", CARD_FORMAT) != CARD_FORMAT:
                raise InputError("the card has a newer format", remedy="update dnabert-enhancer")
            known = {item.name for item in dataclasses.fields(cls)}
            values = {name: value for name, value in content.items() if name in known}
            values["calibration"] = _calibration_from_json(values)
            values["thresholds"] = _thresholds_from_json(values)
            values["background"] = _background_from_json(values)
            values["class_backgrounds"] = {
                label: Background.from_json(one) for label, one in values.get("class_backgrounds", {}).items()
            }
            values["further_outputs"] = {
                name: FurtherOutput(
                    entry["column"],
                    entry["task"],
                    entry.get("meaning", ""),
                    entry["window_length"],
                    _calibration_from_json(entry),
                    _thresholds_from_json(entry),
                    dict(entry.get("metrics", {})),
                    _background_from_json(entry),
                )
                for name, entry in values.get("further_outputs", {}).items()
            }
            labels = values.get("labels", [])
            if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
                raise InputError("labels must be a list of names")
            values["labels"] = tuple(labels)
            if not (values.get("k") is None or is_whole(values["k"])):
                raise InputError(f"k must be a whole number or null, not {shown(values['k'])}")
            card = cls(**values)
            is_first = card.task == Task.BINARY and card.positive_index == 0
            return card.mirrored() if is_first and "positive" not in values else card
        except InputError as error:
            raise InputError(error.problem, source=source, remedy=error.remedy) from None
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"not a model card: {reason[:200]}", source=source) from None


def _with_calibration(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:  # JSON values
    """Return metrics on the rows of a calibration beside those that were there, the reported ones apart."""
    kept = {name: old[name] for name in ("reported", _EARLIER) if name in old}
    if _EARLIER not in kept:
        earlier = {name: value for name, value in old.items() if name not in kept}
        kept |= {_EARLIER: earlier} if earlier else {}
    return {"calibration": new, **kept}


def _thresholds_to_json(thresholds: Mapping[str, Threshold]) -> dict[str, Any]:
    return {name: dataclasses.asdict(value) for name, value in thresholds.items()}


def _thresholds_from_json(content: Mapping[str, Any]) -> dict[str, Threshold]:
    return {
        name: Threshold(float(value["value"]), value.get("source", ""))
        for name, value in content.get("thresholds", {}).items()
    }


def _background_from_json(content: Mapping[str, Any]) -> Background | None:
    return Background.from_json(content["background"]) if content.get("background") else None


def _calibration_from_json(content: Mapping[str, Any]) -> Calibration:
    values = content.get("calibration", {})
    return Calibration(values.get("kind", "none"), values.get("parameters", {}))


def read_card(directory: Path) -> ModelCard | None:
    """Return the card of a model directory, or None where it has none."""
    path = directory / CARD_NAME
    if not path.is_file():
        return None
    return ModelCard.of_object(read_object(path), path)
