"""The first output of the packaged model (training/default_model/regulatory.py): its rows and its weights."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

RECIPE = Path(__file__).resolve().parents[3] / "training" / "default_model"


@pytest.fixture(scope="module")
def regulatory() -> Iterator[ModuleType]:
    sys.path.insert(0, str(RECIPE))
    before = set(sys.modules)
    yield importlib.import_module("regulatory")
    sys.path.remove(str(RECIPE))
    for name in set(sys.modules) - before:
        if str(RECIPE) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def arrays(regulatory: ModuleType) -> dict[str, np.ndarray]:
    """1,200 windows: 300 in a DNase peak, richer in GC; 300 in CTCF sites alone; 600 that nothing touches."""
    rng = np.random.default_rng(0)
    share = np.repeat([0.5, 0.5, 0.47], [300, 300, 600])[:, None]
    is_gc = rng.random((1200, 200)) < share
    codes = np.where(is_gc, rng.integers(1, 3, is_gc.shape), 3 * rng.integers(0, 2, is_gc.shape))
    targets = np.zeros((1200, len(regulatory.ALL_TRACKS)), dtype=np.float32)
    targets[:300, regulatory.ALL_TRACKS.index("dnase_k562")] = 1
    targets[300:600, regulatory.ALL_TRACKS.index("ctcf")] = 1
    return {
        "tasks": np.array(regulatory.ALL_TRACKS),
        "targets_200": targets,
        "source_200": np.full(1200, "genome_tracks"),
        "codes_200": codes.astype(np.uint8),
        "split_200": np.full(1200, "train"),
    }


def test_negatives_are_untouched_and_cover_the_gc_of_the_positives(
    regulatory: ModuleType, arrays: dict[str, np.ndarray]
) -> None:
    found = regulatory.regulatory_rows(arrays, "train", 1)
    assert (found.rows[found.labels == 1] < 300).all()
    assert (found.rows[found.labels == 0] >= 600).all()
    bins = np.isin(arrays["codes_200"][found.rows], (1, 2)).sum(axis=1) // 4
    counts = [np.bincount(bins[found.labels == label], minlength=51) for label in (0, 1)]
    assert found.labels.sum() > 100
    assert (counts[0] >= counts[1]).all()
    assert len(found.rows) == 3 * found.labels.sum()


def test_the_first_row_follows_the_answers_but_not_their_outliers(regulatory: ModuleType) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(4000, 4)) * (1.0, 0.5, 0.3, 1e-4)
    answers = features @ np.array([1.0, -2.0, 0.5, 300.0]) + 0.7
    outlying = answers.copy()
    outlying[:3] = 2e4
    weight, bias = regulatory.first_row(features, outlying)
    np.testing.assert_allclose(weight[:3], (1.0, -2.0, 0.5), atol=0.05)
    assert abs(weight[3]) < 1
    assert bias == pytest.approx(0.7, abs=0.05)
