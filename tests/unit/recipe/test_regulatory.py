"""The first output of the packaged model (training/default_model/regulatory.py): its rows and its weights."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

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


def test_what_hardly_varies_has_no_weight_and_the_rest_ranks(
    regulatory: ModuleType, arrays: dict[str, np.ndarray]
) -> None:
    rng = np.random.default_rng(1)
    signal = (np.arange(1200) < 300).astype(float)
    features = rng.normal(size=(1200, 6))
    features[:, 0] += signal
    features[:, 5] = 1 + 1e-4 * signal
    members = np.array([[0.5, 0.1, 0, 0, 0, 300.0], [1.0, 0, 0, 0, 0, -900.0]])
    weight, bias = regulatory.first_row(members, lambda rows: features[rows], arrays, 1)
    assert weight[5] == 0
    found = regulatory.regulatory_rows(arrays, "train", 1)
    assert roc_auc_score(found.labels, features[found.rows] @ weight) > 0.7
    assert (features[found.rows] @ weight + bias).mean() == pytest.approx(0, abs=1e-9)
