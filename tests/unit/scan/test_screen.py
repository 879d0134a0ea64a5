"""Screens: the ridge and the cut-off against numbers worked out apart, and how many calls they lose."""

from __future__ import annotations

import numpy as np
import pytest
from late import late

from dnabert_enhancer.scan.screen import CALLS_NEEDED, enough_calls, fit_screen

linear_model = late("sklearn.linear_model")


def no_embedding(windows: np.ndarray) -> np.ndarray:
    raise AssertionError("not embedded")


def as_embedding(windows: np.ndarray) -> np.ndarray:
    return windows.astype(np.float32)


def sample(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return integers as embeddings, ranks that they tell roughly, and which reach 3."""
    rng = np.random.default_rng(seed)
    embeddings = rng.integers(0, 4, (count, 6)).astype(np.float32)
    ranks = (embeddings @ [1.0, -1, 0.5, 0, 2, 0] + rng.normal(size=count) - 1).astype(np.float32)
    return embeddings, ranks, ranks >= 3


def test_estimates_are_those_of_a_ridge_on_standardised_embeddings() -> None:
    embeddings, ranks, called = sample(6000)
    screen = fit_screen(as_embedding, embeddings, ranks, called)
    mean, spread = embeddings[::2].mean(axis=0), embeddings[::2].std(axis=0)
    ridge = linear_model.Ridge(alpha=1.0).fit((embeddings[::2] - mean) / spread, ranks[::2])
    windows = np.random.default_rng(1).integers(0, 4, (50, 6)).astype(np.uint8)
    expected = ridge.predict((windows - mean) / spread)
    np.testing.assert_allclose(screen.estimates(windows), expected, atol=1e-4)


# of 199 calls the smallest estimate is the cut-off, of 400 the second one: floor(0.005 * 401) = 2
@pytest.mark.parametrize(("calls", "k"), [(199, 1), (398, 1), (400, 2), (1000, 5)])
def test_the_cutoff_is_the_kth_smallest_estimate_of_the_calls(calls: int, k: int) -> None:
    embeddings, ranks, _ = sample(4000)
    called = np.zeros(4000, dtype=bool)
    called[1 : 2 * calls : 2] = True
    screen = fit_screen(as_embedding, embeddings, ranks, called)
    own = np.sort(screen.estimates(embeddings[called].astype(np.uint8)))
    assert len(own) == calls
    assert screen.cutoff == pytest.approx(own[k - 1], abs=1e-5)
    assert screen.facts["calls_of_the_cutoff"] == calls
    assert screen.facts["most_calls_lost"] == pytest.approx(k / (calls + 1))
    assert screen.facts["most_calls_lost"] <= 0.005


def test_with_too_few_calls_everything_passes_and_nothing_is_embedded() -> None:
    embeddings, ranks, _ = sample(4000)
    called = np.zeros(4000, dtype=bool)
    called[1 : 2 * 198 : 2] = True
    assert called[1::2].sum() == 198 == CALLS_NEEDED - 1
    assert not enough_calls(called)
    screen = fit_screen(no_embedding, embeddings, ranks, called)
    assert screen.passes(screen.estimates(np.zeros((3, 6), np.uint8))).tolist() == [True] * 3
    assert screen.facts["cutoff"] is None


def test_of_further_calls_at_most_the_promised_share_is_lost_and_much_is_left_out() -> None:
    lost, left_out = [], []
    for seed in range(20):
        embeddings, ranks, called = sample(8000, seed)
        screen = fit_screen(as_embedding, embeddings, ranks, called)
        more, more_ranks, more_called = sample(20_000, 1000 + seed)
        passes = screen.passes(screen.estimates(more.astype(np.uint8)))
        lost.append((~passes & more_called).sum() / more_called.sum())
        left_out.append(1 - passes.mean())
        assert more_ranks[more_called].min() >= 3
    # the promise is of the mean over samples
    assert np.mean(lost) <= 0.005
    assert np.mean(left_out) > 0.2
