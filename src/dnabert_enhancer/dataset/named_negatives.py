"""`NamedNegatives`: regions that give a share of the negatives, such as promoters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from dnabert_enhancer.errors import InputError

_FORM = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=(.+),share=([^,]+)")
_ROUNDING = 1e-9


class NamedNegatives(NamedTuple):
    """Regions of a BED file whose windows are a share of all negatives.

    Attributes
    ----------
    name : str
        Of letters, digits, ``_``, ``.`` and ``-``; the windows are called ``NAME:`` and what they are.
    path : str
    share : float
        Of all negatives of each split, above 0 and at most 1.
    """

    name: str
    path: str
    share: float


def named_negatives(
    given: str | NamedNegatives | Sequence[str | NamedNegatives],
) -> tuple[NamedNegatives, ...]:
    """Return the sources of ``NAME=BED,share=S``, one or several.

    Raises
    ------
    InputError
        When one is of another form, a name comes twice, a share is not above 0 or they sum to more than 1.
    """
    items = [given] if isinstance(given, (str, NamedNegatives)) else given
    sources = tuple(item if isinstance(item, NamedNegatives) else _parsed(item) for item in items)
    for place, source in enumerate(sources):
        if not 0 < source.share <= 1:
            raise _error(f"the share of {source.name} is {source.share:g}", "give one above 0, at most 1")
        if source.name in [other.name for other in sources[:place]]:
            raise _error(f"{source.name} is given twice", "give different names")
    total = sum(source.share for source in sources)
    if total > 1 + _ROUNDING:
        raise _error(f"the shares sum to {total:g}", "give shares that sum to at most 1")
    return sources


def _parsed(text: str) -> NamedNegatives:
    match = _FORM.fullmatch(text)
    if match is None:
        raise _error(f"{text!r} is not NAME=BED,share=S", "such as promoters=pls.bed,share=0.2")
    try:
        return NamedNegatives(match[1], match[2], float(match[3]))
    except ValueError:
        raise _error(f"the share {match[3]!r} is not a number", "such as share=0.2") from None


def _error(problem: str, remedy: str) -> InputError:
    return InputError(problem, source="--negatives-from", remedy=remedy)
