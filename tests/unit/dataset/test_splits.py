"""Splits by file, by fractions of contigs, by blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.dataset.splits import (
    NO_SPLIT,
    SplitMap,
    assign_units,
    make_split_map,
    parse_fractions,
    read_split_file,
)
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import region_frame

Write = Callable[[str, str], Path]
SIZES = {"chr1": 1000, "chr2": 500, "chr3": 300, "chrM": 100}


def windows(*rows: tuple[int, int], length: int = 100) -> pd.DataFrame:
    contig, start = (np.array(column) for column in zip(*rows, strict=True))
    return region_frame(contig, start, start + length, SIZES)


def units(*rows: tuple[str, int, int, str]) -> pd.DataFrame:
    chrom, start, end, split = zip(*rows, strict=True)
    return region_frame(chrom, start, end, SIZES, split=split)


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("0.8,0.1,0.1", {"train": 0.8, "validation": 0.1, "test": 0.1}),
        ("80,10,10", {"train": 0.8, "validation": 0.1, "test": 0.1}),
        ("80%,20%", {"train": 0.8, "validation": 0.2}),
        ("train=0.9,test=0.1", {"train": 0.9, "test": 0.1}),
        ("train=0.5,dev=0.5", {"train": 0.5, "validation": 0.5}),
        ("train=1", {"train": 1.0}),
        ("0.5,0,0.5", {"train": 0.5, "test": 0.5}),
        ("splits.tsv", None),
        ("./0.8", None),
    ],
)
def test_fractions_are_told_from_a_path(text: str, fractions: dict[str, float] | None) -> None:
    assert parse_fractions(text) == (fractions and pytest.approx(fractions))


@pytest.mark.parametrize(
    "text", ["0.8,0.1", "0.5,0.1,0.1,0.3", "train=0.5,train=0.5", "train=0.5,foo=0.5", "0.5,0..5"]
)
def test_wrong_fractions_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_fractions(text)
    assert caught.value.source == "--splits"


def test_file_names_contigs_and_parts_of_them(write: Write) -> None:
    path = write("s.tsv", "# mine\nchr1\t0\t400\ttrain\n1\t400\t2000\tdev\r\n\nchr2 test\nchrX\ttrain\n")
    assert read_split_file(path, SIZES).to_numpy().tolist() == [
        ["chr1", 0, 400, "train"],
        ["chr1", 400, 1000, "validation"],
        ["chr2", 0, 500, "test"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chr1\ttrain\textra\n", "line 1: 3 fields"),
        ("chr1\ttrain\nchr2\tholdout\n", "line 2: 'holdout' is not a split"),
        ("chr1\ttrain\nchr1\ttest\n", "line 2: chr1 is already in split train"),
        ("chr1\t0\t500\ttrain\nchr1\t499\t600\ttest\n", "line 2: chr1 is already in split train"),
        # the earlier line is further on, or holds the later one together with others
        ("chr1\t499\t600\ttrain\nchr1\t0\t500\ttest\n", "line 2: chr1 is already in split train"),
        (
            "chr1\t0\t100\ttest\n1\t0\t1000\ttrain\nchr1\t900\t1000\ttest\n",
            "line 2: 1 is already in split test",
        ),
        ("chr1\t500\t400\ttrain\n", "line 1: 500-400 is not a part"),
        ("chr1\t-1\t400\ttrain\n", "line 1: -1-400 is not a part"),
        ("chr7\ttrain\n", "none of the lines is on a contig of the genome: here a contig is called 'chr7'"),
        ("", "no splits named"),
    ],
)
def test_faults_of_a_file_have_their_line(write: Write, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_split_file(write("s.tsv", text), SIZES)
    assert said in str(caught.value)


def test_window_belongs_to_the_unit_that_holds_it_wholly() -> None:
    split_map = SplitMap(
        units(
            ("chr1", 400, 800, "test"),
            ("chr1", 0, 200, "train"),
            ("chr1", 200, 400, "train"),
            ("chr3", 0, 300, "validation"),
        )
    )
    frame = windows((0, 0), (0, 150), (0, 300), (0, 301), (0, 400), (0, 701), (1, 0), (2, 200), (2, 201))
    # the two neighbouring units of train are one, so a window may cross their border
    assert split_map.splits_of(frame).tolist() == [
        0, 0, 0, NO_SPLIT, 2, NO_SPLIT, NO_SPLIT, 1, NO_SPLIT,
    ]  # fmt: skip
    assert split_map.units["train"].to_numpy().tolist() == [["chr1", 0, 400]]
    assert list(split_map.units) == ["train", "validation", "test"]


@pytest.mark.parametrize(
    ("weights", "fractions", "expected"),
    [
        # 201 windows: 160.8, 20.1, 20.1 are wanted
        ([90, 60, 30, 21], "0.8,0.1,0.1", ["train", "train", "validation", "test"]),
        # the lightest are kept for splits that would stay empty
        ([100, 100, 100], "0.8,0.1,0.1", None),
        ([10, 10, 10, 10, 10, 10, 10, 10, 10, 10], "0.8,0.1,0.1", None),
        ([5, 1000, 4], "0.5,0.25,0.25", ["validation", "train", "test"]),
        ([5, 0, 7], "train=0.5,test=0.5", ["test", None, "train"]),
    ],
)
def test_whole_units_come_near_the_fractions(
    weights: list[int], fractions: str, expected: list[str | None] | None
) -> None:
    wanted = parse_fractions(fractions)
    assert wanted is not None
    weight_of = {(f"chr{number}", 0, 1000): weight for number, weight in enumerate(weights)}
    found = {contig: split for contig, _, _, split in assign_units(weight_of, wanted, seed=1)}
    assert set(found.values()) == set(wanted)
    if expected is not None:
        assert [found.get(f"chr{number}") for number in range(len(weights))] == expected
    if len(set(weights)) == 1 and len(weights) == 10:
        assert sorted(found.values()) == ["test", *["train"] * 8, "validation"]


def test_too_few_contigs_name_the_remedy() -> None:
    with pytest.raises(
        InputError, match=r"1 part\(s\) of the genome \(chr20\) cannot fill 3 splits.*--split-by block"
    ):
        assign_units({("chr20", 0, 1000): 50}, {"train": 0.8, "validation": 0.1, "test": 0.1}, seed=1)


def test_blocks_cut_a_contig_and_stay_inside_it() -> None:
    frame = windows(*[(0, start) for start in (0, 100, 150, 200, 350, 500, 900)], (1, 450), length=50)
    split_map = make_split_map("0.5,0.25,0.25", 200, frame, SIZES, seed=1)
    rows = pd.concat(split_map.units.values())
    assert (rows["start"] % 200 == 0).all()
    assert (rows["end"] <= rows["chrom"].astype(str).map(SIZES)).all()
    splits = split_map.splits_of(frame)
    assert (splits != NO_SPLIT).all()
    assert np.bincount(splits).tolist() == [4, 2, 2]
