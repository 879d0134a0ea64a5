"""Which of two classes is the positive one, told by their names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SAY_NO = """0 - n no non none not neg negative control ctrl background bg random rand shuffled scrambled
    false f inactive other rest genome genomic intergenic unbound absent off null decoy noise unlabelled
    unlabeled 阴性 负 否"""
_SAY_YES = "1 + y yes p pos positive true t 阳性 正 是"
_USUALLY_YES = "enhancer active bound present on peak functional"
_NEGATIVE = frozenset(_SAY_NO.split())
_SURELY_POSITIVE = frozenset(_SAY_YES.split())
_POSITIVE = _SURELY_POSITIVE | frozenset(_USUALLY_YES.split())
_NOT = ("non", "not", "no", "un", "in", "非", "无", "不", "未")
_NUMBERED = re.compile(r"(?P<stem>\D*)(?P<number>\d+)")


def positive_class(names: Sequence[str]) -> int | None:
    """Return the place of the positive one of two class names, or None where the names leave a doubt.

    Parameters
    ----------
    names : sequence of two str
        In any letter case; blanks, hyphens and underscores count alike.

    Notes
    -----
    Of two numbers the larger is positive. Otherwise one name must say no (``genome``, ``control``,
    ``non-enhancer`` beside ``enhancer``, ``unbound`` beside ``bound``) and the other not, or one must say yes
    and nothing else (``positive``, ``yes``, ``+``). ``enhancer`` beside ``promoter`` is left open.

    Examples
    --------
    >>> positive_class(["enhancer", "genome"]), positive_class(["weak", "strong"])
    (0, None)
    """
    first, second = (_plain(name) for name in names)
    try:
        return None if float(first) == float(second) else int(float(second) > float(first))
    except ValueError:
        pass
    says_no = _says_no(first, second), _says_no(second, first)
    if says_no[0] != says_no[1]:
        return int(says_no[0])
    numbered = [_NUMBERED.fullmatch(name) for name in (first, second)]
    if numbered[0] and numbered[1] and numbered[0]["stem"] == numbered[1]["stem"]:
        numbers = int(numbered[0]["number"]), int(numbered[1]["number"])
        if sorted(numbers) == [0, 1]:
            return int(numbers[1] == 1)
    says_yes = first in _SURELY_POSITIVE, second in _SURELY_POSITIVE
    return None if any(says_no) or says_yes[0] == says_yes[1] else int(says_yes[1])


def told_by_name(name: str) -> bool | None:
    """Return whether a class is the positive one (True) or the other (False) by its name alone, or None."""
    plain = _plain(name)
    if _says_no(plain, ""):
        return False
    return True if {plain, plain.removesuffix("s")} & _POSITIVE else None


def same_name(name: str, other: str) -> bool:
    """Return whether two class names differ in nothing but letter case, blanks, hyphens and underscores."""
    return _plain(name) == _plain(other)


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).strip().casefold().replace("\u2212", "-")
    return text if text in ("-", "--", "+", "++") or _is_number(text) else re.sub(r"[\s_-]+", "_", text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _says_no(name: str, other: str) -> bool:
    if name in ("-", "--"):
        return True
    words = [word for word in re.split(r"[^\w]+|_", name) if word]
    if not words:
        return False
    if name in _NEGATIVE or (len(words[0]) > 1 and {words[0], words[0].removesuffix("s")} & _NEGATIVE):
        return True
    joined, beside = "".join(words), re.sub(r"[\W_]+", "", other)
    for prefix in _NOT:
        rest = joined.removeprefix(prefix).removesuffix("s")
        if joined.startswith(prefix) and rest and rest in (beside.removesuffix("s"), *_POSITIVE):
            return True
    return False
