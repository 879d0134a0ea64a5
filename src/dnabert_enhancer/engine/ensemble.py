"""The engine of an ensemble: each model over the same windows, and the mean of what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine.engine import Engine, Progress
from dnabert_enhancer.engine.predictions import Predictions, mean_of
from dnabert_enhancer.engine.settings import EngineSettings
from dnabert_enhancer.model import EnsembleModel, Task

HELD_BYTES = 4 << 30
"""Networks of up to so many bytes of weights in all stay in memory together; of larger ones only one does."""
_LEAST = 1e-30


class EnsembleEngine(Engine):
    """Several models, computed one after another over the same windows, and their mean.

    Parameters
    ----------
    model : EnsembleModel
    members : sequence of Engine
        Of each model, in its order. What a member predicts has the bits that it has alone.
    """

    def __init__(self, model: EnsembleModel, members: Sequence[Engine]) -> None:
        self.model: EnsembleModel = model
        self.settings = members[0].settings
        self.members = tuple(members)
        self._holds_all = model.weights_size <= HELD_BYTES

    @property
    def network(self) -> EnsembleEngine:
        """Itself: it has no output of its own beside the mean."""
        return self

    def with_settings(self, settings: EngineSettings) -> EnsembleEngine:
        """Return an engine of the same models with other settings."""
        return EnsembleEngine(self.model, [member.with_settings(settings) for member in self.members])

    def release(self) -> None:
        """Let go of the networks; they are read again for the next prediction."""
        for member in self.members:
            member.release()

    @property
    def both_strands(self) -> bool:
        """Whether all models average the strands."""
        return all(member.both_strands for member in self.members)

    def predict(
        self, windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]], progress: Progress | None = None
    ) -> Predictions:
        """Return the mean prediction of windows, in their order, and that of each model.

        Parameters
        ----------
        windows, progress
            As for `Engine.predict`; a window is done when the last model has read it.

        Returns
        -------
        Predictions
            ``probability`` is the mean of the models' calibrated probabilities, ``logit`` the log odds of
            that mean (of several classes its logarithm), ``outputs`` of a regression the mean of the values;
            ``members`` has those of each model.

        Raises
        ------
        InputError
            Windows longer than a model can read.
        """
        return self._mean(
            lambda member: member.predict(windows, progress if member is self.members[-1] else None)
        )

    def predict_families(self, families: Sequence[NDArray[np.uint8]]) -> Predictions:
        """Return the mean prediction of windows that are alike, and that of each model; as `Engine`'s."""
        return self._mean(lambda member: member.predict_families(families))

    def _mean(self, predict: Callable[[Engine], Predictions]) -> Predictions:
        found = []
        for member in self.members:
            found.append(predict(member))
            if not self._holds_all:
                member.release()
        return mean_predictions(found, self.members)

    def description(self) -> dict[str, Any]:
        """Return how the models are computed and why, as JSON values; where they differ, what each does."""
        described = [member.description() for member in self.members]
        return {name: _common([one.get(name) for one in described]) for name in described[0]}

    def _require_encoder(self) -> NoReturn:
        raise self.model.of_one_network()


def mean_predictions(found: Sequence[Predictions], engines: Sequence[Engine]) -> Predictions:
    """Return the mean of the predictions of several models, as `EnsembleEngine.predict` gives it.

    Parameters
    ----------
    found : sequence of Predictions
        Of the same windows.
    engines : sequence of Engine
        Those of the models.
    """
    task = engines[0].model.card.task
    if task == Task.REGRESSION:
        values = np.stack([one.outputs for one in found])
        return Predictions(found[0].logit, found[0].probability, mean_of(values), values)
    members = np.stack([one.probability for one in found])
    probability = mean_of(members)
    if task == Task.MULTICLASS:
        logit = np.log(np.maximum(members.mean(axis=0, dtype=np.float64), _LEAST)).astype(np.float32)
        return Predictions(logit, probability, logit, members)
    # of the other class by its own calibration: 1 - p would lose what is left of it near 1
    other = np.stack(
        [
            engine.model.card.calibration.mirrored().apply(-one.logit)
            for one, engine in zip(found, engines, strict=True)
        ]
    )
    odds = [np.maximum(part.mean(axis=0, dtype=np.float64), _LEAST) for part in (members, other)]
    logit = (np.log(odds[0]) - np.log(odds[1])).astype(np.float32)
    return Predictions(logit, probability, logit[:, None], members)


def _common(values: Sequence[Any]) -> Any:  # a JSON value
    """Return the value that all have, or those that there are."""
    if all(value == values[0] for value in values):
        return values[0]
    return "; ".join(dict.fromkeys(map(str, values)))
