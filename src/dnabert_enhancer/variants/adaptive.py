"""Adaptive offsets: the window in the centre first, the others only where a call may depend on them.

A gain or loss of function is that the threshold lies between the mean probabilities of both alleles. The
effect of an allele is nearly the same at all offsets, but how probable the sequence is as a whole changes
from offset to offset, and more so than by most alleles. So:

1. Both alleles are computed in the centre.
2. Where the threshold may lie between them (see `may_cross`), REF is computed at the other offsets, which
   neighbouring variants share, and its mean is known.
3. Where the threshold lies between that mean and what the effect in the centre makes of it, with a margin,
   or between the alleles in the centre, ALT is computed at the other offsets too.

All that is called was computed at all offsets, with the numbers that it has without this rule; what else has
the numbers of the centre. What can be lost are calls of alleles that change the probability by less than
`TOLERANCE`, and rare ones whose level in the centre is more than `SPREADS` standard deviations off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import fixed_windows
from dnabert_enhancer.variants.windows import WindowPlan

Readings = NDArray[np.float64]
"""Log odds before calibration, calibrated probability and, of an ensemble, that of each model: one row each.
The other axes are those of the windows."""

TOLERANCE = 0.02
"""Alleles that change a probability at the threshold by less are followed only where they cross it."""
SPREADS = 3.0
"""How far off the level in the centre may be, in standard deviations over the offsets."""
_EFFECT_SPREADS = 0.3
_EFFECT_SHARE = 0.5
_SEQUENCES = slice(None, None, 2)
_LEAST = 1e-9


class AdaptiveScorer(Protocol):
    """What the rule needs of an `AlleleScorer`."""

    plan: WindowPlan
    threshold: float
    offset_spread: float | None

    def readings(self, windows: NDArray[np.uint8], group: Sequence[Any]) -> list[Readings]:
        """Return what windows, uint8[windows, length], are to each scorer of one pass."""


def adaptive_tables(
    group: Sequence[AdaptiveScorer], windows: NDArray[np.uint8]
) -> list[tuple[Readings, NDArray[np.bool_]]]:
    """Return the readings of alleles by each scorer of one pass.

    Parameters
    ----------
    group : sequence of AdaptiveScorer
    windows : uint8 array, shape (alleles, 2, offsets, length)
        Of REF and ALT.

    Returns
    -------
    list of (float64 array, bool array)
        Of shapes (readings, alleles, 2, offsets) and (alleles,): which were computed at all offsets. The
        others have at each offset what they are in the centre. What one scorer gets does not depend on the
        others of the group.
    """
    first, length = group[0], windows.shape[3]
    offsets = windows.shape[2]
    others = np.delete(np.arange(offsets), offsets // 2)
    if any(scorer.offset_spread is None for scorer in group):
        _measure_spreads(group, length)
    centre = first.readings(windows[:, :, offsets // 2].reshape(-1, length), group)
    tables = [
        np.repeat(found.reshape(len(found), -1, 2, 1), offsets, axis=3) for found in centre
    ]  # fmt: skip
    near = [
        may_cross(table[1, :, :, 0], one.threshold, one.offset_spread or 0.0)
        for table, one in zip(tables, group, strict=True)
    ]
    _fill(tables, near, 0, others, first, windows, group)
    followed = [
        rows & does_cross(table[1, :, 0].mean(axis=1), centre_of, one.threshold, one.offset_spread or 0.0)
        for rows, table, centre_of, one in zip(
            near, tables, [found[1].reshape(-1, 2) for found in centre], group, strict=True
        )
    ]
    _fill(tables, followed, 1, others, first, windows, group)
    for table, found, rows in zip(tables, centre, followed, strict=True):
        alone = found.reshape(len(found), -1, 2, 1)[:, ~rows]
        table[:, ~rows] = alone
    return list(zip(tables, followed, strict=True))


def may_cross(probabilities: NDArray[np.float64], threshold: float, spread: float) -> NDArray[np.bool_]:
    """Return for which alleles the threshold may lie between the means over the offsets.

    Parameters
    ----------
    probabilities : float64 array, shape (alleles, 2)
        Of REF and ALT in the centre.
    threshold : float
    spread : float
        See `offset_spread`.

    Notes
    -----
    Where it lies between the two, or both: its log odds are within `SPREADS` times `spread` of those between
    the two, and the difference of log odds changes a probability at the threshold by `TOLERANCE` or more.
    """
    at_threshold = log_odds(np.array(threshold))
    level = log_odds(probabilities) - at_threshold
    low, high = level.min(axis=1), level.max(axis=1)
    reach = SPREADS * spread
    change = np.abs(1 / (1 + np.exp(-(at_threshold + high - low))) - threshold)
    is_near: NDArray[np.bool_] = (low <= reach) & (high >= -reach) & (change >= TOLERANCE)
    return _crosses(probabilities, threshold) | is_near


def does_cross(
    reference: NDArray[np.float64], centre: NDArray[np.float64], threshold: float, spread: float
) -> NDArray[np.bool_]:
    """Return for which alleles the threshold lies between the alleles, as far as REF tells.

    Parameters
    ----------
    reference : float64 array, shape (alleles,)
        Mean probability of REF over the offsets.
    centre : float64 array, shape (alleles, 2)
        Probabilities of REF and ALT in the centre.
    threshold, spread : float
        As for `may_cross`.

    Notes
    -----
    Where it lies between the two in the centre, or its log odds between those of `reference` and of the same
    with the effect in the centre added, or no further outside than half that effect or 0.3 times `spread`.
    """
    odds = log_odds(centre)
    level = log_odds(reference) - log_odds(np.array(threshold))
    effect = odds[:, 1] - odds[:, 0]
    margin = np.maximum(_EFFECT_SHARE * np.abs(effect), _EFFECT_SPREADS * spread)
    low, high = np.minimum(level, level + effect), np.maximum(level, level + effect)
    return _crosses(centre, threshold) | ((low <= margin) & (high >= -margin))


def offset_spread(probabilities: NDArray[np.float64]) -> float:
    """Return how much the level in the centre differs from that over all offsets.

    Parameters
    ----------
    probabilities : float64 array, shape (offsets, sequences)

    Returns
    -------
    float
        Root mean square over the sequences of the difference of log odds between the mean probability and
        that of the middle offset.
    """
    centre = probabilities[len(probabilities) // 2]
    return float(np.sqrt(np.mean((log_odds(probabilities.mean(axis=0)) - log_odds(centre)) ** 2)))


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log(p / (1 - p)), p kept 1e-9 away from 0 and 1."""
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(p) - np.log1p(-p))


def _crosses(probabilities: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    called = probabilities >= threshold
    differs: NDArray[np.bool_] = called[:, 0] != called[:, 1]
    return differs


def _measure_spreads(group: Sequence[AdaptiveScorer], length: int) -> None:
    """Measure each scorer's `offset_spread`, on sequences that are always the same."""
    plan = group[0].plan
    sequences = fixed_windows(length + (plan.offsets - 1) * plan.step)[_SEQUENCES]
    places = [number * plan.step for number in range(plan.offsets)]
    windows = np.concatenate([sequences[:, place : place + length] for place in places])
    for scorer, found in zip(group, group[0].readings(windows, group), strict=True):
        scorer.offset_spread = offset_spread(found[1].reshape(plan.offsets, -1))


def _fill(
    tables: Sequence[Readings],
    chosen: Sequence[NDArray[np.bool_]],
    allele: int,
    others: NDArray[np.int64],
    first: AdaptiveScorer,
    windows: NDArray[np.uint8],
    group: Sequence[AdaptiveScorer],
) -> None:
    """Compute REF (0) or ALT (1) at the other offsets where a scorer has chosen so, into its table."""
    rows = np.flatnonzero(np.any(chosen, axis=0))
    if not len(rows):
        return
    length = windows.shape[3]
    found = first.readings(windows[rows, allele][:, others].reshape(-1, length), group)
    for table, own, readings in zip(tables, chosen, found, strict=True):
        values = readings.reshape(len(readings), len(rows), len(others))
        kept = own[rows]
        for place, offset in enumerate(others):
            table[:, rows[kept], allele, offset] = values[:, kept, place]
