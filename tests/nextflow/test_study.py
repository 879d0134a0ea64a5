"""The study of DNABERT-Enhancer from its files of parameters, on pieces of GRCh38 with a tiny model."""

from __future__ import annotations

import csv
import gzip
import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from run_here import run_here

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60), pytest.mark.data]

REPOSITORY = Path(__file__).resolve().parents[2]
STUDY = REPOSITORY / "studies" / "dnabert_enhancer"
CONFIG = REPOSITORY / "nextflow.config"
SMALL = (
    "--base_model", "new:tiny", "--epochs", "1", "--batch_size", "64",
    "--tune_learning_rates", "0.001", "--tune_weight_decays", "0.01", "--tune_warmups", "0.1,0.2",
    "--baselines", "ridge", "--split_by", "block", "--block_size", "100000", "--shards", "1",
    "--permutations", "20", "--offsets", "1", "--null_variants", "20",
)  # fmt: skip


def write_inputs(folder: Path, data: Path) -> None:
    """Write the inputs of the small run, with less to scan and fewer models and databases."""
    subprocess.run([sys.executable, STUDY / "small_inputs.py", data, "--output-dir", folder], check=True)
    sheet = folder / "samplesheet.tsv"
    row, matched = read(sheet)
    databases = row["databases"].split(";")
    (folder / "scan.bed").write_text("chr16\t100000\t160000\n")
    row |= {
        "tune": "grid",
        "scan_regions": "scan.bed",
        "tf_models": "TF=default:gue_tf0",
        "databases": ";".join(databases[:2]),
    }
    del row["motifs"], row["chains"]
    trained = ("sample", "genome", "assembly", "train_regions", "negatives", "exclude")
    with sheet.open("w", newline="") as rewritten:
        writer = csv.DictWriter(rewritten, list(row), delimiter="\t")
        writer.writeheader()
        writer.writerow(row)
        writer.writerow({name: matched[name] for name in trained})


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def test_every_step_and_table_of_the_study(tmp_path: Path, pipeline: Callable, shared_data: Path) -> None:
    write_inputs(tmp_path, shared_data)
    done = pipeline(
        "-params-file",
        str(STUDY / "350.yml"),
        "--input",
        "samplesheet.tsv",
        "--outdir",
        "results",
        "--published",
        str(STUDY / "published_350.tsv"),
        *SMALL,
    )
    assert done.returncode == 0, done.said
    for sample in ("dnabert_enhancer", "dnabert_enhancer_matched"):
        page = (tmp_path / "results" / "report" / f"{sample}.html").read_text()
        assert "Beside published figures" in page
        assert "Sathian et al. 2025" in page
    made = subprocess.run(
        [sys.executable, STUDY / "tables.py", "results", "--set", "350", "--output-dir", "tables"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "has no such results" not in made.stdout
    tables = {path.stem: read(path) for path in (tmp_path / "tables").iterdir()}
    assert set(tables) == {"performance", "genome", "databases", "variants", "regions"}
    assert [(row["sample"], row["method"]) for row in tables["performance"]] == [
        ("dnabert_enhancer", "dnabert_enhancer"),
        ("dnabert_enhancer", "6-mer ridge"),
        ("dnabert_enhancer_matched", "dnabert_enhancer_matched"),
        ("dnabert_enhancer_matched", "6-mer ridge"),
        ("published", "DNABERT-Enhancer"),
    ]
    train = tmp_path / "results" / "train"
    made_by = {
        path.parent.name.removesuffix(".dataset"): json.loads(path.read_text())["settings"]["negatives"]
        for path in train.glob("*.dataset/dataset.json")
    }
    assert made_by == {"dnabert_enhancer": "bedtools-shuffle", "dnabert_enhancer_matched": "matched"}
    published = tables["performance"][-1]
    assert (published["accuracy"], published["f1"], published["mcc"]) == ("88.05", "87.71", "76.22")
    trials = read(tmp_path / "results" / "train" / "dnabert_enhancer.tune" / "trials.tsv")
    assert {row["warmup"] for row in trials} == {"0.1", "0.2"}  # the grid of this run has two points
    # 350 bp every 150 bp in 60,000 bp: (60,000 - 350) / 150 + 1, and one more at the end
    assert tables["genome"][0]["windows"] == "399"
    shares = [row["min_fraction"] for row in tables["databases"] if row["database"] == "SCREEN"]
    assert shares == [f"{percent / 100:.4f}" for percent in range(5, 100, 5)]
    alleles = {
        (row["model"], row["predicted_functional_effect"]): int(row["alleles"]) for row in tables["variants"]
    }
    assert sum(count for (model, _), count in alleles.items() if model == "TF") == 64
    with gzip.open(tmp_path / "results/variants/dnabert_enhancer.tsv.gz", "rt") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    said = Counter(("TF", row["tf_predicted_functional_effect"]) for row in rows if row["model"] == "TF")
    assert said == {key: count for key, count in alleles.items() if key[0] == "TF"}
    # so small a model attends to no region more than to others
    assert (tmp_path / "tables" / "regions.tsv").read_text() == "sample\tchrom\tstart\tend\tname\tscore\n"


def test_the_authors_own_sample_trains_and_is_judged_on_its_dev_rows(
    tmp_path: Path, shared_data: Path
) -> None:
    sample = shared_data / "enhancers" / "davuluri"
    (tmp_path / "sample").mkdir()
    for name in ("Train.tsv", "dev.tsv"):
        (tmp_path / "sample" / name).symlink_to(sample / name)
    page = (STUDY / "README.md").read_text().split("## The authors' own sample")[1].split("\n## ")[0]
    lines = re.findall(r"^    dnabert-enhancer ((?:.*\\\n)*.*)$", page, re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["finetune", "evaluate", "report"]
    smaller = {
        "dnabert-6": "new:tiny", "--epochs 20": "--epochs 1", "--baselines": "--baselines ridge", "\\\n": ""
    }  # fmt: skip
    for line in lines:
        for theirs, ours in smaller.items():
            line = line.replace(theirs, ours)
        name, *words = shlex.split(line.replace("studies/", f"{REPOSITORY}/studies/"))
        run_here(name, *words, folder=tmp_path)
    counts = json.loads((tmp_path / "results" / "sample" / "run.json").read_text())["counts"]
    # wc -l less the titles
    assert (counts["sequences_train"], counts["sequences_validation"]) == (919, 301)
    dev = [line.split()[-1] for line in (sample / "dev.tsv").read_text().splitlines()[1:]]
    with gzip.open(tmp_path / "results" / "sample_dev.predictions.tsv.gz", "rt") as table:
        judged = list(csv.DictReader(table, delimiter="\t"))
    assert [row["label"] for row in judged] == dev
    for row in read(tmp_path / "results" / "sample_dev.metrics.tsv"):
        if row["prevalence"] == "as given":
            scores = [float(one[f"{row['method']}: probability"]) for one in judged]
            called = ["1" if score >= float(row["threshold"]) else "0" for score in scores]
            right = sum(call == label for call, label in zip(called, dev, strict=True))
            assert float(row["accuracy"]) == pytest.approx(right / 301, abs=1e-9)
            assert float(row["auroc"]) > 0.65
    html = (tmp_path / "results" / "sample.html").read_text()
    assert "Beside published figures" in html
    assert "82.04 %" in html


def test_the_figures_of_the_paper() -> None:
    """As issue 20 has them."""
    figures = {"350": "88.05 90.27 85.29 87.71 76.22", "201": "82.04 84.64 78.29 81.30 64.27"}
    for length, values in figures.items():
        rows = read(STUDY / f"published_{length}.tsv")
        assert [row["metric"] for row in rows] == ["accuracy", "precision", "recall", "f1", "mcc"]
        assert [row["value"] for row in rows] == [f"{value}%" for value in values.split()]


def test_inputs_of_the_small_run(tmp_path: Path, shared_data: Path) -> None:
    write_inputs(tmp_path, shared_data)
    # counted by awk, $3 <= length of the contig: 1,227 elements, 61 allele-specific sites, 3 of the portal
    assert len((tmp_path / "elements.bed").read_text().splitlines()) == 1227
    # HS-40, and 175 of them on the test contigs: awk '$1 == "chr1" || $1 == "chr20"'
    assert len((tmp_path / "explained.bed").read_text().splitlines()) == 176
    lines = (tmp_path / "variants.vcf").read_text().splitlines()
    alleles = [tuple(line.split("\t")[:5]) for line in lines if not line.startswith("#")]
    assert len(alleles) == 64
    assert ("chr2", "1500522", "rs1672769088", "G", "A") in alleles
    # the table has the place and T without an ALT: the deletion, anchored at the base before it
    (deletion,) = [allele for allele in alleles if allele[2] == "rs776829867"]
    assert deletion[:2] == ("chr20", "401974")
    assert deletion[3] == deletion[4] + "T"


def test_the_study_searches_the_grid_of_the_paper() -> None:
    with (STUDY / "samplesheet.csv").open(newline="") as sheet:
        row, matched = csv.DictReader(sheet)
    columns = json.loads((REPOSITORY / "assets" / "schema_input.json").read_text())["items"]["properties"]
    assert row.keys() <= columns.keys()
    # the same training against both kinds of negatives
    assert (row["negatives"], matched["negatives"]) == ("bedtools-shuffle", "matched")
    assert row["tune"] == matched["tune"] == "grid"
    assert {row[name] == matched[name] for name in ("genome", "train_regions", "exclude")} == {True}
    # the pipeline's own values, which no file of the study changes
    for length in (350, 201):
        assert not [name for name in yaml.safe_load((STUDY / f"{length}.yml").read_text()) if "tune" in name]
    values = re.findall(r"tune_(?:learning_rates|weight_decays|warmups) += '(.+)'", CONFIG.read_text())
    rates, decays, warmups = (sorted(map(float, one.split(","))) for one in values)
    assert (rates[0], rates[-1], len(rates)) == (1e-6, 3e-3, 8)
    assert decays == [0.0001, 0.001, 0.005, 0.01, 0.02]
    assert warmups == [0.1, 0.2]


def test_both_files_differ_in_the_length_alone() -> None:
    long, short = (yaml.safe_load((STUDY / f"{length}.yml").read_text()) for length in (350, 201))
    changed = {name for name in long if long[name] != short[name]}
    assert long.keys() == short.keys()
    assert changed == {"window_length", "outdir", "stride", "published"}
    assert (long["window_length"], short["window_length"], long["stride"]) == (350, 201, 150)
