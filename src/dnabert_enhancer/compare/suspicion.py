"""Signs that a file says something else than it seems to: 1-based starts, the wrong assembly."""

from __future__ import annotations

import numpy as np

from dnabert_enhancer.compare.elements import Elements
from dnabert_enhancer.compare.space import Placed

_FEWEST = 20
_NEARLY_ALL = 0.95
_FEWEST_SHARED_ENDS = 10


def sign_of_one_base(elements: Elements) -> str | None:
    """Return why starts that were read as 0-based look 1-based, or None.

    Notes
    -----
    Fixed-width and grid-aligned elements betray themselves: read wrongly, lengths are one short of a
    multiple of ten, or starts are one past it while ends are on it. Elements of a single base come out
    empty. Lengths without a pattern say nothing.
    """
    zero = elements.counts["zero_length"]
    if zero > 0.01 * (len(elements) + zero) and zero >= 3:
        return f"{zero} elements have their start equal to their end, as single bases have in 1-based tables"
    if len(elements) < _FEWEST:
        return None
    short = (elements.end - elements.start + 1) % 10 == 0
    if short.mean() >= _NEARLY_ALL:
        return f"{short.mean():.0%} of the lengths are one short of a multiple of ten"
    late = (elements.start % 10 == 1) & (elements.end % 10 == 0)
    if late.mean() >= _NEARLY_ALL:
        return f"{late.mean():.0%} of the starts are one past a multiple of ten, with ends on one"
    return None


def sign_of_shifted_start(calls: Placed, database: Placed) -> str | None:
    """Return why two sets look as if only one of them were 0-based, or None: same ends, starts one apart."""
    _, ours, theirs = np.intersect1d(calls.line_end, database.line_end, return_indices=True)
    if len(ours) < _FEWEST_SHARED_ENDS:
        return None
    step = database.line_start[theirs] - calls.line_start[ours]
    for apart, which in ((1, "the database"), (-1, "the calls")):
        share = float((step == apart).mean())
        if share >= 0.5:
            return f"{share:.0%} of {len(ours)} equal ends have starts one base apart: {which} may be 1-based"
    return None
