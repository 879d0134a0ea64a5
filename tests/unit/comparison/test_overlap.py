"""Overlap statistics (overlap, sweep): worked out by hand, and the same as bedtools on real files."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.comparison import Assembly, CompareSettings, EffectiveGenome, load_calls, parse_database
from dnabert_enhancer.comparison.database_results import compare_with
from dnabert_enhancer.comparison.loading import load_database
from dnabert_enhancer.comparison.overlap import overlap_of
from dnabert_enhancer.comparison.sweep import fractions_of
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import read_contig_sizes, union_of

#           0         1         2         3         4
#           0123456789012345678901234567890123456789012
# calls     ##########          ######    ####
# elements      ##      ####  ####           ##      ##
CALLS = [("a", 0, 10), ("a", 20, 26), ("a", 30, 34)]
ELEMENTS = [("a", 4, 6), ("a", 12, 16), ("a", 18, 22), ("a", 33, 35), ("a", 41, 43)]


def test_numbers_of_a_small_case(effective_of, placed) -> None:
    effective = effective_of({"a": 50})
    calls, database = placed(effective, CALLS), placed(effective, ELEMENTS)
    overlap, hits, union, _ = overlap_of(calls, database, union_of(calls.start, calls.end), 0.3)
    assert (overlap.calls, overlap.elements, overlap.calls_bp, overlap.elements_bp) == (3, 5, 20, 14)
    assert overlap.shared_bp == 2 + 2 + 1 == union.bases - 9
    assert overlap.jaccard == pytest.approx(5 / (20 + 14 - 5))
    assert (overlap.calls_hit, overlap.elements_hit) == (3, 3)
    assert overlap.precision == 1
    assert overlap.recall == pytest.approx(3 / 5)
    assert overlap.f1 == pytest.approx(2 * 0.6 / 1.6)
    assert overlap.bp_precision == pytest.approx(5 / 20)
    assert overlap.bp_recall == pytest.approx(5 / 14)
    # shares of the calls: 2/10, 2/6, 1/4
    assert overlap.calls_hit_fraction == 1
    assert overlap.calls_hit_reciprocal == overlap.elements_hit_reciprocal == 0
    assert hits.bases.tolist() == [2, 2, 1]
    assert hits.elements.tolist() == [1, 1, 1]
    assert hits.best.tolist() == [0, 2, 3]


def test_sweep_counts_what_is_covered_from_both_sides(effective_of, placed) -> None:
    effective = effective_of({"a": 50})
    calls, database = placed(effective, CALLS), placed(effective, ELEMENTS)
    shares = fractions_of("0.2:0.5:0.1")
    assert shares == (0.2, 0.3, 0.4, 0.5)
    *_, sweep = overlap_of(calls, database, union_of(calls.start, calls.end), 0.3, shares)
    # of the calls 2/10, 2/6 and 1/4 are covered, of the elements 2/2, 0, 2/4, 1/2 and 0
    assert sweep.calls.tolist() == [3, 1, 0, 0]
    assert sweep.elements.tolist() == [3, 3, 3, 3]
    # the lesser share of each pair: 2/10, 2/6, 1/4
    assert sweep.calls_reciprocal.tolist() == sweep.elements_reciprocal.tolist() == [3, 1, 0, 0]


def test_the_best_of_several_partners_counts_for_the_sweep(effective_of, placed) -> None:
    effective = effective_of({"a": 100})
    calls = placed(effective, [("a", 0, 10)])
    database = placed(effective, [("a", 0, 4), ("a", 4, 10), ("a", 6, 66)])
    shares = (0.4, 0.6, 0.7)
    *_, sweep = overlap_of(calls, database, union_of(calls.start, calls.end), 0.5, shares)
    # 4, 6 and 4 of 10 bases; together they would be all
    assert sweep.calls.tolist() == [1, 1, 0]
    assert sweep.elements.tolist() == [2, 2, 2]
    assert sweep.elements_reciprocal.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "min-fraction is 0; it must be a number above 0 and at most 1, or a range"),
        ("1.2", "min-fraction is 1.2; it must be"),
        ("nan", "it must be"),
        ("a", "it must be"),
        ("0.5:0.1:0.1", "the range begins above its end, 0.1"),
        ("0:1:0.1", "it must be"),
        ("0.1:1.1:0.1", "it must be"),
        ("0.1:0.9:0", "it must be"),
        ("0.1:0.9", "it must be"),
        ("0.1:0.9:0.1:0.1", "it must be"),
        ("0.1.1:0.9:0.1", "it must be"),
        ("0.1:0.9:0.0000001", "the range has more than 1,000 steps"),
    ],
)
def test_shares_that_cannot_be_are_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        CompareSettings(min_fraction=text)
    assert CompareSettings(min_fraction="0.05:0.95:0.05").sweep_fractions[2] == 0.15
    assert len(fractions_of("0.05:0.95:0.05")) == 19


def test_reciprocal_half_needs_half_of_both(effective_of, placed) -> None:
    effective = effective_of({"a": 100})
    calls = placed(effective, [("a", 0, 10), ("a", 50, 60)])
    # half of the first call by an element twice as long; half of the second by one of its own length
    database = placed(effective, [("a", 5, 25), ("a", 55, 65)])
    overlap, *_ = overlap_of(calls, database, union_of(calls.start, calls.end), 0.5)
    assert (overlap.calls_hit_fraction, overlap.calls_hit_reciprocal) == (2, 1)


def test_overlapping_elements_count_their_bases_once(effective_of, placed) -> None:
    effective = effective_of({"a": 100})
    calls = placed(effective, [("a", 0, 10), ("a", 5, 15)])
    database = placed(effective, [("a", 8, 12), ("a", 9, 20), ("a", 0, 1)])
    overlap, hits, *_ = overlap_of(calls, database, union_of(calls.start, calls.end), 0.5)
    assert (overlap.calls_bp, overlap.elements_bp, overlap.shared_bp) == (15, 13, 8)
    assert hits.bases.tolist() == [3, 7]
    assert hits.elements.tolist() == [3, 2]


def test_database_without_a_scanned_element_gives_no_numbers_and_no_error(effective_of, placed) -> None:
    effective = effective_of({"a": 100}, [("a", 0, 50)])
    calls, database = placed(effective, [("a", 0, 10)]), placed(effective, [("a", 60, 70)])
    result = compare_with(
        effective, calls, parse_database("d=x.bed,preset=bed", "hg38"), database, CompareSettings()
    )
    assert result.overlap.precision == 0
    assert np.isnan(result.overlap.recall)
    assert result.distance.tolist() == [-1]
    assert result.best_names == ["."]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize(
    ("calls_file", "calls_preset", "database_file", "database_preset"),
    [
        (
            "databases/cCRE_pELS_nearest_gene.bed.gz",
            "screen",
            "annotation/F5.hg38.enhancers.bed.gz",
            "fantom5",
        ),
        (
            "databases/EPDnew_human_promoters_hg38.bed.gz",
            "epdnew",
            "annotation/gencode.v29.genes.gtf.bed.gz",
            "bed",
        ),
    ],
)
def test_overlap_jaccard_and_nearest_are_those_of_bedtools(
    shared_data: Path,
    tmp_path: Path,
    calls_file: str,
    calls_preset: str,
    database_file: str,
    database_preset: str,
) -> None:
    if shutil.which("bedtools") is None:
        pytest.skip(
            "BEDTOOLS IS MISSING: the agreement with bedtools was not tested (apt-get install bedtools)"
        )
    from dnabert_enhancer.comparison import PRESETS, read_elements

    sizes = read_contig_sizes(shared_data / "reference/hg38.chrom.sizes")
    assembly, effective = Assembly("hg38", sizes), EffectiveGenome(sizes)
    calls = load_calls(
        read_elements(shared_data / calls_file, PRESETS[calls_preset]), "calls", assembly, effective
    )
    database = parse_database(f"d={shared_data / database_file},preset={database_preset}", "hg38")
    placed = load_database(database, assembly, effective)
    result = compare_with(effective, calls, database, placed, CompareSettings(min_fraction="0.25:0.95:0.35"))
    ours, order = _written(calls, tmp_path / "calls.bed")
    theirs, _ = _written(placed, tmp_path / "database.bed")

    def bedtools(*arguments: object) -> list[list[str]]:
        done = subprocess.run(["bedtools", *map(str, arguments)], capture_output=True, text=True, check=True)
        return [line.split("\t") for line in done.stdout.splitlines()]

    header, values = bedtools("jaccard", "-a", ours, "-b", theirs)
    jaccard = dict(zip(header, values, strict=True))
    assert int(jaccard["intersection"]) == result.overlap.shared_bp
    assert float(jaccard["jaccard"]) == pytest.approx(result.overlap.jaccard, rel=1e-5)
    overlap, sweep, shares = result.overlap, result.sweep, (0.25, 0.6, 0.95)
    for options, one, other, wanted in (
        ((), ours, theirs, overlap.calls_hit),
        ((), theirs, ours, overlap.elements_hit),
        (("-f", "0.5"), ours, theirs, overlap.calls_hit_fraction),
        *(
            (("-f", str(share)), ours, theirs, found)
            for share, found in zip(shares, sweep.calls, strict=True)
        ),
        (("-f", "0.6"), theirs, ours, sweep.elements[1]),
        (("-f", "0.6", "-r"), ours, theirs, sweep.calls_reciprocal[1]),
        (("-f", "0.6", "-r"), theirs, ours, sweep.elements_reciprocal[1]),
        (("-f", "0.5", "-r"), ours, theirs, overlap.calls_hit_reciprocal),
        (("-f", "0.5", "-r"), theirs, ours, overlap.elements_hit_reciprocal),
    ):
        assert len(bedtools("intersect", "-u", *options, "-a", one, "-b", other)) == wanted
    counts = [int(row[-1]) for row in bedtools("intersect", "-c", "-a", ours, "-b", theirs)]
    assert counts == result.hits.elements[order].tolist()
    closest = bedtools("closest", "-d", "-t", "first", "-a", ours, "-b", theirs)
    assert [int(row[-1]) for row in closest] == result.distance[order].tolist()


def _written(placed, path: Path) -> tuple[Path, list[int]]:
    """Write a set in the order that bedtools wants; return also which element each line is."""
    elements = placed.elements
    contigs = elements.contigs
    names = [contigs[index] for index in elements.contig_index.tolist()]
    starts, ends = elements.start.tolist(), elements.end.tolist()
    order = sorted(range(len(placed)), key=lambda i: (names[i], starts[i], ends[i]))
    path.write_text("".join(f"{names[i]}\t{starts[i]}\t{ends[i]}\n" for i in order))
    return path, order
