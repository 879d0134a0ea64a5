"""The command report, on runs that the other commands made (commands/report, api/reporting)."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from report_page import cells, tables
from tiny_models import tiny_model

from dnabert_enhancer.commands.cli import main

ENGINE = ["--backend", "onnx", "--precision", "float32", "--threads", "1", "--quiet"]


def run(command: str, *arguments: object) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(one) for one in arguments], command=command)
    return int(stop.value.code or 0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a scan, variants and an interpretation of random sequence."""
    folder = tmp_path_factory.mktemp("runs")
    bases = "".join(np.random.default_rng(2).choice(list("ACGT"), 3000))
    (folder / "genome.fa").write_text(f">chr1\n{bases}\n")
    rows = "".join(
        f"chr1\t{at + 1}\trs{at}\t{bases[at]}\t{'ACGT'[('ACGT'.index(bases[at]) + 1) % 4]}\t.\t.\t.\n"
        for at in range(100, 2900, 100)
    )
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (folder / "variants.vcf").write_text(head + rows)
    given = ["--genome", folder / "genome.fa", "--model", tiny_model(folder / "tiny", 4), *ENGINE]
    (folder / "halves.bed").write_text("chr1\t0\t1500\tfirst\nchr1\t1500\t3000\tsecond\n")
    scan = ["--regions", folder / "halves.bed", "--threshold", "0.9"]
    assert run("predict", *given, *scan, "--output-prefix", folder / "scan") == 0
    vcf = ["--vcf", folder / "variants.vcf", "--null-variants", "100", "--significance", "none"]
    assert run("score-variants", *given, *vcf, "--output-prefix", folder / "variants") == 0
    return folder


def test_the_page_has_the_numbers_of_the_files(runs: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert (
        run("report", runs / "scan", runs / "variants", "--output", page, "--title", "A & B", "--quiet") == 0
    )
    text = page.read_text(encoding="utf-8")
    assert "<h1>A &amp; B</h1>" in text
    found = tables(text)
    scan, variants = found["scan.calls.bed.gz"], found["variants.tsv.gz"]
    with gzip.open(runs / "scan.calls.bed.gz", "rt") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream][1:]
    assert len(rows) > 1
    expected = sorted((row[8] for row in rows), key=lambda cell: -float(cell))
    assert cells(scan, "maximum") == expected
    called = sum(int(row[2]) - int(row[1]) for row in rows)
    assert f"of the scanned bases called ({called:,} bp)" in text
    halves = [line.split("\t") for line in (runs / "scan.regions.tsv").read_text().splitlines()]
    at = halves[0].index("maximum")
    high = sum(float(row[at]) >= 0.9 for row in halves[1:])
    assert high
    assert f"<strong>{high}</strong> <span>of 2 regions are labelled enhancer</span>" in text
    assert cells(found["scan.regions.tsv"], "name") == [
        row[3] for row in sorted(halves[1:], key=lambda row: -float(row[at]))
    ]
    with gzip.open(runs / "variants.tsv.gz", "rt") as stream:
        titles, *lines = [line.rstrip("\n").split("\t") for line in stream]
    column = titles.index("LogitDifference")
    largest = sorted((row[column] for row in lines), key=lambda cell: -abs(float(cell)))
    assert cells(variants, "LogitDifference") == largest
    assert len(largest) == 28
    ranked = (runs / "variants.candidates.tsv").read_text().splitlines()[2:]
    assert cells(found["variants.candidates.tsv"], "pos") == [line.split("\t")[2] for line in ranked]
    assert ranked
    digest = json.loads((runs / "scan.run.json").read_text())["model"]["digest"]
    assert text.count(digest) == 2


def test_a_folder_stands_for_its_runs_and_bytes_are_equal(runs: Path, tmp_path: Path) -> None:
    assert run("report", runs, "--output", tmp_path / "a.html", "--rows", "5", "--quiet") == 0
    named = [runs / "scan", runs / "variants.run.json"]
    assert run("report", *named, "--output", tmp_path / "b.html", "--rows", "5", "--quiet") == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    variants = tables((tmp_path / "a.html").read_text())["variants.tsv.gz"]
    assert len(variants["rows"]) == 5


def test_a_track_hub_and_a_bundle_have_the_content_of_the_files(runs: Path, tmp_path: Path) -> None:
    given = ["--email", "lab@example.org", "--assembly", "GCF_1.1", "--quiet"]
    assert run("report", runs, "--track-hub", tmp_path / "hub", *given) == 0
    bundle = ["--bundle", tmp_path / "b.zip", "--author", "A, B", "--author", "C", "--quiet"]
    assert run("report", runs, *bundle) == 0
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert (
            '[{"family-names": "A", "given-names": "B"}, {"name": "C"}]'
            in archive.read("CITATION.cff").decode()
        )
    assert "genome GCF_1.1\n" in (tmp_path / "hub/genomes.txt").read_text()
    with gzip.open(runs / "scan.calls.bed.gz", "rt") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream][1:]
    with pyBigWig.open(str(tmp_path / "hub/GCF_1.1/predict_scan_calls.bb")) as calls:
        items = [(start, end, text.split("\t")) for start, end, text in calls.entries("chr1", 0, 3000)]
    assert [(item[0], item[1], item[2][0], item[2][8]) for item in items] == [
        (int(row[1]), int(row[2]), row[3], row[8]) for row in rows
    ]


def test_bad_input_is_one_line_and_leaves_nothing(
    runs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    damaged = tmp_path / "damaged"
    for path in runs.glob("scan.*"):
        (tmp_path / f"damaged{path.name.removeprefix('scan')}").write_bytes(path.read_bytes())
    calls = Path(f"{damaged}.calls.bed.gz")
    calls.write_bytes(calls.read_bytes()[:40])
    folder = tmp_path / "folder.html"
    folder.mkdir()
    cases = [
        ([tmp_path / "none"], "page.html", f"neither {tmp_path}/none.run.json nor"),
        ([damaged], "page.html", "damaged.calls.bed.gz"),
        ([runs / "scan"], "folder.html", "the output is a folder"),
        ([runs / "scan"], "damaged.bw/page.html", "the output cannot be written"),
        (
            [runs / "scan", "--bundle", tmp_path / "b.zip"],
            "page.html",
            "archives take nothing without an author",
        ),
        ([runs / "scan", "--track-hub", tmp_path / "hub"], "page.html", "no hub without an e-mail address"),
    ]
    before = sorted(tmp_path.iterdir())
    for given, output, said in cases:
        assert run("report", *given, "--output", tmp_path / output) == 2
        line = capfd.readouterr().err
        assert said in line
        assert line.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
