"""The seeded augmentation."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_enhancer.training.augment import Augmentation


def test_the_same_seed_and_epoch_draw_the_same_and_others_draw_otherwise() -> None:
    first, again = Augmentation(7, shift=5), Augmentation(7, shift=5)
    first.draws(0, 500)
    assert (first.draws(3, 500).shift == again.draws(3, 500).shift).all()
    assert (first.order(3, 500) == again.order(3, 500)).all()
    for other in (Augmentation(8, shift=5).draws(3, 500), first.draws(4, 500)):
        assert (other.shift != first.draws(3, 500).shift).any()
        assert (other.reverse != first.draws(3, 500).reverse).any()


def test_the_order_holds_each_row_once() -> None:
    assert sorted(Augmentation(1).order(0, 1000).tolist()) == list(range(1000))


def test_half_of_the_windows_are_turned_and_shifts_are_even_between_the_ends() -> None:
    draws = Augmentation(0, shift=2).draws(0, 50_000)
    assert draws.reverse.mean() == pytest.approx(0.5, abs=0.01)
    assert np.bincount(draws.shift + 2).tolist() == pytest.approx([10_000] * 5, rel=0.05)


def test_without_augmentation_nothing_moves() -> None:
    draws = Augmentation(0, reverse_complement=False).draws(0, 100)
    assert not draws.reverse.any()
    assert not draws.shift.any()


@pytest.mark.parametrize("run_length", [1, 6])
def test_tokens_away_from_the_start_are_masked_at_the_rate(run_length: int) -> None:
    hidden = Augmentation(0, token_dropout=0.15, run_length=run_length).masked(0, 0, (4000, 60))
    assert hidden[:, run_length:].mean() == pytest.approx(0.15, abs=0.01)


def test_masked_runs_have_at_least_the_length_of_a_run() -> None:
    hidden = Augmentation(0, token_dropout=0.05, run_length=4).masked(0, 0, (50, 80))
    for row in hidden:
        text = "".join("x" if value else " " for value in row[:-4])
        assert all(len(run) >= 4 for run in text[:-4].split() if not text.endswith(run))


def test_the_mask_hangs_on_the_batch() -> None:
    augmentation = Augmentation(0, token_dropout=0.3)
    shape = (8, 50)
    assert (augmentation.masked(1, 5, shape) == augmentation.masked(1, 5, shape)).all()
    assert (augmentation.masked(1, 5, shape) != augmentation.masked(1, 6, shape)).any()
    assert (augmentation.masked(1, 5, shape) != augmentation.masked(2, 5, shape)).any()
