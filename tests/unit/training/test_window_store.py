"""Windows cut from a flat array of sequences."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.training.window_store import WindowStore

SEQUENCES = ["AACCGGTTAC", "TTTACG", "ACGTN"]


def store(window_length: int | None = None) -> WindowStore:
    return WindowStore([encode_bases(sequence) for sequence in SEQUENCES], window_length)


def cut(row: int, *, length: int | None = None, shift: int = 0, reverse: bool = False) -> str:
    (group,) = store(length).windows(np.array([row]), np.array([shift]), np.array([reverse]))
    return "".join("ACGTN"[code] for code in group.codes[0])


@pytest.mark.parametrize(
    ("row", "length", "shift", "reverse", "expected"),
    [
        (0, None, 0, False, "AACCGGTTAC"),
        (0, 4, 0, False, "CGGT"),
        (0, 4, 1, False, "GGTT"),
        (0, 4, -2, False, "ACCG"),
        (0, 4, 5, False, "ACNN"),
        (0, 4, -5, False, "NNAA"),
        (0, 4, 0, True, "ACCG"),
        (0, 4, 5, True, "NNGT"),
        (1, 100, 0, False, "TTTACG"),
        (1, 100, 2, False, "TACGNN"),
        (2, None, 0, True, "NACGT"),
        (2, 3, 0, False, "CGT"),
    ],
)
def test_a_window_is_cut_around_the_centre_shifted_and_turned(
    row: int, length: int | None, shift: int, reverse: bool, expected: str
) -> None:
    assert cut(row, length=length, shift=shift, reverse=reverse) == expected


def test_windows_of_several_lengths_come_in_groups_that_know_their_places() -> None:
    groups = store().windows(np.array([2, 0, 2]))
    assert [(group.positions.tolist(), group.codes.shape) for group in groups] == [
        ([0, 2], (2, 5)),
        ([1], (1, 10)),
    ]


def test_all_windows_are_an_array_where_lengths_agree_and_a_list_in_order_where_not() -> None:
    assert isinstance(store(5).all_windows(), np.ndarray)
    everything = store().all_windows()
    assert [len(window) for window in everything] == [10, 6, 5]


def test_cropped_sequences_are_counted() -> None:
    assert store(6).cropped == 1
    assert store(5).cropped == 2
    assert store().cropped == 0


def test_an_array_and_a_list_of_the_same_sequences_give_the_same_windows() -> None:
    codes = np.random.default_rng(0).integers(0, 5, (7, 12)).astype(np.uint8)
    rows = np.array([3, 1])
    one = WindowStore(codes, 8).windows(rows)[0].codes
    other = WindowStore(list(codes), 8).windows(rows)[0].codes
    assert (one == other).all()
