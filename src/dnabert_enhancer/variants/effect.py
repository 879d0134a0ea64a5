"""What an allele does: the statistics, each with its formula, and gain or loss of function."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import deviation_of

Floats = NDArray[np.floating[Any]]
_LEAST_PROBABILITY = 1e-12


class AlleleScores(NamedTuple):
    """Scores of both alleles of each variant, at each offset of the variant in the window.

    Attributes
    ----------
    ref_logit, alt_logit : float64 array, shape (alleles, offsets)
        Log odds before calibration, averaged over the strands.
    ref_probability, alt_probability : float64 array, shape (alleles, offsets)
        Calibrated.
    members : float64 array, shape (models, alleles, 2, offsets), optional
        Of an ensemble: the probability of each model with the reference and with the alternative allele.
    """

    ref_logit: NDArray[np.float64]
    alt_logit: NDArray[np.float64]
    ref_probability: NDArray[np.float64]
    alt_probability: NDArray[np.float64]
    members: NDArray[np.float64] | None = None

    def deviation(self) -> NDArray[np.float32]:
        """Return the standard deviation over the models of p_alt - p_ref, float32[alleles]; NaN for one."""
        if self.members is None:
            return np.full(len(self.ref_logit), np.nan, dtype=np.float32)
        p = self.members.mean(axis=-1)
        return deviation_of(p[:, :, 1] - p[:, :, 0])

    @property
    def p_ref(self) -> NDArray[np.float64]:
        """Probability of the reference allele: the mean over the offsets."""
        return np.asarray(self.ref_probability.mean(axis=1))

    @property
    def p_alt(self) -> NDArray[np.float64]:
        """Probability of the alternative allele: the mean over the offsets."""
        return np.asarray(self.alt_probability.mean(axis=1))


def logit_difference(scores: AlleleScores) -> NDArray[np.float64]:
    """Return the mean over offsets of logit_alt - logit_ref."""
    return np.asarray((scores.alt_logit - scores.ref_logit).mean(axis=1))


def score_change(p_ref: Floats, p_alt: Floats) -> Floats:
    """Return (p_alt - p_ref) * max(p_ref, p_alt)."""
    return (p_alt - p_ref) * np.maximum(p_ref, p_alt)


def log_odd_ratio(p_ref: Floats, p_alt: Floats) -> Floats:
    """Return log2(odds_ref / odds_alt); probabilities of 0 and 1 count as 1e-12 away from them."""
    return _log2_odds(p_ref) - _log2_odds(p_alt)


def maximum_over_offsets(scores: AlleleScores) -> NDArray[np.float64]:
    """Return the logit_alt - logit_ref, with its sign, of the offset at which it is largest."""
    difference = scores.alt_logit - scores.ref_logit
    place = np.abs(difference).argmax(axis=1)
    return np.asarray(np.take_along_axis(difference, place[:, None], axis=1)[:, 0])


def jensen_shannon(scores: AlleleScores) -> NDArray[np.float64]:
    """Return the mean over offsets of the Jensen-Shannon divergence of the two predictions, in bits."""
    p, q = scores.ref_probability, scores.alt_probability
    divergence = _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2
    return np.asarray(np.maximum(divergence, 0.0).mean(axis=1))


class EffectStatistic(enum.Enum):
    """The statistics of an allele's effect; a new one is one new entry.

    The value is the name of the column, the end of the INFO field's name, the formula for the VCF header, and
    the function.
    """

    LOGIT_DIFFERENCE = (
        "LogitDifference",
        "DLOGIT",
        "mean over offsets of logit_alt - logit_ref",
        logit_difference,
    )
    """``mean over offsets o of (logit_alt[o] - logit_ref[o])``, logits before calibration. What the p-values
    are of."""
    SCORE_CHANGE = (
        "ScoreChange",
        "SCORECHANGE",
        "(p_alt - p_ref) * max(p_ref, p_alt)",
        lambda scores: score_change(scores.p_ref, scores.p_alt),
    )
    """``(p_alt - p_ref) * max(p_ref, p_alt)``, of the DNABERT-Enhancer portal's tables."""
    LOG_ODD_RATIO = (
        "LogOddRatio",
        "LOGODDRATIO",
        "log2(odds_ref / odds_alt) with odds = p / (1 - p); negative for a gain",
        lambda scores: log_odd_ratio(scores.p_ref, scores.p_alt),
    )
    """``log2(odds_ref / odds_alt)``, ``odds = p / (1 - p)``, of the same tables: negative for a gain."""
    MAXIMUM_OVER_OFFSETS = (
        "MaximumOverOffsets",
        "MAXOFFSET",
        "logit_alt - logit_ref at the offset at which it is largest, with its sign",
        maximum_over_offsets,
    )
    """``d[o*]`` with ``d[o] = logit_alt[o] - logit_ref[o]`` and ``o* = argmax |d[o]|``."""
    JENSEN_SHANNON = (
        "JensenShannon",
        "JSD",
        "mean over offsets of the Jensen-Shannon divergence of the two predictions in bits",
        jensen_shannon,
    )
    """``mean over o of H((p + q) / 2) - (H(p) + H(q)) / 2``, with ``p = p_ref[o]``, ``q = p_alt[o]`` and the
    binary entropy H in bits (Lin 1991, IEEE Trans Inf Theory 37:145)."""

    def __init__(
        self,
        column: str,
        info: str,
        formula: str,
        function: Callable[[AlleleScores], NDArray[np.float64]],
    ) -> None:
        self.column = column
        self.info = info
        self.formula = formula
        self._function = function

    def of(self, scores: AlleleScores) -> NDArray[np.float64]:
        """Return the statistic of each allele, float64[alleles]."""
        return self._function(scores)


SCORES = np.dtype([("p_ref", "<f4"), ("p_alt", "<f4"), *((item.column, "<f4") for item in EffectStatistic)])
"""What one model says of an allele: both probabilities and each statistic, by its column's name."""


NULL_STATISTIC = EffectStatistic.LOGIT_DIFFERENCE.column
"""Field of `SCORES` of which the p-values are."""


def scores_of(offsets: AlleleScores) -> NDArray[np.void]:
    """Return the probabilities and statistics of alleles, `SCORES`[alleles]."""
    found = np.empty(len(offsets.ref_logit), dtype=SCORES)
    found["p_ref"], found["p_alt"] = offsets.p_ref, offsets.p_alt
    for statistic in EffectStatistic:
        found[statistic.column] = statistic.of(offsets)
    return found


class FunctionalEffect(enum.Enum):
    """What an allele does to the element; the value is what the table says, in the portal's words."""

    GAIN = "Gain of function"
    """``p_ref < t <= p_alt``, and the probabilities and their odds differ by the least change."""
    LOSS = "Loss of function"
    """``p_alt < t <= p_ref``, and the same."""
    NONE = "No change"
    """Neither."""

    @property
    def in_vcf(self) -> str:
        """The same words as INFO can hold them."""
        return self.value.replace(" ", "_")


EFFECTS = tuple(FunctionalEffect)


OUTCOMES = np.dtype(
    [*SCORES.descr, ("p_value", "<f8"), ("q_value", "<f8"), ("effect", "u1"), ("is_positive", "?")]
)
"""`SCORES` with their significance, the index in `EFFECTS`, and whether REF reaches the threshold."""


def functional_effects(
    p_ref: NDArray[np.float32],
    p_alt: NDArray[np.float32],
    threshold: float,
    minimum_change: float = 0.0,
    minimum_lor: float = 0.0,
) -> NDArray[np.uint8]:
    r"""Return the effect of each allele.

    Parameters
    ----------
    p_ref, p_alt : float32 array, shape (alleles,)
    threshold : float
        From here on a probability counts as an enhancer's (or as a bound site's).
    minimum_change : float
        The probabilities must differ by this much at least.
    minimum_lor : float
        The absolute LogOddRatio must be this at least.

    Returns
    -------
    uint8 array, shape (alleles,)
        Index into `EFFECTS`; the last, no change, where a probability is NaN.
    """
    t = np.float32(threshold)
    changed = np.abs(p_alt.astype(np.float64) - p_ref) >= minimum_change
    changed &= np.abs(log_odd_ratio(p_ref, p_alt)) >= minimum_lor
    effect = np.full(len(p_ref), EFFECTS.index(FunctionalEffect.NONE), dtype=np.uint8)
    effect[(p_ref < t) & (t <= p_alt) & changed] = EFFECTS.index(FunctionalEffect.GAIN)
    effect[(p_alt < t) & (t <= p_ref) & changed] = EFFECTS.index(FunctionalEffect.LOSS)
    return effect


def _log2_odds(probability: Floats) -> NDArray[np.float64]:
    p = np.clip(np.asarray(probability, dtype=np.float64), _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.log2(p) - np.log2(1 - p)


def _entropy(p: NDArray[np.float64]) -> NDArray[np.float64]:
    # scipy's entr does the same, but takes a quarter of a second to import
    parts = np.stack([p, 1 - p])
    bits = np.log2(parts, out=np.zeros_like(parts), where=parts > 0)
    return np.asarray(-np.sum(parts * bits, axis=0))
