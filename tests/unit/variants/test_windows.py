"""Windows of alleles: where they lie, and that they do not depend on strand (alleles, reference)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import decode_bases, encode_bases, reverse_complement
from dnabert_enhancer.variants import (
    Allele,
    AlleleWindows,
    GenomeBases,
    SkipReason,
    WindowPlan,
    allele_windows,
    context_around,
    place_allele,
)

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


class Contig:
    def __init__(self, bases: str) -> None:
        self.bases = bases
        self.contig_sizes = {"c": len(bases)}

    def fetch(self, contig: str, start: int, end: int) -> bytes:
        assert contig == "c"
        return self.bases[start:end].encode()


def random_bases(n: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


def windows(bases: str, position: int, ref: str, alt: str, plan: WindowPlan) -> AlleleWindows:
    genome = GenomeBases(Contig(bases))
    allele = place_allele(genome, "c", position, ref.encode(), alt.encode())
    assert isinstance(allele, Allele), allele
    return allele_windows(context_around(genome, allele, plan), allele, plan)


def as_set(codes: np.ndarray) -> list[bytes]:
    """Return windows without their strand or order."""
    return sorted(min(row.tobytes(), reverse_complement(row).tobytes()) for row in codes)


def test_a_substitution_stands_in_the_centre_of_the_middle_window() -> None:
    bases = random_bases(1000)
    ref = bases[499]
    alt = "A" if ref != "A" else "C"
    found = windows(bases, 500, ref, alt, WindowPlan(201, 5))
    assert found.ref.shape == found.alt.shape == (5, 201)
    assert decode_bases(found.ref[2]) == bases[399:600]
    assert np.flatnonzero(found.ref[2] != found.alt[2]).tolist() == [100]
    assert decode_bases(found.alt[2])[100] == alt
    places = [int(np.flatnonzero(found.ref[row] != found.alt[row])[0]) for row in range(5)]
    # 201 // 6 = 33 bp apart, on a grid: within half a step of -66, -33, 33, 66 from the centre
    for place, ideal in zip(places, (166, 133, 100, 67, 34), strict=True):
        assert abs(place - ideal) <= 17


def test_the_grid_is_symmetric_to_the_middle_of_the_contig() -> None:
    # contig of 101 bp, windows of 21 bp, 1 of 3 on the middle: step 21 // 4 = 5, odd
    plan = WindowPlan(21, 3)
    assert plan.step == 5
    bases = random_bases(101)
    found = windows(bases, 51, bases[50], "A" if bases[50] != "A" else "G", plan)
    # the middle window starts at 40 = (101 - 21) / 2; its neighbours 5 bp to each side
    assert [bases.index(decode_bases(row)) for row in found.ref] == [35, 40, 45]


def test_neighbours_share_reference_windows() -> None:
    bases = random_bases(5000, seed=3)
    plan = WindowPlan(200, 5)
    distinct = set()
    for position in range(2000, 2100):
        ref = bases[position - 1]
        distinct |= {
            row.tobytes() for row in windows(bases, position, ref, "A" if ref != "A" else "T", plan).ref
        }
    # 100 centred windows, and those of the grid: 100 / 33 + 5, instead of 400
    assert len(distinct) <= 100 + 9


@pytest.mark.parametrize("offsets", [0, 2, 4])
def test_an_even_number_of_offsets_is_refused(offsets: int) -> None:
    with pytest.raises(InputError, match="odd number"):
        WindowPlan(200, offsets)


def test_an_insertion_pushes_the_flanks_out_on_both_sides() -> None:
    bases = "ACGTTGCA" * 20 + "C" + "TGATCGAT" * 20
    plan = WindowPlan(21, 1)
    found = windows(bases, 161, "C", "CGGAG", plan)  # after the C at place 160; GGAG cannot move
    assert decode_bases(found.ref[0]) in bases
    inserted = decode_bases(found.alt[0])
    at = inserted.index("GGAG")
    # 17 bases of flank: 8 on one side and 9 on the other
    assert sorted([at, 21 - at - 4]) == [8, 9]
    assert inserted[:at] + inserted[at + 4 :] == bases[161 - at : 161 - at + 17]


def test_a_deletion_pulls_reference_in() -> None:
    bases = random_bases(300, seed=9)
    deleted = bases[150:154]
    found = windows(bases, 150, bases[149] + deleted, bases[149], WindowPlan(30, 1))
    kept = decode_bases(found.alt[0])
    assert kept in bases[:150] + bases[154:]
    assert len(kept) == 30


def test_windows_at_the_end_of_a_contig_move_inside() -> None:
    bases = random_bases(120)
    found = windows(bases, 1, bases[0], "A" if bases[0] != "A" else "C", WindowPlan(50, 3))
    assert {decode_bases(row) for row in found.ref} <= {bases[0:50], bases[1:51]} | {
        bases[start : start + 50] for start in range(30)
    }
    assert (found.ref < 4).all()


def test_a_contig_shorter_than_the_window_lies_in_its_middle() -> None:
    bases = random_bases(10)
    found = windows(bases, 5, bases[4], "A" if bases[4] != "A" else "C", WindowPlan(16, 3))
    assert [decode_bases(row) for row in found.ref] == ["NNN" + bases + "NNN"] * 3
    assert found.unknown_share == 6 / 16


def test_ref_is_put_in_where_the_genome_is_unknown() -> None:
    bases = random_bases(50) + "N" + random_bases(50, seed=1)
    found = windows(bases, 51, "A", "G", WindowPlan(21, 1))
    assert decode_bases(found.ref[0])[10] == "A"
    assert decode_bases(found.alt[0])[10] == "G"


@st.composite
def variants(draw: st.DrawFn) -> tuple[str, int, str, str]:
    """A contig of a small alphabet, so that indels can move, and a variant on it."""
    alphabet = draw(st.sampled_from(["AC", "ACGT", "AT"]))
    bases = draw(st.text(alphabet, min_size=12, max_size=160))
    start = draw(st.integers(0, len(bases) - 2))
    ref = bases[start : start + draw(st.integers(1, min(6, len(bases) - start)))]
    alt = draw(st.text("ACGT", min_size=1, max_size=7))
    return bases, start + 1, ref, alt


@settings(max_examples=300, deadline=None)
@given(variants(), st.sampled_from([8, 9, 20, 21, 50]), st.sampled_from([1, 3, 5, 7]))
def test_the_other_strand_gives_the_same_windows(
    variant: tuple[str, int, str, str], length: int, offsets: int
) -> None:
    bases, position, ref, alt = variant
    plan = WindowPlan(length, offsets)
    there = windows(bases, position, ref, alt, plan)
    opposite = bases.translate(COMPLEMENT)[::-1]
    new_position = len(bases) - (position - 1 + len(ref)) + 1
    back = windows(
        opposite, new_position, ref.translate(COMPLEMENT)[::-1], alt.translate(COMPLEMENT)[::-1], plan
    )
    assert as_set(there.ref) == as_set(back.ref)
    assert as_set(there.alt) == as_set(back.alt)


@settings(max_examples=300, deadline=None)
@given(variants(), st.sampled_from([8, 9, 20, 21, 50]), st.sampled_from([1, 3, 5]))
def test_exchanging_the_alleles_exchanges_the_windows(
    variant: tuple[str, int, str, str], length: int, offsets: int
) -> None:
    bases, position, ref, alt = variant
    plan = WindowPlan(length, offsets)
    there = windows(bases, position, ref, alt, plan)
    start = position - 1
    changed = bases[:start] + alt + bases[start + len(ref) :]
    back = windows(changed, position, alt, ref, plan)
    assert np.array_equal(there.ref, back.alt)
    assert np.array_equal(there.alt, back.ref)


@settings(max_examples=300, deadline=None)
@given(variants(), st.integers(0, 4), st.integers(0, 4), st.sampled_from([20, 21]))
def test_padding_and_alignment_do_not_matter(
    variant: tuple[str, int, str, str], left: int, right: int, length: int
) -> None:
    bases, position, ref, alt = variant
    plan = WindowPlan(length, 5)
    start, end = position - 1, position - 1 + len(ref)
    left, right = min(left, start), min(right, len(bases) - end)
    padded = (
        (bases[start - left : start] + ref + bases[end : end + right]),
        (bases[start - left : start] + alt + bases[end : end + right]),
    )
    one = windows(bases, position, ref, alt, plan)
    other = windows(bases, position - left, *padded, plan)
    if ref != alt:
        assert np.array_equal(one.ref, other.ref)
        assert np.array_equal(one.alt, other.alt)
    else:
        assert np.array_equal(one.ref, one.alt)


@settings(max_examples=200, deadline=None)
@given(st.text("AC", min_size=20, max_size=60), st.data())
def test_equal_haplotypes_have_equal_windows(bases: str, data: st.DataObject) -> None:
    """The same deletion of one repeat unit, written at any place of the repeat."""
    start = data.draw(st.integers(1, len(bases) - 4))
    size = data.draw(st.integers(1, 3))
    haplotype = bases[:start] + bases[start + size :]
    plan = WindowPlan(16, 3)
    first = None
    for place in range(1, len(bases) - size + 1):
        if bases[:place] + bases[place + size :] == haplotype:
            found = windows(bases, place, bases[place - 1 : place + size], bases[place - 1], plan)
            first = first or found
            assert np.array_equal(found.ref, first.ref)
            assert np.array_equal(found.alt, first.alt)
    assert first is not None


@settings(max_examples=60, deadline=None)
@given(st.text("ACGT", min_size=1, max_size=40), st.integers(1, 4), st.integers(1_000, 5_000), st.data())
def test_an_indel_in_a_long_repeat_has_the_windows_of_all_its_places(
    unit: str, copies: int, length: int, data: st.DataObject
) -> None:
    """Deletions and insertions of whole units, written anywhere in a repeat of thousands of bases."""
    repeat = (unit * (length // len(unit) + 1))[:length]
    bases = random_bases(300, seed=4) + repeat + random_bases(300, seed=5)
    change = unit * copies
    plan = WindowPlan(60, 5)
    starts = [300, 300 + data.draw(st.integers(0, length - len(change))), 300 + length - len(change)]
    found = []
    for start in starts:
        # the copies of the unit as they read from here on
        turn = (start - 300) % len(unit)
        here = (unit[turn:] + unit[:turn]) * copies
        assert bases[start : start + len(here)] == here
        before = bases[start - 1]
        found.append(
            (
                windows(bases, start, before + here, before, plan),
                windows(bases, start, before, before + here, plan),
            )
        )
    for deletion, insertion in found[1:]:
        assert np.array_equal(deletion.ref, found[0][0].ref)
        assert np.array_equal(deletion.alt, found[0][0].alt)
        assert np.array_equal(insertion.ref, found[0][1].ref)
        assert np.array_equal(insertion.alt, found[0][1].alt)


def test_an_indel_is_not_widened_over_unknown_bases() -> None:
    genome = GenomeBases(Contig("ACGT" + "N" * 50 + "ACGT"))
    found = place_allele(genome, "c", 20, b"NN", b"N")
    assert found is SkipReason.AMBIGUOUS_ALT
    found = place_allele(genome, "c", 4, b"TNN", b"T")
    assert isinstance(found, Allele)
    assert (found.start, found.end) == (4, 6)


def test_reasons_are_no_alleles() -> None:
    genome = GenomeBases(Contig("ACGTACGTAC"))
    assert place_allele(genome, "c", 3, b"A", b"C") is SkipReason.REF_MISMATCH
    assert encode_bases("ACGT").tolist() == [0, 1, 2, 3]
