"""Settings of variant scoring: ranges, each error with its option; levels (significance)."""

from __future__ import annotations

from typing import Any

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import VariantSettings


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"offsets": 4}, "odd number"),
        ({"max_unknown": 1.5}, "--max-unknown 1.5 is out of range; give a number from 0 to 1"),
        ({"threshold": -0.1}, "--threshold"),
        ({"min_change": 2}, "--min-change"),
        ({"null_variants": -1}, "--null-variants"),
        ({"seed": -1}, "--seed"),
        ({"window_length": 0}, "--window-length"),
        ({"shard": (3, 2)}, "--shard 3/2"),
        ({"min_lor": -1.0}, "--min-lor -1.0 is out of range; give a number >= 0"),
        ({"significance": "0.05"}, "--significance 0.05 is not understood; give p:0.05"),
        ({"significance": "p:0"}, "--significance p:0 is not understood"),
        ({"significance": "q:nan"}, "--significance q:nan is not understood"),
        ({"significance": "q:0.1", "null_variants": 0}, "--significance q:0.1 needs p-values, which"),
        ({"sample": "NA1"}, "--sample belongs to --phased"),
    ],
)
def test_what_is_out_of_range_is_named_by_its_option(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        VariantSettings(**fields)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "level", "title"),
    [
        ({}, "p:0.05", "with p_value <= 0.05;"),
        ({"null_variants": 0}, "none", "by the threshold alone: no p-values were computed;"),
        ({"significance": "none"}, "none", "by the threshold alone;"),
        ({"significance": "q:1e-1"}, "q:0.1", "with q_value <= 0.1;"),
    ],
)
def test_candidates_need_significance_where_there_is_a_null(
    fields: dict[str, Any], level: str, title: str
) -> None:
    settings = VariantSettings(**fields)
    assert str(settings.candidate_level) == level
    found = settings.candidate_level.title(has_null=settings.null_variants > 0)
    assert found == f"# gains and losses of function {title} the largest |ScoreChange| first"
