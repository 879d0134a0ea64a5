"""Sequences of another length than a model's window are counted, and a sentence says how they are judged."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.evaluation import other_lengths


def ragged(*lengths: int) -> list[np.ndarray]:
    return [np.zeros(length, dtype=np.uint8) for length in lengths]


def test_longer_and_shorter_sequences_are_counted_apart() -> None:
    found = other_lengths(ragged(200, 199, 201, 350, 200), 200, cropped=False)
    assert found is not None
    assert (found.longer, found.shorter, found.sequences) == (2, 1, 5)
    told = found.sentence(["one", "two"])
    assert told.startswith("3 of 5 sequences have another length than the window of one and two, 200 bp: 2 ")
    assert "2 longer ones have the score of their highest window" in told
    assert told.endswith("1 shorter ones are scored as they are")


def test_cut_ones_are_told_as_cut() -> None:
    found = other_lengths(np.zeros((4, 350), dtype=np.uint8), 200, cropped=True)
    assert found is not None
    assert found.sentence(["m"]).endswith("200 bp: 4 longer ones are cut to the window at their centre")
    short = other_lengths(np.zeros((4, 150), dtype=np.uint8), 200, cropped=True)
    assert short is not None
    assert short.sentence(["m"]).endswith("200 bp: 4 shorter ones are scored as they are")


@pytest.mark.parametrize("window_length", [200, None])
def test_nothing_is_said_where_all_fit_or_the_window_is_not_known(window_length: int | None) -> None:
    lengths = (200, 200) if window_length else (200, 300)
    assert other_lengths(ragged(*lengths), window_length, cropped=False) is None
