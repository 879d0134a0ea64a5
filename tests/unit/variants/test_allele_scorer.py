"""Scores of alleles by one model: the engine's logits of both windows, placed and reduced by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.engine import Target
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import (
    AlleleScorer,
    GenomeBases,
    SkipReason,
    WindowPlan,
    place_allele,
    score_together,
)

LENGTH = 40
BASES = "".join(np.random.default_rng(8).choice(list("ACGT"), 400))


def alleles_at(memory_genome: Any, places: list[tuple[int, str, str]], bases: str = BASES) -> list[Any]:
    """Return contexts and alleles; places are 1-based."""
    genome = GenomeBases(memory_genome({"chr1": bases}))
    found = []
    for position, ref, alt in places:
        allele = place_allele(genome, "chr1", position, ref.encode(), alt.encode())
        assert not isinstance(allele, SkipReason)
        found.append((genome.context("chr1", allele.start - 80, allele.end + 80), allele))
    return found


def logit_by_hand(window: str) -> float:
    """Return the logit of `PlaceEngine`, a sum over the places of both strands."""
    weights = np.random.default_rng(0).normal(size=(LENGTH, 5)) * 0.3
    other = window[::-1].translate(str.maketrans("ACGT", "TGCA"))
    total = sum(
        weights[place, "ACGT".index(letter)]
        for strand in (window, other)
        for place, letter in enumerate(strand)
    )
    return float(np.float32(total / 2))


def test_a_substitution_with_one_window_is_the_engine_on_the_two_windows(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    place = 200
    ref = BASES[place]
    alt = "A" if ref != "A" else "C"
    scorer = make_scorer(LENGTH, 1)
    scores, reasons, *_ = scorer.score(alleles_at(memory_genome, [(place + 1, ref, alt)]))
    assert reasons == [None]
    # an even window cannot have one base in its centre: it begins 19 or 20 bases before it, by the tie break
    expected = []
    for start in (place - 20, place - 19):
        window = BASES[start : start + LENGTH]
        changed = window[: place - start] + alt + window[place - start + 1 :]
        expected.append([1 / (1 + np.exp(-logit_by_hand(text))) for text in (window, changed)])
    found = [scores["p_ref"][0], scores["p_alt"][0]]
    assert any(np.allclose(found, pair, atol=1e-6) for pair in expected)


def test_alleles_are_scored_alone_as_among_others(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    places = [(100, BASES[99], "T" if BASES[99] != "T" else "G"), (150, BASES[149:152], BASES[149])]
    given = alleles_at(memory_genome, places)
    together = make_scorer(LENGTH, 5).score(given).scores
    alone = np.concatenate([make_scorer(LENGTH, 5).score([one]).scores for one in given])
    np.testing.assert_array_equal(together, alone)


def test_windows_are_cut_once_over_networks_that_get_the_same(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut: list[int] = []
    windows = AlleleScorer.windows

    def counted(self: AlleleScorer, *pair: Any) -> Any:
        cut.append(self.plan.length)
        return windows(self, *pair)

    monkeypatch.setattr(AlleleScorer, "windows", counted)
    given = alleles_at(
        memory_genome, [(100, BASES[99], "ACGT"["CGTA".index(BASES[99])]), (150, BASES[149], "A" * 4)]
    )
    scorers = [make_scorer(length, 3, seed=seed) for seed, length in enumerate((LENGTH, 30, LENGTH, LENGTH))]
    together = score_together(scorers, given)
    assert sorted(cut) == [30, 30, LENGTH, LENGTH]
    for scorer, found in zip(scorers, together, strict=True):
        np.testing.assert_array_equal(found.scores, scorer.score(given).scores)
    assert len({float(found.scores["p_ref"][0]) for found in together}) == 4


def test_what_cannot_be_scored_says_why_and_has_no_numbers(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    bases = BASES[:200] + "N" * 100 + BASES[300:]
    too_long = bases[49] + "ACGGT" * 9
    places = [(50, bases[49], too_long), (320, bases[319], "A" if bases[319] != "A" else "C")]
    scorer = make_scorer(LENGTH, 5, max_unknown=0.1)
    scores, reasons, *_ = scorer.score(alleles_at(memory_genome, places, bases))
    assert reasons[0] is SkipReason.LONGER_THAN_WINDOW
    assert np.isnan(scores["p_ref"][0])
    assert np.isnan(scores["p_alt"][0])
    unknown = make_scorer(LENGTH, 5, max_unknown=0.0).score(
        alleles_at(memory_genome, [(302, bases[301], "A" if bases[301] != "A" else "C")], bases)
    )
    assert unknown.reasons == [SkipReason.TOO_MANY_UNKNOWN]


def test_no_alleles_are_no_scores(make_scorer: Callable[..., AlleleScorer]) -> None:
    scorer = make_scorer(LENGTH)
    assert len(scorer.score([]).scores) == 0
    assert scorer.engine.given == []


def test_a_model_of_values_is_refused(make_scorer: Callable[..., AlleleScorer]) -> None:
    engine = make_scorer().engine
    with pytest.raises(InputError, match="places predicts values, not probabilities"):
        AlleleScorer("enhancer", engine, Target("regression", "value", 0), WindowPlan(LENGTH), 0.5, 1.0)
