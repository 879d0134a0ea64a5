"""The space that counts: every base of it once, in order (elements)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.comparison.conftest import make_elements, table

from dnabert_enhancer.comparison import EffectiveGenome, into_genome
from dnabert_enhancer.genome import ContigNames

SIZES = {"a": 40, "b": 25, "c": 10}
rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(1, 9)).map(
        lambda row: (row[0], row[1], min(row[1] + row[2], SIZES[row[0]]))
    ),
    max_size=6,
)


def bases(given):
    return {(contig, base) for contig, start, end in given for base in range(start, end)}


@settings(deadline=None)
@given(rows, rows, rows, rows)
def test_elements_share_bases_in_the_space_exactly_when_they_share_ones_that_count(
    scanned, gaps, ours, theirs
) -> None:
    counts = bases(scanned) - bases(gaps)
    effective = EffectiveGenome(SIZES, table(scanned, SIZES), table(gaps, SIZES))
    assert effective.bases == len(counts)
    a = effective.map(make_elements(ours, list(SIZES)))
    b = effective.map(make_elements(theirs, list(SIZES)))

    def truth(placed):
        e = placed.elements
        columns = (e.contig_index.tolist(), e.start.tolist(), e.end.tolist())
        return [bases([(effective.contigs[c], s, t)]) & counts for c, s, t in zip(*columns, strict=True)]

    ours_true, theirs_true = truth(a), truth(b)
    assert (a.end - a.start).tolist() == [len(found) for found in ours_true]
    assert len(a) == sum(bool(bases([row]) & counts) for row in ours)
    assert (np.diff(a.start) >= 0).all()
    for i, one in enumerate(ours_true):
        for j, other in enumerate(theirs_true):
            shared = min(a.end[i], b.end[j]) - max(a.start[i], b.start[j])
            assert max(0, shared) == len(one & other)


def test_places_lead_back_to_the_genome(effective_of) -> None:
    effective = effective_of(SIZES, [("a", 5, 10), ("a", 20, 30), ("b", 3, 8)])
    line = effective.to_line(
        np.array([0, 4, 5, 14, effective.contig_start[1], effective.contig_start[1] + 4])
    )
    contig = np.searchsorted(effective.line_offset, line, side="right") - 1
    found = [
        (effective.contigs[c], int(p - effective.line_offset[c])) for c, p in zip(contig, line, strict=True)
    ]
    assert found == [("a", 5), ("a", 9), ("a", 20), ("a", 29), ("b", 3), ("b", 7)]


def test_left_out_elements_are_counted(effective_of, placed) -> None:
    effective = effective_of(SIZES, [("a", 5, 10)])
    found = placed(effective, [("a", 0, 5), ("a", 4, 6), ("a", 6, 8), ("b", 0, 5)])
    assert len(found) == 2
    assert found.elements.counts == {"not_scanned": 2, "partly_scanned": 1}


def test_elements_come_under_the_genomes_names_and_strangers_are_counted() -> None:
    sizes = {"chr1": 100, "chr2": 50}
    given = make_elements(
        [("1", 0, 5), ("chr1", 3, 9), ("2", 40, 60), ("chrUn", 1, 2)], ["1", "chr1", "2", "chrUn"]
    )
    found = into_genome(given, sizes, ContigNames(sizes))
    assert [found.contigs[index] for index in found.contig_index] == ["chr1", "chr1"]
    assert found.counts == {"contig_not_in_genome": 1, "beyond_contig_end": 1, "contig_renamed": 2}


def test_equal_places_count_once_with_the_first_name() -> None:
    given = make_elements([("a", 5, 9), ("a", 1, 3), ("a", 5, 9), ("b", 5, 9)], ["a", "b"])
    found = given.without_repeats()
    assert found.names.tolist() == ["e1", "e0", "e3"]
    assert found.counts == {"repeated_place": 1}
