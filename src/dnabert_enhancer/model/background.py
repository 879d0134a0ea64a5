"""The background of a model: the distribution of its scores over the windows of a genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card_values import check_whole, is_number, printable, shown

LEVELS = np.concatenate(
    [np.arange(990) / 1000, 0.99 + np.arange(90) / 10_000, 0.999 + np.arange(101) / 100_000]
)
"""Shares of windows of the quantiles: steps of 0.1 %, from 99 % on 0.01 %, from 99.9 % on 0.001 %."""
FEWEST_WINDOWS = 20
_DIGITS = 7


@dataclass(frozen=True)
class Background:
    """How a model scores the windows of a genome.

    Parameters
    ----------
    quantiles : tuple of float
        Scores at `LEVELS`, never descending: of a probability the log odds before calibration, so that they
        hold for every calibration; else the value. Both strands are averaged where the model does so.
    windows : int
        How many windows were scored; those with an unknown base were left out.
    window_length : int
        In bp; the windows lie side by side.
    assembly : str
        Of the genome; empty where its contigs do not tell.
    source : str
        File of the genome with its digest, and what of it was scored.
    """

    quantiles: tuple[float, ...]
    windows: int
    window_length: int
    assembly: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("assembly", "source"):
            object.__setattr__(self, name, printable(getattr(self, name)))
        check_whole("windows of a background", self.windows, 1, 1 << 50)
        check_whole("window_length of a background", self.window_length, 1, 1 << 30)
        values = tuple(self.quantiles)
        if len(values) != len(LEVELS) or not all(map(is_number, values)):
            raise InputError(f"a background has {len(LEVELS)} numbers, not {shown(list(values)[:5])}")
        array = np.asarray(values, dtype=np.float64)
        if not np.isfinite(array).all() or (np.diff(array) < 0).any():
            raise InputError("the quantiles of a background must be finite and not descend")
        object.__setattr__(self, "quantiles", tuple(array.tolist()))

    @classmethod
    def of_scores(
        cls, scores: NDArray[np.floating[Any]], window_length: int, assembly: str, source: str
    ) -> Background:
        """Return the background of windows' scores, float[n]; `InputError` for fewer than 20."""
        if len(scores) < FEWEST_WINDOWS:
            raise InputError(
                f"{len(scores)} windows without unknown bases are too few for a background",
                remedy=f"give more of the genome: {FEWEST_WINDOWS} windows of {window_length} bp or more",
            )
        found = np.quantile(np.asarray(scores, dtype=np.float64), LEVELS).round(_DIGITS)
        return cls(tuple(found.tolist()), len(scores), window_length, assembly, source)

    def score_of_top(self, share: float) -> float:
        """Return the score that a share of the windows (0 to 1) reaches, by linear interpolation."""
        return float(np.interp(1 - share, LEVELS, self.quantiles))

    def mirrored(self) -> Background:
        """Return the background of the other class, whose log odds have the other sign."""
        turned = -np.interp(1 - LEVELS, LEVELS, self.quantiles)
        values = tuple(np.maximum.accumulate(turned).tolist())
        return Background(values, self.windows, self.window_length, self.assembly, self.source)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the card."""
        return {
            "assembly": self.assembly,
            "source": self.source,
            "windows": self.windows,
            "window_length": self.window_length,
            "quantiles": list(self.quantiles),
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Background:
        """Return the background that `to_json` gave."""
        return cls(
            tuple(content["quantiles"]),
            content["windows"],
            content["window_length"],
            content.get("assembly", ""),
            content.get("source", ""),
        )


def percentiles(scores: NDArray[np.floating[Any]], quantiles: Sequence[float]) -> NDArray[np.float64]:
    """Return for each score the share of the background's windows that score lower, in per cent.

    Parameters
    ----------
    scores : float[n]
        Log odds before calibration, or values; NaN has none.
    quantiles : sequence of float
        Of the `Background`; empty: all are NaN.

    Returns
    -------
    float64[n]
        In 0..100, rounded to 0.001, linearly interpolated between quantiles.
    """
    values = np.asarray(scores, dtype=np.float64).round(_DIGITS)
    if len(quantiles) == 0:
        return np.full(len(values), np.nan)
    # of equal quantiles the first: windows with the same score do not score lower
    knots, first = np.unique(np.asarray(quantiles, dtype=np.float64), return_index=True)
    share = np.interp(values, knots, LEVELS[first], left=0.0, right=1.0)
    return np.where(np.isnan(values), np.nan, (100 * share).round(3))
