"""Windows in engine/engine.py: grouped by length, equal ones found however they lie in memory."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.engine import engine as windows_module
from dnabert_enhancer.engine.engine import by_length, distinct_windows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import encode_bases, window_view


def test_an_array_is_one_group_in_order() -> None:
    codes = np.zeros((3, 5), dtype=np.uint8)
    (group,) = by_length(codes)
    assert group.codes is codes
    assert group.places.tolist() == [0, 1, 2]


def test_windows_of_differing_length_are_grouped() -> None:
    groups = by_length([encode_bases(text) for text in ("ACGT", "AC", "TTTT", "GG")])
    assert [group.places.tolist() for group in groups] == [[1, 3], [0, 2]]
    assert groups[1].codes.tolist() == [[0, 1, 2, 3], [3, 3, 3, 3]]


@pytest.mark.parametrize("empty", [[], np.zeros((0, 200), np.uint8)])
def test_no_windows_are_no_groups(empty: object) -> None:
    assert by_length(empty) == []  # type: ignore[arg-type]  # of either kind


@pytest.mark.parametrize("wrong", [np.zeros(5, np.uint8), np.zeros((2, 5), np.int64)])
def test_what_are_no_windows_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(InputError, match="base codes"):
        by_length(wrong)


def test_equal_rows_have_one_answer() -> None:
    codes = np.stack([encode_bases(text) for text in ("ACG", "TTT", "ACG", "ACT", "TTT", "ACG")])
    rows, answers = distinct_windows(codes)
    assert rows.tolist() == [0, 1, 3]
    assert answers.tolist() == [0, 1, 0, 2, 1, 0]


def test_overlapping_views_are_compared_as_rows() -> None:
    view = window_view(encode_bases("ACACACACGT"), 4)
    rows, answers = distinct_windows(view)
    assert answers.tolist() == [0, 1, 0, 1, 0, 2, 3][: len(view)]
    assert rows.tolist() == [0, 1, 5, 6]


@pytest.mark.parametrize("length", [1, 7, 8, 9, 64, 201])
def test_the_same_as_comparing_all_rows(length: int) -> None:
    rng = np.random.default_rng(length)
    codes = rng.integers(0, 2, size=(12, length), dtype=np.uint8)[rng.integers(0, 12, size=50)]
    found = distinct_windows(codes)
    expected = np.unique(codes, axis=0, return_inverse=True)[1].ravel()
    for group in range(expected.max() + 1):
        assert len(set(found.answers[expected == group])) == 1
    assert len(found.rows) == expected.max() + 1
    np.testing.assert_array_equal(codes[found.rows][found.answers], codes)


def test_rows_of_equal_hash_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_module, "_row_keys", lambda codes: np.zeros(len(codes), np.uint64))
    codes = np.array([[0, 1], [2, 3], [0, 1], [2, 3]], dtype=np.uint8)
    rows, answers = distinct_windows(codes)
    np.testing.assert_array_equal(codes[rows][answers], codes)


def test_no_two_of_many_random_windows_share_a_key() -> None:
    codes = np.random.default_rng(0).integers(0, 5, size=(100_000, 13), dtype=np.uint8)
    expected = len(np.unique(codes, axis=0))
    assert len(np.unique(windows_module._row_keys(codes))) == expected
