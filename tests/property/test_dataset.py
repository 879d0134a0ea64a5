"""Properties of data sets: round trips, both strands, splits that share nothing."""

from __future__ import annotations

import string

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_enhancer.dataset import (
    LeakRule,
    leaks_between,
    read_dataset,
    write_dataset,
)
from dnabert_enhancer.dataset.background import draw_starts, free_regions
from dnabert_enhancer.dataset.dataset import Dataset
from dnabert_enhancer.dataset.kmer_hash import canonical_hashes
from dnabert_enhancer.dataset.window_placement import merge_overlapping
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.genome import region_frame
from dnabert_enhancer.sequence import encode_bases, join_kmers, kmer_text, reverse_complement

BASES = st.text(alphabet="ACGT", min_size=1, max_size=120)
INTERVALS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=12)


@given(st.text(alphabet="ACGTNacgtn", min_size=8, max_size=200), st.integers(2, 8))
def test_kmers_of_a_sequence_join_to_it(sequence: str, k: int) -> None:
    assert join_kmers(kmer_text(sequence, k)) == sequence


@given(BASES, st.integers(1, 62))
def test_both_strands_have_the_same_hashes(sequence: str, k: int) -> None:
    codes = encode_bases(sequence)
    forward, reverse = canonical_hashes(codes, k), canonical_hashes(reverse_complement(codes), k)
    assert np.array_equal(forward, reverse[::-1])


@given(
    st.lists(st.lists(st.text(alphabet="ACGT", min_size=4, max_size=20), max_size=6), min_size=2, max_size=3)
)
@settings(max_examples=50)
def test_no_kmer_is_left_in_two_splits(parts: list[list[str]]) -> None:
    rule = LeakRule(k=4, ignore_repeats=False)
    names = ("train", "validation", "test")[: len(parts)]
    splits = dict(zip(names, parts, strict=True))
    report = leaks_between(splits, rule)
    kept = {
        name: [text for text, leaves in zip(sequences, report.offenders[name], strict=True) if not leaves]
        for name, sequences in splits.items()
    }
    assert leaks_between(kept, rule).total == 0
    assert kept[names[-1]] == splits[names[-1]] or "test" not in names


@given(INTERVALS, st.integers(1, 40), st.integers(0, 2**31))
def test_drawn_windows_touch_nothing_forbidden(barred: list[tuple[int, int]], length: int, seed: int) -> None:
    covered = np.zeros(600, dtype=bool)
    for start, size in barred:
        covered[start : start + size] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], covered, [False]]).astype(np.int8)))
    forbidden = region_frame(["c"] * (len(edges) // 2), edges[::2], edges[1::2])
    free = free_regions(region_frame("cc", [0, 300], [250, 600]), forbidden, length)
    starts = draw_starts(free, length, 1000, np.random.default_rng(seed)).tolist()
    expected = [
        start
        for start in range(601 - length)
        if not covered[start : start + length].any() and (start + length <= 250 or start >= 300)
    ]
    assert starts == expected


@given(INTERVALS.filter(bool))
def test_merged_regions_cover_the_same_bases_and_lie_apart(intervals: list[tuple[int, int]]) -> None:
    rows = sorted((start, start + size) for start, size in intervals)
    start, end = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    strand = pd.Categorical(["+"] * len(rows), categories=["+", "-", "."])
    regions = region_frame(["c"] * len(rows), start, end, name="", strand=strand, summit=-1)
    merged = merge_overlapping(regions)
    assert (merged["start"].to_numpy()[1:] >= merged["end"].to_numpy()[:-1]).all()
    bases = [set(), set()]
    for found, part in zip(bases, (regions, merged), strict=True):
        for first, last in zip(part["start"].tolist(), part["end"].tolist(), strict=True):
            found.update(range(first, last))
    assert bases[0] == bases[1]


# NA and NaN are words for what is missing, and refused as such
SEQUENCES = st.text(alphabet="ACGTNacgtn", min_size=1, max_size=30).filter(
    lambda text: text not in ("NA", "NaN", "nan")
)
NAMES = st.text(alphabet=string.printable.replace("\t", "").replace("\n", "").replace("\r", ""), max_size=12)


@given(
    st.lists(
        st.tuples(
            NAMES,
            SEQUENCES,
            st.floats(allow_nan=False, allow_infinity=False, width=64),
        ),
        min_size=2,
        max_size=8,
    )
)
@settings(max_examples=40, deadline=None)
def test_written_data_set_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, float]]
) -> None:
    folder = tmp_path_factory.mktemp("set")
    frame = pd.DataFrame(
        {
            "chrom": [None] * len(rows),
            "start": pd.array([None] * len(rows), dtype="Int64"),
            "end": pd.array([None] * len(rows), dtype="Int64"),
            "strand": ["."] * len(rows),
            "label": [label for _, _, label in rows],
            "sequence": [sequence for _, sequence, _ in rows],
            # what printable text keeps in a name: no line ends of any kind, no blanks around it
            "name": [
                " ".join(name.split()) or f"row{number + 1}" for number, (name, _, _) in enumerate(rows)
            ],
        }
    )
    dataset = Dataset({"train": frame}, "regression", ("value",))
    with OutputSet() as outputs:
        write_dataset(dataset, folder, outputs)
    again = read_dataset(folder, allow_one_class=True)
    assert again.digest == dataset.digest
    assert again.frame()["name"].tolist() == frame["name"].tolist()
    assert again.frame()["label"].tolist() == frame["label"].tolist()
