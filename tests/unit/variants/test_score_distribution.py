"""The distribution of a motif's scores, against all words of its length."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from dnabert_enhancer.variants.score_distribution import ScoreDistribution

UNIFORM = np.full(4, 0.25)


def test_a_matrix_of_whole_numbers_by_hand() -> None:
    # two columns of the scores 0, 0, 0, 1: sums 2, 1, 0 in 1, 6 and 9 of 16 words
    scores = np.array([[0, 0, 0, 1], [1, 0, 0, 0]], dtype=np.float32)
    found = ScoreDistribution.of_matrix(scores, UNIFORM)
    assert [found.p_value(score) for score in (-5, 0, 0.6, 1, 2, 2.1)] == [
        1,
        1,
        7 / 16,
        7 / 16,
        1 / 16,
        1 / 16,
    ]
    assert math.isnan(found.p_value(math.nan))
    assert [found.threshold(p) for p in (1, 0.5, 7 / 16, 0.1)] == pytest.approx([0, 0.001, 0.001, 1.001])


def test_a_matrix_of_one_score() -> None:
    found = ScoreDistribution.of_matrix(np.full((3, 4), -2.0, dtype=np.float32), UNIFORM)
    assert (found.p_value(-6.0), found.p_value(-5.9)) == (1, 1)


@pytest.mark.parametrize("seed", range(3))
def test_p_values_are_those_of_all_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    background = rng.dirichlet([5, 5, 5, 5])
    scores = rng.normal(0, 2, (7, 4)).astype(np.float32)
    words = np.array(list(itertools.product(range(4), repeat=7)))
    of_words = scores.astype(np.float64)[np.arange(7), words].sum(axis=1)
    chance = background[words].prod(axis=1)
    found = ScoreDistribution.of_matrix(scores, background)
    rounding = 8 / 2 / found.steps_per_bit  # of seven columns and of the score
    for score in np.quantile(of_words, [0.01, 0.5, 0.9, 0.999]):
        p = found.p_value(float(score))
        assert chance[of_words >= score + rounding].sum() - 1e-12 <= p
        assert p <= chance[of_words >= score - rounding].sum() + 1e-12
    # each column rounded by itself, the sum of the steps may lie below the step of the sum
    assert found.p_value(float(of_words.max()) + rounding) == pytest.approx(chance[of_words.argmax()])
    threshold = found.threshold(1e-3)
    assert found.p_value(threshold) <= 1e-3 < found.p_value(threshold - 2 / found.steps_per_bit)
