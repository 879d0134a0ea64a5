"""Interval: refuses impossible coordinates; its algebra on numbers worked out by hand."""

from __future__ import annotations

import dataclasses

import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Interval


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
    place = Interval("chr1", 7, 7)
    assert place.length == 0
    assert not place.overlaps(Interval("chr1", 0, 10))
    assert Interval("chr1", 0, 10).contains(place)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ((0, 10), (5, 15), (5, 10)),
        ((0, 10), (10, 20), None),
        ((0, 10), (9, 10), (9, 10)),
        ((3, 4), (0, 100), (3, 4)),
        ((0, 10), (20, 30), None),
    ],
)
def test_intersection(first, second, shared):
    one, two = Interval("chr1", *first, "-"), Interval("chr1", *second, "+")
    expected = None if shared is None else Interval("chr1", *shared, "-")
    assert one.intersection(two) == expected
    assert one.overlaps(two) is two.overlaps(one) is (shared is not None)
    assert one.intersection(Interval("chr2", *second)) is None


def test_shifting():
    assert Interval("chr1", 5, 8, "+").shifted(-5) == Interval("chr1", 0, 3, "+")
    with pytest.raises(InputError, match="negative"):
        Interval("chr1", 5, 8).shifted(-6)


@pytest.mark.parametrize(
    ("given", "length", "expected"),
    [
        ((100, 200), 100, (100, 200)),
        ((100, 200), 50, (125, 175)),
        ((100, 201), 100, (100, 200)),
        ((100, 200), 51, (125, 176)),
        ((100, 200), 201, (50, 251)),
        ((7, 7), 2, (6, 8)),
        ((100, 200), 0, (150, 150)),
    ],
)
def test_centring(given, length, expected):
    assert Interval("chr1", *given).centred(length) == Interval("chr1", *expected)


def test_centring_beyond_the_start_is_refused():
    with pytest.raises(InputError, match="negative"):
        Interval("chr1", 10, 20).centred(100)


def test_text_form():
    assert str(Interval("chr1", 10, 20, "-")) == "chr1:10-20"
