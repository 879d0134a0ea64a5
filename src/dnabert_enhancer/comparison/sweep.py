"""Overlap at many shares of length: how many calls and elements are covered for at least each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from dnabert_enhancer.comparison.database_results import DatabaseResult

_RANGE = re.compile(r"([0-9.]+):([0-9.]+):([0-9.]+)")
_MOST = 1000
_FORM = "a number above 0 and at most 1, or a range of such numbers, such as 0.05:0.95:0.05"

SWEEP_COLUMNS = {
    "database": "its name",
    "min_fraction": "the share of length that must be covered",
    "calls": "calls that count",
    "calls_min_fraction": "calls of which one element covers at least this share",
    "calls_share": "calls_min_fraction / calls",
    "elements": "elements that count",
    "elements_min_fraction": "elements of which one call covers at least this share",
    "elements_share": "elements_min_fraction / elements",
    "calls_reciprocal": "calls with an element such that the shared bases are at least this share of both",
    "elements_reciprocal": "elements with such a call",
}
"""Columns of ``PREFIX.sweep.tsv`` and what they hold."""


class Sweep(NamedTuple):
    """How many calls and elements are covered at each share, ``int64[shares]``; see `SWEEP_COLUMNS`."""

    calls: NDArray[np.int64]
    elements: NDArray[np.int64]
    calls_reciprocal: NDArray[np.int64]
    elements_reciprocal: NDArray[np.int64]


def fractions_of(given: float | str) -> tuple[float, ...]:
    """Return one share, or those of a range ``FIRST:LAST:STEP``.

    Raises
    ------
    InputError
        Shares that are not above 0 and at most 1, a range that is empty or has more than 1,000 steps.
    """
    text = str(given)
    match = _RANGE.fullmatch(text)
    try:
        first, last, step = map(Decimal, match.groups()) if match else (Decimal(text),) * 3
    except ArithmeticError:
        raise _error(text, f"it must be {_FORM}") from None
    if not (first.is_finite() and 0 < first <= 1 and 0 < last <= 1 and step > 0):
        raise _error(text, f"it must be {_FORM}")
    if first > last:
        raise _error(text, f"the range begins above its end, {last}")
    if (last - first) / step >= _MOST:
        raise _error(text, f"the range has more than {_MOST:,} steps")
    return tuple(float(first + number * step) for number in range(int((last - first) / step) + 1))


def at_least(shares: NDArray[np.float64], fractions: Sequence[float]) -> NDArray[np.int64]:
    """Return how many shares are at least as large as each fraction."""
    return len(shares) - np.searchsorted(np.sort(shares), fractions, side="left")


def sweep_frame(results: Sequence[DatabaseResult], fractions: Sequence[float]) -> pd.DataFrame:
    """Return one row for each database and share, with the columns of `SWEEP_COLUMNS`."""
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                "database": result.database.name,
                "min_fraction": list(fractions),
                "calls": result.overlap.calls,
                "calls_min_fraction": result.sweep.calls,
                "calls_share": result.sweep.calls / max(1, result.overlap.calls),
                "elements": result.overlap.elements,
                "elements_min_fraction": result.sweep.elements,
                "elements_share": result.sweep.elements / max(1, result.overlap.elements),
                "calls_reciprocal": result.sweep.calls_reciprocal,
                "elements_reciprocal": result.sweep.elements_reciprocal,
            }
        )
        for result in results
    ]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SWEEP_COLUMNS))
    for side in ("calls", "elements"):
        frame[f"{side}_share"] = frame[f"{side}_share"].where(frame[side] > 0)
    return frame


def _error(text: str, what: str) -> InputError:
    return InputError(f"min-fraction is {text}; {what}", source="--min-fraction")
