"""Settings of scans: what cannot be meant is refused by the option's name; defaults follow the model."""

from __future__ import annotations

from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, open_model
from dnabert_enhancer.scan import ScanSettings, SequenceSettings


@pytest.fixture(scope="module")
def packaged() -> EnhancerModel:
    return open_model()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stride": 0}, "--stride 0 is not a whole number of 1 or more"),
        ({"window_length": -3}, "--window-length -3 is not a whole number"),
        ({"stride": 2.5}, "--stride 2.5 is not a whole number"),
        ({"max_unknown": 1.5}, "--max-unknown 1.5 is not a number from 0 to 1"),
        ({"threshold": float("nan")}, "--threshold nan is not a number"),
        ({"merge_gap": -1}, "--merge-gap -1 is not a whole number of 0 or more"),
        ({"seed": -1}, "--seed -1 is not a whole number of 0 or more"),
        ({"null_fraction": 2}, "--null-fraction 2 is not a number from 0 to 1"),
        ({"contigs": "chr1"}, r"contigs='chr1' is one text; give a list: \['chr1'\]"),
        ({"stride": "50"}, "--stride '50' is not a whole number"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        ScanSettings(**values)


def test_windows_follow_the_model_unless_given(packaged: EnhancerModel) -> None:
    length = packaged.window_length
    assert SequenceSettings().tiling(packaged) == (length, length // 4)
    assert SequenceSettings(window_length=100).tiling(packaged) == (100, 25)
    assert SequenceSettings(window_length=100, stride=7).tiling(packaged) == (100, 7)
    with pytest.raises(InputError, match="--window-length 3 is shorter than a token of the model"):
        SequenceSettings(window_length=3).tiling(packaged)
    with pytest.raises(InputError, match="longer than the"):
        SequenceSettings(window_length=5000).tiling(packaged)
