"""score-variants --convention deepvregulome: the numbers of the original package (variants/conventions)."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.commands import cli
from dnabert_enhancer.model import import_checkpoint, new_model, write_model
from dnabert_enhancer.sequence import encode_bases

BASES = "".join(np.random.default_rng(0).choice(list("ACGT"), 1000))
SCORES = ("prob_ref", "prob_alt", "log_odds_ratio", "score_change")
OURS = ("reference_probability", "alternative_probability", "LogOddRatio", "ScoreChange")
# the original writes log_odds_ratio with four decimals
TOLERANCES = {"torch": (2e-6, 2e-6, 6e-5, 2e-6), "onnx": (1e-4, 1e-4, 1e-3, 1e-4)}


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["score-variants", *map(str, arguments)])
    return int(stopped.value.code or 0)


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


def write_vcf(path: Path, rows: list[tuple[str, int, str, str]]) -> Path:
    lines = [f"{chrom}\t{pos}\t.\t{ref}\t{alt}\n" for chrom, pos, ref, alt in rows]
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    return path


@pytest.fixture(scope="module")
def golden(shared_data: Path) -> Path:
    folder = shared_data / "golden" / "deepvregulome_hub"
    if not folder.is_dir():
        pytest.skip(f"no golden checkpoint at {folder}")
    return folder


@pytest.fixture(scope="module")
def models(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("torch")  # H4K12ac is of torch.save
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("models")
    for name in ("CTCFL", "H4K12ac"):
        import_checkpoint(golden / "models" / name, folder / name, window_length=60)
    return {name: folder / name for name in ("CTCFL", "H4K12ac")}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_the_scores_are_those_of_the_original_package(
    golden: Path, models: dict[str, Path], shared_data: Path, tmp_path: Path, backend: str
) -> None:
    """Of the model of --model, and of both in a panel; with a null, which has windows of the same rules."""
    variants = pd.read_csv(golden / "variants.tsv", sep="\t")
    rows = list(variants.itertuples(index=False, name=None))
    vcf = write_vcf(tmp_path / "in.vcf", rows)
    panel = tmp_path / "panel.tsv"
    panel.write_text("name\tmodel\n" + "".join(f"{name}\t{path}\n" for name, path in models.items()))
    genome = shared_data / "reference" / "hg38_4chr_prefixes.fa.gz"
    given = ("--vcf", vcf, "--genome", genome, "--model", models["CTCFL"], "--tf-panel", panel, "--quiet")
    own = ("--convention", "deepvregulome", "--backend", backend, "--threads", 1, "--null-variants", 30)
    assert run(*given, *own, "--output-prefix", tmp_path / "out") == 0

    expected = pd.read_csv(golden / "expected_variants.tsv", sep="\t")
    by_place = {
        (model, *place): one
        for model, *place, one in zip(
            *(expected[name] for name in ("model", "chrom", "pos", "ref", "alt")),
            expected[list(SCORES)].to_numpy(),
            strict=True,
        )
    }
    alone, many = rows_of(tmp_path / "out.tsv.gz"), rows_of(tmp_path / "out.tf-panel.tsv.gz")
    tables = {"alone": [(row, "CTCFL") for row in alone]}
    tables["panel"] = [(row, row["transcription_factor"]) for row in many]
    for table in tables.values():
        kept = 0
        for number, (row, model) in enumerate(table):
            place = rows[number * len(rows) // len(table)]
            if row["skipped"] != "NA":
                assert row["skipped"] in ("outside_contig", "contig_not_in_genome")
                assert (model, *place) not in by_place
                continue
            kept += 1
            found = np.array([float(row[name]) for name in OURS])
            assert (np.abs(found - by_place[(model, *place)]) < TOLERANCES[backend]).all(), (model, place)
        assert kept == 24 * len({model for _, model in table})
    assert all(row["p_value"] != "NA" for row in alone if row["skipped"] == "NA")

    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["scoring"]["convention"] == "deepvregulome"
    assert [record["scoring"]["models"][0][name] for name in ("window_length", "offsets")] == [301, 1]
    assert record["engine"][0]["strand"] == "forward"
    assert record["skipped"] == {"contig_not_in_genome": 1, "outside_contig": 4}
    with gzip.open(tmp_path / "out.vcf.gz", "rt") as stream:
        header = [line for line in stream if line.startswith("##dnabert_enhancer_score_variants=")]
    assert [line.strip().rpartition("; ")[2] for line in header] == ["convention deepvregulome"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "genome.fa").write_text(f">chr1\n{BASES}\n")
    write_model(folder / "model", new_model("tiny", window_length=60, seed=5))
    ref = BASES[399]
    # REF is wrong in both
    wrong = next(letter for letter in "ACGT" if letter != ref)
    write_vcf(folder / "in.vcf", [("chr1", 400, wrong, ref), ("chr1", 401, "NN", "<DEL>")])
    return folder


def test_tables_in_python_are_scored_whatever_their_reference_alleles(tiny: Path) -> None:
    model = de.load_model(tiny / "model", engine=de.EngineSettings(backend="onnx", threads=1))
    table = pd.DataFrame(
        {"chrom": "chr1", "pos": [400, 401], "ref": ["N", "A" * 9], "alt": [BASES[399], "*"]}
    )
    with de.Genome(tiny / "genome.fa") as genome:
        found = model.score_variants(table, genome, convention="deepvregulome", null_variants=0)
    # cut by hand: 150 bp, one, 150; nine bases of the second become one that is unknown
    deleted = BASES[250:400] + "N" + BASES[409:551] + "N" * 8
    forward = de.load_model(tiny / "model", engine=de.EngineSettings(backend="onnx", strand="forward"))
    expected = forward.engine.predict(
        [encode_bases(text) for text in (BASES[249:550], BASES[250:551], deleted)]
    ).probability
    np.testing.assert_allclose(found["reference_probability"], expected[:2], atol=1e-7)
    np.testing.assert_allclose(found["alternative_probability"], expected[[0, 2]], atol=1e-7)
    assert found["skipped"].isna().all()
    assert found["region_coordinates"].tolist() == ["chr1:249-550", "chr1:250-551"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--offsets", 5),
            "--offsets 5 does not apply to --convention deepvregulome, which has 1; leave --offsets",
        ),
        (
            ("--strand", "both"),
            "--strand both does not apply to --convention deepvregulome, which has forward",
        ),
        (("--window-length", 200), "--window-length 200 does not apply"),
        (("--max-unknown", 0.1), "--max-unknown 0.1 does not apply"),
        (
            ("--phased",),
            "--phased does not apply to --convention deepvregulome, which scores each allele alone",
        ),
    ],
)
def test_options_that_contradict_it_are_one_line(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], said: str
) -> None:
    given = ("--vcf", tiny / "in.vcf", "--genome", tiny / "genome.fa", "--model", tiny / "model")
    prefix = tmp_path / "out"
    assert run(*given, "--convention", "deepvregulome", *arguments, "--output-prefix", prefix) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert not list(tmp_path.iterdir())


def test_shards_of_another_convention_are_not_merged(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--vcf", tiny / "in.vcf", "--genome", tiny / "genome.fa", "--model", tiny / "model")
    own = ("--backend", "onnx", "--threads", 1, "--null-variants", 0, "--output-prefix", tmp_path / "s")
    assert run(*given, *own, "--shard", "1/2", "--convention", "deepvregulome") == 0
    same = ("--offsets", 1, "--max-unknown", 1, "--window-length", 301, "--strand", "forward")
    assert run(*given, *own, "--shard", "2/2", *same) == 0
    capsys.readouterr()
    assert run("--merge", tmp_path / "s", "--output-prefix", tmp_path / "merged") == 2
    assert "convention" in capsys.readouterr().err
