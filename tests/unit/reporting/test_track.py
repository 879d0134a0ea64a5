"""Scores of a track, of all its bases or of evenly spread ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from dnabert_enhancer.reporting import track


def test_scores_of_a_track(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.bw"
    with pyBigWig.open(str(path), "w") as written:
        written.addHeader([("a", 40_000), ("b", 15_000)])
        written.addEntries(["a", "a", "b"], [0, 20_000, 0], ends=[5000, 40_000, 10], values=[0.25, 0.5, 1.0])
    contigs, values, bases = track.track_scores(path)
    assert contigs == {"a": 40_000, "b": 15_000}
    assert bases == 5000 + 20_000 + 10
    assert np.unique(values, return_counts=True)[1].tolist() == [5000, 20_000, 10]
    # of 6 pieces of 10,000 every second: a 0-10,000, a 20,000-30,000, b 0-10,000
    monkeypatch.setattr(track, "_MOST_BASES", 30_000)
    assert track.track_scores(path)[2] == 5000 + 10_000 + 10
