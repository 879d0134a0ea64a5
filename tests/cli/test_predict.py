"""`predict` as users run it (run_record, scan/scan_result)."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import Threshold, new_model, open_model, write_model
from dnabert_enhancer.sequence import encode_bases

WINDOW = 60
ENGINE = {"backend": "onnx", "precision": "float32", "device": "cpu", "threads": 1, "strand": "forward"}
OPTIONS = [f"--{name}={value}" for name, value in ENGINE.items()]
RESULTS = ("bw", "calls.bed.gz", "calls.bed.gz.tbi", "scanned.bed", "windows.tsv.gz", "windows.tsv.gz.tbi")

Run = Callable[..., tuple[int, str]]


def random_bases(n: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny model whose logits on random bases have mean 0 and standard deviation 1."""
    folder = tmp_path_factory.mktemp("model")
    parts = new_model("tiny", window_length=WINDOW, seed=5)
    write_model(folder / "raw", parts)
    windows = np.random.default_rng(0).integers(0, 4, (300, WINDOW)).astype(np.uint8)
    raw = Engine(open_model(folder / "raw"), EngineSettings(**ENGINE)).predict(windows).logit
    for name in ("classifier.weight", "classifier.bias"):
        parts.state[name] /= raw.std()
    parts.state["classifier.bias"][1] -= raw.mean() / raw.std()
    thresholds = {"default": Threshold(0.55, "test"), "strict": Threshold(0.7, "test")}
    card = parts.card.replace(thresholds=thresholds)
    write_model(folder / "tiny", dataclasses.replace(parts, card=card))
    return folder / "tiny"


@pytest.fixture
def run(model: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run predict with the tiny model; return exit code and what it said on standard error."""

    def command(*arguments: object, with_model: bool = True) -> tuple[int, str]:
        given = ["predict", *map(str, arguments), *OPTIONS]
        if with_model:
            given += ["--model", str(model)]
        with pytest.raises(SystemExit) as stopped:
            cli.main(given)
        return int(stopped.value.code or 0), capsys.readouterr().err

    return command


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a genome of three blocks of windows at stride 3, with N, lower case and a short contig."""
    bases = random_bases(33_000)
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    chr1 = bases[:20_000] + "N" * 300 + bases[20_000:30_000].lower()
    path.write_text(f">chr1 first\n{chr1}\n>chr2\n{bases[30_000:]}\n>chrM\nACGTACGTAC\n")
    return path


def table(path: Path) -> list[list[str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return [line.split("\t") for line in text.splitlines()]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def record(path: Path) -> dict:
    return json.loads(path.read_text())


def logits(model: Path, windows: list[str]) -> np.ndarray:
    engine = Engine(open_model(model), EngineSettings(**ENGINE))
    return engine.predict([encode_bases(window) for window in windows]).logit


@pytest.mark.slow
def test_shards_merged_have_the_bytes_of_one_run(run: Run, genome: Path, tmp_path: Path) -> None:
    scan = ("--genome", genome, "--stride", 3, "--null-fraction", 0.05)
    assert run(*scan, "--windows", "--output-prefix", tmp_path / "one")[0] == 0
    for shard in (3, 1, 2):
        assert run(*scan, "--shard", f"{shard}/3", "--output-prefix", tmp_path / "part")[0] == 0
    merge = ("--merge", tmp_path / "part", "--windows", "--output-prefix", tmp_path / "merged")
    assert run(*merge, with_model=False)[0] == 0
    for name in RESULTS:
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"one.{name}").read_bytes(), name
    one, merged = record(tmp_path / "one.run.json"), record(tmp_path / "merged.run.json")
    assert one["counts"] == merged["counts"]
    assert one["skipped"] == merged["skipped"]
    assert one["engine"] == merged["engine"]
    assert 0 < one["counts"]["calls"] < 2000


@pytest.mark.slow
def test_shards_of_an_indexed_genome_have_equal_numbers_of_known_bases(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = random_bases(12_000)
    (tmp_path / "g.fa").write_text(f">chr1\n{known[:6000]}{'N' * 60_000}{known[6000:]}\n")
    with pytest.raises(SystemExit):
        cli.main(["index-genome", "--genome", str(tmp_path / "g.fa"), "--output-dir", str(tmp_path / "i")])
    scan = ("--genome", tmp_path / "i" / "genome.fa", "--stride", 3, "--null-fraction", 0.05)
    assert run(*scan, "--windows", "--output-prefix", tmp_path / "one")[0] == 0
    digest = record(tmp_path / "one.run.json")["inputs"][0]["sha256"]
    assert digest == hashlib.sha256((tmp_path / "i" / "genome.fa").read_bytes()).hexdigest()
    monkeypatch.setattr("dnabert_enhancer.scan.scoring.sha256_of", None)  # the index has told it
    scored = []
    for shard in (1, 2):
        assert run(*scan, "--shard", f"{shard}/2", "--output-prefix", tmp_path / "part")[0] == 0
        found = record(tmp_path / f"part.shard-{shard}-of-2.run.json")
        scored.append(found["counts"]["windows"] - sum(found["skipped"].values()))
        assert next(one for one in found["inputs"] if one["role"] == "genome")["sha256"] == digest
    # on either side of the gap 1,981 windows without N, and two with 3 and 6 of them, at most a tenth of 60
    assert scored == [1983, 1983]
    merge = ("--merge", tmp_path / "part", "--windows", "--output-prefix", tmp_path / "merged")
    assert run(*merge, with_model=False)[0] == 0
    for name in RESULTS:
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"one.{name}").read_bytes(), name


def test_a_scan_says_what_each_window_scores(run: Run, genome: Path, model: Path, tmp_path: Path) -> None:
    code, _ = run(
        "--genome",
        genome,
        "--contigs",
        "2",
        "--no-null",
        "--windows",
        "--output-prefix",
        tmp_path / "o" / "p",
    )
    assert code == 0
    rows = table(tmp_path / "o" / "p.windows.tsv.gz")[1:]
    bases = random_bases(33_000)[30_000:]
    starts = list(range(0, 3000 - WINDOW + 1, WINDOW // 4))
    assert [(row[0], int(row[1]), int(row[2])) for row in rows] == [("chr2", s, s + WINDOW) for s in starts]
    expected = logits(model, [bases[start : start + WINDOW] for start in starts])
    np.testing.assert_allclose([float(row[3]) for row in rows], expected, atol=1e-5)
    probability = 1 / (1 + np.exp(-expected.astype(np.float64)))
    np.testing.assert_allclose([float(row[4]) for row in rows], probability, atol=1e-6)
    assert {row[5] for row in rows} == {"NA"}

    covering: list[list[float]] = [[] for _ in bases]
    for start, p in zip(starts, probability, strict=True):
        for base in range(start, start + WINDOW):
            covering[base].append(p)
    with pyBigWig.open(str(tmp_path / "o" / "p.bw")) as track:
        np.testing.assert_allclose(
            track.values("chr2", 0, 3000), [np.mean(found) for found in covering], atol=1e-6
        )
        assert track.intervals("chr1") is None
    written = record(tmp_path / "o" / "p.run.json")
    assert written["counts"] == {
        "scored": len(starts),
        "windows": len(starts),
        "calls": len(table(tmp_path / "o" / "p.calls.bed.gz")) - 1,
        "called_bases": sum(int(r[2]) - int(r[1]) for r in table(tmp_path / "o" / "p.calls.bed.gz")[1:]),
        "scanned_bases": 3000,
    }
    assert written["calls_made_with"] == {"threshold": 0.55, "merge_gap": 0}
    assert written["engine"]["precision"] == "float32"
    assert written["inputs"][0]["role"] == "genome"


def test_regions_are_bridged_merged_widened_and_counted(run: Run, genome: Path, tmp_path: Path) -> None:
    bed = tmp_path / "r.bed"
    bed.write_text("track name=x\n1\t100\t400\n1\t300\t500\r\n# a comment\nchr1\t1000\t1010\nchrM\t0\t5\n")
    assert run("--genome", genome, "--regions", bed, "--output-prefix", tmp_path / "p")[0] == 0
    assert table(tmp_path / "p.scanned.bed") == [["chr1", "100", "500"], ["chr1", "975", "1035"]]
    written = record(tmp_path / "p.run.json")
    assert written["scan"]["regions"] == {"regions_merged": 1, "regions_widened": 1, "too_short": 1}
    assert written["skipped"] == {"contig_shorter_than_window": 1}


def test_sequences_get_one_row_each(
    run: Run, model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long, exact, short = random_bases(150, 1), random_bases(60, 2), random_bases(20, 3)
    fasta = tmp_path / "s.fa"
    fasta.write_text(f">long one\n{long}\n>exact\n{exact}\n>short\n{short}\n>tiny\nACGTA\n>n\n{'N' * 60}\n")
    assert run("--fasta", fasta, "--stride", 45, "--windows", "--output-prefix", tmp_path / "p")[0] == 0
    header, *rows = table(tmp_path / "p.predictions.tsv")
    assert header == [
        "name",
        "length",
        "windows",
        "skipped",
        "maximum",
        "mean",
        "summit",
        "label",
        "percentile",
        "note",
    ]
    assert [row[:4] for row in rows] == [
        ["long", "150", "3", "0"],
        ["exact", "60", "1", "0"],
        ["short", "20", "1", "0"],
        ["tiny", "5", "0", "0"],
        ["n", "60", "0", "1"],
    ]
    p = 1 / (1 + np.exp(-logits(model, [long[:60], long[45:105], long[90:150], exact, short]).astype(float)))
    assert float(rows[0][4]) == pytest.approx(p[:3].max(), abs=1e-6)
    assert float(rows[0][5]) == pytest.approx(p[:3].mean(), abs=1e-6)
    assert int(rows[0][6]) == 45 * int(p[:3].argmax()) + 30
    assert [float(row[4]) for row in rows[1:3]] == pytest.approx(p[3:].tolist(), abs=1e-6)
    assert [row[7] for row in rows[:3]] == [
        "enhancer" if x >= 0.55 else "other" for x in (p[:3].max(), *p[3:])
    ]
    assert [row[9] for row in rows[:3]] == ["", "", "shorter_than_window"]
    positive = sum(row[7] == "enhancer" for row in rows)
    labels = {"without a label": 2, "enhancer": positive, "other": 3 - positive}
    assert "5 sequences: " + ", ".join(f"{n} {name}" for name, n in labels.items() if n) in caplog.text
    assert rows[3][4:] == ["NA", "NA", "NA", "NA", "NA", "shorter_than_a_token"]
    assert rows[4][4:] == ["NA", "NA", "NA", "NA", "NA", "too_many_unknown_bases"]
    assert len(table(tmp_path / "p.windows.tsv.gz")) == 1 + 5
    written = record(tmp_path / "p.run.json")
    assert written["counts"] == {"sequences": 5, "windows": 5, "shorter_than_window": 2, "scored": 3}
    assert written["skipped"] == {
        "sequence_shorter_than_a_token": 1,
        "sequence_too_many_unknown_bases": 1,
        "window_too_many_unknown_bases": 1,
    }


def test_a_table_of_kmers_scores_as_its_sequences(run: Run, tmp_path: Path) -> None:
    bases = random_bases(60, 4)
    kmers = " ".join(bases[i : i + 6] for i in range(55))
    (tmp_path / "k.tsv").write_text(f"sequence\tlabel\n{kmers}\t1\n")
    (tmp_path / "s.csv").write_text(f"name,sequence\na,{bases}\n")
    for name in ("k.tsv", "s.csv"):
        assert run("--tsv", tmp_path / name, "--output-prefix", tmp_path / name)[0] == 0
    one, two = (table(tmp_path / f"{name}.predictions.tsv")[1] for name in ("k.tsv", "s.csv"))
    assert one[1:] == two[1:]
    assert (one[0], two[0]) == ("row1", "a")


def test_letters_that_are_kept_are_unknown_where_they_are_lower_case(
    run: Run, tmp_path: Path, model: Path
) -> None:
    text = random_bases(WINDOW, 3)
    mixed = text[:10] + text[10:20].lower() + text[20:]
    fasta = tmp_path / "s.fa"
    fasta.write_text(f">upper\n{text}\n>lower\n{text.lower()}\n>mixed\n{mixed}\n")
    tables = []
    for options in ((), ("--keep-letters",), ("--keep-letters", "--max-unknown", 1)):
        assert run("--fasta", fasta, *options, "--windows", "--output-prefix", tmp_path / "p")[0] == 0
        tables.append((table(tmp_path / "p.predictions.tsv")[1:], table(tmp_path / "p.windows.tsv.gz")[1:]))
    (plain, _), (kept, _), (_, scored) = tables
    assert len({row[4] for row in plain}) == 1
    assert [row[-1] for row in kept] == ["", "too_many_unknown_bases", "too_many_unknown_bases"]
    assert kept[0] == plain[0]
    # a 6-mer with a lower-case letter is [UNK], as one with N is
    as_unknown = [text, "N" * WINDOW, text[:10] + "N" * 10 + text[20:]]
    np.testing.assert_array_equal([np.float32(row[3]) for row in scored], logits(model, as_unknown))


@pytest.mark.parametrize(("options", "scored"), [((), 28), (("--keep-letters",), 21)])
def test_a_scan_that_keeps_letters_skips_soft_masked_windows(
    run: Run, tmp_path: Path, options: tuple[str, ...], scored: int
) -> None:
    # 28 windows of 60 bp every 20 bp; those that start at 180, 200 … 300 hold 20 or more of bases 220 to 320
    bases = random_bases(600, 4)
    (tmp_path / "g.fa").write_text(f">c\n{bases[:220]}{bases[220:320].lower()}{bases[320:]}\n")
    given = ("--genome", tmp_path / "g.fa", "--stride", 20, "--no-null", "--output-prefix", tmp_path / "p")
    assert run(*given, *options)[0] == 0
    found = record(tmp_path / "p.run.json")
    assert found["counts"]["windows"] == 28
    assert found["counts"]["scored"] == scored
    assert found["scan"]["keep_letters"] == bool(options)


def test_sequences_may_share_their_name(run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = random_bases(150, 1), random_bases(60, 2)
    # as the Table Browser of UCSC writes them
    (tmp_path / "s.fa").write_text(
        f">hg38_dna range=chr1:1-150\n{first}\n>hg38_dna range=chr1:9-68\n{second}\n"
    )
    given = ("--fasta", tmp_path / "s.fa", "--windows", "--output-prefix", tmp_path / "p")
    assert run(*given)[0] == 0
    assert [row[:2] for row in table(tmp_path / "p.predictions.tsv")[1:]] == [
        ["hg38_dna", "150"],
        ["hg38_dna", "60"],
    ]
    assert [entry.levelname for entry in caplog.records if "repeated names" in entry.getMessage()] == [
        "WARNING"
    ]


OK = f">chr1\n{random_bases(600)}\n>chr2\n{random_bases(500)}\n"


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        pytest.param("--fasta", b"", "there is no sequence", id="empty"),
        pytest.param("--genome", b"", "there is no sequence", id="empty genome"),
        pytest.param("--fasta", b">p\nMKLVEFPQ\n", "line 2: this looks like protein", id="protein"),
        pytest.param("--genome", b">p\nMKLVEFPQ\n", "line 2: this looks like protein", id="protein genome"),
        pytest.param("--genome", b">a\nACGTACGT\n>a\nACGT\n", "line 3: the name 'a'", id="contig name twice"),
        pytest.param("--genome", b">a\nACGTACGT\n>a\nACGT\n", "the name 'a'", id="same contig twice"),
        pytest.param("--fasta", OK.encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param("--genome", OK.encode("utf-16"), "UTF-16", id="UTF-16 genome"),
        pytest.param("--fasta", gzip.compress(OK.encode())[:-60], "break off", id="gzip cut"),
        pytest.param("--genome", gzip.compress(OK.encode())[:-60], "break off", id="gzip genome cut"),
        pytest.param(
            "--genome", b">c\nACGTACGTACGT\n", "no window of 60 bp fits", id="shorter than the window"
        ),
        pytest.param("--tsv", b"name\tlabel\nx\t1\n", "no sequence column", id="no sequence column"),
    ],
)
def test_input_that_cannot_be_used_is_one_line_and_leaves_nothing(
    option: str, content: bytes, said: str, run: Run, tmp_path: Path
) -> None:
    bad = tmp_path / "bad input"
    bad.write_bytes(content)
    code, text = run(option, bad, "--output-prefix", tmp_path / "o" / "p")
    assert code == 2
    assert text.count("\n") == 1
    assert said in text
    assert str(bad) in text
    assert not list((tmp_path / "o").glob("*")) if (tmp_path / "o").exists() else True


def test_regions_of_unknown_bases_give_an_empty_result_and_a_warning(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "g.fa").write_text(OK + ">gap\n" + "N" * 300 + "\n")
    (tmp_path / "r.bed").write_text("gap\t10\t290\n")
    given = ("--genome", tmp_path / "g.fa", "--regions", tmp_path / "r.bed", "--stride", 15, "--windows")
    assert run(*given, "--output-prefix", tmp_path / "whole")[0] == 0
    (said,) = [entry.getMessage() for entry in caplog.records if entry.levelname == "WARNING"]
    assert said.startswith("none of 16 windows could be scored (too_many_unknown_bases 16)")
    assert record(tmp_path / "whole.run.json")["counts"]["calls"] == 0
    for shard in ("1/2", "2/2"):
        assert run(*given[:-1], "--shard", shard, "--output-prefix", tmp_path / "part")[0] == 0
    merge = ("--merge", tmp_path / "part", "--windows", "--output-prefix", tmp_path / "part")
    assert run(*merge, with_model=False)[0] == 0
    for name in RESULTS:
        assert (tmp_path / f"part.{name}").read_bytes() == (tmp_path / f"whole.{name}").read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("chr1\t0\t601", "line 2: the end 601 is beyond chr1 (600 bp)"),
        ("chr1\t-5\t50", "line 2: the start -5 is negative"),
        ("chr1\t50\t5", "line 2: the end 5 is before the start 50"),
        ("chr9\t0\t50", "line 2: there is no contig 'chr9'"),
    ],
)
def test_a_fault_in_the_regions_is_named_with_its_line(
    line: str, said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "g.fa").write_text(OK)
    (tmp_path / "r.bed").write_text(f"chr1\t0\t100\n{line}\n")
    given = (
        "--genome",
        tmp_path / "g.fa",
        "--regions",
        tmp_path / "r.bed",
        "--output-prefix",
        tmp_path / "p",
    )
    code, text = run(*given)
    assert code == 2
    assert said in text
    outside = "before" not in said
    assert ("; --skip-outside" in text) == outside
    assert run(*given, "--skip-outside")[0] == (0 if outside else 2)
    if outside:
        assert sum(record(tmp_path / "p.run.json")["skipped"].values()) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--genome", "G", "--window-length", "600"], "longer than the 515 bp that the model can read"),
        (["--genome", "G", "--window-length", "5"], "shorter than a token"),
        (["--genome", "G", "--shard", "0/2"], "'0/2' is not I/N"),
        (["--genome", "G", "--shard", "3/2"], "'3/2' is not I/N"),
        (["--genome", "G", "--stride", "0"], "'0' is not a whole number above 0"),
        (["--genome", "G", "--threshold", "2"], "--threshold 2.0 is not a probability"),
        (["--genome", "G", "--threshold", "x"], "the model has no threshold 'x'; it has default, strict"),
        (["--genome", "G", "--threshold", "nan"], "'nan' is not a number"),
        (["--genome", "G", "--max-unknown", "7"], "'7' is not a number from 0 to 1"),
        (["--genome", "G", "--contigs", "chr7"], "there is no contig 'chr7'"),
        (["--genome", "G", "--label", "promoter"], "it has other, enhancer"),
        (["--genome", "G", "--fasta", "G"], "not allowed with argument"),
        ([], "one of the arguments --fasta --tsv --genome --merge is required"),
        (["--fasta", "G", "--shard", "1/2"], "--shard does not apply to sequences"),
        (["--fasta", "G", "--no-null"], "--null does not apply to sequences"),
        (["--merge", "G"], "--model does not apply to --merge"),
        (["--fasta", "/"], "this is a folder"),
        (["--genome", "/"], "this is a folder"),
        (["--genome", "/nowhere/g.fa"], "no such file"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    arguments: list[str], said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "g.fa").write_text(OK)
    given = [str(tmp_path / "g.fa") if argument == "G" else argument for argument in arguments]
    code, text = run(*given, "--output-prefix", tmp_path / "p")
    assert code == 2
    assert said in text
    assert {path.name for path in tmp_path.iterdir()} <= {"g.fa", "g.fa.fai"}


@pytest.mark.parametrize("prefix", ["", "folder/", "taken", "file/below"])
def test_a_prefix_that_cannot_be_written_is_refused_before_any_work(
    prefix: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("g.fa").write_text(OK)
    Path("taken.bw").mkdir()
    Path("file").write_text("x")
    monkeypatch.setattr(Engine, "predict", None)
    code, text = run("--genome", "g.fa", f"--output-prefix={prefix}")
    assert code == 2
    assert text.count("\n") == 1
    assert not Path("taken.calls.bed.gz").exists()


def test_a_threshold_can_be_named_as_the_card_names_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(OK)
    prefix = tmp_path / "p"
    scan = ("--genome", tmp_path / "g.fa", "--threshold", "strict", "--output-prefix", prefix)
    assert run(*scan)[0] == 0
    assert record(tmp_path / "p.run.json")["calls_made_with"]["threshold"] == 0.7
    assert run(*scan, "--shard", "1/1")[0] == 0
    merge = ("--merge", prefix, "--output-prefix", tmp_path / "merged")
    assert run(*merge, with_model=False)[0] == 0
    assert record(tmp_path / "merged.run.json")["calls_made_with"]["threshold"] == 0.7
    code, text = run(*merge, "--threshold", "strict", with_model=False)
    assert code == 2
    assert "name the threshold when the shards are made" in text


def test_names_are_data_and_never_commands(run: Run, tmp_path: Path) -> None:
    names = ["$(touch${IFS}hacked)", "-lead", "it's\"q", "a;b|c&d", "é"]
    fasta = tmp_path / "-g $(x) 'q'.fa"
    fasta.write_text("".join(f">{name}\n{random_bases(70, i)}\n" for i, name in enumerate(names)))
    prefix = tmp_path / '-p $(y) "z"'
    assert run("--genome", fasta, "--threshold", 0, "--output-prefix", prefix)[0] == 0
    calls = table(Path(f"{prefix}.calls.bed.gz"))[1:]
    assert [call[0] for call in calls] == sorted(names)
    with pyBigWig.open(f"{prefix}.bw") as track:
        assert list(track.chroms()) == sorted(names)
    assert run("--fasta", fasta, "--output-prefix", prefix)[0] == 0
    assert [row[0] for row in table(Path(f"{prefix}.predictions.tsv"))[1:]] == names
    assert not list(tmp_path.rglob("hacked"))


@pytest.mark.slow
def test_standard_input_and_windows_line_ends_are_read(model: Path, tmp_path: Path) -> None:
    text = f">a\r\n{random_bases(60)}\r\n\r\n>b\r\n{random_bases(60, 1)}\r\n"
    program = [
        sys.executable,
        "-m",
        "dnabert_enhancer",
        "predict",
        "--fasta",
        "-",
        "--model",
        str(model),
        *OPTIONS,
    ]
    subprocess.run(
        [*program, "--output-prefix", str(tmp_path / "p")],
        input=text.encode(),
        check=True,
        capture_output=True,
    )
    assert [row[0] for row in table(tmp_path / "p.predictions.tsv")[1:]] == ["a", "b"]


def scan_process(model: Path, genome: Path, prefix: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "dnabert_enhancer", "predict", "--genome", str(genome), "--stride", "1"]
    return subprocess.Popen(
        [*program, "--model", str(model), "--output-prefix", str(prefix), *OPTIONS],
        stderr=subprocess.PIPE,
    )


def test_a_killed_run_leaves_nothing_that_looks_complete_and_the_next_starts_over(
    run: Run, model: Path, genome: Path, tmp_path: Path
) -> None:
    process = scan_process(model, genome, tmp_path / "p")
    while not any(name.startswith(".tmp") and name.endswith("run.json") for name in names_in(tmp_path)):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = [path.name for path in tmp_path.iterdir()]
    assert left
    assert all(name.startswith(".tmp") for name in left), left

    assert run("--genome", genome, "--contigs", "chr2", "--output-prefix", tmp_path / "p")[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "p.bw",
        "p.calls.bed.gz",
        "p.calls.bed.gz.tbi",
        "p.run.json",
        "p.scanned.bed",
    ]


@pytest.mark.slow
def test_two_runs_with_one_prefix_end_with_whole_files(model: Path, tmp_path: Path) -> None:
    genome = tmp_path / "g.fa"
    genome.write_text(f">c\n{random_bases(700)}\n")
    runs = [scan_process(model, genome, tmp_path / "o" / "p") for _ in range(2)]
    for process in runs:
        said = process.communicate()[1]
        assert process.returncode == 0, said
    assert record(tmp_path / "o" / "p.run.json")["counts"]["windows"] == 641
    with pyBigWig.open(str(tmp_path / "o" / "p.bw")) as track:
        assert track.header()["nBasesCovered"] == 700
    assert not [name for name in names_in(tmp_path / "o") if name.startswith(".")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Return a folder on a disk of 128 KiB, or skip where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by the superuser only")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("stride", [1, 4])
def test_a_full_disk_is_named_and_left_clean(stride: int, run: Run, genome: Path, small_disk: Path) -> None:
    # at stride 1 the spooled scores do not fit, at stride 4 the track does not
    given = (
        "--genome",
        genome,
        "--contigs",
        "chr1",
        "--stride",
        stride,
        "--no-null",
        "--bedgraph",
        "--windows",
    )
    code, text = run(*given, "--output-prefix", small_disk / "p")
    assert code == 3
    assert str(small_disk) in text
    assert "free some space" in text
    assert list(small_disk.iterdir()) == []
