"""What the test profile leaves: the bytes of the commands run by hand, indexes, the account of the run."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from report_page import cells, figures, headings, tables
from run_here import run_here

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60)]

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = ("alpha-globin", "retrained")
ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu", "--threads", "1")
OF_A_KIND = {
    "train": ("dataset", "model", "metrics.tsv"),
    "scan": ("bw", "calls.bed.gz", "scanned.bed", "regions.tsv", "run.json"),
    "variants": ("vcf.gz", "tsv.gz", "candidates.tsv", "run.json"),
    "compare": ("summary.tsv", "per_call.tsv.gz", "novel.bed.gz", "run.json"),
    "report": ("html",),
}


def rows_of(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    titles, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(titles, line, strict=True)) for line in lines]


def model_of(sample: str, results: Path) -> tuple[str, ...]:
    return ("--model", str(results / "train" / "retrained.model")) if sample == "retrained" else ()


@pytest.mark.parametrize("sample", SAMPLES)
def test_shards_of_a_scan_give_the_bytes_of_one_run(sample: str, study, tmp_path: Path) -> None:
    demo = study.folder / "demo"
    run_here(
        "predict", "--quiet",
        "--genome", str(demo / "alpha-globin.fa.gz"), "--regions", str(demo / "test-regions.bed"),
        *model_of(sample, study.results), "--stride", "200", *ENGINE,
        "--output-prefix", str(tmp_path / sample),
    )  # fmt: skip
    for name in ("bw", "calls.bed.gz", "calls.bed.gz.tbi", "scanned.bed", "regions.tsv"):
        made = study.results / "scan" / f"{sample}.{name}"
        assert made.read_bytes() == (tmp_path / made.name).read_bytes(), name


@pytest.mark.parametrize("sample", SAMPLES)
def test_shards_of_variants_give_the_bytes_of_one_run(sample: str, study, tmp_path: Path) -> None:
    demo = study.folder / "demo"
    run_here(
        "score-variants", "--quiet",
        "--genome", str(demo / "alpha-globin.fa.gz"), "--vcf", str(demo / "variants.vcf"),
        *model_of(sample, study.results), "--offsets", "1", "--null-variants", "100", *ENGINE,
        "--output-prefix", str(tmp_path / sample),
    )  # fmt: skip
    for name in ("vcf.gz", "vcf.gz.tbi", "tsv.gz", "candidates.tsv"):
        made = study.results / "variants" / f"{sample}.{name}"
        assert made.read_bytes() == (tmp_path / made.name).read_bytes(), name


def test_a_model_trained_in_the_run_serves_its_scan_and_variants(study) -> None:
    trained = json.loads((study.results / "train" / "retrained.model" / "run.json").read_text())
    of_sample = {
        sample: json.loads((study.results / "scan" / f"{sample}.run.json").read_text())["model"]["digest"]
        for sample in SAMPLES
    }
    assert of_sample["retrained"] == trained["model"]["digest"] != of_sample["alpha-globin"]
    variants = json.loads((study.results / "variants" / "retrained.run.json").read_text())
    assert trained["model"]["digest"] in json.dumps(variants["scoring"]["models"])


def test_training_saw_the_regions_and_was_judged(study) -> None:
    counts = json.loads((study.results / "train" / "retrained.dataset" / "run.json").read_text())["counts"]
    assert counts["regions"] == 101
    splits = ("train", "validation", "test")
    assert sum(counts[f"{split}_positives"] for split in splits) == 99  # two of the 101 overlap another
    (row, *_) = rows_of(study.results / "train" / "retrained.metrics.tsv")
    assert (row["method"], row["rows"]) == (
        "retrained",
        str(counts["test_positives"] + counts["test_negatives"]),
    )
    assert 0 < float(row["auroc_low"]) <= float(row["auroc"]) <= float(row["auroc_high"]) <= 1


def test_every_variant_is_in_the_table_of_both_models(study) -> None:
    lines = (study.folder / "demo" / "variants.vcf").read_text().splitlines()
    records = [line.split("\t")[:3] for line in lines if not line.startswith("#")]
    for sample in SAMPLES:
        rows = rows_of(study.results / "variants" / f"{sample}.tsv.gz")
        assert [[row["chrom"], row["pos"], row["dbsnp_id"]] for row in rows] == records
        assert all(0 <= float(row["reference_probability"]) <= 1 for row in rows)


def test_calls_are_compared_with_the_databases_of_their_row(study) -> None:
    of_sample = {
        name: rows_of(study.folder / f"first-results/compare/{name}.summary.tsv") for name in SAMPLES
    }
    found = {sample: [(row["database"], row["rows"]) for row in rows] for sample, rows in of_sample.items()}
    assert found == {"alpha-globin": [("FANTOM5", "11"), ("pELS", "101")], "retrained": [("pELS", "101")]}


@pytest.mark.parametrize("kind", OF_A_KIND)
def test_an_index_of_each_kind_names_files_that_are_there(kind: str, study) -> None:
    named = {row.pop("sample"): list(row.values()) for row in rows_of(study.results / kind / "index.tsv")}
    assert named == {
        sample: [f"{sample}.{ending}" for ending in OF_A_KIND[kind]]
        for sample in (["retrained"] if kind == "train" else SAMPLES)
    }
    assert all((study.results / kind / name).exists() for names in named.values() for name in names)


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_page_of_a_sample_shows_all_of_its_runs(sample: str, study) -> None:
    page = (study.results / "report" / f"{sample}.html").read_text()
    learned = ["Data set", "Training", "Evaluation"] if sample == "retrained" else []
    kinds = ["Scan", "Variants", "Comparison", *learned]
    assert headings(page) == [f"{kind} {sample}" for kind in kinds]
    rows = {name: len(table["rows"]) for name, table in tables(page).items()}
    for kind, ending in (("scan", "regions.tsv"), ("variants", "tsv.gz"), ("compare", "summary.tsv")):
        assert rows[f"{sample}.{ending}"] == len(rows_of(study.results / kind / f"{sample}.{ending}"))
    assert ("ROC" in re.findall("<figcaption>(.*)</figcaption>", page)) == (sample == "retrained")
    assert "Enrichment" in re.findall("<figcaption>(.*)</figcaption>", page)
    sections = {
        path.name: json.loads(path.read_text())
        for path in (study.results / "report" / f"{sample}_multiqc").iterdir()
    }
    names = {"comparison", "scan", "variants"}
    names |= {"dataset", "evaluation", "loss", "training"} if sample == "retrained" else set()
    assert set(sections) == {f"dnabert_enhancer_{name}_mqc.json" for name in names}
    record = json.loads((study.results / "scan" / f"{sample}.run.json").read_text())
    scan = sections["dnabert_enhancer_scan_mqc.json"]["data"]
    assert scan[sample]["calls"] == record["counts"]["calls"]


def test_the_page_tells_what_a_model_has_learned_from(study) -> None:
    train = study.results / "train"
    page = (study.results / "report" / "retrained.html").read_text()
    labels = [
        row["label"]
        for split in ("train", "validation", "test")
        for row in rows_of(train / "retrained.dataset" / f"{split}.tsv.gz")
    ]
    told = figures(page)
    assert told["positives of 101 regions"] == str(labels.count("1")) == "99"
    assert told["negatives"] == str(labels.count("0"))
    history = rows_of(train / "retrained.model" / "history.tsv")
    losses = tables(page)["history.tsv"]
    for name in ("epoch", "train_loss", "validation_loss"):
        assert cells(losses, name) == [row[name] for row in history]


def test_a_run_says_what_was_done_with_what(study) -> None:
    info = study.results / "pipeline_info"
    names = [path.name for path in info.iterdir()]
    assert {name for name in names if "_20" not in name} == {
        "software_versions.tsv",
        "methods.md",
        "params.json",
    }
    # the killed run has not written its report; the resumed and the changed one have their own
    times = {
        kind: sorted(name for name in names if name.startswith(kind)) for kind in ("trace", "report", "dag")
    }
    assert {kind: len(found) for kind, found in times.items()} == {"trace": 3, "report": 2, "dag": 2}
    assert all(
        re.fullmatch(r"[a-z]+_\d{4}(-\d\d){2}_\d\d(-\d\d){2}\.(tsv|html|mmd)", name)
        for found in times.values()
        for name in found
    )
    versions = [tuple(row.values()) for row in rows_of(info / "software_versions.tsv")]
    modules = {path.name.upper() for path in (REPOSITORY / "modules" / "local").iterdir()}
    # no row of the test profile has interpret_regions, tf_panel or tune: test_interpret.py, test_panel.py,
    # test_tune.py; without containers no task checks options
    assert {process for process, _, _ in versions} == modules - {
        "CHECK",
        "INTERPRET",
        "MODELS_GET",
        *("TUNE", "TUNE_MERGE", "TUNE_TRIAL"),
        "SCORE_PANEL",
    } | {"WORKFLOW"}
    assert [tool for process, tool, _ in versions if process == "WORKFLOW"] == [
        "Nextflow",
        "dnabert-enhancer/pipeline",
    ]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+\S*", version) for _, _, version in versions)
    methods = (info / "methods.md").read_text()
    for words in (
        "trained for retrained:",
        "scanned for alpha-globin, retrained:",
        "FANTOM5, pELS",
        "doi:10.1038/nbt.3820",
    ):
        assert words in methods
    assert "flowchart" in (info / times["dag"][-1]).read_text()
    assert json.loads((info / "params.json").read_text())["shards"] == 2


def test_nothing_warned(study) -> None:
    for part in ("resumed", "changed"):
        assert "WARN" not in study.said(part)
        assert "Done: results are in results" in study.said(part)
