"""The p-values of a motif's scores, by counting: the distribution of its scores over random sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

_STEPS = 1000


@dataclass(frozen=True)
class ScoreDistribution:
    """How probable each score of a motif is in random sequence, as MEME's FIMO counts it.

    Parameters
    ----------
    tail : float64 array
        Probability of a score of at least so many steps.
    lowest : float
        Score of no step, in bits.
    steps_per_bit : float

    Notes
    -----
    The scores of the matrix are rounded to steps, about a thousand between the lowest and the highest of
    them; the chance of each sum of steps then follows exactly, column by column (Grant, Bailey and Noble,
    Bioinformatics 27:1017, 2011).
    """

    tail: NDArray[np.float64]
    lowest: float
    steps_per_bit: float

    @classmethod
    def of_matrix(cls, scores: NDArray[np.float32], background: NDArray[np.float64]) -> Self:
        """Count the scores of a matrix.

        Parameters
        ----------
        scores : float32 array, shape (width, 4)
            Of A, C, G and T in each column, in bits.
        background : float64 array, shape (4,)
            Chance of each base.
        """
        exact = scores.astype(np.float64)
        highest = exact.max()
        lowest = np.floor(exact.min() if exact.min() < highest else highest - 1)
        steps_per_bit = np.floor(_STEPS / (highest - lowest))
        steps = np.floor((exact - lowest) * steps_per_bit + 0.5).astype(np.int64)
        chance = np.ones(1)
        for column in steps:
            longer = np.zeros(len(chance) + int(column.max()))
            for share, step in zip(background, column.tolist(), strict=True):
                longer[step : step + len(chance)] += share * chance
            chance = longer
        tail = np.minimum(np.cumsum(chance[::-1])[::-1], 1.0)
        return cls(tail, float(len(scores) * lowest), float(steps_per_bit))

    def p_value(self, score: float) -> float:
        """Return the chance of a score as high at one place of random sequence; NaN for no score.

        A score above the highest counts as the highest.
        """
        if np.isnan(score):
            return float("nan")
        step = int(np.floor((score - self.lowest) * self.steps_per_bit + 0.5))
        # the best of all words can come a step above what the steps of its columns add up to
        return float(self.tail[min(max(step, 0), len(self.tail) - 1)])

    def threshold(self, p: float) -> float:
        """Return the lowest score whose p-value is at most `p`."""
        step = int(np.searchsorted(-self.tail, -p))
        return float(np.float32(step) / np.float32(self.steps_per_bit) + np.float32(self.lowest))
