"""One stub run of the pipeline: how many tasks the files are worth, and the names of what a run leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=20)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
GENOME = DEMO / "alpha-globin.fa.gz"  # 83,840 bytes, counted as 335,360
VARIANTS = DEMO / "variants.vcf"  # 3,634 bytes
SHEET = f"""\
sample,genome,scan_regions,vcf,interpret_regions,model,train_regions,tf_panel,interpret_variants,tf_models
a,{GENOME},all,{VARIANTS},,,,,,C=deepvregulome/CTCFL;S=deepvregulome/SP1
places,{GENOME},,,places.bed,,,,,
open,{GENOME},,,places.bed,default:dnase_k562,,,,
folds,{GENOME},,{VARIANTS},,,places.bed,panel.tsv,all,
"""


class Stub(NamedTuple):
    """What the run said, and where its results are."""

    said: str
    results: Path


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory, nextflow: Callable) -> Stub:
    folder = tmp_path_factory.mktemp("stub")
    (folder / "sheet.csv").write_text(SHEET)
    (folder / "places.bed").write_text("chr16\t113601\t113621\tHS-40\n")
    (folder / "panel.tsv").write_text("name\tmodel\nSET\tdefault:gue_tf0\n")
    (folder / "cache").mkdir()
    done = nextflow(
        folder, "run", str(REPOSITORY / "main.nf"), "--input", "sheet.csv", "-stub", "--store", "cache",
        "--scan_shard_mb", "0.2", "--variants_per_task", "1", "--max_shards", "3",
        "--interpret_method", "attention", "--folds", "2", "--panel_parquet",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    return Stub(done.said, folder / "results")


def test_the_number_of_tasks_follows_the_sizes_of_the_files(stub: Stub) -> None:
    tasks = [line.partition("> ")[2] for line in stub.said.splitlines() if "Submitted process" in line]
    assert {task for task in tasks if "SCAN:PREDICT (" in task} == {f"SCAN:PREDICT (a:{n}/2)" for n in (1, 2)}
    # one for each variant, had it been 1,024 of them
    assert sum("SCORE_VARIANTS (a:" in task for task in tasks) == 3


def test_models_that_would_be_brought_leave_the_store_alone(stub: Stub) -> None:
    brought = re.findall(r"Submitted process > MODELS_GET \((.+)\)", stub.said)
    assert sorted(brought) == ["deepvregulome/CTCFL", "deepvregulome/SP1"]
    assert list((stub.results.parent / "cache").iterdir()) == []


def test_the_names_are_those_of_a_run(stub: Stub) -> None:
    assert sorted(path.name for path in stub.results.glob("interpret/open*")) == [
        "open.attributions.npz", "open.bw", "open.high_attention.bed", "open.logo-1.png", "open.logo-1.svg",
        "open.regions.tsv", "open.run.json",
    ]  # fmt: skip
    trained = sorted(path.name for path in stub.results.glob("train/folds.model/*"))
    assert trained == ["fold1", "fold2", "run.json"]
    assert sorted(path.name for path in stub.results.glob("interpret_variants/folds*")) == [
        "folds.run.json", "folds.variant-1.png", "folds.variant-1.svg", "folds.variants.tsv",
    ]  # fmt: skip
    endings = ("tsv.gz", "matrix.tsv.gz", "matrix.parquet")
    assert (stub.results / "variants" / "panels.tsv").read_text().splitlines() == [
        "sample\tpanel\tmatrix\tparquet",
        "\t".join(["folds", *(f"folds.tf-panel.{ending}" for ending in endings)]),
    ]
    assert all((stub.results / "variants" / f"folds.tf-panel.{ending}").exists() for ending in endings)
    pages = sorted(path.name for path in stub.results.glob("report/*"))
    samples = ("a", "folds", "open", "places")
    assert pages == sorted(
        ["index.tsv", *(f"{name}{end}" for name in samples for end in (".html", "_multiqc"))]
    )
    said = (stub.results / "pipeline_info" / "methods.md").read_text()
    assert "Regions were explained for places, open: what the token that the classifier reads" in said
