"""The files for MultiQC; `tests/standards/run` gives them to MultiQC itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from written_runs import write_record, write_rows, write_scan, write_variants

import dnabert_enhancer as de

SIZES = {"chr1": 2000}
CALLS = [("chr1", 100, 300, 0.75), ("chr1", 700, 900, 0.5)]


def sections(folder: Path, *runs: Path) -> dict[str, Any]:
    de.report(runs, multiqc=folder / "out")
    files = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (folder / "out").iterdir()}
    for name, one in files.items():
        assert name == f"{one['id']}_mqc.json"
        assert one["pconfig"]["id"] == f"{one['id']}_plot"
        assert one["parent_id"] == "dnabert_enhancer"
    return {one["id"].removeprefix("dnabert_enhancer_"): one for one in files.values()}


def test_runs_of_a_command_are_samples_of_one_section(tmp_path: Path) -> None:
    runs = [write_scan(tmp_path / folder / "<b>", CALLS, SIZES) for folder in "xy"]
    (found,) = sections(tmp_path, *runs).values()
    # 2 calls of 200 bp in 2,000 bases
    values = {"scanned_mb": 0.002, "calls": 2, "calls_per_mb": 1000, "called_percent": 20, "threshold": 0.5}
    assert found["data"] == {"&lt;b&gt;": values, "&lt;b&gt; 2": values}
    assert found["plot_type"] == "table"
    formats = {name: head["format"] for name, head in found["headers"].items()}
    assert formats == dict.fromkeys(values, "{:,.0f}") | dict.fromkeys(("scanned_mb", "threshold"), "{:,.4g}")


def test_folds_are_samples_of_their_own(tmp_path: Path) -> None:
    folds = [{"metrics": {"validation": {"auroc": value, "rows": 7}}} for value in (0.5, float("nan"))]
    write_record(tmp_path / "m" / "x", "finetune", folds=folds)
    (tmp_path / "m" / "x.run.json").rename(tmp_path / "m" / "run.json")
    for number in (1, 2):
        (tmp_path / "m" / f"fold{number}").mkdir()
        path = tmp_path / "m" / f"fold{number}" / "history.tsv"
        write_rows(path, ("epoch", "train_loss", "validation_loss"), [[1, 0.75, 0.5 * number]])
    found = sections(tmp_path, tmp_path / "m")
    assert found["training"]["data"] == {"m: fold1 validation": {"auroc": 0.5}}
    assert found["loss"]["data"] == {
        "m: fold1 train": {"1": 0.75},
        "m: fold1 validation": {"1": 0.5},
        "m: fold2 train": {"1": 0.75},
        "m: fold2 validation": {"1": 1.0},
    }


def test_an_interpretation_says_what_was_explained(tmp_path: Path) -> None:
    counts = {"regions": 3, "regions_explained": 2, "seqlets": 5, "bases": 7}
    run = write_record(tmp_path / "i", "interpret", counts=counts)
    write_rows(tmp_path / "i.regions.tsv", ("score", "maximum", "strongest_change"), [])
    (found,) = sections(tmp_path, run).values()
    assert found["data"] == {"i": {"regions": 3, "regions_explained": 2, "seqlets": 5}}


def test_other_files_of_the_folder_stay_and_bytes_are_equal(tmp_path: Path) -> None:
    counts = {"alleles": 9, "scored": 8, "gain": 2, "loss": 1}
    run = write_variants(tmp_path / "v", [], SIZES, counts=counts)
    effects = {"Gain of function": 2, "Loss of function": 1, "No change": 5, "Not scored": 1}
    assert sections(tmp_path, run)["variants"]["data"] == {"v": effects}
    first = (tmp_path / "out/dnabert_enhancer_variants_mqc.json").read_bytes()
    (tmp_path / "out/mine.txt").write_text("stays")
    de.report(run, multiqc=tmp_path / "out")
    assert (tmp_path / "out/dnabert_enhancer_variants_mqc.json").read_bytes() == first
    assert (tmp_path / "out/mine.txt").read_text() == "stays"


def test_runs_without_a_section_are_told(tmp_path: Path) -> None:
    sequences = write_record(tmp_path / "p", "predict")
    write_rows(tmp_path / "p.predictions.tsv", ("name", "maximum", "label"), [["a", 0.5, "enhancer"]])
    with pytest.raises(de.InputError, match="none of the runs has a section for MultiQC"):
        de.report(sequences, multiqc=tmp_path / "out")
    assert not (tmp_path / "out").exists()
