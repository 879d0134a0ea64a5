"""Ensembles in the pipeline: folds that it trains, a folder of models, one in a panel; conventions too."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from report_page import headings
from run_here import run_here
from safetensors.numpy import load_file, save_file
from stored_models import PACKAGED

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu", "--threads", "1")
SHEET = """\
sample,genome,train_regions,scan_regions,model,vcf,tf_panel,interpret_regions
folds,g.fa.gz,peaks.bed,scan.bed,,v.vcf,panel.tsv,explain.bed
pair,g.fa.gz,,scan.bed,models/pair:gue_tf0,,,explain.bed
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa.gz")
    shutil.copyfile(DEMO / "ccre-pels.bed", tmp_path / "peaks.bed")
    lines = (DEMO / "variants.vcf").read_text().splitlines(keepends=True)
    header = sum(line.startswith("#") for line in lines)
    (tmp_path / "v.vcf").write_text("".join(lines[: header + 5]))
    (tmp_path / "scan.bed").write_text("chr16\t113000\t115000\n")
    (tmp_path / "explain.bed").write_text("chr16\t113601\t113607\tHS-40\n")
    rng = np.random.default_rng(0)
    for name in ("fold2", "fold10"):
        model = tmp_path / "models" / "pair" / name
        shutil.copytree(PACKAGED, model)
        weights = load_file(model / "model.safetensors")
        noise = {
            key: (value + rng.normal(0, 0.01, value.shape)).astype(value.dtype)
            for key, value in weights.items()
        }
        save_file(noise, model / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "panel.tsv").write_text("name\tmodel\nONE\tdefault:gue_tf1\nPAIR\tmodels/pair:gue_tf0\n")
    (tmp_path / "s.csv").write_text(SHEET)
    return tmp_path


def command(folder: Path, name: str, *arguments: str) -> None:
    """Run a command by hand, as the tasks of a shard do, into the folder ``own``."""
    run_here(name, "--quiet", *arguments, *ENGINE, folder=folder)


def test_ensembles_give_the_files_of_the_commands(folder: Path, pipeline: Callable) -> None:
    done = pipeline(
        "-profile", "test", "--input", "s.csv", "--shards", "1", "--folds", "2", "--int8",
        "--convention", "deepvregulome", "--panel_parquet", "--null_variants", "40",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    results = folder / "results"
    trained = "results/train/folds.model"
    assert sorted(path.name for path in (folder / trained).glob("fold*")) == ["fold1", "fold2", "folds.json"]
    with (results / "train" / "folds.metrics.tsv").open(newline="") as table:
        judged = [row["method"] for row in csv.DictReader(table, delimiter="\t") if row["subset"] == "all"]
    assert list(dict.fromkeys(judged)) == [
        f"folds.model{one}" for one in ("", ": folds fold 1", ": folds fold 2")
    ]
    shared = ("--genome", "g.fa.gz")
    assert "Training folds" in headings((results / "report" / "folds.html").read_text())
    losses = json.loads((results / "report/folds_multiqc/dnabert_enhancer_loss_mqc.json").read_text())["data"]
    for fold in ("fold1", "fold2"):
        card = json.loads((folder / trained / fold / "enhancer_model.json").read_text())
        assert card["training"]["int8"]["weights"] in ("rounded", "as trained")
        with (folder / trained / fold / "history.tsv").open(newline="") as table:
            (epoch,) = csv.DictReader(table, delimiter="\t")
        assert losses[f"folds: {fold} validation"] == {epoch["epoch"]: float(epoch["validation_loss"])}
    for sample, model in (("folds", trained), ("pair", "models/pair:gue_tf0")):
        scan = ("predict", "--regions", "scan.bed", "--stride", "200")
        explain = ("interpret", "--regions", "explain.bed", "--logos", "0")
        for kind, run, endings in (
            ("scan", scan, ("bw", "calls.bed.gz")),
            ("interpret", explain, ("bw", "regions.tsv")),
        ):
            own = folder / "own" / kind
            command(folder, *run, *shared, "--model", model, "--output-prefix", f"{own}/{sample}")
            for ending in endings:
                made = results / kind / f"{sample}.{ending}"
                assert made.read_bytes() == (own / made.name).read_bytes(), made
        record = json.loads((results / "scan" / f"{sample}.run.json").read_text())
        assert len(record["model"]["members"]) == 2
    command(
        folder, "score-variants", *shared, "--vcf", "v.vcf", "--model", trained, "--tf-panel", "panel.tsv",
        "--convention", "deepvregulome", "--null-variants", "40", "--output-prefix", "own/folds",
    )  # fmt: skip
    for ending in ("vcf.gz", "tsv.gz", "tf-panel.tsv.gz", "tf-panel.matrix.tsv.gz"):
        made = results / "variants" / f"folds.{ending}"
        assert made.read_bytes() == (folder / "own" / made.name).read_bytes(), made.name
    assert (results / "variants" / "panels.tsv").read_text().splitlines()[1].split("\t") == [
        "folds", "folds.tf-panel.tsv.gz", "folds.tf-panel.matrix.tsv.gz", "folds.tf-panel.matrix.parquet",
    ]  # fmt: skip
    with gzip.open(results / "variants" / "folds.tf-panel.matrix.tsv.gz", "rt") as table:
        rows = [row[5:] for row in csv.reader(table, delimiter="\t")]
    matrix = pq.read_table(results / "variants" / "folds.tf-panel.matrix.parquet")
    for number, name in enumerate(rows[0]):
        texts = [np.float32("nan" if row[number] == "NA" else row[number]) for row in rows[1:]]
        found = matrix[name].to_numpy(zero_copy_only=False).astype(np.float32)
        np.testing.assert_array_equal(found, texts)
    methods = (results / "pipeline_info" / "methods.md").read_text()
    assert "2 models each, with another part of the training and validation rows held out" in methods
    assert "in windows of 301 bp on the forward strand, placed by the rules of deepvregulome 0.4.1" in methods
