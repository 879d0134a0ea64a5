"""The background of a model (model/background.py), against counts of the windows themselves."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import Background, Calibration, FurtherOutput, ModelCard, percentiles
from dnabert_enhancer.model.background import LEVELS

SCORES = np.random.default_rng(0).normal(-2, 1.5, 50_000)
MADE = Background.of_scores(SCORES, 200, "hg38", "g.fa, all of it")


def test_levels_ascend_from_the_lowest_to_the_highest_window() -> None:
    assert len(LEVELS) == 1181
    assert (LEVELS[0], LEVELS[-1]) == (0.0, 1.0)
    assert (np.diff(LEVELS) > 0).all()
    assert np.diff(LEVELS)[-1] == pytest.approx(1e-5)


def test_a_percentile_is_the_share_of_windows_that_score_lower() -> None:
    asked = np.array([-9.0, -4.2, -2.0, 0.3, 1.9, 2.5, 3.1, 9.0, np.nan], np.float32)
    found = percentiles(asked, MADE.quantiles)
    counted = [100 * float(np.mean(score > SCORES)) for score in asked[:-1]]
    assert found[:-1] == pytest.approx(counted, abs=0.03)
    # finer where percentiles matter most
    assert [counted[4] > 99, counted[6] > 99.9] == [True, True]
    assert found[4:6] == pytest.approx(counted[4:6], abs=0.005)
    assert found[6] == pytest.approx(counted[6], abs=0.001)
    assert (found[0], found[7]) == (0.0, 100.0)
    assert np.isnan(found[-1])
    assert np.isnan(percentiles(asked, ())).all()


def test_equal_scores_do_not_score_lower_than_each_other() -> None:
    three = Background.of_scores(np.repeat([1.0, 2.0, 3.0], [500, 300, 200]), 10, "", "")
    assert percentiles(np.array([1.0, 2.0, 3.0, 3.5]), three.quantiles) == pytest.approx(
        [0, 50, 80, 100], abs=0.11
    )


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001, 0.0002])
def test_the_score_of_a_top_share_is_reached_by_that_share(share: float) -> None:
    assert np.mean(MADE.score_of_top(share) <= SCORES) == pytest.approx(share, abs=2e-5)


def test_the_other_class_has_the_background_turned_round() -> None:
    turned = Background.of_scores(-SCORES, 200, "hg38", "g.fa, all of it")
    # the low scores of one are the high ones of the other, whose steps are finer
    found, expected = (np.array(one.quantiles) for one in (MADE.mirrored(), turned))
    assert np.abs(found - expected)[LEVELS <= 0.99].max() < 0.05


def test_a_card_keeps_it_and_one_without_has_the_bytes_that_it_had() -> None:
    plain = ModelCard("m", 200, k=3)
    assert "background" not in json.loads(plain.to_json())
    card = plain.with_background(MADE)
    assert ModelCard.from_json(card.to_json()) == card
    assert card.with_positive("other").background == MADE.mirrored()
    assert card.calibrated(Calibration("temperature", {"temperature": 2.0}), {}, {}, {}).background == MADE
    whole = ModelCard(
        "m", 200, k=3, column=0, further_outputs={"x": FurtherOutput(1, "regression", "x", 200)}
    )
    other = ModelCard.from_json(whole.with_background(MADE, "x").to_json())
    assert other.background is None
    assert other.select("x").background == MADE


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantiles": [0.0] * 7}, "a background has 1181 numbers"),
        ({"quantiles": [1.0, *[0.0] * 1180]}, "finite and not descend"),
        ({"quantiles": [float("inf")] * 1181}, "finite and not descend"),
        ({"quantiles": ["a"] * 1181}, "a background has 1181 numbers"),
        ({"windows": 0}, "windows of a background must be a whole number"),
    ],
)
def test_a_background_that_is_none_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Background.from_json({**MADE.to_json(), **change})


def test_few_windows_are_refused() -> None:
    with pytest.raises(InputError, match="19 windows without unknown bases are too few"):
        Background.of_scores(SCORES[:19], 200, "", "")
