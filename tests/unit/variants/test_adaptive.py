"""Adaptive offsets: which alleles are followed, by numbers worked out by hand, and what they then have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import (
    AlleleScorer,
    GenomeBases,
    SkipReason,
    VariantSettings,
    WindowPlan,
    functional_effects,
    place_allele,
)
from dnabert_enhancer.variants.adaptive import does_cross, may_cross, offset_spread
from dnabert_enhancer.variants.effect import EFFECTS, FunctionalEffect

LENGTH = 40
BASES = "".join(np.random.default_rng(8).choice(list("ACGT"), 3000))


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def alleles_along(memory_genome: Any, count: int) -> list[Any]:
    """Return a substitution every 7 bp, and every fifth of them an insertion or a deletion."""
    genome = GenomeBases(memory_genome({"chr1": BASES}))
    found = []
    for number in range(count):
        place = 200 + 7 * number
        ref, alt = BASES[place], "ACGT"[("ACGT".index(BASES[place]) + 1 + number % 3) % 4]
        if number % 5 == 0:
            ref, alt = (ref, ref + "ACG") if number % 2 else (BASES[place : place + 4], ref)
        allele = place_allele(genome, "chr1", place + 1, ref.encode(), alt.encode())
        assert not isinstance(allele, SkipReason)
        found.append((genome.context("chr1", allele.start - 80, allele.end + 80), allele))
    return found


def with_plan(scorer: AlleleScorer, plan: WindowPlan) -> AlleleScorer:
    return AlleleScorer("enhancer", scorer.engine, scorer.target, plan, scorer.threshold, 1.0)


def test_followed_alleles_have_the_numbers_of_all_offsets_and_others_those_of_the_centre(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    given = alleles_along(memory_genome, 300)
    one, five, adaptive = (
        with_plan(make_scorer(LENGTH), plan)
        for plan in (WindowPlan(LENGTH, 1), WindowPlan(LENGTH, 5), WindowPlan(LENGTH, adaptive=True))
    )
    found, centre, full = (scorer.score(given) for scorer in (adaptive, one, five))
    followed = found.offsets == 5
    assert set(found.offsets.tolist()) == {1, 5}
    assert 20 < followed.sum() < 200
    for name in found.scores.dtype.names or ():
        # 1e-6: the mean of five equal float64 numbers
        np.testing.assert_allclose(found.scores[name][~followed], centre.scores[name][~followed], rtol=1e-6)
        assert found.scores[name][followed].tolist() == full.scores[name][followed].tolist()
    np.testing.assert_allclose(found.centre, centre.scores["LogitDifference"], rtol=1e-6)
    effects, all_effects = (
        functional_effects(one.scores["p_ref"], one.scores["p_alt"], 0.5) for one in (found, full)
    )
    none = EFFECTS.index(FunctionalEffect.NONE)
    called = effects != none
    assert called.sum() > 20
    assert followed[called].all()
    assert effects[called].tolist() == all_effects[called].tolist()


def test_an_allele_is_followed_or_not_whatever_stands_beside_it(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    given = alleles_along(memory_genome, 30)
    plan = WindowPlan(LENGTH, adaptive=True)
    together = with_plan(make_scorer(LENGTH), plan).score(given)
    alone = [with_plan(make_scorer(LENGTH), plan).score([one]) for one in given]
    assert together.scores.tolist() == [one.scores[0].tolist() for one in alone]
    assert together.offsets.tolist() == [int(one.offsets[0]) for one in alone]


def test_far_from_the_threshold_two_windows_are_enough(
    make_scorer: Callable[..., AlleleScorer], memory_genome: Any
) -> None:
    given = alleles_along(memory_genome, 50)
    scorer = with_plan(make_scorer(LENGTH), WindowPlan(LENGTH, adaptive=True))
    scorer.threshold = 1 - 1e-9
    found = scorer.score(given)
    assert found.offsets.tolist() == [1] * 50
    # 32 sequences at five offsets tell how much these differ
    assert len(scorer.engine.given) == 32 * 5 + 2 * 50


# threshold 0.5: log odds are those of the probabilities; 3 spreads of 0.2 reach 0.6;
# an effect of 0.08 changes 0.5 to 0.52
@pytest.mark.parametrize(
    ("ref", "alt", "expected"),
    [
        (-0.1, 0.1, True),  # the threshold lies between
        (-0.001, 0.001, True),  # the same, of whatever size
        (0.55, 0.85, True),  # 0.55 above it
        (0.65, 0.95, False),  # too far
        (-0.85, -0.55, True),
        (-0.95, -0.65, False),
        (0.1, 0.19, True),  # changes 0.5 to 0.5225
        (0.1, 0.17, False),  # changes 0.5 to 0.5175
    ],
)
def test_the_threshold_may_lie_between_alleles_near_it(ref: float, alt: float, expected: bool) -> None:
    given = np.array([[probability(ref), probability(alt)]])
    assert may_cross(given, 0.5, 0.2).tolist() == [expected]
    assert may_cross(given[:, ::-1], 0.5, 0.2).tolist() == [expected]


# the effect in the centre is 0.4, so that the margin is 0.2; with a spread of 1 it is 0.3
@pytest.mark.parametrize(
    ("mean", "spread", "expected"),
    [
        (-0.2, 0.1, True),
        (-0.59, 0.1, True),  # to -0.19: 0.19 below the threshold
        (-0.61, 0.1, False),
        (-0.61, 1.0, True),
        (-0.71, 1.0, False),
        (0.19, 0.1, True),
        (0.21, 0.1, False),
    ],
)
def test_the_mean_of_ref_and_the_effect_in_the_centre_tell(
    mean: float, spread: float, expected: bool
) -> None:
    centre = np.array([[probability(1.0), probability(1.4)]])
    assert does_cross(np.array([probability(mean)]), centre, 0.5, spread).tolist() == [expected]


def test_alleles_that_cross_in_the_centre_are_followed_whatever_ref_is_elsewhere() -> None:
    centre = np.array([[probability(-0.1), probability(0.1)]])
    assert does_cross(np.array([probability(5.0)]), centre, 0.5, 0.1).tolist() == [True]


def test_the_spread_is_that_of_the_centre_around_the_mean_probability() -> None:
    # means 0.5 and 0.5; centres of log odds 0.3 and -0.4
    first, second = probability(0.3), probability(-0.4)
    given = np.array([[1 - first, 1 - second], [first, second], [0.5, 0.5]])[[0, 1, 2]]
    assert offset_spread(given) == pytest.approx(math.sqrt((0.3**2 + 0.4**2) / 2), rel=1e-9)


def test_settings_take_the_word() -> None:
    assert VariantSettings(offsets="adaptive").offsets == "adaptive"
    assert WindowPlan.of_option(200, "adaptive") == WindowPlan(200, 5, adaptive=True)
    with pytest.raises(InputError, match="'some' is not understood"):
        VariantSettings(offsets="some")
