"""What labels mean: classes by number, classes by word, measured values."""

from __future__ import annotations

import pytest

from dnabert_enhancer.dataset.labels import BINARY_NAMES, resolve_labels


@pytest.mark.parametrize(
    ("texts", "numbers", "task", "names"),
    [
        (["1", "0", "1"], [1, 0, 1], "binary", BINARY_NAMES),
        (["1.0", "0.0"], [1, 0], "binary", BINARY_NAMES),
        (["1", "1"], [1, 1], "binary", BINARY_NAMES),
        (["2", "0", "1"], [2, 0, 1], "multiclass", ("0", "1", "2")),
        (["-1", "1"], [0, 1], "binary", ("-1", "1")),
        (["3", "7", "5"], [0, 2, 1], "multiclass", ("3", "5", "7")),
        (["0.5", "-1.25", "0"], [0.5, -1.25, 0.0], "regression", ("value",)),
        (["enhancer", "non-enhancer"], [1, 0], "binary", ("non-enhancer", "enhancer")),
        (["nonenhancer", "enhancer"], [0, 1], "binary", ("nonenhancer", "enhancer")),
        (["negative", "positive"], [0, 1], "binary", ("negative", "positive")),
        (["open", "control"], [1, 0], "binary", ("control", "open")),
        (["weak", "strong"], [1, 0], "binary", ("strong", "weak")),
        (["c", "a", "b"], [2, 0, 1], "multiclass", ("a", "b", "c")),
    ],
)
def test_labels_are_resolved_by_the_rules(
    texts: list[str], numbers: list[float], task: str, names: tuple[str, ...]
) -> None:
    resolved = resolve_labels(texts)
    assert resolved.numbers.tolist() == numbers
    assert resolved.numbers.dtype.kind == ("f" if task == "regression" else "i")
    assert (resolved.task, resolved.names) == (task, names)


def test_many_whole_numbers_are_measured_values() -> None:
    assert resolve_labels([str(number) for number in range(50)]).task == "multiclass"
    assert resolve_labels([str(number) for number in range(51)]).task == "regression"


def test_an_asked_task_is_held_to() -> None:
    assert resolve_labels(["0", "1"], "regression").numbers.tolist() == [0.0, 1.0]
    assert resolve_labels(["0", "1"], "multiclass").task == "multiclass"


@pytest.mark.parametrize(
    ("texts", "task", "said"),
    [
        (["1", "enhancer"], None, "'enhancer' is a word among numbers"),
        (["1", "nan"], None, "not a finite number"),
        (["1", "inf"], None, "not a finite number"),
        (["a", "b"], "regression", "labels are words"),
        (["0", "1", "2"], "binary", "3 classes"),
        (["0.5", "1"], "multiclass", "0.5 is not a whole number"),
        ([f"word{number}" for number in range(51)], None, "51 different words"),
    ],
)
def test_labels_that_fit_nothing_are_refused(texts: list[str], task: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        resolve_labels(texts, task)  # type: ignore[arg-type]  # a plain word
