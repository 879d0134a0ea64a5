"""Settings of variant scoring: ranges, each error with its option."""

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
        ({"sample": "NA1"}, "--sample belongs to --phased"),
    ],
)
def test_what_is_out_of_range_is_named_by_its_option(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError) as caught:
        VariantSettings(**fields)
    assert problem in str(caught.value)
