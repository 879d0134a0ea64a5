"""Places in a genome: texts count from 1, intervals from 0, names are bridged."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Interval, locate

SIZES = {"chr1": 1000, "chr16": 2_000_000, "chrM": 10}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("chr16:100,001-200,000", Interval("chr16", 100_000, 200_000)),
        ("16:1-10", Interval("chr16", 0, 10)),
        ("chr1", Interval("chr1", 0, 1000)),
        ("MT", Interval("chrM", 0, 10)),
        ("chr1:1-1000", Interval("chr1", 0, 1000)),
        (Interval("1", 0, 1000, "-"), Interval("chr1", 0, 1000, "-")),
    ],
)
def test_a_place_by_text_or_interval(given: str | Interval, place: Interval) -> None:
    assert locate(given, SIZES) == place


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("chr1:0-10", "starts at base 0; positions written as text are 1-based"),
        ("chr1:1-1001", "ends beyond the 1,000 bp of chr1"),
        (Interval("chr1", 0, 1001), "ends beyond the 1,000 bp of chr1"),
        ("chr2:1-10", "there is no contig 'chr2'; the genome has chr1, chr16, chrM"),
        ("nonsense", "'nonsense' is not a region; write it as chr16:100,000-200,000"),
        ("chr1:20-10", "ends before it starts"),
    ],
)
def test_what_is_no_place_is_named(given: str | Interval, said: str) -> None:
    with pytest.raises(InputError, match=said):
        locate(given, SIZES)
