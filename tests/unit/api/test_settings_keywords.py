"""Settings as keywords: replaced fields, and the nearest fields for what is none."""

from __future__ import annotations

import pytest

from dnabert_enhancer.api import with_keywords
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.scan import ScanSettings


def test_keywords_replace_fields_and_nothing_else() -> None:
    given = ScanSettings(stride=10, seed=3)
    assert with_keywords(ScanSettings, given, {"stride": 50}) == ScanSettings(stride=50, seed=3)
    assert with_keywords(ScanSettings, None, {"stride": 50}) == ScanSettings(stride=50)
    assert with_keywords(ScanSettings, given, {}) == given
    assert given.stride == 10


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"ScanSettings has no field 'strid'; did you mean stride"):
        with_keywords(ScanSettings, None, {"strid": 50})


def test_values_are_checked_as_in_the_class() -> None:
    with pytest.raises(InputError, match="--stride 0 is not a whole number from 1 on"):
        with_keywords(ScanSettings, None, {"stride": 0})


def test_settings_of_another_class_are_refused() -> None:
    with pytest.raises(InputError, match="settings are a EngineSettings, not ScanSettings"):
        with_keywords(ScanSettings, EngineSettings(), {})  # type: ignore[arg-type]  # the mistake under test
