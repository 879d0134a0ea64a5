"""The files of a scan (scan/result_files.py), against values worked out base by base."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pyBigWig
import pysam
import pytest

from dnabert_enhancer.errors import ResourceError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.scan import (
    ResultCounts,
    ResultFiles,
    ResultSettings,
    Scores,
    plan_grid,
    write_results,
)
from dnabert_enhancer.scan.result_files import BigWigWriter
from dnabert_enhancer.scan.scores import SCORE_BINS, ScoreHeader, ScoreWriter, count_scores
from dnabert_enhancer.scan.tracks_and_calls import Runs

LENGTH, STRIDE = 20, 10


def scores_of(
    contigs: dict[str, list[float]],
    null: list[float] | None = None,
    *,
    task: str = "binary",
) -> Scores:
    """Return scores of windows every 10 bp, contig by contig; NaN is a skipped window."""
    sizes = {name: LENGTH + STRIDE * (len(values) - 1) for name, values in contigs.items()}
    grid, _ = plan_grid(sizes | {"empty": 5000}, LENGTH, STRIDE, contigs=list(contigs), block_windows=3)
    values = np.concatenate([contigs[name] for name, _ in grid.contigs if name in contigs]).astype(np.float32)
    file = io.BytesIO()
    writer = ScoreWriter(file, len(values))
    writer.append(values * 8, values)
    kept = values[~np.isnan(values)]
    null_counts = np.zeros(SCORE_BINS, np.int64) if null is None else count_scores(np.array(null) * 8)
    header = ScoreHeader(
        settings={"window_length": LENGTH, "stride": STRIDE, "block_windows": 3, "task": task},
        calls={},
        contigs=grid.contigs,
        windows=(0, len(values)),
        counts={
            "windows": len(values),
            "scored": len(kept),
            "too_many_unknown_bases": len(values) - len(kept),
        },
        largest=float(np.abs(kept).max(initial=0)),
    )
    writer.close(header, count_scores(kept * 8), null_counts, grid)
    return Scores([file])


def written(folder: Path, scores: Scores, **settings: object) -> ResultCounts:
    extra = {name: bool(settings.pop(name, False)) for name in ("windows", "bedgraph")}
    chosen = ResultSettings(**({"threshold": 0.5} | settings))
    with OutputSet() as out:
        return write_results(ResultFiles(out, str(folder / "p"), **extra), scores, chosen)


def rows(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return [line.split("\t") for line in text.splitlines()]


NAN = float("nan")
CONTIGS = {
    # windows at 0, 10, ...: two called windows that overlap, a skipped one, one called window at the end
    "chr2": [0.25, 0.5, 0.75, 0.25, NAN, NAN, NAN, 1.0],
    "chr10": [0.5],
}


def test_the_track_is_the_mean_over_each_base_and_absent_elsewhere(tmp_path: Path) -> None:
    written(tmp_path, scores_of(CONTIGS))
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        assert track.chroms() == {"chr10": 20, "chr2": 90, "empty": 5000}
        assert list(track.chroms()) == sorted(track.chroms())
        assert track.intervals("chr10") == ((0, 20, 0.5),)
        assert track.intervals("chr2") == (
            (0, 10, 0.25),
            (10, 20, 0.375),
            (20, 30, 0.625),
            (30, 40, 0.5),
            (40, 50, 0.25),
            (70, 90, 1.0),
        )
        assert track.intervals("empty") is None
        assert track.header()["nBasesCovered"] == 90
        assert track.stats("chr2", 0, 50, type="mean", exact=True)[0] == pytest.approx(0.4)


def test_calls_are_sorted_named_scored_and_indexed(tmp_path: Path) -> None:
    counts = written(tmp_path, scores_of(CONTIGS))
    header, *calls = rows(tmp_path / "p.calls.bed.gz")
    assert header == [
        "#chrom",
        "start",
        "end",
        "name",
        "score",
        "strand",
        "summit",
        "mean",
        "maximum",
        "q_value",
        "percentile",
    ]
    assert calls == [
        ["chr10", "0", "20", "call_1", "500", ".", "10", "0.5", "0.5", "NA", "NA"],
        ["chr2", "10", "40", "call_2", "750", ".", "30", "0.625", "0.75", "NA", "NA"],
        ["chr2", "70", "90", "call_3", "1000", ".", "80", "1.0", "1.0", "NA", "NA"],
    ]
    assert counts == ResultCounts(calls=3, called_bases=70, scanned_bases=90)
    with pysam.TabixFile(str(tmp_path / "p.calls.bed.gz")) as index:
        assert [row.split("\t")[3] for row in index.fetch("chr2", 0, 60)] == ["call_2"]


def test_a_gap_joins_calls(tmp_path: Path) -> None:
    written(tmp_path, scores_of(CONTIGS), merge_gap=30)
    assert [row[1:3] for row in rows(tmp_path / "p.calls.bed.gz")[2:]] == [["10", "90"]]


def test_what_was_scanned_leaves_out_the_skipped(tmp_path: Path) -> None:
    written(tmp_path, scores_of(CONTIGS))
    assert rows(tmp_path / "p.scanned.bed") == [
        ["chr10", "0", "20"],
        ["chr2", "0", "50"],
        ["chr2", "70", "90"],
    ]


def test_q_values_come_from_the_null(tmp_path: Path) -> None:
    scores = scores_of({"c": [0.9, 0.9, 0.8, 0.1]}, null=[0.85, 0.1, 0.1])
    written(tmp_path, scores, windows=True)
    header, *windows = rows(tmp_path / "p.windows.tsv.gz")
    assert header == ["#chrom", "start", "end", "logit", "probability", "q_value"]
    # 0.9: p 1/4, two of four windows above; 0.8: p 2/4, three; 0.1: p 4/4, four
    assert [float(row[5]) for row in windows] == pytest.approx([0.5, 0.5, 2 / 3, 1.0], rel=1e-5)
    assert [row[4] for row in windows] == ["0.9", "0.9", "0.8", "0.1"]
    assert [np.float32(row[3]) for row in windows] == [
        np.float32(8) * np.float32(x) for x in (0.9, 0.9, 0.8, 0.1)
    ]
    assert rows(tmp_path / "p.calls.bed.gz")[1][9] == "0.5"


def test_the_bedgraph_says_what_the_bigwig_says(tmp_path: Path) -> None:
    written(tmp_path, scores_of(CONTIGS), bedgraph=True)
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        expected = [
            (name, start, end, np.float32(value))
            for name in ("chr10", "chr2")
            for start, end, value in track.intervals(name)
        ]
    got = [(r[0], int(r[1]), int(r[2]), np.float32(r[3])) for r in rows(tmp_path / "p.bedgraph.gz")]
    assert got == expected
    assert (tmp_path / "p.bedgraph.gz.tbi").is_file()


def test_optional_files_are_written_only_when_asked_for(tmp_path: Path) -> None:
    written(tmp_path, scores_of(CONTIGS))
    assert {path.name for path in tmp_path.iterdir()} == {
        "p.bw",
        "p.calls.bed.gz",
        "p.calls.bed.gz.tbi",
        "p.scanned.bed",
    }


def test_no_call_at_all_is_a_result(tmp_path: Path) -> None:
    counts = written(tmp_path, scores_of(CONTIGS), threshold=2.0)
    assert counts.calls == 0
    assert len(rows(tmp_path / "p.calls.bed.gz")) == 1
    with pysam.TabixFile(str(tmp_path / "p.calls.bed.gz")) as index:
        assert list(index.contigs) == []


def test_nothing_scored_is_an_empty_result_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert written(tmp_path, scores_of({"c": [NAN, NAN]}), windows=True) == ResultCounts(0, 0, 0)
    assert "none of 2 windows could be scored (too_many_unknown_bases 2), the results" in caplog.text
    assert (tmp_path / "p.scanned.bed").read_text() == ""
    for name in ("calls.bed.gz", "windows.tsv.gz"):
        assert len(rows(tmp_path / f"p.{name}")) == 1
        with pysam.TabixFile(str(tmp_path / f"p.{name}")) as index:
            assert list(index.contigs) == []
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        assert track.chroms() == {"c": 30, "empty": 5000}
        assert track.intervals("c") is None


def test_values_of_a_regression_are_written_as_they_are(tmp_path: Path) -> None:
    written(tmp_path, scores_of({"c": [-3.5, 2.5]}, task="regression"), threshold=1.0, windows=True)
    header, *windows = rows(tmp_path / "p.windows.tsv.gz")
    assert header == ["#chrom", "start", "end", "value", "q_value"]
    assert [row[:3] for row in windows] == [["c", "0", "20"], ["c", "10", "30"]]
    assert rows(tmp_path / "p.calls.bed.gz")[1][4] == "1000"
    with pyBigWig.open(str(tmp_path / "p.bw")) as track:
        assert track.intervals("c") == ((0, 10, -3.5), (10, 20, -0.5), (20, 30, 2.5))


def test_a_bigwig_that_cannot_be_written_is_a_resource_error() -> None:
    runs = Runs(np.arange(10_000) * 2, np.arange(10_000) * 2 + 1, np.ones(10_000, np.float32))
    with (
        pytest.raises(ResourceError, match="bigWig file could not be written"),
        BigWigWriter("/dev/full", [("c", 100_000)]) as track,
    ):
        track.add("c", runs)


def test_a_fault_while_writing_ends_the_writers_process(tmp_path: Path) -> None:
    with pytest.raises(KeyError), BigWigWriter(tmp_path / "x.bw", [("c", 100)]) as track:
        raise KeyError("x")
    assert track._process.returncode is not None
