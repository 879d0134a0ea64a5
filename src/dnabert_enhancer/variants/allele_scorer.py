"""Scores of alleles by one model: windows, predictions, probabilities and statistics."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import EngineSettings, Predictions, Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants.adaptive import Readings, adaptive_tables
from dnabert_enhancer.variants.alleles import Allele, SkipReason
from dnabert_enhancer.variants.conventions import Convention, WindowRules
from dnabert_enhancer.variants.effect import SCORES, AlleleScores, scores_of
from dnabert_enhancer.variants.reference import SequenceContext
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan

_ALLELES_AT_ONCE = 8192


class Predictor(Protocol):
    """What scoring needs of the engine."""

    @property
    def settings(self) -> EngineSettings:
        """How it computes."""

    @property
    def model(self) -> Any:  # with `card`, `digest` and `members`; the engine's own type is narrower
        """The model."""

    def predict(
        self,
        windows: NDArray[np.uint8] | Sequence[NDArray[np.uint8]],
        progress: Callable[[int], None] | None = None,
    ) -> Predictions:
        """Return the predictions for uint8[n, length]."""

    @property
    def network(self) -> Hashable:
        """Engines that have the same one are of outputs of the same network."""

    def predict_outputs(
        self, windows: NDArray[np.uint8], cards: Sequence[Any]
    ) -> list[Predictions]:  # the cards of the engines' models
        """Return the predictions of several outputs of the network, which is computed once."""

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
    deviation : float32 array, shape (alleles,)
        Standard deviation of the difference of probabilities over the models of an ensemble; NaN for one.
    offsets : uint8 array, shape (alleles,)
        How many windows of each allele the scores are of; 0 without.
    centre : float32 array, shape (alleles,)
        logit_alt - logit_ref in the centre alone; NaN without.
    """

    scores: NDArray[np.void]
    reasons: list[SkipReason | None]
    deviation: NDArray[np.float32]
    offsets: NDArray[np.uint8]
    centre: NDArray[np.float32]


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
    rules : WindowRules
        How an allele is put into windows.
    """

    name: str
    engine: Predictor
    target: Target
    plan: WindowPlan
    threshold: float
    max_unknown: float
    rules: WindowRules = Convention.SUITE.rules
    model_seconds: float = 0.0
    offset_spread: float | None = None  # see `adaptive.offset_spread`, measured on first use

    def __post_init__(self) -> None:
        if not self.target.is_probability:
            raise InputError(
                f"the model {self.engine.model.card.name} predicts values, not probabilities",
                remedy="give a model that classifies, or an output that is a probability, such as "
                "default:active_hepg2",
            )

    @property
    def is_ensemble(self) -> bool:
        """Whether the model is the mean of several."""
        return len(self.engine.model.members) > 1

    def settings(self) -> dict[str, Any]:
        """Return what the scores depend on, as JSON values."""
        members = [{"name": one.card.name, "digest": one.digest} for one in self.engine.model.members]
        return {
            "name": self.name,
            "model": self.engine.model.card.name,
            "digest": self.engine.model.digest,
            **({"members": members} if self.is_ensemble else {}),
            "label": self.target.label,
            "window_length": self.plan.length,
            "offsets": self.plan.offsets,
            "step": self.plan.step,
            **({"adaptive": True} if self.plan.adaptive else {}),
            "threshold": self.threshold,
            "max_unknown": self.max_unknown,
        }

    @property
    def cut(self) -> Hashable:
        """Equal for scorers that get the same windows."""
        return self.plan, self.rules, self.max_unknown

    @property
    def one_pass(self) -> Hashable:
        """Equal for scorers of outputs of one network that get the same windows."""
        return self.engine.network, self.cut

    def score(self, alleles: Sequence[tuple[SequenceContext, Allele]]) -> Scored:
        """Score alleles, each with the piece of genome around it."""
        (scored,) = score_together([self], alleles)
        return scored

    def windows(
        self, context: SequenceContext, allele: Allele
    ) -> tuple[SkipReason | None, AlleleWindows | None]:
        """Return the windows of an allele, or why it has none."""
        windows = self.rules.windows(context, allele, self.plan)
        if isinstance(windows, SkipReason):
            return windows, None
        if windows.unknown_share > self.max_unknown:
            return SkipReason.TOO_MANY_UNKNOWN, None
        return None, windows

    def readings(self, windows: NDArray[np.uint8], group: Sequence[AlleleScorer]) -> list[Readings]:
        """Return what windows, uint8[windows, length], are to each scorer of one pass."""
        began = time.perf_counter()
        if len(group) == 1:
            predictions = [self.engine.predict(windows)]
        else:
            predictions = self.engine.predict_outputs(windows, [one.engine.model.card for one in group])
        self.model_seconds += time.perf_counter() - began
        return [scorer._read(found) for scorer, found in zip(group, predictions, strict=True)]

    def _read(self, predictions: Predictions) -> Readings:
        found = self.target.scores(predictions)
        least = self.rules.least_probability
        rows = [found.rank.astype(np.float64)[None]]
        for probability in (found.score[None], found.members):
            if probability is not None:
                rows.append(np.clip(probability.astype(np.float64), least, 1 - least))
        return np.concatenate(rows)


def score_together(
    scorers: Sequence[AlleleScorer],
    alleles: Sequence[tuple[SequenceContext, Allele]],
    *,
    centre_only: bool = False,
) -> list[Scored]:
    """Score alleles by several models, whose windows are cut once where they are the same.

    Outputs of one network that get the same windows are computed in one pass.

    Parameters
    ----------
    scorers : sequence of AlleleScorer
    alleles : sequence of (SequenceContext, Allele)
        Each with the piece of genome around it; so many are computed at a time that their windows fit.
    centre_only : bool
        Follow no allele over the offsets where the plan is adaptive: null variants have no calls.

    Returns
    -------
    list of Scored
        By model; the same as that of each alone.
    """
    passes: dict[Hashable, dict[Hashable, list[AlleleScorer]]] = {}
    for scorer in scorers:
        passes.setdefault(scorer.cut, {}).setdefault(scorer.one_pass, []).append(scorer)
    parts: dict[int, list[Scored]] = {id(scorer): [] for scorer in scorers}
    for groups in passes.values():
        first = next(iter(groups.values()))[0]
        for start in range(0, len(alleles), _ALLELES_AT_ONCE):
            windows = [first.windows(*pair) for pair in alleles[start : start + _ALLELES_AT_ONCE]]
            for group in groups.values():
                for scorer, scored in zip(
                    group, _score_some(group, windows, centre_only=centre_only), strict=True
                ):
                    parts[id(scorer)].append(scored)
    return [_joined(parts[id(scorer)]) for scorer in scorers]


def _joined(parts: Sequence[Scored]) -> Scored:
    """Return what a model says about the alleles of all parts."""
    return Scored(
        np.concatenate([np.empty(0, SCORES), *(part.scores for part in parts)]),
        [reason for part in parts for reason in part.reasons],
        np.concatenate([np.empty(0, np.float32), *(part.deviation for part in parts)]),
        np.concatenate([np.empty(0, np.uint8), *(part.offsets for part in parts)]),
        np.concatenate([np.empty(0, np.float32), *(part.centre for part in parts)]),
    )


def _score_some(
    group: Sequence[AlleleScorer],
    alleles: Sequence[tuple[SkipReason | None, AlleleWindows | None]],
    *,
    centre_only: bool,
) -> list[Scored]:
    """Return what each scorer of one pass says about alleles, given by their windows or why not."""
    first = group[0]
    reasons = [reason for reason, _ in alleles]
    chosen = [windows for _, windows in alleles if windows is not None]
    rows = [row for row, reason in enumerate(reasons) if reason is None]
    tables = _tables(group, np.array(chosen), centre_only=centre_only) if chosen else []
    scored = [
        Scored(
            np.full(len(alleles), np.nan, dtype=SCORES),
            reasons,
            np.full(len(alleles), np.nan, dtype=np.float32),
            np.zeros(len(alleles), dtype=np.uint8),
            np.full(len(alleles), np.nan, dtype=np.float32),
        )
        for _ in group
    ]
    for own, (table, followed) in zip(scored, tables, strict=bool(tables)):
        found = _allele_scores(table)
        own.scores[rows], own.deviation[rows] = scores_of(found), found.deviation()
        own.offsets[rows] = np.where(followed, first.plan.offsets, 1)
        middle = table[0, :, :, table.shape[3] // 2]
        own.centre[rows] = middle[:, 1] - middle[:, 0]
    return scored


def _tables(
    group: Sequence[AlleleScorer], windows: NDArray[np.uint8], *, centre_only: bool
) -> list[tuple[Readings, NDArray[np.bool_]]]:
    """Return the readings of windows (uint8[alleles, 2, offsets, length]) by each scorer of one pass.

    Each as float64[readings, alleles, 2, offsets], with which alleles have them at all offsets.
    """
    first, shape = group[0], windows.shape[:3]
    if first.plan.adaptive and not centre_only:
        return adaptive_tables(group, windows)
    kept = windows[:, :, [shape[2] // 2]] if first.plan.adaptive else windows
    found = first.readings(kept.reshape(-1, windows.shape[3]), group)
    followed = np.full(shape[0], kept is windows)
    return [(readings.reshape(-1, *kept.shape[:3]), followed) for readings in found]


def _allele_scores(table: Readings) -> AlleleScores:
    """Return the scores that readings, float64[readings, alleles, 2, offsets], are."""
    logit, probability, members = table[0], table[1], table[2:] if len(table) > 2 else None
    return AlleleScores(logit[:, 0], logit[:, 1], probability[:, 0], probability[:, 1], members)


def describe(scorers: Sequence[AlleleScorer]) -> list[Mapping[str, Any]]:
    """Return the engines' descriptions with the names of the models."""
    return [{"name": scorer.name, **scorer.engine.description()} for scorer in scorers]
