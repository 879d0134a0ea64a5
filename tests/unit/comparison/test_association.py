"""Fisher's test on bins, ranking by score, novel calls: small cases by hand (comparison, novelty)."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.comparison.conftest import make_elements

from dnabert_enhancer.comparison import databases_with, novel_calls
from dnabert_enhancer.comparison.association import fisher_on_bins, ranking_of
from dnabert_enhancer.comparison.novelty import nearest_within_contig
from dnabert_enhancer.comparison.overlap import Hits
from dnabert_enhancer.genome import union_of


def test_bins_are_counted_within_contigs(effective_of, placed) -> None:
    # ten bins of 10 on a (the last of 5), three on b
    effective = effective_of({"a": 95, "b": 30})
    calls = placed(effective, [("a", 0, 10), ("a", 18, 21), ("a", 94, 95), ("b", 5, 6)])
    database = placed(effective, [("a", 9, 11), ("a", 50, 61), ("b", 0, 1), ("b", 20, 30)])
    found = fisher_on_bins(
        effective, union_of(calls.start, calls.end), union_of(database.start, database.end), 10
    )
    # calls: a0 a1 a2 a9 b0; elements: a0 a1 a5 a6 b0 b2
    assert found[:4] == (3, 2, 3, 5)
    assert found.odds_ratio == pytest.approx(3 * 5 / (2 * 3))
    # hypergeometric: 13 bins, 6 with elements, 5 with calls, at least 3 of them with both
    assert found.p == pytest.approx((20 * 21 + 15 * 7 + 6) / 1287)


def test_bins_run_over_what_was_scanned_only(effective_of, placed) -> None:
    effective = effective_of({"a": 1000}, [("a", 100, 120), ("a", 500, 510)])
    calls, database = placed(effective, [("a", 100, 105)]), placed(effective, [("a", 505, 900)])
    found = fisher_on_bins(
        effective, union_of(calls.start, calls.end), union_of(database.start, database.end), 10
    )
    assert found[:4] == (0, 1, 1, 1)


@pytest.mark.parametrize(
    ("calls", "elements", "bins"),
    [([], [("a", 5, 25)], (0, 0, 3, 7)), ([("a", 5, 25)], [], (0, 3, 0, 7)), ([], [], (0, 0, 0, 10))],
)
def test_without_a_bin_of_one_set_there_is_no_test(effective_of, placed, calls, elements, bins) -> None:
    effective = effective_of({"a": 100})
    first, second = placed(effective, calls), placed(effective, elements)
    found = fisher_on_bins(
        effective, union_of(first.start, first.end), union_of(second.start, second.end), 10
    )
    assert found[:4] == bins
    assert np.isnan(found[4:]).all()


@pytest.mark.parametrize(
    ("scores", "inside", "auroc", "auprc"),
    [
        ([0.9, 0.8, 0.3, 0.1], [True, True, False, False], 1.0, 1.0),
        ([0.9, 0.8, 0.3, 0.1], [False, True, True, False], 0.5, (0.5 + 2 / 3) / 2),
        ([0.5, 0.5, 0.9], [True, False, False], 0.25, 1 / 3),
    ],
)
def test_areas_by_hand(scores, inside, auroc, auprc) -> None:
    found = ranking_of(np.array(scores), np.array(inside))
    assert found.auroc == pytest.approx(auroc)
    assert found.auprc == pytest.approx(auprc)


@pytest.mark.parametrize(
    ("scores", "inside"),
    [([0.1, np.nan], [True, False]), ([1, 1], [True, False]), ([1, 2], [True, True]), ([], [])],
)
def test_areas_without_meaning_are_not_numbers(scores, inside) -> None:
    assert np.isnan(ranking_of(np.array(scores, dtype=float), np.array(inside, dtype=bool))).all()


def hits(*elements: int) -> Hits:
    counts = np.array(elements, dtype=np.int64)
    return Hits(counts * 10, counts, counts - 1)


def test_novel_calls_are_ranked_and_get_their_gene(effective_of, placed) -> None:
    effective = effective_of({"a": 1000, "b": 1000, "c": 1000})
    rows = [("a", 10, 20), ("a", 100, 120), ("a", 300, 310), ("b", 5, 9), ("c", 7, 8)]
    calls = placed(effective, rows, [1.0, 5.0, 9.0, 7.0, np.nan])
    genes = make_elements([("a", 0, 15), ("a", 125, 200), ("b", 0, 500)], ["a", "b", "c"])
    found = novel_calls(effective, calls, [hits(0, 0, 1, 0, 0), hits(0, 0, 2, 0, 0)], genes)
    assert found.calls.tolist() == [3, 1, 0, 4]
    assert found.gene == ["e2", "e1", "e0", "."]
    assert found.gene_distance.tolist() == [0, 6, 0, -1]
    assert databases_with([hits(0, 1, 1), hits(0, 0, 3)], 3).tolist() == [0, 1, 2]


def test_neighbours_on_other_contigs_do_not_count(effective_of) -> None:
    effective = effective_of({"a": 1000, "b": 1000})
    one = effective.on_line(make_elements([("a", 990, 1000), ("b", 0, 5)], ["a", "b"]))
    other = effective.on_line(make_elements([("b", 900, 950)], ["a", "b"]))
    which, distance = nearest_within_contig(effective, *one, *other)
    assert which.tolist() == [-1, 0]
    assert distance.tolist() == [-1, 896]
