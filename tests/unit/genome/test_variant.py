"""Variant: 1-based as in VCF, with 0-based places beside it."""

from __future__ import annotations

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Interval, Variant


@pytest.mark.parametrize(
    ("variant", "interval"),
    [
        (Variant("20", 14370, "G", "A", "rs6054257"), Interval("20", 14369, 14370)),
        (Variant("20", 1234567, "GTC", "G"), Interval("20", 1234566, 1234569)),
        (Variant("20", 1, "A", "<DEL>"), Interval("20", 0, 1)),
    ],
    ids=["SNV of the VCF specification", "its deletion", "first base"],
)
def test_places(variant, interval):
    assert variant.interval == interval
    assert (variant.start0, variant.end0) == (interval.start, interval.end)


def test_a_telomere_has_no_interval():
    telomere = Variant("20", 0, "N", "]13:123457]T")
    assert telomere.start0 == -1
    with pytest.raises(InputError):
        _ = telomere.interval


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 1, "A", "C"), "contig"),
        (("1", -1, "A", "C"), "negative"),
        (("1", 1, "", "C"), "allele"),
        (("1", 1, "A", ""), "allele"),
    ],
)
def test_impossible_variants_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Variant(*arguments)


def test_text_form():
    assert str(Variant("chr1", 100, "A", "AT")) == "chr1:100:A>AT"
