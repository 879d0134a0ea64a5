"""A panel of the samplesheet: cut into groups of models and shards, merged into the bytes of one run."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from run_here import run_here
from stored_models import PACKAGED, store_model

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
ODD = "a b's $(touch pwned)"
ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu", "--threads", "1")
SETTINGS = ("--offsets", "1", "--null-variants", "40")
WRITTEN = ("vcf.gz", "tsv.gz", "candidates.tsv", "tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz")


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    """Four members of three networks, one of them in regions alone; two more by the name of a collection."""
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa.gz")
    lines = (DEMO / "variants.vcf").read_text().splitlines(keepends=True)
    header = sum(line.startswith("#") for line in lines)
    (tmp_path / "v.vcf").write_text("".join([*lines[: header + 12], "chr9\t5\t.\tA\tG\t.\t.\t.\n"]))
    shutil.copytree(PACKAGED, tmp_path / "panels" / "models" / ODD)
    (tmp_path / "panels" / "peaks.bed").write_text("chr16\t0\t173000\n")
    members = [
        ("A", "default:gue_tf0", ""),
        ("B", f"models/{ODD}:gue_tf1", "peaks.bed"),
        ("C", "hub:lab/tf@main:gue_tf2", ""),
        ("D", "default:gue_tf3", ""),
    ]
    rows = ["name\tmodel\tregions", *("\t".join(member) for member in members)]
    (tmp_path / "panels" / "panel.tsv").write_text("\n".join(rows) + "\n")
    for name in ("hub:lab/tf@main", "deepvregulome/SP7", "deepvregulome/CTCFL"):
        store_model(tmp_path / "cache", name, "tf")


def write_sheet(folder: Path, panels: dict[str, str]) -> None:
    rows = [
        {"sample": name, "genome": "g.fa.gz", "vcf": "v.vcf", **({"tf_panel": panel} if panel else {})}
        for name, panel in panels.items()
    ]
    (folder / "s.json").write_text(json.dumps(rows))


def test_groups_of_models_give_the_bytes_of_one_run(
    tmp_path: Path, pipeline: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sheet(tmp_path, {"table": "panels/panel.tsv", "named": "deepvregulome:SP7,CTCFL"})
    done = pipeline(
        "-profile", "test", "--input", "s.json", "--store", "cache", "--shards", "2",
        "--panel_group_size", "2", "--offsets", "1", "--null_variants", "40", "--skip_report",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    # A and D are outputs of one network, so that the groups are A, D, B and C; 13 variants are one part
    tasks = re.findall(r"Submitted process > VARIANTS:SCORE_PANEL \((.+)\)", done.said)
    assert sorted(tasks) == ["named:1/1:SP7", "table:1/1:A", "table:1/1:C"]
    assert not list(tmp_path.rglob("pwned"))
    assert not list((tmp_path / "results").glob("report/*"))
    results = tmp_path / "results" / "variants"
    monkeypatch.setenv("DNABERT_ENHANCER_CACHE", str(tmp_path / "cache"))
    for sample, panel in (("table", "panels/panel.tsv"), ("named", "deepvregulome:SP7,CTCFL")):
        (tmp_path / "one").mkdir(exist_ok=True)
        run_here(
            *("score-variants", "--quiet", "--vcf", "v.vcf", "--genome", "g.fa.gz", *SETTINGS, *ENGINE),
            *("--tf-panel", panel, "--output-prefix", f"one/{sample}"),
            folder=tmp_path,
        )
        for ending in WRITTEN:
            made = results / f"{sample}.{ending}"
            assert made.read_bytes() == (tmp_path / "one" / made.name).read_bytes(), made.name
    # the last of 13 records is on a contig that the genome lacks
    assert "Not scored for table: 1 allele contig not in genome (0.0769)" in done.said
    skipped = (tmp_path / "results" / "pipeline_info" / "skipped_variants.tsv").read_text().splitlines()
    assert skipped == ["sample\treason\talleles\tshare"] + [
        f"{sample}\tcontig_not_in_genome\t1\t0.0769" for sample in ("named", "table")
    ]
    assert (results / "panels.tsv").read_text().splitlines() == [
        "sample\tpanel\tmatrix\tparquet",
        "named\tnamed.tf-panel.tsv.gz\tnamed.tf-panel.matrix.tsv.gz\tNA",
        "table\ttable.tf-panel.tsv.gz\ttable.tf-panel.matrix.tsv.gz\tNA",
    ]
    with gzip.open(results / "table.tf-panel.matrix.tsv.gz", "rt") as matrix:
        assert next(matrix).rstrip("\n").split("\t")[5:] == ["A", "B", "C", "D"]
    methods = (tmp_path / "results" / "pipeline_info" / "methods.md").read_text()
    assert "by panels of models in the same way (table: 4; named: 2)" in methods
