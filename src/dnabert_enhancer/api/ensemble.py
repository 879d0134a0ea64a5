"""Several models as one: the mean of what they say of each window, and their standard deviation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from dnabert_enhancer.api.model import Model
from dnabert_enhancer.engine import EnsembleEngine
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnsembleModel, Task

_log = logging.getLogger(__name__)


class Ensemble(Model):
    """Several models that predict the same thing, used as one; made by `load_model`.

    The score of a window is the mean of the models' calibrated probabilities (of a regression, of their
    values); all that follows from windows follows from that mean. Standard deviations are those of a sample
    (n - 1) of models. The threshold is that of the models where they agree, else 0.5 unless one is given.

    Parameters
    ----------
    models : sequence of Model
        Two or more of the same task, names of classes and window length; an ensemble among them stands for
        its models.
    folder : path, optional
        The folder that they lie in, after which the ensemble is called.

    Attributes
    ----------
    members : tuple of Model

    Raises
    ------
    InputError
        Models that do not predict the same thing, or one of them twice.
    """

    def __init__(self, models: Sequence[Model], folder: Path | None = None) -> None:
        self._members = tuple(member for model in models for member in model.members)
        name = None if folder is None else folder.resolve().name
        opened = EnsembleModel([member.opened for member in self._members], name, folder)
        self.opened = opened
        self.engine = EnsembleEngine(opened, [member.engine for member in self._members])
        asked = list(dict.fromkeys(one._asked_label for one in self._members if one._asked_label is not None))
        if len(asked) > 1:
            raise InputError(
                f"the models of an ensemble report different outputs: {', '.join(asked)}",
                remedy="load them with the same label",
            )
        self._asked_label = asked[0] if asked else None
        thresholds = {member.opened.card.threshold() for member in self._members}
        if opened.card.task == Task.BINARY and len(thresholds) > 1:
            _log.warning(
                "%s: the threshold is %s; --threshold chooses another",
                self.name,
                opened.card.thresholds["default"].source,
            )

    @property
    def members(self) -> tuple[Model, ...]:
        """The models."""
        return self._members

    def __repr__(self) -> str:
        return f"<Ensemble of {len(self.members)} models {super().__repr__().removeprefix('<Model ')}"
