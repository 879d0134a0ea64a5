"""Scores of alleles: their windows through one model, and what follows for each allele."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Predictions, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import ModelCard
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.effect import AlleleScores, EffectStatistic
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.variants.reference import Stretch
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan, allele_windows

_ALLELES_AT_ONCE = 8192
N_NUMBERS = 2 + len(EffectStatistic)
"""Numbers of an allele and a model: probabilities of REF and ALT, then the statistics in their order."""


class ScoredModel(Protocol):
    """What scoring needs to know of the model inside the engine."""

    @property
    def card(self) -> ModelCard:
        """Its card."""

    @property
    def digest(self) -> str:
        """SHA-256 of its files."""


class Predictor(Protocol):
    """What scoring needs of the engine."""

    @property
    def model(self) -> Any:  # a ScoredModel; the engine's own type is narrower
        """The model."""

    def predict(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        progress: Callable[[int], None] | None = None,
    ) -> Predictions:
        """Return the predictions for uint8[n, length]."""

    def description(self) -> dict[str, Any]:
        """Return how the model is computed."""


class Scored(NamedTuple):
    """What a model says about alleles.

    Attributes
    ----------
    numbers : float32 array, shape (alleles, `N_NUMBERS`)
        Probabilities and statistics; NaN where an allele could not be scored.
    reasons : list of (SkipReason or None)
        Why not.
    """

    numbers: NDArray[np.float32]
    reasons: list[SkipReason | None]


@dataclass
class AlleleScorer:
    """One model with its windows.

    Parameters
    ----------
    name : str
        What the table calls it: ``enhancer``, or the name of the TF.
    engine : Predictor
    target : Target
        A probability.
    plan : WindowPlan
    threshold : float
        Of gain and loss of function.
    max_unknown : float
        Alleles with a larger share of unknown bases in their windows are not scored.
    """

    name: str
    engine: Predictor
    target: Target
    plan: WindowPlan
    threshold: float
    max_unknown: float
    model_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not self.target.is_probability:
            raise InputError(
                f"the model {self.engine.model.card.name} predicts values, not probabilities",
                remedy="give a model that classifies, or an output that is a probability, such as "
                "default:active_hepg2",
            )

    def settings(self) -> dict[str, Any]:
        """Return what the scores depend on, as JSON values."""
        return {
            "name": self.name,
            "model": self.engine.model.card.name,
            "digest": self.engine.model.digest,
            "label": self.target.label,
            "window_length": self.plan.length,
            "offsets": self.plan.offsets,
            "step": self.plan.step,
            "threshold": self.threshold,
            "max_unknown": self.max_unknown,
        }

    def score(self, alleles: Sequence[tuple[Stretch, Allele]]) -> Scored:
        """Score alleles, each with the piece of genome around it; so many at a time that windows fit."""
        parts = [
            self._score_some(alleles[start : start + _ALLELES_AT_ONCE])
            for start in range(0, len(alleles), _ALLELES_AT_ONCE)
        ]
        numbers = [np.zeros((0, N_NUMBERS), dtype=np.float32), *(part.numbers for part in parts)]
        return Scored(np.concatenate(numbers), [reason for part in parts for reason in part.reasons])

    def _score_some(self, alleles: Sequence[tuple[Stretch, Allele]]) -> Scored:
        reasons: list[SkipReason | None] = []
        chosen: list[AlleleWindows] = []
        for stretch, allele in alleles:
            reason, windows = self._windows(stretch, allele)
            reasons.append(reason)
            if windows is not None:
                chosen.append(windows)
        numbers = np.full((len(alleles), N_NUMBERS), np.nan, dtype=np.float32)
        if chosen:
            rows = [row for row, reason in enumerate(reasons) if reason is None]
            numbers[rows] = self._numbers(self._scores(chosen))
        return Scored(numbers, reasons)

    def _windows(self, stretch: Stretch, allele: Allele) -> tuple[SkipReason | None, AlleleWindows | None]:
        if max(len(allele.trimmed_ref), len(allele.trimmed_alt)) > self.plan.length:
            return SkipReason.LONGER_THAN_WINDOW, None
        windows = allele_windows(stretch, allele, self.plan)
        if windows.unknown_share > self.max_unknown:
            return SkipReason.TOO_MANY_UNKNOWN, None
        return None, windows

    def _scores(self, windows: Sequence[AlleleWindows]) -> AlleleScores:
        stacked = np.concatenate([part for pair in windows for part in pair])
        began = time.perf_counter()
        predictions = self.engine.predict(stacked)
        self.model_seconds += time.perf_counter() - began
        found = self.target.scores(predictions)
        shape = (len(windows), 2, self.plan.offsets)
        logit = found.rank.astype(np.float64).reshape(shape)
        probability = found.score.astype(np.float64).reshape(shape)
        return AlleleScores(logit[:, 0], logit[:, 1], probability[:, 0], probability[:, 1])

    def _numbers(self, scores: AlleleScores) -> NDArray[np.float32]:
        columns = [scores.p_ref, scores.p_alt, *(statistic.of(scores) for statistic in EffectStatistic)]
        return np.stack(columns, axis=1).astype(np.float32)


def describe(scorers: Sequence[AlleleScorer]) -> list[Mapping[str, Any]]:
    """Return the engines' descriptions with the names of the models."""
    return [{"name": scorer.name, **scorer.engine.description()} for scorer in scorers]
