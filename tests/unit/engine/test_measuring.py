"""The speed of every way, for people to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.engine import EngineSettings, measure_ways, possible_ways
from dnabert_enhancer.model import EnhancerModel


def test_each_way_is_measured_once_and_the_inexact_ones_are_compared(
    model: EnhancerModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path))
    found = measure_ways(model, EngineSettings("cpu", threads=2), seconds=0)
    assert [item.way for item in found] == possible_ways(model, "cpu")
    for item in found:
        assert item.windows_per_second > 0
        assert (item.agreement is None) == (item.way.precision == "float32")
