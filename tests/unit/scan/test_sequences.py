"""Scores of single sequences, against windows cut by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dnabert_enhancer.scan import NamedSequence, SequenceScore, SequenceScorer
from dnabert_enhancer.scan import sequences as module

SETTINGS = {"window_length": 10, "stride": 4, "minimum_length": 3}


def probability(sequence: str) -> float:
    share = sum(base in "GC" for base in sequence.upper()) / len(sequence)
    return 1 / (1 + math.exp(-10 * (share - 0.5)))


def scores(engine, target, *sequences: str) -> list[SequenceScore]:
    scorer = SequenceScorer(engine, target, **SETTINGS)
    return list(scorer.scores(NamedSequence(f"s{i}", bases) for i, bases in enumerate(sequences)))


@pytest.mark.parametrize(
    ("sequence", "windows"),
    [
        pytest.param("ACGTACGTAC", ["ACGTACGTAC"], id="as long as the window"),
        pytest.param("GGC", ["GGC"], id="shorter: as it is"),
        pytest.param("ACGTACGTACG", ["ACGTACGTAC", "CGTACGTACG"], id="one longer: two windows"),
        pytest.param(
            "AAAAGGGGCCCCTTTTAA",
            ["AAAAGGGGCC", "GGGGCCCCTT", "CCCCTTTTAA"],
            id="longer: by stride",
        ),
        pytest.param("acguACGUac", ["ACGTACGTAC"], id="lower case and U"),
    ],
)
def test_a_sequence_scores_the_maximum_and_mean_of_its_windows(
    sequence: str, windows: list[str], engine, target
) -> None:
    (found,) = scores(engine, target, sequence)
    each = [probability(window) for window in windows]
    assert (found.length, found.windows, found.skipped, found.note) == (len(sequence), len(windows), 0, "")
    assert found.maximum == pytest.approx(max(each), abs=1e-6)
    assert found.mean == pytest.approx(sum(each) / len(each), abs=1e-6)


def test_the_summit_is_the_centre_of_the_first_highest_window(engine, target) -> None:
    (found,) = scores(engine, target, "AAAAGGGGCCCCTTTTAA")
    # the window at 4 holds 8 G or C, those at 0 and 8 hold 6 and 4
    assert found.summit == 4 + 5
    (found,) = scores(engine, target, "ACGTACGTACG")
    assert found.summit == 1 + 5
    (found,) = scores(engine, target, "G" * 18)
    assert found.summit == 5


@pytest.mark.parametrize(
    ("sequence", "skipped", "note"),
    [
        ("AC", 0, "shorter_than_a_token"),
        ("", 0, "shorter_than_a_token"),
        ("N" * 10, 1, "too_many_unknown_bases"),
        ("N" * 30, 6, "too_many_unknown_bases"),
    ],
)
def test_what_cannot_be_scored_has_a_reason_and_no_number(
    sequence: str, skipped: int, note: str, engine, target
) -> None:
    (found,) = scores(engine, target, sequence)
    assert (found.windows, found.skipped, found.note, found.summit) == (0, skipped, note, -1)
    assert math.isnan(found.maximum)
    assert math.isnan(found.mean)
    assert engine.given == []


def test_windows_with_unknown_bases_are_left_out_of_the_mean(engine, target) -> None:
    (found,) = scores(engine, target, "GGGGGGGGGG" + "NNNN" + "AAAAAAAAAA")
    assert (found.windows, found.skipped) == (2, 3)
    assert found.mean == pytest.approx((probability("G" * 10) + probability("A" * 10)) / 2, abs=1e-6)


def test_batches_leave_no_trace(engine, target, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    sequences = [
        "".join(rng.choice(list("ACGTN"), rng.integers(0, 90), p=[0.24] * 4 + [0.04])) for _ in range(40)
    ]
    whole = scores(engine, target, *sequences)
    monkeypatch.setattr(module, "BLOCK_WINDOWS", 5)
    pieces = scores(engine, target, *sequences)
    assert [row.name for row in pieces] == [f"s{i}" for i in range(40)]
    for left, right in zip(whole, pieces, strict=True):
        assert left == pytest.approx(right, nan_ok=True) or left[:4] == right[:4]
        assert left.maximum == pytest.approx(right.maximum, nan_ok=True)
        assert left.mean == pytest.approx(right.mean, nan_ok=True)
        assert (left.windows, left.skipped, left.summit, left.note) == (
            right.windows,
            right.skipped,
            right.summit,
            right.note,
        )


def test_every_window_is_reported_when_asked_for(engine, target) -> None:
    seen = []
    scorer = SequenceScorer(
        engine,
        target,
        on_windows=lambda name, starts, length, _: seen.append((name, starts.tolist(), length)),
        **SETTINGS,
    )
    list(scorer.scores([NamedSequence("a", "ACGTACGTACG"), NamedSequence("b", "ACGT")]))
    assert seen == [("a", [0, 1], 10), ("b", [0], 4)]
