"""What labels mean: classes by number, classes by word, measured values."""

from __future__ import annotations

import pytest

from dnabert_enhancer.dataset import LabelHints
from dnabert_enhancer.dataset.labels import BINARY_NAMES, resolve_labels
from dnabert_enhancer.errors import InputError


@pytest.mark.parametrize(
    ("texts", "numbers", "task", "names"),
    [
        (["1", "0", "1"], [1, 0, 1], "binary", BINARY_NAMES),
        (["1.0", "0.0"], [1, 0], "binary", BINARY_NAMES),
        (["1", "1"], [1, 1], "binary", BINARY_NAMES),
        (["2", "0", "1"], [2, 0, 1], "multiclass", ("0", "1", "2")),
        (["-1", "1"], [0, 1], "binary", ("-1", "1")),
        (["1", "3", "2"], [0, 2, 1], "multiclass", ("1", "2", "3")),
        (["0", "2"], [0, 1], "binary", ("0", "2")),
        (["3", "7", "5"] * 4, [0, 2, 1] * 4, "multiclass", ("3", "5", "7")),
        (["3", "7", "5"], [3, 7, 5], "regression", ("value",)),
        (["0.5", "-1.25", "0"], [0.5, -1.25, 0.0], "regression", ("value",)),
        (["enhancer", "non-enhancer"], [1, 0], "binary", ("non-enhancer", "enhancer")),
        (["nonenhancer", "enhancer"], [0, 1], "binary", ("nonenhancer", "enhancer")),
        (["negative", "positive"], [0, 1], "binary", ("negative", "positive")),
        (["open", "control"], [1, 0], "binary", ("control", "open")),
        (["enhancer", "genome"], [1, 0], "binary", ("genome", "enhancer")),
        (["bound", "unbound"], [1, 0], "binary", ("unbound", "bound")),
        (["+", "-"], [1, 0], "binary", ("-", "+")),
        (["enhancer", "Enhancer", "control"], [1, 1, 0], "binary", ("control", "Enhancer")),
        (["enhancer", "enhancer"], [1, 1], "binary", ("non-enhancer", "enhancer")),
        (["control", "control"], [0, 0], "binary", ("control", "positive")),
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


def whole_numbers(rows: dict[int, int]) -> list[str]:
    return [str(value) for value, count in rows.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("rows", "task"),
    [
        (dict.fromkeys(range(60), 20), "multiclass"),
        (dict.fromkeys(range(60), 4), "multiclass"),
        (dict.fromkeys(range(50), 1), "regression"),
        ({10: 300, 20: 300, 30: 12}, "multiclass"),
        ({0: 5000, 1: 4000, 2: 300}, "multiclass"),
        ({0: 10, 1: 8, 2: 2}, "multiclass"),
        # counts: the large ones are rare, and there are gaps
        ({0: 27, 1: 54, 2: 54, 3: 36, 4: 18, 5: 7, 6: 2, 8: 1}, "regression"),
        (dict.fromkeys(range(0, 3000, 3), 2), "regression"),
    ],
)
def test_whole_numbers_are_classes_where_none_is_rare(rows: dict[int, int], task: str) -> None:
    resolved = resolve_labels(whole_numbers(rows))
    assert resolved.task == task
    # the log names the option that would decide otherwise
    assert "--task" in resolved.notes[0]
    other = "regression" if task == "multiclass" else "multiclass"
    if len(rows) <= 1000:
        assert resolve_labels(whole_numbers(rows), other).task == other


def test_two_of_three_classes_keep_their_numbers_where_the_model_has_three() -> None:
    for resolved in (
        resolve_labels(["0", "2"], "multiclass"),
        resolve_labels(["0", "2"], hints=LabelHints("multiclass")),
    ):
        assert (resolved.task, resolved.numbers.tolist()) == ("multiclass", [0, 2])


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
        ([f"word{number}" for number in range(51)], None, "51 different words as labels of 51 rows"),
        (["weak", "strong"], None, "'strong' and 'weak', and their names leave open.*--positive-label"),
        (["enhancer", "promoter"], None, "leave open which class is the positive one"),
    ],
)
def test_labels_that_fit_nothing_are_refused(texts: list[str], task: str | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        resolve_labels(texts, task)  # type: ignore[arg-type]  # a plain word


@pytest.mark.parametrize(
    ("texts", "positive", "numbers", "names"),
    [
        (["weak", "strong"], "strong", [0, 1], ("weak", "strong")),
        (["weak", "strong"], "Weak", [1, 0], ("strong", "weak")),
        (["bound", "unbound"], "unbound", [0, 1], ("bound", "unbound")),
        (["1", "0"], "0", [0, 1], ("1", "0")),
        (["1", "2"], "1.0", [1, 0], ("2", "1")),
        (["1", "0"], "bound", [1, 0], ("non-bound", "bound")),
    ],
)
def test_the_positive_class_can_be_named(
    texts: list[str], positive: str, numbers: list[int], names: tuple[str, str]
) -> None:
    resolved = resolve_labels(texts, positive=positive)
    assert (resolved.numbers.tolist(), resolved.names) == (numbers, names)


@pytest.mark.parametrize(
    ("texts", "positive", "said"),
    [
        (["weak", "strong"], "weka", "no label is 'weka'; the labels are 'strong' and 'weak'"),
        (["1", "0"], "2", "no label is '2'"),
        (["a", "b", "c"], "a", "the labels are 3 classes.*leave out --positive-label"),
        (["0.5", "1"], "1", "the labels are measured values"),
    ],
)
def test_a_positive_class_that_is_none_is_refused(texts: list[str], positive: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        resolve_labels(texts, positive=positive)


def test_a_known_name_decides_where_the_labels_do_not() -> None:
    assert resolve_labels(["weak", "strong"], hints=LabelHints(positives=("weak",))).names == (
        "strong",
        "weak",
    )
    # what the names say comes first
    assert resolve_labels(["bound", "unbound"], hints=LabelHints(positives=("unbound",))).names == (
        "unbound",
        "bound",
    )
    assert resolve_labels(["weak", "strong"], must_be_known=False).names == ("strong", "weak")
    # few rows of a test split, judged by a model of classes
    assert resolve_labels(["3", "7", "5"], hints=LabelHints("multiclass")).task == "multiclass"
