"""Regions to windows: placement, merging, overlaps, what is outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset.settings import Overlapping, WindowPlacement
from dnabert_enhancer.dataset.window_placement import (
    merge_overlapping,
    place_windows,
    read_positions,
    without_overlaps,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, region_frame

Write = Callable[[str, str], Path]


def regions(*rows: tuple[int, int, int], strand: str = ".", summit: int = -1) -> pd.DataFrame:
    contig, start, end = (np.array([row[column] for row in rows], dtype=np.int64) for column in range(3))
    strands = pd.Categorical([strand] * len(rows), categories=["+", "-", "."])
    names = [f"r{number}" for number in range(len(rows))]
    return region_frame(contig, start, end, "abc", name=names, strand=strands, summit=summit)


def rows_of(found: pd.DataFrame) -> list[tuple[int, int, int]]:
    return list(zip(found["chrom"].cat.codes, found["start"], found["end"], strict=True))


@pytest.mark.parametrize(
    ("region", "placement", "starts"),
    [
        ((0, 1000, 1300), WindowPlacement.CENTRE, [1050]),
        ((0, 1000, 1301), WindowPlacement.CENTRE, [1050]),
        ((0, 1000, 1100), WindowPlacement.CENTRE, [950]),
        ((0, 50, 60), WindowPlacement.CENTRE, [-45]),
        ((0, 1000, 1300), WindowPlacement.TILE, [1050]),
        ((0, 1000, 1500), WindowPlacement.TILE, [1050, 1250]),
        ((0, 1000, 1600), WindowPlacement.TILE, [1000, 1200, 1400]),
        ((0, 1000, 1100), WindowPlacement.TILE, [950]),
        ((0, 1000, 1300), WindowPlacement.SUMMIT, [1050]),
    ],
)
def test_windows_of_200_bp_lie_as_the_placement_says(
    region: tuple[int, int, int], placement: WindowPlacement, starts: list[int]
) -> None:
    found = place_windows(regions(region), 200, placement)
    assert rows_of(found) == [(0, start, start + 200) for start in starts]


def test_window_around_a_summit_has_it_in_the_middle() -> None:
    assert rows_of(place_windows(regions((0, 1000, 1300), summit=1234), 200, WindowPlacement.SUMMIT)) == [
        (0, 1134, 1334)
    ]


def test_regions_that_share_a_base_become_one() -> None:
    found = merge_overlapping(
        regions((0, 0, 100), (0, 50, 400), (0, 60, 70), (0, 399, 500), (0, 500, 600), (1, 0, 50), (1, 49, 60))
    )
    assert rows_of(found) == [(0, 0, 500), (0, 500, 600), (1, 0, 60)]
    assert found["name"].tolist() == ["r0", "r4", "r5"]


def test_merging_keeps_the_strand_only_where_it_agrees() -> None:
    rows = regions((0, 0, 100), (0, 50, 200), (1, 0, 100), (1, 50, 200))
    rows["strand"] = pd.Categorical(["-", "-", "+", "-"], categories=["+", "-", "."])
    assert merge_overlapping(rows)["strand"].tolist() == ["-", "."]


def test_of_windows_that_overlap_the_first_stays() -> None:
    rows = regions((0, 0, 100), (0, 99, 199), (0, 100, 200), (0, 150, 250), (1, 150, 250))
    assert rows_of(without_overlaps(rows, Overlapping.MERGE)) == [(0, 0, 100), (0, 100, 200), (1, 150, 250)]


def test_keeping_overlaps_drops_only_the_same_place() -> None:
    rows = regions((0, 0, 100), (0, 0, 100), (0, 1, 101), (1, 1, 101))
    assert rows_of(without_overlaps(rows, Overlapping.KEEP)) == [(0, 0, 100), (0, 1, 101), (1, 1, 101)]


def test_contig_names_are_bridged_and_rows_are_in_order(write: Write, random_genome: Path) -> None:
    path = write("r.bed", "track name=x\n3\t100\t200\ta\t0\t-\nCHR1\t500\t600\n1\t50\t60\t.\n")
    with Genome(random_genome) as genome:
        found, skipped = read_positions([path], genome, skip_outside=False)
    assert rows_of(found) == [(0, 50, 60), (0, 500, 600), (2, 100, 200)]
    assert found["name"].tolist() == ["", "", "a"]
    assert found["strand"].tolist() == [".", ".", "-"]
    assert skipped.total() == 0


def test_regions_outside_are_an_error_or_counted(write: Write, random_genome: Path) -> None:
    path = write("r.bed", "chr1\t100\t200\nchr9\t1\t2\nchr3\t29990\t30001\nchr1\t-9\t90\n")
    with Genome(random_genome) as genome:
        with pytest.raises(InputError, match=r"r.bed, line 2: .*'chr9'.*--skip-outside"):
            read_positions([path], genome, skip_outside=False)
        found, skipped = read_positions([path], genome, skip_outside=True)
        assert len(found) == 1
        outside = {"contig_not_in_genome": 1, "beyond_contig_end": 1, "negative_start": 1}
        assert dict(skipped) == outside
        rows = {
            "chrom": ["chr1", "chr9", "chr3", "chr1"],
            "start": [100, 1, 29_990, -9],
            "end": [200, 2, 30_001, 90],
        }
        table = pd.DataFrame(rows)
        found, skipped = read_positions([table], genome, skip_outside=True)
        assert (len(found), dict(skipped)) == (1, outside)
        with pytest.raises(InputError, match=r"row 1: .* --skip-outside"):
            read_positions([table], genome, skip_outside=False)
        with pytest.raises(InputError, match="none of the regions is on a contig of the genome"):
            read_positions([write("x.bed", "chr9\t1\t2\n")], genome, skip_outside=True)


def test_summits_of_a_narrow_peak_are_read(write: Write, random_genome: Path) -> None:
    text = "chr1\t100\t300\t.\t0\t.\t1\t-1\t-1\t40\nchr1\t500\t600\t.\t0\t.\t1\t-1\t-1\t-1\n"
    with Genome(random_genome) as genome:
        found, _ = read_positions([write("p.narrowPeak", text)], genome, skip_outside=False)
    assert found["summit"].tolist() == [140, -1]
