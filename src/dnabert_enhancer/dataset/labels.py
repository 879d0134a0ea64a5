"""Labels as files hold them (numbers or words) to class numbers or measured values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.dataset import Task

BINARY_NAMES = ("non-enhancer", "enhancer")
MOST_CLASSES = 50
"""Whole numbers with more distinct values than this are measured values, not classes."""

_NEGATIVE_WORD = re.compile(
    r"^(non|(no|not|neg|negatives?|controls?|background|random|shuffled|false|inactive|others?)(?![a-z]))"
)


class ResolvedLabels(NamedTuple):
    """Labels of all rows, what they are, and the class names in the order of their numbers."""

    numbers: NDArray[np.int64] | NDArray[np.float64]
    task: Task
    names: tuple[str, ...]


def resolve_labels(texts: Sequence[str], task: Task | None = None) -> ResolvedLabels:
    """Return the labels as numbers.

    Rules: numbers that are not all whole are regression values, and so are whole numbers with more than
    `MOST_CLASSES` distinct values. Whole numbers are classes: 0 and 1 are binary, 0..C-1 are multi-class;
    others are numbered in rising order and keep their number as name. Words are numbered in alphabetical
    order, except that of two words the one that says no (``non-enhancer``, ``negative``, ``control``...) is
    0.

    Parameters
    ----------
    texts : sequence of str
        One label a row.
    task : {"binary", "multiclass", "regression"}, optional
        The task to hold to; default: by the rules above.

    Raises
    ------
    ValueError
        When the labels do not fit the asked task, or mix words and numbers.
    """
    numbers = _as_numbers(texts)
    if numbers is None:
        if task == "regression":
            raise ValueError("labels are words, regression needs numbers")
        resolved = _from_words(texts)
    elif task == "regression" or (task is None and _is_measured(numbers)):
        return ResolvedLabels(numbers, "regression", ("value",))
    else:
        resolved = _from_numbers(numbers)
    if task == "binary" and resolved.task != "binary":
        raise ValueError(
            f"{len(resolved.names)} classes ({', '.join(resolved.names[:5])}...) where two are asked for"
        )
    if task == "multiclass":
        return resolved._replace(task="multiclass")
    return resolved


def _as_numbers(texts: Sequence[str]) -> NDArray[np.float64] | None:
    words = []
    numbers = []
    for text in dict.fromkeys(texts):
        try:
            numbers.append(float(text))
        except ValueError:
            words.append(text)
    if not words:
        values = np.array(texts, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"label {texts[int(np.argmin(np.isfinite(values)))]!r} is not a finite number")
        return values
    if numbers:
        raise ValueError(f"label {words[0]!r} is a word among numbers")
    return None


def _is_measured(numbers: NDArray[np.float64]) -> bool:
    distinct = np.unique(numbers)
    return bool((distinct != np.rint(distinct)).any() or len(distinct) > MOST_CLASSES)


def _from_numbers(numbers: NDArray[np.float64]) -> ResolvedLabels:
    distinct = np.unique(numbers)
    if (distinct != np.rint(distinct)).any():
        raise ValueError(f"label {distinct[distinct != np.rint(distinct)][0]} is not a whole number")
    if np.isin(distinct, (0, 1)).all():
        return ResolvedLabels(numbers.astype(np.int64), "binary", BINARY_NAMES)
    top = int(distinct[-1])
    if distinct[0] == 0 and top < 2 * len(distinct):
        return ResolvedLabels(
            numbers.astype(np.int64), "multiclass", tuple(str(number) for number in range(top + 1))
        )
    values = np.searchsorted(distinct, numbers).astype(np.int64)
    task: Task = "binary" if len(distinct) <= 2 else "multiclass"
    return ResolvedLabels(values, task, tuple(str(int(number)) for number in distinct))


def _from_words(texts: Sequence[str]) -> ResolvedLabels:
    names = sorted(set(texts))
    if len(names) > MOST_CLASSES:
        raise ValueError(f"{len(names)} different words as labels; at most {MOST_CLASSES} classes are read")
    if len(names) == 2 and _says_no(names[1]) and not _says_no(names[0]):
        names.reverse()
    number_of = {name: number for number, name in enumerate(names)}
    values = np.array([number_of[text] for text in texts], dtype=np.int64)
    return ResolvedLabels(values, "binary" if len(names) <= 2 else "multiclass", tuple(names))


def _says_no(word: str) -> bool:
    return _NEGATIVE_WORD.match(word.lower()) is not None
