"""Statistics against numbers worked out by hand and against the portal's published table."""

from __future__ import annotations

import csv
import gzip
import io
import math
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.variants import (
    AlleleScores,
    EffectStatistic,
    FunctionalEffect,
    functional_effects,
    log_odd_ratio,
    score_change,
)
from dnabert_enhancer.variants.effect import EFFECTS

# one allele at two offsets: probabilities 0.2 and 0.4 for REF, 0.5 and 0.8 for ALT
SCORES = AlleleScores(
    np.log(np.array([[0.2 / 0.8, 0.4 / 0.6]])),
    np.log(np.array([[0.5 / 0.5, 0.8 / 0.2]])),
    np.array([[0.2, 0.4]]),
    np.array([[0.5, 0.8]]),
)


def entropy(p: float) -> float:
    return -p * math.log2(p) - (1 - p) * math.log2(1 - p)


EXPECTED = {
    EffectStatistic.LOGIT_DIFFERENCE: (math.log(4) + math.log(6)) / 2,
    EffectStatistic.SCORE_CHANGE: (0.65 - 0.3) * 0.65,
    EffectStatistic.LOG_ODD_RATIO: math.log2((0.3 / 0.7) / (0.65 / 0.35)),
    EffectStatistic.MAXIMUM_OVER_OFFSETS: math.log(6),
    EffectStatistic.JENSEN_SHANNON: (
        entropy(0.35) - (entropy(0.2) + entropy(0.5)) / 2 + entropy(0.6) - (entropy(0.4) + entropy(0.8)) / 2
    )
    / 2,
}


@pytest.mark.parametrize("statistic", EffectStatistic)
def test_each_statistic_is_its_formula(statistic: EffectStatistic) -> None:
    assert statistic.of(SCORES) == pytest.approx([EXPECTED[statistic]], rel=1e-12)


@pytest.mark.parametrize("statistic", EffectStatistic)
def test_exchanged_alleles_give_the_opposite(statistic: EffectStatistic) -> None:
    exchanged = AlleleScores(SCORES[1], SCORES[0], SCORES[3], SCORES[2])
    sign = 1 if statistic is EffectStatistic.JENSEN_SHANNON else -1
    assert statistic.of(exchanged).tolist() == (sign * statistic.of(SCORES)).tolist()


def test_the_deviation_is_over_the_models_of_the_difference_of_means_over_offsets() -> None:
    # three models: differences of the means over the offsets 0.35, 0.25 and 0.0
    members = np.array([[[[0.2, 0.4], [0.5, 0.8]]], [[[0.1, 0.3], [0.4, 0.5]]], [[[0.5, 0.5], [0.4, 0.6]]]])
    found = SCORES._replace(members=members).deviation()
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([math.sqrt(((0.35 - 0.2) ** 2 + 0.05**2 + 0.2**2) / 2)], rel=1e-6)
    assert np.isnan(SCORES.deviation()).tolist() == [True]


def test_probabilities_of_zero_and_one_stay_finite() -> None:
    ratio = log_odd_ratio(np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert np.isfinite(ratio).all()
    assert ratio[0] == -ratio[1] < -60


@pytest.mark.parametrize(
    ("p_ref", "p_alt", "minimum", "expected"),
    [
        (0.4, 0.6, 0.0, FunctionalEffect.GAIN),
        (0.4, 0.5, 0.0, FunctionalEffect.GAIN),
        (0.5, 0.4, 0.0, FunctionalEffect.LOSS),
        (0.5, 0.6, 0.0, FunctionalEffect.NONE),
        (0.1, 0.4, 0.0, FunctionalEffect.NONE),
        (0.4, 0.6, 0.3, FunctionalEffect.NONE),
        (0.2, 0.6, 0.3, FunctionalEffect.GAIN),
        (np.nan, 0.6, 0.0, FunctionalEffect.NONE),
    ],
)
def test_gain_and_loss(p_ref: float, p_alt: float, minimum: float, expected: FunctionalEffect) -> None:
    found = functional_effects(np.float32([p_ref]), np.float32([p_alt]), 0.5, minimum)
    assert EFFECTS[found[0]] is expected


@pytest.mark.data
def test_the_formulas_reproduce_the_portals_table(shared_data: Path) -> None:
    path = shared_data / "variants/dnabert_enhancer_portal/Detailed_info_enhancer_GOF.csv.gz"
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    assert len(rows) == 1917
    p_ref = np.array([float(row["reference_probability"]) for row in rows])
    p_alt = np.array([float(row["alternative_probability"]) for row in rows])
    for name, found in (
        ("ScoreChange", score_change(p_ref, p_alt)),
        ("LogOddRatio", log_odd_ratio(p_ref, p_alt)),
    ):
        published = np.array([float(row[name]) for row in rows])
        assert np.abs(found - published).max() <= 5e-6
    effects = functional_effects(p_ref.astype(np.float32), p_alt.astype(np.float32), 0.5)
    assert {EFFECTS[effect].value for effect in effects} == {
        row["predicted_functional_effect"] for row in rows
    }
    # the portal's class is that of the annotation: no reference reaches the threshold
    assert {row["class"] for row in rows} == {"Enhancer"}
    assert p_ref.max() < 0.5
    assert len(set(effects.tolist())) == 1


@pytest.mark.data
def test_a_least_log_odd_ratio_cuts_the_portals_table_as_its_own_column_does(shared_data: Path) -> None:
    path = shared_data / "variants/dnabert_enhancer_portal/Detailed_info_enhancer_GOF.csv.gz"
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    p_ref, p_alt = (
        np.float32([float(row[f"{side}_probability"]) for row in rows])
        for side in ("reference", "alternative")
    )
    published = np.array([abs(float(row["LogOddRatio"])) for row in rows])
    for least in (1.768, 2.0, 3.0):
        found = functional_effects(p_ref, p_alt, 0.5, minimum_lor=least)
        assert [EFFECTS[effect] is FunctionalEffect.GAIN for effect in found] == (published >= least).tolist()
