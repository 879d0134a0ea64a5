"""Rows with `tune`: trials of a grid as tasks, whose best model goes on as that of one training does.

What a search cannot be told is in test_samplesheet.py.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from report_page import cells, headings, tables

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=120)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
VALUES = ("--tune_learning_rates", "1e-3,1e-6", "--tune_weight_decays", "0.01", "--tune_warmups", "0.1")


def write_sheet(folder: Path, **searches: str) -> None:
    (folder / "r.bed").write_text("chr16\t0\t40000\n")
    rows = [
        {"sample": name, "genome": f"{DEMO}/alpha-globin.fa.gz", "train_regions": f"{DEMO}/ccre-pels.bed",
         "tune": search, "scan_regions": "r.bed"}
        for name, search in searches.items()
    ]  # fmt: skip
    (folder / "s.json").write_text(json.dumps(rows))


def test_trials_of_a_grid_are_tasks_and_give_the_table_of_one_process(
    tmp_path: Path, pipeline: Callable
) -> None:
    write_sheet(tmp_path, found="grid")
    done = pipeline("-profile", "test", "--input", "s.json", "--baselines", "ridge", *VALUES)
    assert done.returncode == 0, done.said
    tasks = re.findall(r"Submitted process > (?:TRAIN|SCAN):(\S+ \(.+\))", done.said)
    assert sorted(tasks)[:3] == ["EVALUATE (found)", "MAKE_DATASET (found)", "PREDICT (found:1/2)"]
    assert sorted(tasks)[-3:] == ["TUNE_MERGE (found)", "TUNE_TRIAL (found:1/2)", "TUNE_TRIAL (found:2/2)"]
    train = tmp_path / "results" / "train"
    command = [
        sys.executable,
        "-m",
        "dnabert_enhancer",
        "tune",
        "--quiet",
        "--dataset",
        train / "found.dataset",
    ]
    command += ["--base-model", "default", "--sampler", "grid", "--pruner", "none", "--epochs", "1"]
    command += ["--batch-size", "16", "--learning-rates", "1e-3", "1e-6", "--weight-decays", "0.01"]
    command += ["--warmups", "0.1", "--device", "cpu", "--threads", "1", "--output-dir", tmp_path / "one"]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    table = train / "found.tune" / "trials.tsv"
    assert table.read_bytes() == (tmp_path / "one" / "trials.tsv").read_bytes()
    with table.open(newline="") as lines:
        (best,) = [row for row in csv.DictReader(lines, delimiter="\t") if row["rank"] == "1"]
    card = json.loads((train / "found.model" / "enhancer_model.json").read_text())
    assert card["name"] == "found"
    assert card["training"]["settings"]["learning_rate"] == pytest.approx(float(best["learning_rate"]))
    # the best model is what is judged and what scans
    weights = "model.safetensors"
    assert (train / "found.model" / weights).read_bytes() == (
        tmp_path / "one" / "best" / weights
    ).read_bytes()
    record = json.loads((tmp_path / "results" / "scan" / "found.run.json").read_text())
    assert record["model"]["name"] == "found"
    assert (train / "found.metrics.tsv").read_text().splitlines()[1].startswith("found\tmodel\t")
    page = (tmp_path / "results" / "report" / "found.html").read_text()
    assert headings(page) == ["Scan found", "Data set found", "Search found", "Evaluation found"]
    trials, compared = tables(page)["trials.tsv"], tables(page)["found.differences.tsv"]
    assert cells(trials, "rank") == ["1", "2"]
    assert cells(trials, "learning_rate")[0] == best["learning_rate"]
    with (train / "found.differences.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    assert cells(compared, "difference") == [row["difference"] for row in rows]
    assert {row["method"] for row in rows} == {"6-mer ridge"}
    # the folders of the results are runs to the command, too
    again = [sys.executable, "-m", "dnabert_enhancer", "report", "--quiet", train]
    again += [train / "found.dataset", train / "found.tune", "--output", tmp_path / "again.html"]
    subprocess.run(again, check=True)
    found = headings((tmp_path / "again.html").read_text())
    assert found == ["Evaluation found", "Data set found.dataset", "Search found.tune"]
    assert (
        "trial that validated best (found: grid)"
        in (tmp_path / "results" / "pipeline_info" / "methods.md").read_text()
    )
