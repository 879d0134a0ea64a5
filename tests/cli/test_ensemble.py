"""Ensembles as users run them: several --model or a folder (commands/predict, evaluate, score_variants)."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import WINDOW, tiny_model

from dnabert_enhancer.api import score_panel
from dnabert_enhancer.catalogue import PanelMember
from dnabert_enhancer.commands.cli import main
from dnabert_enhancer.engine import EngineSettings

ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu", "--threads", "1", "--quiet")


def letters(length: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def run(command: str, *arguments: object) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments), *ENGINE], command=command)
    assert stop.value.code == 0


def refusal(capsys: pytest.CaptureFixture[str], command: str, *arguments: object) -> str:
    """Run a command that must fail with exit code 2 and one line, and return the line."""
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments), *ENGINE], command=command)
    assert stop.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    return line


def rows_of(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def record_of(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "folds"
    for number in (1, 2, 3):
        tiny_model(folder / f"fold{number}", number)
    return folder


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    path = tmp_path / "sequences.fa"
    texts = [letters(WINDOW, 1), letters(150, 2), "N" * WINDOW]
    path.write_text("".join(f">s{number}\n{text}\n" for number, text in enumerate(texts)))
    return path


def test_predictions_are_the_mean_over_models_with_its_deviation(
    folds: Path, fasta: Path, tmp_path: Path
) -> None:
    run("predict", "--fasta", fasta, "--model", folds, "--windows", "--output-prefix", tmp_path / "all")
    single = []
    for number in (1, 2, 3):
        prefix = tmp_path / f"one{number}"
        model = folds / f"fold{number}"
        run("predict", "--fasta", fasta, "--model", model, "--windows", "--output-prefix", prefix)
        single.append(rows_of(Path(f"{prefix}.windows.tsv.gz")))
    windows = rows_of(tmp_path / "all.windows.tsv.gz")
    assert list(windows[0]) == ["name", "start", "end", "logit", "probability", "probability_sd"]
    assert list(single[0][0]) == ["name", "start", "end", "logit", "probability"]
    of_models = [[float(row["probability"]) for row in rows] for rows in single]
    each = np.array(of_models, dtype=np.float32).astype(np.float64)
    mean = each.mean(axis=0)
    np.testing.assert_array_equal(
        [np.float32(row["probability"]) for row in windows], mean.astype(np.float32)
    )
    found = [float(row["probability_sd"]) for row in windows]
    np.testing.assert_allclose(found, each.std(axis=0, ddof=1), rtol=1e-6)
    logit = np.log(mean / (1 - mean))
    np.testing.assert_allclose([float(row["logit"]) for row in windows], logit, atol=1e-5)

    table = rows_of(tmp_path / "all.predictions.tsv")
    assert list(table[0])[4:7] == ["maximum", "maximum_sd", "mean"]
    assert "maximum_sd" not in rows_of(tmp_path / "one1.predictions.tsv")[0]
    places = [n for n, row in enumerate(windows) if row["name"] == "s1"]
    best = places[int(mean[places].argmax())]
    assert table[1]["maximum"] == windows[best]["probability"]
    assert table[1]["maximum_sd"] == windows[best]["probability_sd"]
    assert (table[2]["maximum"], table[2]["maximum_sd"]) == ("NA", "NA")

    record = record_of(tmp_path / "all.run.json")
    own = [record_of(tmp_path / f"one{number}.run.json")["model"] for number in (1, 2, 3)]
    assert record["model"]["members"] == own
    assert record["model"]["name"] == "folds"


def test_models_named_one_by_one_give_the_bytes_of_their_folder(
    folds: Path, fasta: Path, tmp_path: Path
) -> None:
    named = [part for n in (1, 2, 3) for part in ("--model", folds / f"fold{n}")]
    run("predict", "--fasta", fasta, "--model", folds, "--output-prefix", tmp_path / "folder")
    run("predict", "--fasta", fasta, *named, "--output-prefix", tmp_path / "named")
    one, other = (tmp_path / f"{name}.predictions.tsv" for name in ("folder", "named"))
    assert one.read_bytes() == other.read_bytes()


def test_what_is_no_ensemble_is_refused_in_one_line(
    folds: Path, fasta: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tiny_model(tmp_path / "promoter", 9, labels=("other", "promoter"))
    arguments = ("--fasta", fasta, "--output-prefix", tmp_path / "x", "--model", folds / "fold1", "--model")
    line = refusal(capsys, "predict", *arguments, other)
    assert f"{folds / 'fold1'} predicts enhancer against other (binary), {other} promoter against" in line
    line = refusal(capsys, "predict", *arguments, folds / "fold1")
    assert "are the same model" in line
    assert not list(tmp_path.glob("x*"))


def test_evaluate_judges_the_mean_of_a_folder_or_where_asked(
    folds: Path, fasta: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "data.tsv"
    rows = [f"{letters(WINDOW, n)}\t{n % 2}\n" for n in range(20)]
    table.write_text("sequence\tlabel\n" + "".join(rows))
    data = ("--dataset", table, "--bootstrap", 0, "--no-pictures")
    run("evaluate", *data, "--model", folds, "--output-prefix", tmp_path / "folder")
    members = ["fold1", "fold2", "fold3"]

    def methods(prefix: str) -> list[str]:
        return list(dict.fromkeys(row["method"] for row in rows_of(tmp_path / f"{prefix}.metrics.tsv")))

    assert methods("folder") == ["folds", *(f"folds: {name}" for name in members)]
    named = [part for name in members for part in ("--model", folds / name)]
    run("evaluate", *data, *named, "--output-prefix", tmp_path / "each")
    assert methods("each") == members
    run("evaluate", *data, *named, "--ensemble", "--output-prefix", tmp_path / "asked")
    mean = "ensemble of 3: fold1, fold2, fold3"
    assert methods("asked") == [mean, *(f"{mean}: {name}" for name in members)]

    rows = rows_of(tmp_path / "asked.predictions.tsv.gz")
    each = np.array([[row[f"{mean}: {name}: probability"] for row in rows] for name in members], np.float32)
    exact = each.astype(np.float64)
    found = [np.float32(row[f"{mean}: probability"]) for row in rows]
    np.testing.assert_array_equal(found, exact.mean(axis=0).astype(np.float32))
    deviation = [float(row[f"{mean}: probability_sd"]) for row in rows]
    np.testing.assert_allclose(deviation, exact.std(axis=0, ddof=1), rtol=1e-6)
    details = record_of(tmp_path / "folder.run.json")["models"]["folds"]
    assert [member["name"] for member in details["members"]] == members
    line = refusal(
        capsys, "evaluate", *data, "--model", folds / "fold1", "--ensemble", "--output-prefix", "x"
    )
    assert "an ensemble is of two models or more" in line


@pytest.fixture
def variants(tmp_path: Path) -> tuple[Path, Path]:
    """Return a genome and a VCF on it: substitutions, an insertion, two alleles, one that is not in it."""
    bases = letters(2000, 3)
    genome, vcf = tmp_path / "genome.fa", tmp_path / "in.vcf"
    genome.write_text(f">chr1\n{bases}\n")
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    lines = [f"chr1\t{p}\t.\t{bases[p - 1]}\t{other[bases[p - 1]]}" for p in (300, 310, 800, 1500)]
    lines.append(f"chr1\t1600\t.\t{bases[1599]}\t{bases[1599]}GATTACA")
    lines.append(f"chr1\t1700\t.\t{bases[1699]}\t{other[bases[1699]]},{other[other[bases[1699]]]}")
    lines.append(f"chr1\t1800\t.\t{other[bases[1799]]}\t{bases[1799]}")
    text = "".join(f"{line}\t.\t.\t.\n" for line in lines)
    vcf.write_text(f"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{text}")
    return genome, vcf


def probabilities(path: Path, prefix: str = "") -> np.ndarray:
    """Return the probabilities of REF and ALT, shape (alleles, 2), NaN without a score."""
    columns = [f"{prefix}{name}_probability" for name in ("reference", "alternative")]
    texts = [[row[name].replace("NA", "nan") for name in columns] for row in rows_of(path)]
    return np.array(texts, dtype=np.float32).astype(np.float64)


@pytest.mark.slow
def test_effects_are_of_the_mean_probability_with_the_deviation_of_the_difference(
    folds: Path, variants: tuple[Path, Path], tmp_path: Path
) -> None:
    genome, vcf = variants
    common = ("--vcf", vcf, "--genome", genome, "--offsets", 3, "--null-variants", 20)
    run("score-variants", *common, "--model", folds, "--output-prefix", tmp_path / "all")
    each = []
    for number in (1, 2, 3):
        prefix = tmp_path / f"one{number}"
        run("score-variants", *common, "--model", folds / f"fold{number}", "--output-prefix", prefix)
        each.append(probabilities(Path(f"{prefix}.tsv.gz")))
    single = rows_of(tmp_path / "one1.tsv.gz")
    rows = rows_of(tmp_path / "all.tsv.gz")
    assert list(rows[0]) == [*single[0], "probability_difference_sd", "tf_probability_difference_sd"]
    found, models = probabilities(tmp_path / "all.tsv.gz"), np.array(each)
    assert np.isnan(found).any(axis=1).tolist() == [False] * 7 + [True]
    np.testing.assert_allclose(found, models.mean(axis=0), atol=1e-7)
    difference = models[:, :, 1] - models[:, :, 0]
    deviation = [float(row["probability_difference_sd"].replace("NA", "nan")) for row in rows]
    np.testing.assert_allclose(deviation, difference.std(axis=0, ddof=1), atol=2e-7)
    assert {row["tf_probability_difference_sd"] for row in rows} == {"NA"}
    ref, alt = found[:7].T
    change = [float(row["ScoreChange"]) for row in rows[:7]]
    np.testing.assert_allclose(change, (alt - ref) * np.maximum(ref, alt), atol=1e-6)

    lines = gzip.decompress((tmp_path / "all.vcf.gz").read_bytes()).decode().splitlines()
    own = [record_of(tmp_path / f"one{number}.run.json")["model"] for number in (1, 2, 3)]
    for model in own:
        said = f"##dnabert_enhancer_ensemble=enhancer; model {model['name']}, digest {model['digest']}"
        assert said in lines
    assert sum(line.startswith("##INFO=<ID=DBE_DIFF_SD,") for line in lines) == 1
    two_alleles = next(line for line in lines if line.startswith("chr1\t1700\t"))
    shown = [rows[place]["probability_difference_sd"] for place in (5, 6)]
    assert f"DBE_DIFF_SD={','.join(shown)}" in two_alleles.split("\t")[7].split(";")
    assert "DBE_DIFF_SD" not in lines[-1]
    record = record_of(tmp_path / "all.run.json")
    assert record["model"]["members"] == own
    assert [one["digest"] for one in record["scoring"]["models"][0]["members"]] == [m["digest"] for m in own]
    alone = gzip.decompress((tmp_path / "one1.vcf.gz").read_bytes()).decode()
    assert "DIFF_SD" not in alone
    assert "ensemble" not in alone


def test_an_ensemble_of_a_factor_beside_a_single_model(
    folds: Path, variants: tuple[Path, Path], tmp_path: Path
) -> None:
    genome, vcf = variants
    common = (
        "--vcf",
        vcf,
        "--genome",
        genome,
        "--offsets",
        1,
        "--null-variants",
        0,
        "--model",
        folds / "fold1",
    )
    run("score-variants", *common, "--tf", f"CTCF={folds}", "--output-prefix", tmp_path / "whole")
    for part in (1, 2):
        shard = ("--shard", f"{part}/2", "--output-prefix", tmp_path / "part")
        run("score-variants", *common, "--tf", f"CTCF={folds}", *shard)
    with pytest.raises(SystemExit) as stop:
        merge = ("--merge", tmp_path / "part", "--output-prefix", tmp_path / "merged", "--quiet")
        main([*map(str, merge)], command="score-variants")
    assert stop.value.code == 0
    for name in ("tsv.gz", "vcf.gz", "candidates.tsv"):
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"whole.{name}").read_bytes()
    rows = [row for row in rows_of(tmp_path / "whole.tsv.gz") if row["model"] == "CTCF"]
    assert {row["probability_difference_sd"] for row in rows} == {"NA"}
    assert all(float(row["tf_probability_difference_sd"]) > 0 for row in rows[:7])
    info = gzip.decompress((tmp_path / "whole.vcf.gz").read_bytes()).decode()
    assert "DBE_CTCF_DIFF_SD=" in info
    assert ";DBE_DIFF_SD=" not in info


@pytest.mark.slow
def test_an_ensemble_in_a_panel_has_its_deviation_in_the_table(
    folds: Path, variants: tuple[Path, Path], tmp_path: Path
) -> None:
    genome, vcf = variants
    common = ("--vcf", vcf, "--genome", genome, "--offsets", 1, "--null-variants", 20)
    named = {"ALL": folds, "ONE": folds / "fold1"}
    for rows in (named, {"ONE": named["ONE"]}):
        table = tmp_path / f"{len(rows)}.tsv"
        table.write_text("name\tmodel\n" + "".join(f"{name}\t{model}\n" for name, model in rows.items()))
        given = ("--model", folds / "fold1", "--tf-panel", table)
        run("score-variants", *common, *given, "--output-prefix", tmp_path / f"of{len(rows)}")
        for part in (1, 2):
            shard = ("--shard", f"{part}/2", "--output-prefix", tmp_path / f"part{len(rows)}")
            run("score-variants", *common, *given, *shard)
        with pytest.raises(SystemExit) as stop:
            merge = ("--merge", tmp_path / f"part{len(rows)}", "--output-prefix", tmp_path / "merged")
            main([*map(str, merge), "--quiet"], command="score-variants")
        assert stop.value.code == 0
        made = [(tmp_path / f"{name}.tf-panel.tsv.gz").read_bytes() for name in ("merged", f"of{len(rows)}")]
        assert made[0] == made[1]
    assert "probability_difference_sd" not in rows_of(tmp_path / "of1.tf-panel.tsv.gz")[0]
    found = rows_of(tmp_path / "of2.tf-panel.tsv.gz")
    assert list(found[0])[-2:] == ["skipped", "probability_difference_sd"]
    assert [row["probability_difference_sd"] for row in found[1::2]] == ["NA"] * 8
    run("score-variants", *common, "--model", folds, "--output-prefix", tmp_path / "alone")
    alone = [row["probability_difference_sd"] for row in rows_of(tmp_path / "alone.tsv.gz")]
    assert [row["probability_difference_sd"] for row in found[::2]] == alone
    assert sum(float(text) > 0 for text in alone if text != "NA") == 7
    members = [PanelMember(name, str(model)) for name, model in named.items()]
    frame = score_panel(members, vcf, genome, offsets=1, null_variants=20, engine=EngineSettings(threads=1))
    shown = [np.float32(text.replace("NA", "nan")) for text in alone]
    np.testing.assert_allclose(frame["probability_difference_sd"][::2], shown, rtol=1e-4)


def scan(genome: Path, model: Path, prefix: Path, *more: object) -> None:
    scanned = ("--genome", genome, "--stride", 20, "--null-fraction", 0.2, "--threshold", 0.5)
    run("predict", *scanned, "--model", model, "--output-prefix", prefix, *more)


@pytest.mark.slow
def test_a_scan_is_of_the_mean_with_its_deviation_in_shards_too(
    folds: Path, variants: tuple[Path, Path], tmp_path: Path
) -> None:
    genome, _ = variants
    scan(genome, folds, tmp_path / "all", "--windows")
    each = []
    for number in (1, 2, 3):
        scan(genome, folds / f"fold{number}", tmp_path / f"one{number}", "--windows")
        each.append([float(row["probability"]) for row in rows_of(tmp_path / f"one{number}.windows.tsv.gz")])
    single = np.array(each, dtype=np.float32).astype(np.float64)
    windows = rows_of(tmp_path / "all.windows.tsv.gz")
    names = ["#chrom", "start", "end", "logit", "probability", "q_value"]
    assert list(windows[0]) == [*names, "probability_sd"]
    assert list(rows_of(tmp_path / "one1.windows.tsv.gz")[0]) == names
    mean, deviation = single.mean(axis=0).astype(np.float32), single.std(axis=0, ddof=1)
    np.testing.assert_array_equal([np.float32(row["probability"]) for row in windows], mean)
    np.testing.assert_allclose([float(row["probability_sd"]) for row in windows], deviation, rtol=1e-6)

    calls = rows_of(tmp_path / "all.calls.bed.gz")
    assert list(calls[0])[-2:] == ["percentile", "maximum_sd"]
    assert len(calls) > 2
    for call in calls:
        inside = [
            row
            for row in windows
            if int(call["start"]) <= int(row["start"]) and int(row["end"]) <= int(call["end"])
        ]
        best = max(inside, key=lambda row: float(row["logit"]))
        assert (call["maximum"], call["maximum_sd"]) == (best["probability"], best["probability_sd"])

    for part in (1, 2):
        scan(genome, folds, tmp_path / "part", "--shard", f"{part}/2")
    with pytest.raises(SystemExit) as stop:
        merge = ("--merge", tmp_path / "part", "--windows", "--output-prefix", tmp_path / "merged", "--quiet")
        main([*map(str, merge)], command="predict")
    assert stop.value.code == 0
    for name in ("bw", "calls.bed.gz", "windows.tsv.gz", "scanned.bed"):
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"all.{name}").read_bytes()
    members = [{name: one["model"][name] for name in ("name", "digest")} for one in _records(tmp_path)]
    for prefix in ("all", "merged"):
        found = record_of(tmp_path / f"{prefix}.run.json")
        told = [{name: one[name] for name in ("name", "digest")} for one in found["model"]["members"]]
        assert told == found["scan"]["members"] == members


def _records(folder: Path) -> list[dict[str, Any]]:
    return [record_of(folder / f"one{number}.run.json") for number in (1, 2, 3)]


@pytest.mark.slow
def test_the_importance_is_that_of_the_mean(folds: Path, tmp_path: Path) -> None:
    text = letters(WINDOW, 11)
    fasta = tmp_path / "one.fa"
    fasta.write_text(f">s\n{text}\n")
    named = [part for n in (1, 2) for part in ("--model", folds / f"fold{n}")]
    run("interpret", "--fasta", fasta, *named, "--substitutions", "--output-prefix", tmp_path / "i")
    changed = {
        f"{n}{alt}": text[:n] + alt + text[n + 1 :] for n in (0, 30) for alt in "ACGT" if alt != text[n]
    }
    fasta.write_text(f">s\n{text}\n" + "".join(f">{name}\n{other}\n" for name, other in changed.items()))
    p = 0.0
    for number in (1, 2):
        model = folds / f"fold{number}"
        run("predict", "--fasta", fasta, "--model", model, "--output-prefix", tmp_path / "p")
        found = [float(row["maximum"]) for row in rows_of(tmp_path / "p.predictions.tsv")]
        p = p + np.array(found, np.float32).astype(np.float64) / 2
    odds = np.log(p / (1 - p))
    expected = dict(zip(changed, odds[1:] - odds[0], strict=True))
    (path,) = tmp_path.glob("i.substitutions.tsv*")
    shown = {f"{int(row['pos']) - 1}{row['alt']}": float(row["change"]) for row in rows_of(path)}
    for name, value in expected.items():
        assert shown[name] == pytest.approx(value, abs=2e-6)
    members = record_of(tmp_path / "i.run.json")["model"]["members"]
    assert [member["name"] for member in members] == ["fold1", "fold2"]
