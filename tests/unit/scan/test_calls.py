"""Calls and scanned intervals (scan/tracks_and_calls.py), against hand-made tables and a loop."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_enhancer.scan.tracks_and_calls import Call, CallBuilder, UnionBuilder

LENGTH = 10


def called(
    starts: list[int],
    scores: list[float],
    *,
    threshold: float = 0.5,
    gap: int = 0,
    cuts: tuple[int, ...] = (),
) -> list[Call]:
    builder = CallBuilder(LENGTH, threshold, gap)
    edges = [0, *sorted({cut for cut in cuts if cut < len(starts)}), len(starts)]
    found: list[Call] = []
    for first, last in itertools.pairwise(edges):
        values = np.array(scores[first:last], dtype=np.float32)
        found += builder.add(np.array(starts[first:last], dtype=np.int64), values * 10, values)
    return found + builder.finish()


@pytest.mark.parametrize(
    ("starts", "scores", "gap", "expected"),
    [
        pytest.param([0, 5, 10], [0.1, 0.2, 0.3], 0, [], id="none"),
        pytest.param([0, 5, 10], [0.1, 0.5, 0.3], 0, [(5, 15, 10, 0.5, 0.5, 1)], id="at the threshold"),
        pytest.param([0, 5], [0.5, 0.75], 0, [(0, 15, 10, 0.625, 0.75, 2)], id="overlapping"),
        pytest.param([0, 10], [0.75, 0.5], 0, [(0, 20, 5, 0.625, 0.75, 2)], id="touching"),
        pytest.param(
            [0, 11], [0.5, 1.0], 0, [(0, 10, 5, 0.5, 0.5, 1), (11, 21, 16, 1.0, 1.0, 1)], id="apart"
        ),
        pytest.param([0, 11], [0.5, 1.0], 1, [(0, 21, 16, 0.75, 1.0, 2)], id="apart within the gap"),
        pytest.param(
            [0, 5, 10], [0.75, 0.1, 0.5], 0, [(0, 20, 5, 0.625, 0.75, 2)], id="a dip between does not count"
        ),
        pytest.param(
            [0, 5, 10], [0.5, 0.75, 0.75], 0, [(0, 20, 10, 2 / 3, 0.75, 3)], id="first of equal summits"
        ),
    ],
)
def test_windows_above_the_threshold_merge_by_rule(
    starts: list[int], scores: list[float], gap: int, expected: list[tuple[float, ...]]
) -> None:
    found = called(starts, scores, gap=gap)
    assert [(c.start, c.end, c.summit, c.mean, c.maximum, c.windows) for c in found] == [
        pytest.approx(row) for row in expected
    ]
    assert all(call.highest == pytest.approx(10 * call.maximum) for call in found)


def test_the_threshold_is_compared_in_the_scores_own_precision() -> None:
    assert len(called([0], [0.3], threshold=0.3)) == 1


@given(
    st.lists(st.tuples(st.integers(1, 25), st.sampled_from([0.0, 0.5, 0.6, 0.9])), max_size=30),
    st.integers(0, 6),
    st.lists(st.integers(1, 30), max_size=4),
)
def test_calls_equal_those_of_a_loop_however_the_windows_are_cut(
    steps: list[tuple[int, float]], gap: int, cuts: list[int]
) -> None:
    starts = np.cumsum([step for step, _ in steps]).tolist()
    scores = [score for _, score in steps]
    groups: list[list[tuple[int, float]]] = []
    for start, score in zip(starts, scores, strict=True):
        if score < 0.5:
            continue
        if groups and start - (groups[-1][-1][0] + LENGTH) <= gap:
            groups[-1].append((start, score))
        else:
            groups.append([(start, score)])
    expected = [
        (
            group[0][0],
            group[-1][0] + LENGTH,
            max(group, key=lambda window: (window[1], -window[0]))[0] + LENGTH // 2,
            pytest.approx(sum(score for _, score in group) / len(group), rel=1e-6),
            len(group),
        )
        for group in groups
    ]
    found = called(starts, scores, gap=gap, cuts=tuple(cuts))
    assert [(c.start, c.end, c.summit, c.mean, c.windows) for c in found] == expected


@given(st.lists(st.integers(1, 25), max_size=30), st.lists(st.integers(1, 30), max_size=4))
def test_the_union_covers_the_bases_of_the_windows(steps: list[int], cuts: list[int]) -> None:
    starts = np.cumsum(steps).astype(np.int64)
    builder = UnionBuilder(LENGTH)
    edges = [0, *sorted({cut for cut in cuts if cut < len(starts)}), len(starts)]
    found: list[tuple[int, int]] = []
    for first, last in itertools.pairwise(edges):
        found += builder.add(starts[first:last])
    found += builder.finish()
    bases = {base for start, end in found for base in range(start, end)}
    assert bases == {base for start in starts.tolist() for base in range(start, start + LENGTH)}
    assert all(left[1] < right[0] for left, right in itertools.pairwise(found))
    assert builder.finish() == []
