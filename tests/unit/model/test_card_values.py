"""Values of a card: printable texts and numbers in their range (model/card_values)."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model.card_values import (
    check_whole,
    is_number,
    is_whole,
    printable,
    printable_values,
    shown,
    with_printable_keys,
)


def test_what_a_terminal_or_a_table_would_obey_becomes_a_blank() -> None:
    assert printable("two\nlines\tand\x1b[31m") == "two lines and [31m"
    assert printable("Zürich 増強 µ") == "Zürich 増強 µ"
    assert with_printable_keys({"a\rb": 1}) == {"a b": 1}


def test_all_levels_are_cleaned_and_clean_values_stay_themselves() -> None:
    clean = {"a": ["b", 1]}
    assert printable_values(clean) is clean
    assert printable_values({"a\n": ["b\0", {"c": "d\t"}], "n": 1.5}) == {"a ": ["b ", {"c": "d "}], "n": 1.5}


@pytest.mark.parametrize("value", [None, 3, ["a"]])
def test_a_text_is_asked_for(value: object) -> None:
    with pytest.raises(InputError, match="a string is expected"):
        printable(value)  # type: ignore[arg-type]


def test_truth_values_are_no_numbers() -> None:
    assert [is_number(value) for value in (1, 2.5, np.float32(1), True, "1", None)] == [True] * 3 + [
        False
    ] * 3
    assert [is_whole(value) for value in (1, np.int64(2), 2.0, False, "1")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("value", [0, 11, 2.5, True, "3", None])
def test_whole_numbers_have_a_range(value: object) -> None:
    check_whole("k", 10, 1, 10)
    with pytest.raises(InputError, match="k must be a whole number from 1 to 10"):
        check_whole("k", value, 1, 10)


def test_long_values_are_cut_in_messages() -> None:
    assert shown("a") == "'a'"
    assert len(shown("a" * 500)) == 63
