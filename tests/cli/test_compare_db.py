"""compare-db: its files, its record (commands/compare_db_show, api/comparison, comparison_inputs)."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pysam
import pytest

from dnabert_enhancer.commands.cli import main

SUFFIXES = ["summary.tsv", "matrix.tsv", "per_call.tsv.gz", "per_call.tsv.gz.tbi", "novel.bed.gz", "run.json"]
PLOTS = [
    f"{plot}.{kind}" for plot in ("upset", "enrichment", "distance", "agreement") for kind in ("png", "svg")
]


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Return a function that runs the command within this process, in a folder."""

    def run(folder: Path, *arguments: str) -> Done:
        monkeypatch.chdir(folder)
        with pytest.raises(SystemExit) as stopped:
            main(arguments, command="compare-db")
        written = capsys.readouterr()
        return Done(int(stopped.value.code or 0), written.out, written.err)

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with calls, two databases, sizes, genes and what was scanned, on a small genome."""
    rng = np.random.default_rng(0)
    start = np.sort(rng.choice(np.arange(0, 190_000, 400), 150, replace=False))
    calls = "".join(
        f"chr1\t{s}\t{s + 200}\tcall_{n}\t{n}\t.\t0.5\t{n / 200}\n" for n, s in enumerate(start, 1)
    )
    (tmp_path / "calls.bed").write_text("#chrom\tstart\tend\tname\tscore\tstrand\tmean\tmaximum\n" + calls)
    (tmp_path / "near.bed").write_text("".join(f"1\t{s + 50}\t{s + 260}\tn{s}\n" for s in start[::2]))
    far = rng.integers(0, 199_000, 60)
    (tmp_path / "far.tsv").write_text("chrom,begin,stop\n" + "".join(f"chr1,{s},{s + 333}\n" for s in far))
    (tmp_path / "sizes").write_text("chr1\t250000\nchr2\t5000\n")
    (tmp_path / "genes.bed").write_text("chr1\t1000\t9000\tABC\nchr1\t100000\t120000\tXYZ\n")
    (tmp_path / "scanned.bed").write_text("chr1\t0\t200000\n")
    letters = rng.choice(list("ACGT"), 250_000)
    (tmp_path / "g.fa").write_text(">chr1\n" + "".join(letters) + "\n>chr2\n" + "A" * 5000 + "\n")
    return tmp_path


COMMON = (
    "--calls", "calls.bed", "--database", "near=near.bed", "far=far.tsv,preset=table",
    "--genome-sizes", "sizes", "--assembly", "hg38", "--scanned", "scanned.bed",
    "--output-prefix", "out/x", "--permutations", "99",
)  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    titles, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(titles, line, strict=True)) for line in lines]


@pytest.mark.slow
def test_all_files_and_what_they_say(compare: Callable[..., Done], folder: Path) -> None:
    done = compare(folder, *COMMON, "--genes", "genes.bed", "--controls", "--genome", "g.fa")
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (folder / "out").iterdir()}
    assert written == {f"x.{suffix}" for suffix in (*SUFFIXES, *PLOTS, "controls.tsv")}
    near, far = rows_of(folder / "out/x.summary.tsv")
    assert (near["calls"], near["calls_overlapping"], near["elements_overlapping"]) == ("150", "75", "75")
    assert float(near["circular_p"]) == float(near["resample_p"]) == 0.01
    assert float(near["circular_fold_low"]) > 1
    assert float(far["circular_p"]) > 0.05
    assert float(near["odds_ratio"]) > float(far["odds_ratio"])
    controls = rows_of(folder / "out/x.controls.tsv")
    assert {row["control"] for row in controls} == {"random", "random_gc_matched"}
    assert all(float(row["p"]) > 0.01 for row in controls)
    novel = rows_of(folder / "out/x.novel.bed.gz")
    assert [row["rank"] for row in novel] == [str(rank) for rank in range(1, len(novel) + 1)]
    scores = [float(row["score"]) for row in novel]
    assert scores == sorted(scores, reverse=True)
    assert {row["nearest_gene"] for row in novel} == {"ABC", "XYZ"}
    calls = rows_of(folder / "out/x.per_call.tsv.gz")
    assert sum(row["n_databases"] == "0" for row in calls) == len(novel)
    with pysam.TabixFile(str(folder / "out/x.per_call.tsv.gz")) as indexed:
        assert len(list(indexed.fetch("chr1"))) == 150
    record = json.loads((folder / "out/x.run.json").read_text())
    assert record["databases"]["near"]["counts"]["contig_renamed"] == 75
    assert record["counts"]["novel"] == len(novel)
    assert sum(record["calls_by_number_of_databases"].values()) == 150
    assert [entry["role"] for entry in record["inputs"]][-2:] == ["database near", "database far"]
    assert "150 calls" in done.stdout
    assert "near" in done.stdout


@pytest.mark.slow
def test_each_share_of_a_range_is_that_of_a_run_of_its_own(
    compare: Callable[..., Done], folder: Path
) -> None:
    quick = ("--null", "none", "--no-plots")
    done = compare(folder, *COMMON, "--null", "none", "--min-fraction", "0.15:0.95:0.4")
    assert done.returncode == 0, done.stderr
    sweep = rows_of(folder / "out/x.sweep.tsv")
    assert [(row["database"], row["min_fraction"]) for row in sweep] == [
        (name, share) for name in ("near", "far") for share in ("0.15", "0.55", "0.95")
    ]
    assert (folder / "out/x.sweep.png").read_bytes().startswith(b"\x89PNG")
    near, _ = rows_of(folder / "out/x.summary.tsv")
    for share in ("0.15", "0.55", "0.95", "0.5"):
        compare(folder, *COMMON, *quick, "--min-fraction", share)
        alone = rows_of(folder / "out/x.summary.tsv")
        if share == "0.5":
            assert alone[0]["calls_min_fraction"] == near["calls_min_fraction"]
            continue
        rows = [row for row in sweep if row["min_fraction"] == share]
        assert [row["calls_min_fraction"] for row in rows] == [row["calls_min_fraction"] for row in alone]
        for row in rows:
            assert float(row["calls_share"]) == int(row["calls_min_fraction"]) / int(row["calls"])
    # an element covers 150 of the 200 bases of every second call
    assert [row["calls_min_fraction"] for row in sweep[:3]] == ["75", "75", "0"]
    wrong = compare(folder, *COMMON, "--min-fraction", "0.9:0.1:0.1")
    assert wrong.returncode == 2
    assert "min-fraction is 0.9:0.1:0.1; the range begins above its end" in wrong.stderr
    assert len([line for line in wrong.stderr.splitlines() if "error: " in line]) == 1


@pytest.mark.slow
def test_databases_with_nothing_where_was_scanned_have_rows_without_statistics(
    compare: Callable[..., Done], folder: Path
) -> None:
    (folder / "elsewhere.bed").write_text("chr2\t100\t200\n")
    few = ("--calls", "calls.bed", "--database", "elsewhere=elsewhere.bed", "--genome-sizes", "sizes")
    few += ("--assembly", "hg38", "--scanned", "scanned.bed", "--output-prefix", "out/x")
    done = compare(folder, *few, "--genome", "g.fa", "--controls", "--permutations", "9")
    assert done.returncode == 0, done.stderr
    (row,) = rows_of(folder / "out/x.summary.tsv")
    assert (row["elements"], row["not_scanned"], row["circular_p"]) == ("0", "1", "NA")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("#chrom\tstart\tend\tname\tscore\tstrand\tmean\tmaximum\n", id="titles in a comment"),
        pytest.param("chrom\tstart\tend\n", id="titles"),
        pytest.param("track name=calls\n\n# nothing\n", id="track"),
        pytest.param("", id="no byte"),
    ],
)
@pytest.mark.slow
def test_a_scan_without_calls_is_compared_as_one_of_no_calls(
    compare: Callable[..., Done], folder: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "none.bed").write_text(content)
    options = ["none.bed" if option == "calls.bed" else option for option in COMMON]
    done = compare(folder, *options, "--genome", "g.fa", "--genes", "genes.bed", "--controls")
    assert done.returncode == 0, done.stderr
    assert [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"] == [
        "none.bed: there are no calls; their counts are 0, and what has no value is NA"
    ]
    assert {path.name for path in (folder / "out").iterdir()} == {
        f"x.{suffix}" for suffix in (*SUFFIXES, *PLOTS, "controls.tsv")
    }
    for row, elements in zip(rows_of(folder / "out/x.summary.tsv"), (75, 60), strict=True):
        assert row["elements"] == str(elements)
        counts = ("calls", "calls_bp", "overlap_bp", "calls_overlapping", "elements_overlapping", "bins_both")
        assert {row[name] for name in counts} == {"0"}
        assert int(row["bins_database_only"]) + int(row["bins_neither"]) == 200_000 / 200
        assert (row["recall"], row["bp_recall"], row["jaccard"]) == ("0.0", "0.0", "0.0")
        without = ("precision", "f1", "bp_precision", "odds_ratio", "fisher_p", "median_distance")
        without += ("within_10kb", "auroc", "auprc")
        assert {row[name] for name in without} == {"NA"}
        assert {value for name, value in row.items() if name.startswith(("circular_", "resample_"))} == {"NA"}
    matrix = [line.split("\t") for line in (folder / "out/x.matrix.tsv").read_text().splitlines()]
    assert matrix[1] == ["jaccard", "calls", "NA", "0.0", "0.0"]
    assert matrix[4] == ["share_of_row_in_column", "calls", "NA", "NA", "NA"]
    for name in ("per_call.tsv.gz", "novel.bed.gz", "controls.tsv"):
        assert rows_of(folder / f"out/x.{name}") == []
    with pysam.TabixFile(str(folder / "out/x.per_call.tsv.gz")) as indexed:
        assert list(indexed.contigs) == []
    counted = json.loads((folder / "out/x.run.json").read_text())["counts"]
    assert (counted["calls_read"], counted["calls"], counted["novel"]) == (0, 0, 0)
    assert "0 calls" in done.stdout


def test_one_of_two_files_may_be_without_calls(
    compare: Callable[..., Done], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "none.bed").write_text("#chrom\tstart\tend\n")
    assert compare(folder, *COMMON, "--no-plots").returncode == 0
    options = [option.replace("out/x", "out/y") for option in COMMON]
    options.insert(2, "none.bed")
    assert compare(folder, *options, "--no-plots").returncode == 0
    assert "no calls" not in caplog.text
    for suffix in SUFFIXES[:-1]:
        assert (folder / f"out/x.{suffix}").read_bytes() == (folder / f"out/y.{suffix}").read_bytes()


@pytest.mark.slow
def test_where_nothing_was_scanned_nothing_counts(
    compare: Callable[..., Done], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("none.bed", "nowhere.bed"):
        (folder / name).write_text("")
    changed = {"calls.bed": "none.bed", "scanned.bed": "nowhere.bed"}
    done = compare(folder, *(changed.get(option, option) for option in COMMON), "--controls")
    assert done.returncode == 0, done.stderr
    assert "nowhere.bed: nothing was scanned, so nothing counts" in caplog.text
    for row, left_out in zip(rows_of(folder / "out/x.summary.tsv"), (75, 60), strict=True):
        assert (row["elements"], row["not_scanned"], row["recall"]) == ("0", str(left_out), "NA")


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes_whatever_the_threads(
    compare: Callable[..., Done], folder: Path
) -> None:
    for name, threads in (("a", "1"), ("b", "3")):
        options = [option.replace("out/x", f"out/{name}") for option in COMMON]
        assert compare(folder, *options, "--threads", threads).returncode == 0
    for suffix in [*SUFFIXES[:-1], *PLOTS]:
        assert (folder / f"out/a.{suffix}").read_bytes() == (folder / f"out/b.{suffix}").read_bytes()


def test_contig_lengths_come_from_a_fasta_too(compare: Callable[..., Done], folder: Path) -> None:
    assert compare(folder, *COMMON, "--no-plots").returncode == 0
    options = [{"sizes": "g.fa", "out/x": "out/y"}.get(option, option) for option in COMMON]
    assert compare(folder, *options, "--no-plots").returncode == 0
    for suffix in SUFFIXES[:-1]:
        assert (folder / f"out/x.{suffix}").read_bytes() == (folder / f"out/y.{suffix}").read_bytes()


@pytest.mark.slow
def test_two_runs_at_once_into_one_place_leave_one_whole_result(folder: Path) -> None:
    command = [sys.executable, "-m", "dnabert_enhancer", "compare-db", *COMMON, "--no-plots"]
    runs = [
        subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [run.wait(timeout=300) for run in runs] == [0, 0]
    assert {path.name for path in (folder / "out").iterdir()} == {f"x.{suffix}" for suffix in SUFFIXES}
    assert json.loads((folder / "out/x.run.json").read_text())["counts"]["calls"] == 150


def test_without_nulls_and_plots_only_the_tables(compare: Callable[..., Done], folder: Path) -> None:
    assert compare(folder, *COMMON, "--null", "none", "--no-plots").returncode == 0
    assert {path.name for path in (folder / "out").iterdir()} == {f"x.{suffix}" for suffix in SUFFIXES}
    assert rows_of(folder / "out/x.summary.tsv")[0]["circular_p"] == "NA"


FAILURES = [
    ({"--calls": "none.bed"}, "none.bed: no such file"),
    ({"--calls": "words.bed"}, "words.bed, line 1: the start 'is' is not a whole number"),
    ({"--calls": "table.json"}, "table.json, line 1: 1 columns, too few for a place"),
    ({"--calls": "g.fa"}, "g.fa, line 1: 1 columns, too few for a place"),
    ({"--calls": "single.bed"}, "there is no element in the file (1 rows: 1 zero_length)"),
    ({"--scanned": "nowhere.bed"}, "none of the calls lies within what counts as scanned"),
    ({"--gaps": "scanned.bed"}, "nothing is left to compare"),
    ({"--database": "d=empty.bed"}, "empty.bed: there is no element in the file"),
    (
        {"--database": "d=foreign.bed"},
        "none of the elements is on a contig of the genome: here a contig is called 'I',",
    ),
    ({"--database": "d=near.bed,cell=K562"}, "the preset bed has no column for cell"),
    ({"--database": "d=near.bed,assembly=hg19"}, "the database d is of hg19 and the calls of hg38"),
    ({"--database": "d=past.bed"}, "end beyond their chromosome of hg38"),
    ({"--scanned": "elsewhere.bed"}, "none of the calls lies within what counts as scanned"),
    ({"--score-column": "nothing"}, "calls.bed, line 2: there is no column 'nothing'"),
    ({"--score-column": "4"}, "calls.bed: the column '4' holds no number"),
    (
        {"--assembly": "mm 10"},
        "'mm 10' is no name of an assembly; give one such as hg38, hg19, mm39 or T2T-CHM13",
    ),
    ({"--permutations": "0"}, "'0' is not a whole number above 0"),
    ({"--genome-sizes": "hg19.sizes"}, "the contig lengths are those of hg19"),
    ({"--chain": "near.bed"}, "near.bed, line 1: this is not a UCSC chain file"),
    ({"--output-prefix": "out/"}, "has no file name"),
]


@pytest.mark.parametrize(("change", "said"), FAILURES)
def test_failure_is_one_line_and_leaves_nothing(
    compare: Callable[..., Done], folder: Path, change: dict[str, str], said: str
) -> None:
    (folder / "empty.bed").write_text("# nothing\n")
    (folder / "nowhere.bed").write_text("")
    (folder / "words.bed").write_text("this is no BED\n")
    (folder / "table.json").write_text("{}")
    (folder / "single.bed").write_text("chr1\t5\t5\n")
    (folder / "foreign.bed").write_text("I\t5\t9\nII\t5\t9\n")
    (folder / "past.bed").write_text("chr1\t248956400\t248956500\n")
    (folder / "elsewhere.bed").write_text("chr2\t0\t100\n")
    (folder / "hg19.sizes").write_text("chr20\t63025520\n")
    options = [*COMMON, "--no-plots"]
    for option, value in change.items():
        if option in options:
            at = options.index(option)
            options[at + 1] = value
            if option == "--database":
                del options[at + 2]
        else:
            options += [option, value]
    done = compare(folder, *options)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert "error: " in last
    assert said in last
    assert "Traceback" not in done.stderr
    assert not list((folder / "out").glob("*")) if (folder / "out").exists() else True


def test_presets_are_listed_without_other_options(compare: Callable[..., Done], tmp_path: Path) -> None:
    done = compare(tmp_path, "--list-presets")
    assert done.returncode == 0, done.stderr
    for text in (
        "vista",
        "endb",
        "screen",
        "dbsuper",
        "fantom5",
        "enhanceratlas",
        "layout not verified on a real",
    ):
        assert text in done.stdout


@pytest.mark.data
@pytest.mark.slow
def test_real_databases_of_both_assemblies(
    compare: Callable[..., Done], shared_data: Path, tmp_path: Path
) -> None:
    databases, annotation = shared_data / "databases", shared_data / "annotation"
    done = compare(
        tmp_path,
        "--calls", str(databases / "cCRE_pELS_nearest_gene.bed.gz"),
        "--database",
        f"FANTOM5={annotation / 'F5.hg38.enhancers.bed.gz'}",
        f"dbSUPER={databases / 'dbSUPER_SuperEnhancers_hg19.tsv.gz'}",
        f"ENdb={databases / 'ENdb_enhancer.tsv.gz'}",
        "--genome-sizes", str(shared_data / "reference/hg38.chrom.sizes"),
        "--assembly", "GRCh38",
        "--chain", str(shared_data / "reference/GRCh37_to_GRCh38.chain.gz"),
        "--output-prefix", "x", "--permutations", "20", "--no-plots",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {row["database"]: row for row in rows_of(tmp_path / "x.summary.tsv")}
    lost = [rows["dbSUPER"][f"lift_{code}"] for code in ("lost", "split", "multiple", "length")]
    assert lost == ["381", "43", "0", "75"]
    assert (rows["ENdb"]["filtered"], rows["ENdb"]["lift_lost"]) == ("312", "9")
    # positive control: proximal enhancer-like elements are enriched in transcribed enhancers
    assert 4 < float(rows["FANTOM5"]["circular_fold"]) < 8
    assert float(rows["FANTOM5"]["circular_z"]) > 10
