"""Groups of rows (evaluation/strata, strata_plot): by chromosome, GC and distance to genes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.evaluation import (
    Method,
    Stratum,
    binary_metrics,
    drawing,
    figure_bytes,
    judge_strata,
    strata_figure,
    strata_frame,
    strata_of,
)
from dnabert_enhancer.genome import ContigNames, read_genes


def frame_of(*rows: tuple[str | None, int | None, int, str]) -> pd.DataFrame:
    """Return rows of contig, start, length and bases."""
    return pd.DataFrame(
        {
            "chrom": [row[0] for row in rows],
            "start": pd.array([row[1] for row in rows], dtype="Int64"),
            "end": pd.array([None if row[1] is None else row[1] + row[2] for row in rows], dtype="Int64"),
            "sequence": [row[3] for row in rows],
        }
    )


def groups(found: list[Stratum]) -> dict[str, list[int]]:
    return {stratum.group: np.flatnonzero(stratum.rows).tolist() for stratum in found}


def test_rows_are_grouped_by_chromosome_in_their_order() -> None:
    frame = frame_of(("chr8", 5, 4, "ACGT"), ("chr10", 1, 4, "ACGT"), ("chr8", 9, 4, "ACGT"))
    assert groups(strata_of(frame, ["chromosome"], None, "x")) == {"chr8": [0, 2], "chr10": [1]}


def test_rows_are_grouped_by_gc_of_their_known_bases() -> None:
    # GC 0, 7/20 (on an edge), 9/20, 1/2, 13/20 (on an edge), of known bases 1, none known
    texts = ["A" * 20, "G" * 7 + "T" * 13, "g" * 9 + "a" * 11, "NNGA", "C" * 13 + "A" * 7, "NNCC", "NNNN"]
    frame = pd.DataFrame({"sequence": texts})
    assert groups(strata_of(frame, ["gc"], None, "x")) == {
        "below 0.35": [0],
        "0.35-0.40": [1],
        "0.45-0.50": [2],
        "0.50-0.55": [3],
        "0.65 or more": [4, 5],
        "unknown": [6],
    }


def test_rows_are_grouped_by_the_distance_to_the_nearest_start_of_transcription(tmp_path: Path) -> None:
    # starts of transcription: 100,000 on +, and on - the last base, 149,999
    path = tmp_path / "genes.bed"
    path.write_text("1\t100000\t120000\tA\t0\t+\n1\t130000\t150000\tB\t0\t-\n")
    frame = frame_of(
        ("chr1", 99_950, 100, "A"),
        ("chr1", 120_000, 100, "A"),  # 20,000 bases from A, 29,900 from B, and in the gap between the genes
        ("chr1", 150_999, 100, "A"),  # at 1,000: 999 bases lie between
        ("chr1", 150_998, 100, "A"),  # at 999
        ("chr1", 400_000, 100, "A"),
        ("chr2", 10, 100, "A"),
        (None, None, 100, "A"),
    )
    genes = read_genes(path, ContigNames(["chr1", "chr2"]))
    assert groups(strata_of(frame, ["tss"], genes, "x")) == {
        "0-1 kb": [0, 3],
        "1-5 kb": [2],
        "10-50 kb": [1],
        "100 kb or more": [4],
        "no gene on the chromosome": [5],
        "unknown": [6],
    }


def test_places_and_genes_are_asked_for() -> None:
    frame = pd.DataFrame({"sequence": ["ACGT"]})
    with pytest.raises(InputError, match="no places, so they cannot be grouped by chromosome"):
        strata_of(frame, ["gc", "chromosome"], None, "x.tsv")
    with pytest.raises(InputError, match="give --genes"):
        strata_of(frame_of(("chr1", 1, 4, "ACGT")), ["tss"], None, "x.tsv")


def test_each_group_has_the_metrics_of_its_rows_and_one_class_alone_none() -> None:
    labels = np.array([0, 1] * 20 + [1] * 5)
    scores = np.random.default_rng(0).random(45)
    methods = [Method("a", "model", scores, 0.4), Method("b", "baseline", 1 - scores)]
    strata = [
        Stratum("chromosome", name, rows)
        for name, rows in (
            ("chr1", np.arange(45) < 30),
            ("chr2", (np.arange(45) >= 30) & (np.arange(45) < 40)),
            ("chr3", np.arange(45) >= 40),
        )
    ]
    judged = judge_strata(methods, labels, "binary", strata, resamples=20, seed=1)
    table = strata_frame(judged, methods, labels, "binary", ["auroc", "mcc"])
    assert table[["group", "method"]].to_numpy().tolist() == [
        [group, method] for group in ("chr1", "chr2", "chr3") for method in "ab"
    ]
    for row in table.itertuples():
        inside = strata[int(row.group[-1]) - 1].rows
        assert (row.rows, row.positives) == (inside.sum(), labels[inside].sum())
        if row.group == "chr3":
            assert np.isnan([row.auroc, row.auroc_low, row.mcc]).all()
            continue
        method = methods["ab".index(row.method)]
        expected = binary_metrics(labels[inside], method.outputs[inside], method.threshold)
        assert (row.auroc, row.mcc) == (pytest.approx(expected["auroc"]), pytest.approx(expected["mcc"]))
        assert row.auroc_low <= row.auroc <= row.auroc_high
    with drawing():
        pictures = [figure_bytes(strata_figure(table, "binary"), "svg") for _ in range(2)]
    assert pictures[0] == pictures[1]
