"""Properties of training windows: shifts undo each other, strands mirror, epochs repeat."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.sequence import UNKNOWN_BASE, reverse_complement
from dnabert_enhancer.training.augment import Augmentation
from dnabert_enhancer.training.window_store import WindowStore

sequences = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=40), min_size=1, max_size=6)


@given(sequences, st.integers(1, 50), st.integers(-20, 20), st.data())
def test_a_window_is_the_slice_of_its_sequence_with_unknown_bases_beyond(
    rows: list[list[int]], length: int, shift: int, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    store = WindowStore([np.array(bases, np.uint8) for bases in rows], length)
    (group,) = store.windows(np.array([row]), np.array([shift]))
    size = min(length, len(rows[row]))
    start = (len(rows[row]) - size) // 2 + shift
    expected = [
        rows[row][place] if 0 <= place < len(rows[row]) else UNKNOWN_BASE
        for place in range(start, start + size)
    ]
    assert group.codes[0].tolist() == expected


@given(sequences, st.integers(-5, 5))
def test_a_turned_window_is_the_reverse_complement_of_the_window(rows: list[list[int]], shift: int) -> None:
    store = WindowStore([np.array(bases, np.uint8) for bases in rows])
    numbers = np.arange(len(rows))
    shifts = np.full(len(rows), shift)
    plain = store.windows(numbers, shifts, np.zeros(len(rows), bool))
    turned = store.windows(numbers, shifts, np.ones(len(rows), bool))
    for one, other in zip(plain, turned, strict=True):
        assert (one.positions == other.positions).all()
        assert (reverse_complement(one.codes) == other.codes).all()


@given(st.integers(0, 2**31), st.integers(0, 50), st.integers(1, 200), st.integers(0, 30))
def test_draws_repeat_and_stay_within_the_shift(seed: int, epoch: int, rows: int, shift: int) -> None:
    one, same = (Augmentation(seed, shift=shift).draws(epoch, rows) for _ in range(2))
    assert (one.reverse == same.reverse).all()
    assert (one.shift == same.shift).all()
    assert np.abs(one.shift).max() <= shift
