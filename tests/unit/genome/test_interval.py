"""Intervals and variants: they refuse impossible coordinates and read the usual text forms."""

from __future__ import annotations

import dataclasses

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames, Interval, Variant, locate


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("chr1", -1, 5), "the start -1 is negative"),
        (("chr1", 10, 9), "the end 9 is before the start 10"),
        (("", 0, 5), "name of a contig"),
        (("chr1", 0, 5, "x"), "the strand 'x' is unknown"),
        (("chr1", 0, 5, ""), "the strand '' is unknown"),
    ],
)
def test_impossible_intervals_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Interval(*arguments)


def test_it_is_a_value():
    assert Interval("chr1", 1, 2) == Interval("chr1", 1, 2, ".")
    assert len({Interval("chr1", 1, 2), Interval("chr1", 1, 2), Interval("chr1", 1, 2, "+")}) == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        Interval("chr1", 1, 2).start = 0  # type: ignore[misc]  # that is the point


def test_an_empty_interval_is_a_place_between_bases():
    assert Interval("chr1", 7, 7).length == 0


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("chr16:100,001-200,000", Interval("chr16", 100_000, 200_000)),
        (" chr16:100001-200000\n", Interval("chr16", 100_000, 200_000)),
        ("X:1-1", Interval("X", 0, 1)),
        ("chr1:7", Interval("chr1", 6, 7)),
        ("chr1:7..9", Interval("chr1", 6, 9)),
        ("HLA-A*01:01:01:01:5-8", Interval("HLA-A*01:01:01:01", 4, 8)),
    ],
)
def test_text_is_read_as_browsers_write_it(text, interval):
    assert Interval.parse(text) == interval


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1", "'chr1' is not a region; write it as chr16:100,000-200,000"),
        ("chr1:x-y", "is not a region"),
        ("chr1:5-", "is not a region"),
        ("chr1\t5\t9", "is not a region"),
        (
            "chr1:0-9",
            r"starts at 0, .* 1-based; write chr1:1-9, or give Interval\('chr1', 0, 9\), which is",
        ),
        ("chr1:9-5", "the end of 'chr1:9-5' is before its start"),
    ],
)
def test_other_text_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        Interval.parse(text)


SIZES = {"chr1": 1000, "MT": 20}


@pytest.mark.parametrize(
    ("region", "interval"),
    [
        ("1:1-1,000", Interval("chr1", 0, 1000)),
        ("chrM", Interval("MT", 0, 20)),
        (Interval("1", 5, 9, "-"), Interval("chr1", 5, 9, "-")),
    ],
)
def test_regions_are_found_under_the_genomes_names(region, interval):
    assert locate(region, SIZES) == locate(region, SIZES, ContigNames(SIZES)) == interval


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("chr2:1-9", "there is no contig 'chr2'; the genome has chr1, MT"),
        ("chr2", "'chr2' is not a region"),
        ("1:1-1001", r"1:0-1001 \(counted from 0\) ends beyond the 1,000 bp of chr1"),
        (Interval("chr1", 0, 1001), r"chr1:0-1001 \(counted from 0\) ends beyond the 1,000 bp of chr1"),
    ],
)
def test_regions_outside_are_refused(region, message):
    with pytest.raises(InputError, match=message):
        locate(region, SIZES)


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


@pytest.mark.parametrize("text", ["chr1:100:A:AT", "chr1-100-A-AT", "chr1:100:A>AT", "chr1:100-A-AT"])
def test_variants_are_read_as_text(text):
    variant = Variant.parse(text)
    assert variant == Variant("chr1", 100, "A", "AT")
    assert str(variant) == "chr1:100:A>AT"
    assert Variant.parse(str(variant)) == variant


def test_contigs_of_variants_may_hold_colons_and_alleles_may_be_symbolic():
    assert Variant.parse("HLA-A*01:01:5:A:<DEL>") == Variant("HLA-A*01:01", 5, "A", "<DEL>")


@pytest.mark.parametrize("text", ["rs123", "chr1:100", "chr1:100:A", "chr1:A:C:100", ""])
def test_text_that_is_no_variant_is_refused(text):
    with pytest.raises(InputError, match="is not a variant; write contig, 1-based position"):
        Variant.parse(text)
