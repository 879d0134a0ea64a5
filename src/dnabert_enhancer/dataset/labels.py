"""Labels as files hold them (numbers or words) to class numbers or measured values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.dataset.dataset import LabelHints, Task
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import positive_class, same_name, told_by_name

BINARY_NAMES = ("non-enhancer", "enhancer")
MOST_CLASSES = 1000
"""More classes than this are not read."""

_ROWS_A_CLASS = 4
_COMMON = 10
_FEW = 10
"""So many classes need no number of rows."""


class ResolvedLabels(NamedTuple):
    """Labels of all rows, and what they are.

    Attributes
    ----------
    numbers : int64[n] or float64[n]
        Class numbers (of two classes the positive one is 1), or measured values.
    task : {"binary", "multiclass", "regression"}
    names : tuple of str
        Class names in the order of their numbers.
    notes : tuple of str
        What was decided about them, a sentence each, for the log.
    """

    numbers: NDArray[np.int64] | NDArray[np.float64]
    task: Task
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def resolve_labels(
    texts: Sequence[str],
    task: Task | None = None,
    *,
    positive: str | None = None,
    hints: LabelHints | None = None,
    must_be_known: bool = True,
) -> ResolvedLabels:
    """Return the labels as numbers.

    Parameters
    ----------
    texts : sequence of str
        One label a row.
    task : {"binary", "multiclass", "regression"}, optional
        The task to hold to; default: by the rules below.
    positive : str, optional
        Which of two classes is the positive one. Of labels 0 and 1 another word is the name of 1.
    hints : LabelHints, optional
        What holds where neither the other arguments nor the labels tell.
    must_be_known : bool
        Refuse two classes of which nothing tells which is positive; without, they keep the order of letters.

    Raises
    ------
    InputError
        When the labels do not fit the asked task, mix words and numbers, or leave open which is positive.

    Notes
    -----
    Numbers that are not all whole are measured values. Two whole numbers are two classes, the larger one
    positive. More of them are classes when none is rare (each value in at least a quarter of the mean number
    of rows of a value, or in ten rows) and there are four rows a value on average, or at most ten values
    without a gap from 0 or 1; else they are measured values, such as counts. Of two words `positive_class`
    tells which is positive; more are numbered in the order of letters. Words that differ in letter case,
    blanks, hyphens and underscores alone are one class.
    """
    hints = hints or LabelHints()
    numbers = _as_numbers(texts)
    if numbers is None:
        if task == "regression":
            raise _error("labels are words, regression needs numbers")
        resolved = _from_words(texts)
    elif task == "regression":
        resolved = ResolvedLabels(numbers, "regression", ("value",))
    else:
        resolved = _from_numbers(numbers, task, hints.task)
    if task == "binary" and resolved.task != "binary":
        raise _error(
            f"{len(resolved.names)} classes ({', '.join(resolved.names[:5])}...) where two are asked for"
        )
    if task == "multiclass":
        resolved = resolved._replace(task="multiclass")
    if resolved.task != "binary":
        if positive is not None:
            what = "measured values" if resolved.task == "regression" else f"{len(resolved.names)} classes"
            raise InputError(
                f"the labels are {what}, and only one of two classes is the positive one",
                remedy="leave out --positive-label",
            )
        return resolved
    return _with_positive(resolved, positive, hints.positives, must_be_known)


def _error(problem: str) -> InputError:
    return InputError(problem, remedy="give numbers, or one word for each class")


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
            raise _error(f"label {texts[int(np.argmin(np.isfinite(values)))]!r} is not a finite number")
        return values
    if numbers:
        raise _error(f"label {words[0]!r} is a word among numbers")
    return None


def _from_numbers(numbers: NDArray[np.float64], task: Task | None, likely: Task | None) -> ResolvedLabels:
    distinct, rows = np.unique(numbers, return_counts=True)
    if (distinct != np.rint(distinct)).any():
        if task is None:
            return ResolvedLabels(
                numbers, "regression", ("value",), ("not all are whole numbers: measured values",)
            )
        raise _error(f"label {distinct[distinct != np.rint(distinct)][0]} is not a whole number")
    if np.isin(distinct, (0, 1)).all():
        return ResolvedLabels(numbers.astype(np.int64), "binary", BINARY_NAMES)
    count = len(distinct)
    said = f"{count} whole numbers, {distinct[0]:g} to {distinct[-1]:g}, the rarest in {rows.min()} rows"
    classes = (
        likely == "multiclass" if likely in ("multiclass", "regression") else _are_classes(distinct, rows)
    )
    if task is None and count > 2 and not classes:
        note = f"{said}: measured values, such as counts (--task multiclass makes them classes)"
        return ResolvedLabels(numbers, "regression", ("value",), (note,))
    if count > MOST_CLASSES:
        raise _error(f"{count} different labels; at most {MOST_CLASSES} classes are read")
    notes = (f"{said}: classes (--task regression makes them values)",) if count > 2 and task is None else ()
    top = int(distinct[-1])
    are_many = count > 2 or "multiclass" in (task, likely)
    if are_many and distinct[0] == 0 and top < 2 * count:
        names = tuple(str(number) for number in range(top + 1))
        return ResolvedLabels(numbers.astype(np.int64), "multiclass", names, notes)
    values = np.searchsorted(distinct, numbers).astype(np.int64)
    kind: Task = "binary" if count <= 2 else "multiclass"
    return ResolvedLabels(values, kind, tuple(str(int(number)) for number in distinct), notes)


def _are_classes(distinct: NDArray[np.float64], rows: NDArray[np.int64]) -> bool:
    """Return whether whole numbers are classes, by how many rows each has; see `resolve_labels`."""
    mean = rows.mean()
    without_gap = distinct[0] in (0, 1) and distinct[-1] - distinct[0] == len(distinct) - 1
    few = without_gap and len(distinct) <= _FEW
    return bool(rows.min() >= min(_COMMON, mean / 4) and (mean >= _ROWS_A_CLASS or few))


def _from_words(texts: Sequence[str]) -> ResolvedLabels:
    spelled = _one_spelling(Counter(texts))
    names = sorted(set(spelled.values()))
    if len(names) > MOST_CLASSES or len(names) > max(_FEW, len(texts) // 2):
        raise InputError(
            f"{len(names)} different words as labels of {len(texts)} rows are not classes (at most "
            f"{MOST_CLASSES}, of two rows on average)",
            remedy="check which column holds the labels",
        )
    merged = sorted(word for word, name in spelled.items() if word != name)
    notes = (f"{', '.join(map(repr, merged))} read as {', '.join(names)}",) if merged else ()
    number_of = {name: number for number, name in enumerate(names)}
    values = np.array([number_of[spelled[text]] for text in texts], dtype=np.int64)
    return ResolvedLabels(values, "binary" if len(names) <= 2 else "multiclass", tuple(names), notes)


def _one_spelling(counts: Mapping[str, int]) -> dict[str, str]:
    """Return for each word the most frequent of those that are the same name."""
    spelled: dict[str, str] = {}
    names: list[str] = []
    for word in sorted(counts, key=lambda word: (-counts[word], word)):
        spelled[word] = next((name for name in names if same_name(name, word)), word)
        if spelled[word] == word:
            names.append(word)
    return spelled


def _with_positive(
    resolved: ResolvedLabels,
    positive: str | None,
    known_positives: Sequence[str],
    must_be_known: bool,
) -> ResolvedLabels:
    """Return labels of two classes (or one of them) with the positive class as 1."""
    names = resolved.names
    if len(names) == 1:
        return _of_one_class(resolved, positive, known_positives)
    chosen = _place(positive, names) if positive is not None else positive_class(names)
    if positive is not None and chosen is None and names == BINARY_NAMES:
        return _of_named_numbers(resolved, positive)
    if positive is not None and chosen is None:
        raise InputError(
            f"no label is {positive!r}; the labels are {names[0]!r} and {names[1]!r}",
            remedy="give one of them as --positive-label",
        )
    if chosen is None:
        found = {_place(name, names) for name in known_positives} - {None}
        chosen = found.pop() if len(found) == 1 else None
    if chosen is None:
        if must_be_known:
            raise InputError(
                f"the labels are {names[0]!r} and {names[1]!r}, and their names leave open which class is "
                "the positive one",
                remedy=f"name it, such as --positive-label {names[1]!r}",
            )
        return resolved
    if chosen == 0:
        resolved = resolved._replace(numbers=1 - resolved.numbers, names=names[::-1])
    return resolved


def _of_named_numbers(resolved: ResolvedLabels, positive: str) -> ResolvedLabels:
    """Return labels 0 and 1 with 0 as the positive class, or with a name for 1."""
    try:
        number = float(positive)
    except ValueError:
        return resolved._replace(names=(f"non-{positive}", positive))
    if number not in (0, 1):
        raise InputError(
            f"no label is {positive!r}; the labels are '0' and '1'",
            remedy="give one of them, or a name for 1, as --positive-label",
        )
    return resolved if number == 1 else resolved._replace(numbers=1 - resolved.numbers, names=("1", "0"))


def _of_one_class(
    resolved: ResolvedLabels, positive: str | None, known_positives: Sequence[str]
) -> ResolvedLabels:
    """Return labels that are all the same, as 1 where that is a positive class by its name."""
    (name,) = resolved.names
    told = told_by_name(name) if positive is None else same_name(name, positive)
    if positive is None and told is None and any(same_name(name, other) for other in known_positives):
        told = True
    if told is None:
        return resolved
    if told:
        return resolved._replace(numbers=resolved.numbers + 1, names=(f"non-{name}", name))
    return resolved._replace(names=(name, positive or "positive"))


def _place(name: str, names: Sequence[str]) -> int | None:
    """Return where a name is among others, however it is spelled; numbers by their value."""
    for index, other in enumerate(names):
        if same_name(name, other) or _is_same_number(name, other):
            return index
    return None


def _is_same_number(name: str, other: str) -> bool:
    try:
        return float(name) == float(other)
    except ValueError:
        return False
