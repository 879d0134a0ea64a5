"""Which of two classes is the positive one, told by their names."""

from __future__ import annotations

import pytest

from dnabert_enhancer.model import positive_class, same_name, told_by_name


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        ("genome", "enhancer"),
        ("unbound", "bound"),
        ("-", "+"),
        ("\u2212", "+"),
        ("非增强子", "增强子"),
        ("non-enhancer", "Enhancer"),
        ("Non Enhancer", "enhancer"),
        ("nonpeaks", "peak"),
        ("control", "H3K27ac"),
        ("Controls", "cases"),
        ("inactive", "active"),
        ("LABEL_0", "LABEL_1"),
        ("class 0", "class 1"),
        ("0", "1"),
        ("-1", "1"),
        ("1", "2"),
        ("9", "10"),
        ("FALSE", "TRUE"),
        ("no", "yes"),
        ("N", "Y"),
        ("negative_set", "positive set"),
        ("unlabelled", "positive"),
        ("not_GATA1", "GATA1"),
        ("other", "enhancer"),
        ("random genomic", "silencer"),
    ],
)
def test_names_that_leave_no_doubt(negative: str, positive: str) -> None:
    assert positive_class([negative, positive]) == 1
    assert positive_class([positive, negative]) == 0


@pytest.mark.parametrize(
    "names",
    [
        ("weak", "strong"),
        ("enhancer", "promoter"),
        ("donor", "acceptor"),
        ("negative", "background"),
        ("missense", "nonsense"),
        ("tumor", "normal"),
        ("class1", "class2"),
        ("", "a"),
    ],
)
def test_names_that_leave_a_doubt(names: tuple[str, str]) -> None:
    assert positive_class(names) is None
    assert positive_class(names[::-1]) is None


def test_one_name_alone() -> None:
    told = {name: told_by_name(name) for name in ("enhancers", "Control", "strong")}
    assert told == {"enhancers": True, "Control": False, "strong": None}


def test_spellings_of_one_name() -> None:
    assert same_name("Non-enhancer", "non enhancer")
    assert not same_name("+", "-")
    assert not same_name("-1", "1")
