"""The study of a search and what is searched (study, search_settings)."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.training import PrunedTrial, SearchSettings, Study

SMALL = SearchSettings(
    sampler="grid", learning_rates=(1e-3, 1e-4), weight_decays=(0.0, 0.01, 0.02), warmups=(0.1,)
)


def opened(path: Path, settings: SearchSettings, **more: Any) -> Study:
    return Study(path, settings, **({"larger": True, "seed": 5} | more))


def run(study: Study, values: list[float | str]) -> None:
    """Train nothing: end the next trials with values, or as failed or pruned."""
    for value in values:
        trial = study.next()
        assert trial is not None
        is_number = not isinstance(value, str)
        study.note(trial.number, {"value": value, "reason": ""} if is_number else {"reason": value})
        study.finish(trial.number, "complete" if is_number else str(value))


def test_the_defaults_are_the_grid_of_the_authors() -> None:
    settings = SearchSettings(sampler="grid")
    assert len(settings.grid) == settings.trials_wanted == 8 * 5 * 2
    assert {point["learning_rate"] for point in settings.grid} == {
        1e-3, 3e-3, 1e-4, 3e-4, 1e-5, 3e-5, 1e-6, 3e-6,
    }  # fmt: skip
    assert SearchSettings().trials_wanted == 20


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sampler": "best"}, "--sampler is 'best'; it must be one of tpe, random, grid"),
        ({"pruner": "x"}, "--pruner is 'x'; it must be one of median, halving, none"),
        ({"trials": 0}, "--trials is 0; it must be at least 1"),
        ({"learning_rates": (0.0,)}, "it must be different numbers above 0, at most 1"),
        ({"learning_rates": (math.nan,)}, "it must be different numbers above 0, at most 1"),
        ({"learning_rates": ()}, "it must be different numbers"),
        ({"weight_decays": (-0.1, 0.1)}, "it must be different numbers from 0 to 1"),
        ({"warmups": (0.1, 0.1)}, "it must be different numbers from 0 to below 1"),
        ({"warmups": (1.0,)}, "it must be different numbers from 0 to below 1"),
        ({"sampler": "grid", "trials": 81}, "--trials is 81; it must be at most 80, the combinations"),
    ],
)
def test_what_cannot_be_searched_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        SearchSettings(**fields)
    assert said in str(caught.value)


def test_a_grid_is_tried_whole_in_an_order_of_the_seed(tmp_path: Path) -> None:
    study = opened(tmp_path / "a 100% odd?name#.db", SMALL)
    run(study, [0.5] * 6)
    assert study.next() is None
    tried = [trial.parameters for trial in study.trials]
    assert sorted(tried, key=str) == sorted(SMALL.grid, key=str)
    assert tried != SMALL.grid
    other = opened(tmp_path / "b.db", SMALL, seed=6)
    run(other, [0.5] * 6)
    assert [trial.parameters for trial in other.trials] != tried


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_numbers_lie_between_the_limits_and_a_reopened_study_goes_on_with_the_same(
    tmp_path: Path, sampler: str
) -> None:
    settings = SearchSettings(sampler=sampler, trials=14)
    values: list[float | str] = [0.5, "failed", 0.7, "pruned", *(0.5 + 0.01 * n for n in range(10))]
    whole = opened(tmp_path / "whole.db", settings)
    run(whole, values)
    assert whole.next() is None
    for value in values:
        run(opened(tmp_path / "parts.db", settings), [value])
    parts = opened(tmp_path / "parts.db", settings)
    assert parts.trials == whole.trials
    for trial in whole.trials:
        assert 1e-6 <= trial.parameters["learning_rate"] <= 3e-3
        assert 1e-4 <= trial.parameters["weight_decay"] <= 0.02
        assert 0.1 <= trial.parameters["warmup"] <= 0.2
    # on a logarithmic scale half of the rates lie below the geometric mean of the limits, about 5e-5
    below = sum(trial.parameters["learning_rate"] < 5.5e-5 for trial in whole.trials)
    assert 2 <= below <= 12


def test_a_trial_that_was_broken_off_is_given_again(tmp_path: Path) -> None:
    first = opened(tmp_path / "s.db", SearchSettings())
    broken = first.next()
    assert broken is not None
    first.report(1, 1, 0.6)
    again = opened(tmp_path / "s.db", SearchSettings())
    found = again.next()
    assert found == dataclasses.replace(broken, epochs={1: 0.6})
    again.report(1, 1, 0.6)  # the epoch is trained once more
    assert len(again.trials) == 1


def test_best_is_largest_or_smallest_and_of_equal_ones_the_first(tmp_path: Path) -> None:
    study = opened(tmp_path / "a.db", SearchSettings())
    run(study, [0.5, 0.9, "failed", 0.9, 0.1])
    assert [trial.number for trial in study.ranked] == [2, 4, 1, 5]
    study = opened(tmp_path / "b.db", SearchSettings(), larger=False)
    run(study, [0.5, 0.9, "pruned", 0.1])
    assert [trial.number for trial in study.ranked] == [4, 1, 2]


@pytest.mark.parametrize(("pruner", "ends"), [("median", True), ("none", False)])
def test_a_trial_below_the_median_of_the_earlier_ones_is_pruned_from_the_second_epoch_on(
    tmp_path: Path, pruner: str, ends: bool
) -> None:
    study = opened(tmp_path / "s.db", SearchSettings(pruner=pruner))
    for number, value in enumerate((0.6, 0.7, 0.8, 0.9, 0.95), start=1):
        assert study.next() is not None
        for epoch in (1, 2, 3):
            study.report(number, epoch, value)  # never pruned: there are fewer than five before
        study.note(number, {"value": value, "reason": ""})
        study.finish(number, "complete")
    study.next()
    study.report(6, 1, 0.1)  # the first epoch is too early
    if ends:
        with pytest.raises(PrunedTrial):
            study.report(6, 2, 0.79)  # the median is 0.8
        study.note(6, {"reason": ""})
        study.finish(6, "pruned")
        study.next()
        study.report(7, 1, 0.1)
        study.report(7, 2, 0.81)
        assert study.trials[5].epochs == {1: 0.1, 2: 0.79}
    else:
        study.report(6, 2, 0.1)


def test_other_arguments_and_other_files_are_refused(tmp_path: Path) -> None:
    opened(tmp_path / "s.db", SMALL).begin({"epochs": 3, "dataset": "a"})
    opened(tmp_path / "s.db", SMALL).begin({"epochs": 3, "dataset": "a"})
    with pytest.raises(InputError, match=r"a study with other arguments: epochs 4 \(was 3\)"):
        opened(tmp_path / "s.db", SMALL).begin({"epochs": 4, "dataset": "a"})
    (tmp_path / "x.db").write_text("no database, but long enough to be taken for one" * 50)
    with pytest.raises(InputError, match=r"x.db: cannot be read as a study \(file is not a database\)"):
        opened(tmp_path / "x.db", SMALL)
