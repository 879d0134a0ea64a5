"""The per-base mean of overlapping windows (tracks_and_calls, bigwig_process), against a loop over bases."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.scan.tracks_and_calls import MeanTrack, Runs

LENGTH = 7


def by_base(starts: list[int], scores: list[float], length: int) -> dict[int, float]:
    """Return the mean score of each covered base."""
    covering: dict[int, list[float]] = {}
    for start, score in zip(starts, scores, strict=True):
        for base in range(start, start + length):
            covering.setdefault(base, []).append(score)
    return {base: sum(found) / len(found) for base, found in covering.items()}


def all_runs(track: MeanTrack, starts: list[int], scores: list[float], cuts: list[int]) -> Runs:
    parts = []
    edges = [0, *sorted({cut for cut in cuts if cut < len(starts)}), len(starts)]
    for first, last in itertools.pairwise(edges):
        parts.append(
            track.add(np.array(starts[first:last], dtype=np.int64), np.array(scores[first:last], "f4"))
        )
    parts.append(track.finish())
    return Runs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


@st.composite
def scored_windows(draw: st.DrawFn) -> tuple[list[int], list[float]]:
    steps = draw(st.lists(st.integers(1, 12), min_size=1, max_size=25))
    starts = np.cumsum([draw(st.integers(0, 5)), *steps]).tolist()
    # few values, so that runs of equal means occur
    scores = [draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) for _ in starts]
    return starts, scores


@given(scored_windows(), st.lists(st.integers(1, 25), max_size=4))
def test_runs_hold_the_mean_of_each_base_and_nothing_else(
    windows: tuple[list[int], list[float]], cuts: list[int]
) -> None:
    starts, scores = windows
    runs = all_runs(MeanTrack(LENGTH), starts, scores, cuts)
    got = {base: float(value) for start, end, value in zip(*runs, strict=True) for base in range(start, end)}
    expected = by_base(starts, scores, LENGTH)
    assert got.keys() == expected.keys()
    assert got == pytest.approx(expected, abs=1e-7)
    assert (runs.start[1:] >= runs.end[:-1]).all()
    touching = runs.start[1:] == runs.end[:-1]
    assert (runs.value[1:][touching] != runs.value[:-1][touching]).all(), "equal neighbours must be one run"


@given(scored_windows(), st.lists(st.integers(1, 25), max_size=4))
def test_the_cuts_between_calls_leave_no_trace(
    windows: tuple[list[int], list[float]], cuts: list[int]
) -> None:
    whole = all_runs(MeanTrack(LENGTH), *windows, [])
    pieces = all_runs(MeanTrack(LENGTH), *windows, cuts)
    for left, right in zip(whole, pieces, strict=True):
        assert left.tobytes() == right.tobytes()


def test_a_track_serves_one_contig_after_the_other() -> None:
    track = MeanTrack(LENGTH)
    first = all_runs(track, [0, 3, 40], [0.25, 0.75, 1.0], [2])
    again = all_runs(track, [0, 3, 40], [0.25, 0.75, 1.0], [1])
    assert [part.tolist() for part in first] == [part.tolist() for part in again]
    assert first.start.tolist() == [0, 3, 7, 40]
    assert first.end.tolist() == [3, 7, 10, 47]
    assert first.value.tolist() == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("largest", [1.0, 30.0, 1e6])
def test_values_of_any_size_keep_seven_digits(largest: float) -> None:
    scores = [largest, -largest / 3, largest / 7]
    runs = all_runs(MeanTrack(LENGTH, largest), [0, 7, 14], scores, [])
    np.testing.assert_allclose(runs.value, scores, rtol=1e-6)


def test_no_windows_give_no_runs() -> None:
    assert len(all_runs(MeanTrack(LENGTH), [], [], []).start) == 0
