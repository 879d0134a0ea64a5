"""Matched candidates: tolerances, no overlaps, no second use."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset.background import draw_starts, free_regions
from dnabert_enhancer.dataset.composition import Composition
from dnabert_enhancer.dataset.matching import NOT_MATCHED, match_windows
from dnabert_enhancer.genome import region_frame


def regions(*rows: tuple[int, int]) -> pd.DataFrame:
    start, end = zip(*rows, strict=True)
    return region_frame(["c"] * len(rows), start, end)


def composition(gc: list[float], masked: list[float] | None = None) -> Composition:
    shares = np.array(gc, dtype=np.float64)
    return Composition(shares, np.array(masked or [0.0] * len(gc)), np.zeros(len(gc)))


def match(
    targets: Composition, candidates: Composition, starts: list[int], taken: tuple[int, ...] = ()
) -> list[int]:
    found = match_windows(
        targets,
        candidates,
        np.array(starts, dtype=np.int64),
        length=100,
        gc_tolerance=0.02,
        repeat_tolerance=0.1,
        taken=np.array(taken, dtype=np.int64),
        rng=np.random.default_rng(1),
    )
    return found.tolist()


@pytest.mark.parametrize(
    ("gc", "masked", "is_match"),
    [
        (0.50, 0.0, True),
        (0.515, 0.0, True),
        (0.52, 0.0, True),
        (0.48, 0.0, True),
        (0.525, 0.0, False),
        (0.475, 0.0, False),
        (0.50, 0.1, True),
        (0.50, 0.11, False),
    ],
)
def test_candidate_must_be_within_both_tolerances(gc: float, masked: float, is_match: bool) -> None:
    found = match(composition([0.5]), composition([gc], [masked]), [0])
    assert found == [0 if is_match else NOT_MATCHED]


def test_candidates_that_overlap_each_other_or_taken_ones_are_used_once() -> None:
    candidates = composition([0.5] * 4)
    found = match(composition([0.5] * 4), candidates, [0, 99, 100, 400], taken=(350,))
    used = [place for place in found if place != NOT_MATCHED]
    assert 3 not in used
    assert sorted(used) in ([0, 2], [1])


def test_many_targets_get_distinct_windows_within_the_tolerances() -> None:
    rng = np.random.default_rng(5)
    targets = composition(rng.uniform(0.3, 0.7, 300).tolist(), rng.uniform(0, 1, 300).tolist())
    starts = np.arange(0, 400_000, 37)
    candidates = composition(
        rng.uniform(0.25, 0.75, len(starts)).tolist(), rng.uniform(0, 1, len(starts)).tolist()
    )
    found = np.array(match(targets, candidates, starts.tolist()))
    assert (found != NOT_MATCHED).all()
    assert np.abs(candidates.gc[found] - targets.gc).max() <= 0.02
    assert np.abs(candidates.masked[found] - targets.masked).max() <= 0.1
    assert np.diff(np.sort(starts[found])).min() >= 100


def test_tolerances_of_more_bins_than_a_number_holds_pair_equal_windows_alone() -> None:
    # 5e11 bins of GC times 5e11 of repeats are beyond 2^63
    candidates = composition([0.5, 0.5 + 1e-9, 0.25], [0.5, 0.5, 0.5 + 1e-9])
    found = match_windows(
        composition([0.25, 0.5], [0.5, 0.5]),
        candidates,
        np.array([0, 1000, 2000]),
        length=100,
        gc_tolerance=1e-12,
        repeat_tolerance=1e-12,
        taken=np.empty(0, dtype=np.int64),
        rng=np.random.default_rng(1),
    )
    assert found.tolist() == [NOT_MATCHED, 0]


def test_a_candidate_takes_few_bytes_beside_what_is_known_of_it() -> None:
    number = 100_000
    share = np.random.default_rng(1).integers(0, 200, number) / 200
    candidates, starts = Composition(share, share, np.zeros(number)), np.arange(number) * 300
    tracemalloc.start()
    try:
        match_windows(
            composition([0.5]),
            candidates,
            starts,
            length=200,
            gc_tolerance=0.02,
            repeat_tolerance=0.1,
            taken=np.empty(0, dtype=np.int64),
            rng=np.random.default_rng(1),
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # there are up to 4 million; pairs of bins as they are would be 75 bytes
    assert peak < 56 * number


def test_free_regions_leave_out_what_is_forbidden_and_what_is_too_short() -> None:
    units = regions((0, 1000), (2000, 2300))
    forbidden = regions((100, 200), (350, 400), (900, 2050), (2100, 2150))
    free = free_regions(units, forbidden, length=100)
    assert free[["start", "end"]].to_numpy().tolist() == [[0, 100], [200, 350], [400, 900], [2150, 2300]]


def test_all_starts_are_drawn_when_there_are_few() -> None:
    free = regions((0, 102), (500, 600))
    assert draw_starts(free, 100, 50, np.random.default_rng(1)).tolist() == [0, 1, 2, 500]


def test_drawn_starts_are_even_over_the_regions() -> None:
    free = regions((0, 10_100), (50_000, 80_100))
    starts = draw_starts(free, 101, 8000, np.random.default_rng(1))
    assert (np.diff(starts) > 0).all()
    assert ((starts < 10_000) | ((starts >= 50_000) & (starts < 80_000))).all()
    # a quarter of all places is in the first stretch; three standard deviations are about 120
    assert abs((starts < 10_000).mean() - 0.25) < 0.02
