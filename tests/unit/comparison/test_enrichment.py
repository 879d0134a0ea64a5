"""Enrichment: numbers by hand, a null without enrichment, one with it, the same for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.comparison.database_results import _meaning
from dnabert_enhancer.comparison.enrichment import compare, enrichments
from dnabert_enhancer.comparison.random_placements import CircularShift, Resampling, Ring
from dnabert_enhancer.genome import union_of


def test_numbers_against_a_given_null() -> None:
    found = compare(8.0, np.array([2.0, 4.0, 4.0, 6.0, 8.0]))
    assert found.expected == pytest.approx(4.8)
    assert found.deviation == pytest.approx(np.sqrt(((2.8**2) + 2 * 0.8**2 + 1.2**2 + 3.2**2) / 4))
    assert found.fold == pytest.approx(8 / 4.8)
    assert found.z == pytest.approx(3.2 / found.deviation)
    assert found.p == pytest.approx(2 / 6)
    assert found.p_depleted == pytest.approx(6 / 6)
    # quantiles between the order statistics: 2 + 0.1 * 2 and 6 + 0.9 * 2
    assert found.fold_low == pytest.approx(8 / 7.8)
    assert found.fold_high == pytest.approx(8 / 2.2)


def test_null_that_never_hits_gives_no_finite_fold_and_the_smallest_p() -> None:
    found = compare(3.0, np.zeros(99))
    assert found.fold == found.fold_high == np.inf
    assert found.p == pytest.approx(0.01)
    assert np.isnan(found.z)


def random_set(rng, number, length, contig=1_000_000):
    return [("a", int(s), int(s) + length) for s in np.sort(rng.integers(0, contig - length, number))]


@pytest.mark.parametrize("null", [CircularShift, Resampling])
def test_random_calls_are_not_enriched_and_shifted_copies_are(effective_of, placed, null) -> None:
    rng = np.random.default_rng(11)
    effective = effective_of({"a": 1_000_000}, None, [("a", 300_000, 400_000)])
    calls = placed(effective, random_set(rng, 200, 300))
    unrelated = placed(effective, random_set(rng, 300, 200))
    e = calls.elements
    near = placed(effective, [("a", s + 100, s + 250) for s in e.start[::3].tolist()])
    ring = Ring(effective, e.contig_index, calls.start, calls.end)
    unions = [union_of(each.start, each.end) for each in (unrelated, near)]
    nothing, much = enrichments(ring, null(ring), unions, permutations=199, seed=1)
    assert 0.05 < nothing.calls.p < 0.95
    assert nothing.calls.fold_low < 1 < nothing.calls.fold_high
    assert much.calls.p == pytest.approx(1 / 200)
    assert much.calls.fold > 5
    assert much.calls.observed >= len(near.elements)


def test_expected_share_is_that_of_the_lengths(effective_of, placed) -> None:
    # a call of length L meets an element of length E at L + E - 1 of the places on a ring
    effective = effective_of({"a": 10_000})
    calls, database = placed(effective, [("a", 40, 140)]), placed(effective, [("a", 7000, 7901)])
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    found = enrichments(
        ring, CircularShift(ring), [union_of(database.start, database.end)], permutations=4000, seed=0
    )
    share = (100 + 901 - 1) / 10_000
    assert found[0].calls.expected == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / 4000))
    assert found[0].bases.expected == pytest.approx(100 * 901 / 10_000, abs=2.5)


def test_p_values_of_random_calls_are_uniform(effective_of, placed) -> None:
    effective = effective_of({"a": 200_000})
    rng = np.random.default_rng(2)
    database = placed(effective, random_set(rng, 120, 150, 200_000))
    union = union_of(database.start, database.end)
    p_values = []
    for seed in range(60):
        calls = placed(effective, random_set(rng, 150, 100, 200_000))
        ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
        p_values.append(
            enrichments(ring, CircularShift(ring), [union], permutations=99, seed=seed)[0].calls.p
        )
    assert 0.35 < np.mean(p_values) < 0.65
    assert np.mean(np.array(p_values) <= 0.1) < 0.25


def test_result_depends_on_the_seed_and_not_on_the_threads(effective_of, placed) -> None:
    rng = np.random.default_rng(3)
    effective = effective_of({"a": 1_000_000})
    calls, database = placed(effective, random_set(rng, 50, 300)), placed(effective, random_set(rng, 90, 200))
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    union = [union_of(database.start, database.end)]
    done: list[int] = []
    one = enrichments(ring, Resampling(ring), union, permutations=50, seed=1, threads=1, progress=done.append)
    assert done == [1] * 50
    assert one == enrichments(ring, Resampling(ring), union, permutations=50, seed=1, threads=4)
    assert one != enrichments(ring, Resampling(ring), union, permutations=50, seed=2)


def test_more_than_64_databases_are_measured_in_groups(effective_of, placed) -> None:
    effective = effective_of({"a": 10_000})
    calls = placed(effective, [("a", 100 * n, 100 * n + 10) for n in range(70)])
    unions = [union_of(np.array([100 * n]), np.array([100 * n + 5])) for n in range(70)]
    ring = Ring(effective, calls.elements.contig_index, calls.start, calls.end)
    found = enrichments(ring, CircularShift(ring), unions, permutations=3, seed=0)
    assert [test.calls.observed for test in found] == [1.0] * 70


def test_an_enriched_control_says_what_it_means() -> None:
    gc = _meaning("random_gc_matched", "circular")
    assert gc.startswith("no fault of the calls; GC alone goes with this database")
    for control, null in (("random", "circular"), ("random", "resample"), ("random_gc_matched", "resample")):
        assert "by chance in one run of twenty; if another --seed shows it, too" in _meaning(control, null)
