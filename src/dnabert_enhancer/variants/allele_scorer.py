"""Scores of alleles by one model: windows, predictions, probabilities and statistics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import EngineSettings, Predictions, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants.alleles import Allele, SkipReason
from dnabert_enhancer.variants.effect import SCORES, AlleleScores, scores_of
from dnabert_enhancer.variants.reference import SequenceContext
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan, allele_windows

_ALLELES_AT_ONCE = 8192


class Predictor(Protocol):
    """What scoring needs of the engine."""

    @property
    def settings(self) -> EngineSettings:
        """How it computes."""

    @property
    def model(self) -> Any:  # with `card` and `digest`; the engine's own type is narrower
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
    scores : structured array `SCORES`, shape (alleles,)
        Probabilities and statistics; NaN where an allele could not be scored.
    reasons : list of (SkipReason or None)
        Why not.
    """

    scores: NDArray[np.void]
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

    def score(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> Scored:
        """Score alleles, each with the piece of genome around it; so many at a time that windows fit."""
        parts = [
            self._score_some(alleles[start : start + _ALLELES_AT_ONCE])
            for start in range(0, len(alleles), _ALLELES_AT_ONCE)
        ]
        scores = np.concatenate([np.empty(0, SCORES), *(part.scores for part in parts)])
        return Scored(scores, [reason for part in parts for reason in part.reasons])

    def _score_some(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> Scored:
        reasons: list[SkipReason | None] = []
        chosen: list[AlleleWindows] = []
        for context, allele in alleles:
            reason, windows = self._windows(context, allele)
            reasons.append(reason)
            if windows is not None:
                chosen.append(windows)
        scores = np.full(len(alleles), np.nan, dtype=SCORES)
        if chosen:
            rows = [row for row, reason in enumerate(reasons) if reason is None]
            scores[rows] = scores_of(self._predictions(chosen))
        return Scored(scores, reasons)

    def _windows(
        self, context: SequenceContext, allele: Allele
    ) -> tuple[SkipReason | None, AlleleWindows | None]:
        if max(len(allele.trimmed_ref), len(allele.trimmed_alt)) > self.plan.length:
            return SkipReason.LONGER_THAN_WINDOW, None
        windows = allele_windows(context, allele, self.plan)
        if windows.unknown_share > self.max_unknown:
            return SkipReason.TOO_MANY_UNKNOWN, None
        return None, windows

    def _predictions(self, windows: Sequence[AlleleWindows]) -> AlleleScores:
        stacked = np.concatenate([part for pair in windows for part in pair])
        began = time.perf_counter()
        predictions = self.engine.predict(stacked)
        self.model_seconds += time.perf_counter() - began
        found = self.target.scores(predictions)
        shape = (len(windows), 2, self.plan.offsets)
        logit = found.rank.astype(np.float64).reshape(shape)
        probability = found.score.astype(np.float64).reshape(shape)
        return AlleleScores(logit[:, 0], logit[:, 1], probability[:, 0], probability[:, 1])


def describe(scorers: Sequence[AlleleScorer]) -> list[Mapping[str, Any]]:
    """Return the engines' descriptions with the names of the models."""
    return [{"name": scorer.name, **scorer.engine.description()} for scorer in scorers]
