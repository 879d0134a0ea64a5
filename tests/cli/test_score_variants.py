"""`score-variants` as users run it (variants/allele_scorer, pipeline, output_rows, results, info_fields)."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from dnabert_enhancer.commands import cli
from dnabert_enhancer.engine import Engine, EngineSettings
from dnabert_enhancer.model import Threshold, new_model, open_model, write_model
from dnabert_enhancer.sequence import encode_bases

WINDOW = 60
ENGINE = {"backend": "onnx", "precision": "float32", "device": "cpu", "threads": 1}
OPTIONS = [f"--{name}={value}" for name, value in ENGINE.items()]
RESULTS = ("vcf.gz", "vcf.gz.tbi", "tsv.gz", "candidates.tsv")
HEADER = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n"
COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"

Run = Callable[..., tuple[int, str]]


def random_bases(n: int, seed: int = 0) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), n))


BASES = random_bases(3000)


def tiny(folder: Path, name: str, window: int, seed: int) -> Path:
    """Write a tiny model whose logits on random bases have mean 0 and standard deviation 1."""
    parts = new_model("tiny", window_length=window, seed=seed)
    write_model(folder / f"raw-{name}", parts)
    windows = np.random.default_rng(0).integers(0, 4, (200, window)).astype(np.uint8)
    raw = Engine(open_model(folder / f"raw-{name}"), EngineSettings(**ENGINE)).predict(windows).logit
    for part in ("classifier.weight", "classifier.bias"):
        parts.state[part] /= raw.std()
    parts.state["classifier.bias"][1] -= raw.mean() / raw.std()
    card = parts.card.replace(
        name=name, thresholds={"default": Threshold(0.5, "test")}, training={"assembly": "hg19"}
    )
    write_model(folder / name, dataclasses.replace(parts, card=card))
    return folder / name


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {"enhancer": tiny(folder, "tiny", WINDOW, 5), "tf": tiny(folder, "tf", 41, 6)}


@pytest.fixture
def run(models: dict[str, Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Run:
    """Run score-variants with the tiny model; return exit code, and its error line or else what it logged."""

    def command(*arguments: object, with_model: bool = True) -> tuple[int, str]:
        given = ["score-variants", *map(str, arguments)]
        if with_model:
            given += [*OPTIONS, "--model", str(models["enhancer"])]
            if "--null-variants" not in given:
                given += ["--null-variants", "0"]
        with pytest.raises(SystemExit) as stopped:
            cli.main(given)
        logged = caplog.text
        caplog.clear()
        return int(stopped.value.code or 0), capfd.readouterr().err or logged

    return command


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(f">chr1 first\n{BASES}\n>chr2\n{'N' * 200}{random_bases(500, 1).lower()}\n")
    return path


def other(base: str) -> str:
    return "A" if base != "A" else "C"


def snv(position: int, contig: str = "chr1", info: str = ".", rest: str = "") -> str:
    ref = BASES[position - 1]
    return f"{contig}\t{position}\trs{position}\t{ref}\t{other(ref)}\t.\tPASS\t{info}{rest}\n"


def write_vcf(path: Path, *lines: str, header: str = HEADER, columns: str = COLUMNS) -> Path:
    path.write_text(header + columns + "\n" + "".join(lines))
    return path


def write_bcf(vcf: Path, path: Path) -> None:
    with (
        pysam.VariantFile(str(vcf)) as source,
        pysam.VariantFile(str(path), "wb", header=source.header) as out,
    ):
        for record in source:
            out.write(record)


def table(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def records(path: Path) -> list[list[str]]:
    text = gzip.decompress(path.read_bytes()).decode()
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]


def info_of(columns: list[str]) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in columns[7].split(";"))


def test_scores_are_those_of_the_windows(
    run: Run, genome: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(1000))
    code, _ = run("--vcf", vcf, "--genome", genome, "--offsets", 1, "--output-prefix", tmp_path / "out")
    assert code == 0
    engine = Engine(open_model(models["enhancer"]), EngineSettings(**ENGINE))
    # one of the two windows of 60 bp with the place in the middle
    windows = []
    for start in (969, 970):
        ref = BASES[start : start + WINDOW]
        place = 999 - start
        windows += [ref, ref[:place] + other(BASES[999]) + ref[place + 1 :]]
    p = engine.predict([encode_bases(window) for window in windows]).probability.tolist()
    (row,) = table(tmp_path / "out.tsv.gz")
    found = (float(row["reference_probability"]), float(row["alternative_probability"]))
    assert found in {(p[0], p[1]), (p[2], p[3])} or np.allclose(found, p[:2]) or np.allclose(found, p[2:])
    p_ref, p_alt = found
    assert float(row["ScoreChange"]) == pytest.approx((p_alt - p_ref) * max(p_ref, p_alt), abs=1e-6)
    odds = [x / (1 - x) for x in found]
    assert float(row["LogOddRatio"]) == pytest.approx(np.log2(odds[0] / odds[1]), abs=1e-4)
    assert (row["chrom"], row["pos"]) == ("chr1", "1000")
    assert (row["variant_start_0based"], row["variant_end_0based"]) == ("999", "1000")
    assert row["reference_call"] == ("Enhancer" if p_ref >= 0.5 else "Non-enhancer")
    assert row["class"] == "NA"


def test_class_is_of_the_annotation_and_both_files_use_the_same_words(
    run: Run, genome: Path, tmp_path: Path
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500), snv(800), snv(2000))
    (tmp_path / "enhancers.bed").write_text("chr1\t450\t850\tE1\nchr1\t700\t900\tE2\n")
    (tmp_path / "promoters.bed").write_text("chr1\t790\t810\n")
    job = ("--vcf", vcf, "--genome", genome, "--offsets", 1, "--null-variants", 0, "--threshold", 0.0)
    sets = [f"{name}={tmp_path / name.lower()}s.bed" for name in ("Enhancer", "Promoter")]
    for more, wanted in (
        (("--annotate", sets[0], "--annotate", sets[1]), ["Enhancer", "Enhancer,Promoter", "NA"]),
        (("--regions", tmp_path / "enhancers.bed"), ["E1", "E1", "NA"]),
        (("--regions", tmp_path / "enhancers.bed", "--annotate", sets[1]), ["NA", "Promoter", "NA"]),
        (("--regions", tmp_path / "promoters.bed"), ["NA", "NA", "NA"]),
    ):
        assert run(*job, *more, "--output-prefix", tmp_path / "out")[0] == 0
        rows = table(tmp_path / "out.tsv.gz")
        assert [row["class"] for row in rows] == wanted
        for row, columns in zip(rows, records(tmp_path / "out.vcf.gz"), strict=True):
            info = info_of(columns)
            assert info.get("DBE_CLASS", "NA") == row["class"]
            assert info.get("DBE_REFERENCE_CALL", "NA") == row["reference_call"]
            if row["reference_call"] != "NA":
                # every probability is at or above 0
                assert row["reference_call"] == "Enhancer"
                assert info["DBE_EFFECT"] == "No_change"
                assert row["predicted_functional_effect"] == "No change"


@pytest.mark.parametrize(
    ("more", "column", "level"),
    [
        ((), "p_value", 0.05),
        (("--significance", "p:0.3"), "p_value", 0.3),
        (("--significance", "q:0.9"), "q_value", 0.9),
        (("--significance", "none"), "p_value", 1.0),
    ],
)
def test_candidates_cross_the_threshold_and_are_significant(
    run: Run,
    genome: Path,
    models: dict[str, Path],
    tmp_path: Path,
    more: tuple[str, ...],
    column: str,
    level: float,
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", *(snv(place) for place in range(300, 400)))
    job = ("--vcf", vcf, "--genome", genome, "--null-variants", 200, "--tf", f"TF={models['tf']}")
    assert run(*job, "--threshold", 0.5, *more, "--output-prefix", tmp_path / "out")[0] == 0
    wanted = []
    for row in table(tmp_path / "out.tsv.gz"):
        tf = "" if row["model"] == "enhancer" else "tf_"
        significant = float(row[f"{tf}{column}"]) <= level
        if row[f"{tf}predicted_functional_effect"] != "No change" and significant:
            wanted.append((-abs(float(row[f"{tf}ScoreChange"])), row["pos"], row["model"]))
    title, *lines = (tmp_path / "out.candidates.tsv").read_text().splitlines()
    assert title.startswith("# gains and losses of function ")
    assert (f"{column} <= {level:g};" in title) == (level < 1)
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]
    assert [row["rank"] for row in rows] == [str(rank + 1) for rank in range(len(rows))]
    assert sorted((row["pos"], row["model"]) for row in rows) == sorted(one[1:] for one in wanted)
    sizes = [
        abs(float(row["ScoreChange" if row["model"] == "enhancer" else "tf_ScoreChange"])) for row in rows
    ]
    assert sizes == sorted(sizes, reverse=True)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["counts"]["candidates"] == len(rows)
    assert len(rows) > 0 or level == 0.05


def test_what_is_known_of_an_allele_stands_in_the_table_and_in_the_vcf(
    run: Run, genome: Path, tmp_path: Path
) -> None:
    ref, alt = BASES[499], other(BASES[499])
    third = next(base for base in "ACGT" if base not in (ref, alt))
    vcf = write_vcf(tmp_path / "in.vcf", f"chr1\t500\trs7\t{ref}\t{third},{alt}\t.\t.\t.\n", snv(700))
    info = "CLNDN=Asthma,_severe|not_provided;CLNSIG=Pathogenic"
    clinvar = write_vcf(tmp_path / "clinvar.vcf", f"1\t500\t11\t{ref}\t{alt}\t.\t.\t{info}\n")
    (tmp_path / "gwas.tsv").write_text("DISEASE/TRAIT\tCHR_ID\tCHR_POS\tSNPS\nBody height\t\t\trs7\n")
    (tmp_path / "Lung.v8.txt").write_text(f"variant_id\tgene_id\nchr1_500_{ref}_{alt}_b38\tENSG1.2\n")
    files = (f"clinvar={clinvar}", f"gwas={tmp_path / 'gwas.tsv'}", f"eqtl={tmp_path / 'Lung.v8.txt'}")
    more = [word for file in files for word in ("--clinical", file)]
    job = ("--vcf", vcf, "--genome", genome, "--null-variants", 0, *more, "--output-prefix", tmp_path / "out")
    code, said = run(*job)
    assert code == 0, said
    names = ("reported_clinical_association", "gwas", "clinvar", "eqtl")
    found = [[row[name] for name in names] for row in table(tmp_path / "out.tsv.gz")]
    assert found == [
        ["Body height", "rs7", "NA", "NA"],
        ["Asthma, severe|Body height", "rs7", "11:Pathogenic", "Lung:ENSG1.2"],
        ["NA"] * 4,
    ]
    first, second = (info_of(columns) for columns in records(tmp_path / "out.vcf.gz"))
    assert first["DBE_ASSOCIATION"] == "1|Body%20height,2|Asthma%2C%20severe,2|Body%20height"
    assert first["DBE_GWAS"] == "1|rs7,2|rs7"
    assert first["DBE_CLINVAR"] == "2|11:Pathogenic"
    assert first["DBE_EQTL"] == "2|Lung:ENSG1.2"
    assert not {name for name in second if re.match("DBE_(ASSOC|GWAS|CLINVAR|EQTL)", name)}
    with pysam.VariantFile(str(tmp_path / "out.vcf.gz")) as opened:
        assert set(opened.header.info) >= {"DBE_ASSOCIATION", "DBE_GWAS", "DBE_CLINVAR", "DBE_EQTL"}
        assert next(iter(opened)).info["DBE_GWAS"] == ("1|rs7", "2|rs7")


def test_variants_by_name_are_scored_as_from_a_vcf(run: Run, genome: Path, tmp_path: Path) -> None:
    """rs numbers of a list, and places that are typed."""
    vcf = write_vcf(tmp_path / "in.vcf", snv(500), snv(600), snv(700))
    dbsnp = write_vcf(tmp_path / "dbsnp.vcf", snv(500), snv(550), snv(700), snv(800))
    job = ("--genome", genome, "--null-variants", 0, "--output-prefix", tmp_path / "out")
    assert run("--vcf", vcf, *job)[0] == 0
    wanted = {row["pos"]: row for row in table(tmp_path / "out.tsv.gz")}
    (tmp_path / "names.txt").write_text("# mine\nrs500\nrs404\n\nrs700\n")
    code, said = run("--variant-list", tmp_path / "names.txt", "--dbsnp", dbsnp, *job)
    assert code == 0, said
    assert "1 of 3 rs numbers are not in it on a contig of the genome" in said
    assert "the first is rs404 (line 3)" in said
    assert table(tmp_path / "out.tsv.gz") == [wanted["500"], wanted["700"]]
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["counts"]["not_in_dbsnp"] == 1
    assert {entry["role"] for entry in record["inputs"]} >= {"variant_list", "dbsnp", "genome"}
    texts = [f"chr1:{place}:{BASES[place - 1]}:{other(BASES[place - 1])}" for place in (500, 600)]
    for more, names in (((), [".", "."]), (("--dbsnp", dbsnp), ["rs500", "."])):
        assert run("--variant", *texts, *more, *job)[0] == 0
        rows = table(tmp_path / "out.tsv.gz")
        assert [row["dbsnp_id"] for row in rows] == names
        for row in rows:
            assert row == wanted[row["pos"]] | {"dbsnp_id": row["dbsnp_id"]}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--variant", "rs500"), "--variant, number 1: rs500 is a name, not a place; give dbSNP's VCF"),
        (("--variant", "chr1:5"), "--variant, number 1: 'chr1:5' is not a variant"),
        (("--variant", "chr1:5:A:C", "--vcf-format", "bed"), "--vcf-format does not apply to --variant"),
        (("--vcf", "in.vcf", "--dbsnp", "in.vcf"), "--dbsnp does not apply to --vcf"),
        (("--variant-list", "empty.txt"), "empty.txt: there is no variant; write one a line, such as rs334"),
    ],
)
def test_names_that_cannot_be_resolved_are_told(
    run: Run,
    genome: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    problem: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_vcf(tmp_path / "in.vcf", snv(500))
    Path("empty.txt").write_text("# nothing\n")
    code, said = run(*words, "--genome", genome, "--output-prefix", "out")
    assert code == 2
    assert problem in said
    assert not list(tmp_path.glob("out*"))


def test_a_least_log_odd_ratio_leaves_larger_changes_alone(run: Run, genome: Path, tmp_path: Path) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", *(snv(place) for place in range(400, 420)))
    job = ("--vcf", vcf, "--genome", genome, "--null-variants", 0, "--output-prefix", tmp_path / "out")
    assert run(*job)[0] == 0
    ratios = sorted(abs(float(row["LogOddRatio"])) for row in table(tmp_path / "out.tsv.gz"))
    p = [float(row["reference_probability"]) for row in table(tmp_path / "out.tsv.gz")]
    least = (ratios[9] + ratios[10]) / 2
    for threshold in p:
        more = ("--threshold", threshold)
        assert run(*job, *more)[0] == 0
        crossing = {
            row["pos"]: abs(float(row["LogOddRatio"])) >= least
            for row in table(tmp_path / "out.tsv.gz")
            if row["predicted_functional_effect"] != "No change"
        }
        assert run(*job, *more, "--min-lor", least)[0] == 0
        kept = {
            row["pos"]
            for row in table(tmp_path / "out.tsv.gz")
            if row["predicted_functional_effect"] != "No change"
        }
        assert kept == {place for place, is_large in crossing.items() if is_large}
        if {True, False} <= set(crossing.values()):
            break
    else:
        pytest.fail("no threshold has a large and a small change across it")


def many(n: int) -> list[str]:
    rng = np.random.default_rng(4)
    lines = []
    for position in sorted(rng.choice(np.arange(50, 2900), n, replace=False).tolist()):
        ref = BASES[position - 1]
        kind = rng.integers(4)
        alt = {
            0: other(ref),
            1: ref + random_bases(3, position),
            2: ",".join(base for base in "ACGT" if base != ref),
            3: "<DEL>",
        }[int(kind)]
        lines.append(f"chr1\t{position}\t.\t{ref}\t{alt}\t.\t.\t.\n")
    return lines


@pytest.mark.slow
def test_adaptive_offsets_find_the_calls_of_five_and_say_how_many_windows_there_were(
    run: Run, genome: Path, models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnabert_enhancer.vcf.VcfReader.blocks.__defaults__", (0, 16), raising=False)
    vcf = write_vcf(tmp_path / "in.vcf", *many(60))
    job = ("--vcf", vcf, "--genome", genome, "--tf", f"TF={models['tf']}")
    assert run(*job, "--output-prefix", tmp_path / "five")[0] == 0
    five = [row for row in table(tmp_path / "five.tsv.gz") if row["skipped"] == "NA"]
    # a threshold in the middle of what this model gives
    middle = float(np.median([float(row["reference_probability"]) for row in five if row["model"] != "TF"]))
    job = (*job, "--threshold", middle)
    assert run(*job, "--output-prefix", tmp_path / "five")[0] == 0
    adaptive = (*job, "--offsets", "adaptive")
    assert run(*adaptive, "--output-prefix", tmp_path / "one")[0] == 0
    for shard in (1, 2):
        assert run(*adaptive, "--shard", f"{shard}/2", "--output-prefix", tmp_path / "part")[0] == 0
    merge = ("--merge", tmp_path / "part", "--output-prefix", tmp_path / "merged")
    assert run(*merge, with_model=False)[0] == 0
    for name in RESULTS:
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"one.{name}").read_bytes(), name
    rows, whole = (table(tmp_path / f"{name}.tsv.gz") for name in ("one", "five"))
    assert list(rows[0])[-2:] == ["offsets", "tf_offsets"]
    assert "offsets" not in whole[0]
    own = [(row, full) for row, full in zip(rows, whole, strict=True) if row["model"] == "enhancer"]
    assert {row["offsets"] for row, _ in own} == {"NA", "1", "5"}
    assert {row["tf_offsets"] for row, _ in own} == {"NA"}
    assert all((row["offsets"] == "NA") == (row["skipped"] != "NA") for row in rows)
    effect = "predicted_functional_effect"
    called = [(row, full) for row, full in own if "of function" in row[effect]]
    assert len(called) >= 3
    for row, full in called:
        assert row["offsets"] == "5"
        assert {name: row[name] for name in full} == full
    # alleles and nulls are compared in the centre: the larger the change with one offset, the smaller p
    assert run(*job, "--offsets", 1, "--output-prefix", tmp_path / "single")[0] == 0
    assert run(*adaptive, "--null-variants", 40, "--output-prefix", tmp_path / "null")[0] == 0
    pairs = zip(table(tmp_path / "single.tsv.gz"), table(tmp_path / "null.tsv.gz"), strict=True)
    known = [
        (abs(float(single["LogitDifference"])), float(null["p_value"]))
        for single, null in pairs
        if single["model"] == "enhancer" and single["skipped"] == "NA"
    ]
    found = [p_value for _, p_value in sorted(known)]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) > 10
    counts = json.loads((tmp_path / "one.run.json").read_text())["counts"]
    assert counts["at_all_offsets"] == sum(row["offsets"] == "5" for row, _ in own)
    texts = [info_of(columns).get("DBE_OFFSETS", "") for columns in records(tmp_path / "one.vcf.gz")]
    said = [text for line in texts for text in line.split(",") if text]
    assert sorted(said) == sorted(
        row["offsets"].replace("NA", ".") for row, _ in own if row["offsets"] != "NA"
    )


@pytest.mark.slow
def test_shards_merged_have_the_bytes_of_one_run(
    run: Run, genome: Path, models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnabert_enhancer.vcf.reader.BLOCK_RECORDS", 16)
    monkeypatch.setattr("dnabert_enhancer.vcf.VcfReader.blocks.__defaults__", (0, 16), raising=False)
    vcf = write_vcf(tmp_path / "in.vcf", *many(60))
    job = ("--vcf", vcf, "--genome", genome, "--tf", f"TF-1={models['tf']}", "--null-variants", 40)
    assert run(*job, "--output-prefix", tmp_path / "one")[0] == 0
    for shard in (3, 1, 2):
        assert run(*job, "--shard", f"{shard}/3", "--output-prefix", tmp_path / "part")[0] == 0
    merge = ("--merge", tmp_path / "part", "--output-prefix", tmp_path / "merged")
    assert run(*merge, with_model=False)[0] == 0
    for name in RESULTS:
        assert (tmp_path / f"merged.{name}").read_bytes() == (tmp_path / f"one.{name}").read_bytes(), name
    one, merged = (json.loads((tmp_path / f"{name}.run.json").read_text()) for name in ("one", "merged"))
    assert one["counts"] == merged["counts"]
    assert one["skipped"] == merged["skipped"]
    assert one["null"] == merged["null"]
    assert one["skipped"]["symbolic"] > 0
    rows = table(tmp_path / "one.tsv.gz")
    assert len(rows) == 2 * one["counts"]["alleles"]
    assert {row["model"] for row in rows} == {"enhancer", "TF_1"}
    assert all(
        (row["tf_reference_probability"] == "NA") == (row["model"] == "enhancer" or row["skipped"] != "NA")
        for row in rows
    )

    (tmp_path / "part.shard-2-of-3.scores").unlink()
    code, said = run(*merge, with_model=False)
    assert code == 2
    assert "of 3 shards 1 are missing: 2" in said


def damaged(content: bytes, how: str) -> bytes:
    """Return the bytes of a shard with a fault."""
    if how == "breaks off":
        return content[: len(content) // 2]
    if how == "a wrong bit":
        return content[:300] + bytes([content[300] ^ 1]) + content[301:]
    return b"" if how == "empty" else b"no shard"


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("breaks off", "not a whole shard file"),
        ("a wrong bit", "shard file"),
        ("empty", "not a whole shard file"),
        ("foreign", "not a whole shard file"),
        ("twice", "is also in"),
        ("other options", "models 1: threshold is '0.25', but '0.5' in"),
        ("other number", "shards of different runs"),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(
    run: Run, genome: Path, tmp_path: Path, how: str, problem: str
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500))
    job = ("--vcf", vcf, "--genome", genome, "--output-prefix")
    for shard in ("1/2", "2/2"):
        assert run(*job, tmp_path / "part", "--shard", shard)[0] == 0
    second = tmp_path / "part.shard-2-of-2.scores"
    given = [tmp_path / "part"]
    if how == "twice":
        shutil.copy(second, tmp_path / "more.shard-2-of-2.scores")
        given.append(tmp_path / "more")
    elif how == "other number":
        assert run(*job, tmp_path / "more", "--shard", "2/3")[0] == 0
        given.append(tmp_path / "more")
    elif how == "other options":
        assert run(*job, tmp_path / "part", "--shard", "2/2", "--threshold", 0.25)[0] == 0
    else:
        second.write_bytes(damaged(second.read_bytes(), how))
    code, said = run("--merge", *given, "--output-prefix", tmp_path / "out", with_model=False)
    assert code == 2
    assert problem in said.splitlines()[-1]
    assert not list(tmp_path.glob("*out*"))


REASONS = [
    ("chr1\t100\t.\t{wrong}\tG\t.\t.\t.", "ref_mismatch"),
    ("chr1\t100\t.\t{ref}\t<DEL>\t.\t.\tEND=200", "symbolic"),
    ("chr1\t100\t.\t{ref}\t*\t.\t.\t.", "spanning_deletion"),
    ("chr1\t100\t.\t{ref}\t{ref}]chr1:500]\t.\t.\t.", "breakend"),
    ("chr1\t100\t.\t{ref}\t.\t.\t.\t.", "missing_alt"),
    ("chr1\t100\t.\t{ref}\tR\t.\t.\t.", "ambiguous_alt"),
    ("chr1\t100\t.\t{ref}\tA T\t.\t.\t.", "invalid_allele"),
    ("chr1\t3001\t.\tA\tG\t.\t.\t.", "outside_contig"),
    ("chr1\t0\t.\tA\tG\t.\t.\t.", "outside_contig"),
    ("chr9\t100\t.\tA\tG\t.\t.\t.", "contig_not_in_genome"),
    ("chr1\t100\t.\t{ref}\t{ref}{long}\t.\t.\t.", "longer_than_window"),
    ("chr2\t100\t.\tA\tG\t.\t.\t.", "too_many_unknown_bases"),
]


@pytest.mark.parametrize(("line", "reason"), REASONS)
def test_what_cannot_be_scored_is_kept_with_its_reason(
    run: Run, genome: Path, tmp_path: Path, line: str, reason: str
) -> None:
    ref = BASES[99]
    text = line.format(ref=ref, wrong=other(ref) if other(ref) != "G" else "T", long="ACGT" * 20)
    # a VCF without any contig of the genome would be refused
    vcf = write_vcf(tmp_path / "in.vcf", text + "\n", snv(2000))
    code, _ = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    columns, _ = records(tmp_path / "out.vcf.gz")
    assert columns[:7] == text.split("\t")[:7]
    assert info_of(columns)["DBE_SKIP"] == reason
    assert "DBE_PREF" not in info_of(columns)
    record = json.loads((tmp_path / "out.run.json").read_text())
    assert record["skipped"] == {reason: 1}
    row, _ = table(tmp_path / "out.tsv.gz")
    assert row["skipped"] == reason
    assert row["ScoreChange"] == "NA"
    strict, said = run("--vcf", vcf, "--genome", genome, "--strict", "--output-prefix", tmp_path / "strict")
    assert strict == (0 if reason == "missing_alt" else 2)
    if strict:
        assert reason in said.splitlines()[-1]
        assert "line 4" in said.splitlines()[-1]
        assert not list(tmp_path.glob("strict*"))


def test_a_record_may_have_scored_and_skipped_alleles(run: Run, genome: Path, tmp_path: Path) -> None:
    ref = BASES[499]
    vcf = write_vcf(tmp_path / "in.vcf", f"chr1\t500\t.\t{ref}\t{other(ref)},<DEL>,*\t.\t.\tDP=3\n")
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
    (columns,) = records(tmp_path / "out.vcf.gz")
    info = info_of(columns)
    assert columns[7].startswith("DP=3;DBE_PREF=")
    assert info["DBE_SKIP"] == ".,symbolic,spanning_deletion"
    assert info["DBE_PREF"].endswith(",.,.")
    with pysam.VariantFile(str(tmp_path / "out.vcf.gz")) as file:
        (record,) = list(file.fetch("chr1", 490, 510))
        assert len(record.info["DBE_SCORECHANGE"]) == 3


def test_names_case_and_iupac_are_bridged(run: Run, genome: Path, tmp_path: Path) -> None:
    ref = BASES[999]
    code = {"A": "R", "C": "Y", "G": "R", "T": "Y"}[ref]
    lines = [
        f"1\t1000\t.\t{ref}\t{other(ref)}\t.\t.\t.\n",
        f"1\t1000\t.\t{ref.lower()}\t{other(ref).lower()}\t.\t.\t.\n",
        f"1\t1000\t.\t{code}\t{other(ref)}\t.\t.\t.\n",
    ]
    vcf = write_vcf(tmp_path / "in.vcf", *lines, header="##fileformat=VCFv4.3\n")
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
    rows = table(tmp_path / "out.tsv.gz")
    assert len({row["LogOddRatio"] for row in rows}) == 1
    assert rows[0]["chrom"] == "1"
    text = gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).decode()
    assert "##contig=<ID=1>" in text


@pytest.mark.parametrize("more", [(), ("--shard", "2/2"), ("--quiet",)])
def test_contig_names_that_do_not_meet_are_refused(
    run: Run, genome: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500, "NC_000067.7"), snv(600, "NC_000068.8"))
    code, said = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out", *more)
    assert code == 2
    line = said.splitlines()[-1]
    assert str(vcf) in line
    assert "called 'NC_000067.7', in the genome 'chr1'" in line
    assert "bcftools annotate --rename-chrs" in line
    assert not list(tmp_path.glob("*out*"))


def test_contigs_that_the_genome_lacks_are_warned_of_once(run: Run, genome: Path, tmp_path: Path) -> None:
    lines = [snv(500), snv(500, "chrUn_1"), snv(600, "chrUn_1"), snv(500, "chrUn_2")]
    vcf = write_vcf(tmp_path / "in.vcf", *lines)
    code, said = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out", "--quiet")
    assert code == 0
    expected = "3 of 4 records have no score, since the genome lacks their contigs: 'chrUn_1' and 1 more"
    assert said.count(expected) == 1
    assert len(records(tmp_path / "out.vcf.gz")) == 4


def test_a_header_without_records_is_no_fault(run: Run, genome: Path, tmp_path: Path) -> None:
    header = "##fileformat=VCFv4.2\n##contig=<ID=NC_000067.7>\n"
    vcf = write_vcf(tmp_path / "in.vcf", header=header)
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
    assert records(tmp_path / "out.vcf.gz") == []


def test_every_packing_gives_the_same_records(run: Run, genome: Path, tmp_path: Path) -> None:
    plain = write_vcf(tmp_path / "in.vcf", *(snv(position) for position in (300, 400, 500)))
    gzipped = tmp_path / "in.vcf.gz"
    gzipped.write_bytes(gzip.compress(plain.read_bytes()))
    crlf = tmp_path / "crlf.vcf"
    crlf.write_bytes(plain.read_bytes().replace(b"\n", b"\r\n"))
    write_bcf(plain, tmp_path / "in.bcf")
    pysam.tabix_compress(str(plain), str(tmp_path / "bgzip.vcf.gz"))
    expected = None
    for path in (plain, gzipped, crlf, tmp_path / "in.bcf", tmp_path / "bgzip.vcf.gz"):
        assert run("--vcf", path, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
        found = records(tmp_path / "out.vcf.gz")
        expected = expected or found
        assert found == expected, path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["in.vcf", "in.vcf.gz", "in.bcf"])
def test_standard_input_of_any_packing(
    genome: Path, models: dict[str, Path], tmp_path: Path, name: str
) -> None:
    plain = write_vcf(tmp_path / "in.vcf", snv(300))
    (tmp_path / "in.vcf.gz").write_bytes(gzip.compress(plain.read_bytes()))
    write_bcf(plain, tmp_path / "in.bcf")
    command = [
        sys.executable, "-m", "dnabert_enhancer", "score-variants", "--vcf", "-", "--genome", str(genome),
        "--model", str(models["enhancer"]), "--null-variants", "0", *OPTIONS,
        "--output-prefix", str(tmp_path / "out"),
    ]  # fmt: skip
    done = subprocess.run(
        command, input=(tmp_path / name).read_bytes(), capture_output=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert len(table(tmp_path / "out.tsv.gz")) == 1


def test_a_named_pipe_is_read_like_a_file(run: Run, genome: Path, tmp_path: Path) -> None:
    plain = write_vcf(tmp_path / "in.vcf", snv(300), snv(400))
    pipe = tmp_path / "pipe.vcf"
    os.mkfifo(pipe)
    writer = threading.Thread(daemon=True, target=lambda: pipe.write_bytes(plain.read_bytes()))
    writer.start()
    assert run("--vcf", pipe, "--genome", genome, "--output-prefix", tmp_path / "piped")[0] == 0
    writer.join(60)
    assert run("--vcf", plain, "--genome", genome, "--output-prefix", tmp_path / "read")[0] == 0
    assert records(tmp_path / "piped.vcf.gz") == records(tmp_path / "read.vcf.gz")


def test_shards_of_two_streams_are_not_merged(run: Run, genome: Path, tmp_path: Path) -> None:
    for shard, position in ((1, 300), (2, 400)):
        path = write_vcf(tmp_path / "in.vcf", snv(position))
        pipe = tmp_path / f"pipe{shard}"
        os.mkfifo(pipe)
        writer = threading.Thread(daemon=True, target=pipe.write_bytes, args=(path.read_bytes(),))
        writer.start()
        shard_of = ("--shard", f"{shard}/2", "--output-prefix", tmp_path / "part")
        assert run("--vcf", pipe, "--genome", genome, *shard_of)[0] == 0
        writer.join(60)
    code, said = run("--merge", tmp_path / "part", "--output-prefix", tmp_path / "out", with_model=False)
    assert code == 2
    assert "settings: digests: vcf is" in said


BAD = [
    (b"", "the file is empty"),
    (b"chrom\tstart\tend\nchr1\t1\t2\n", "line 1: this is not VCF"),
    (b">seq\nACGT\n", "line 1: this is not VCF"),
    (
        b"##fileformat=VCFv4.2\n" + COLUMNS.encode() + b"\nchr1 100 . A G . . .\n",
        "separate the columns by tabs",
    ),
    (b"##fileformat=VCFv4.2\n" + COLUMNS.encode() + b"\nchr1\tten\t.\tA\tG\t.\t.\t.\n", "line 3: POS 'ten'"),
    (b"##fileformat=VCFv4.2\n" + COLUMNS.encode() + b"\nchr1\t-5\t.\tA\tG\t.\t.\t.\n", "line 3: POS '-5'"),
    (b"\x7fELF" + b"abcdefgh" * 4 + b"\0", "not a text file"),
]


@pytest.mark.parametrize(("content", "problem"), BAD)
def test_a_file_that_is_no_vcf_gives_one_line(
    run: Run, genome: Path, tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "in.vcf"
    path.write_bytes(content)
    code, said = run("--vcf", path, "--genome", genome, "--output-prefix", tmp_path / "out", "--quiet")
    assert code == 2
    assert len(said.splitlines()) == 1
    assert str(path) in said
    assert problem in said
    assert not list(tmp_path.glob("*out*"))


def test_a_bgzip_file_that_breaks_off_is_refused(run: Run, genome: Path, tmp_path: Path) -> None:
    plain = write_vcf(tmp_path / "in.vcf", *(snv(position) for position in range(100, 2000)))
    packed = tmp_path / "in.vcf.gz"
    pysam.tabix_compress(str(plain), str(packed))
    packed.write_bytes(packed.read_bytes()[:-100])
    code, said = run("--vcf", packed, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 2
    assert "breaks off" in said
    assert not list(tmp_path.glob("out*"))


def test_an_unsorted_vcf_is_kept_in_order_without_an_index(run: Run, genome: Path, tmp_path: Path) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500), snv(300), snv(300))
    (tmp_path / "out.vcf.gz.tbi").write_bytes(b"of an older run")
    code, said = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    assert [columns[1] for columns in records(tmp_path / "out.vcf.gz")] == ["500", "300", "300"]
    assert "not sorted" in said
    assert "twice" in said
    assert not (tmp_path / "out.vcf.gz.tbi").exists()


def test_a_missing_header_is_written(run: Run, genome: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.vcf"
    path.write_text(snv(500, rest="\tGT\t0|1"))
    code, said = run("--vcf", path, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    assert "is missing and is added" in said
    with pysam.VariantFile(str(tmp_path / "out.vcf.gz")) as file:
        assert list(file.header.samples) == ["SAMPLE1"]
        assert sum(1 for _ in file) == 1


@pytest.mark.slow
def test_a_million_samples_pass_through_unread(run: Run, genome: Path, tmp_path: Path) -> None:
    samples = 1_000_000
    genotypes = "\t".join(["0|1:no, genotype"] + ["\x01"] * (samples - 1))
    names = "\t".join(f"S{number}" for number in range(samples))
    long_info = "X=" + "a" * 1_000_000
    vcf = write_vcf(
        tmp_path / "in.vcf",
        snv(500, info=long_info, rest=f"\tGT\t{genotypes}"),
        columns=f"{COLUMNS}\tFORMAT\t{names}",
    )
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
    *_, columns, line = gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).decode().splitlines()
    assert columns == f"{COLUMNS}\tFORMAT\t{names}"
    *_, info, rest = line.split("\t", 8)
    assert info.startswith(long_info + ";DBE_PREF=")
    assert rest == f"GT\t{genotypes}"


def test_other_lengths_and_assemblies_are_warned_of_once(run: Run, genome: Path, tmp_path: Path) -> None:
    header = "##fileformat=VCFv4.2\n##reference=GRCh38\n##contig=<ID=chr1,length=999>\n"
    vcf = write_vcf(tmp_path / "in.vcf", snv(500), snv(600), header=header)
    code, said = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    assert said.count("the header says that chr1 has 999 bp, but it has 3000") == 1
    assert said.count("tiny is of hg19") == 1


def test_scoring_again_replaces_our_fields(run: Run, genome: Path, tmp_path: Path) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500, info="DP=7"))
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "one")[0] == 0
    again = ("--vcf", tmp_path / "one.vcf.gz", "--genome", genome, "--output-prefix", tmp_path / "two")
    assert run(*again)[0] == 0
    assert records(tmp_path / "one.vcf.gz") == records(tmp_path / "two.vcf.gz")
    header = gzip.decompress((tmp_path / "two.vcf.gz").read_bytes()).decode()
    assert header.count("##INFO=<ID=DBE_PREF,") == 1


def test_scoring_again_keeps_the_fields_that_are_not_written_anew(
    run: Run, models: dict[str, Path], genome: Path, tmp_path: Path
) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500, info="DP=7"), snv(600, info="DBE_NOTE=mine;DP=8"))
    (tmp_path / "genes.bed").write_text("chr1\t700\t800\tGENE1\t0\t+\n")
    (tmp_path / "set.bed").write_text("chr1\t400\t900\tpeak\n")
    more = ("--tf", f"CTCF={models['tf']}", "--genes", tmp_path / "genes.bed")
    more += ("--annotate", f"set={tmp_path / 'set.bed'}")
    job = ("--genome", genome, "--output-prefix")
    code, said = run("--vcf", vcf, *job, tmp_path / "one", *more)
    assert code == 0
    assert "are replaced" not in said
    again = ("--tf", f"GATA1={models['tf']}", "--threshold", 0.1)
    code, said = run("--vcf", tmp_path / "one.vcf.gz", *job, tmp_path / "two", *again)
    assert code == 0
    (line,) = [line for line in said.splitlines() if "are replaced" in line]
    assert "DBE_REFERENCE_CALL" in line
    assert "DBE_PREF" in line
    assert "CTCF" not in line
    for before, after in zip(records(tmp_path / "one.vcf.gz"), records(tmp_path / "two.vcf.gz"), strict=True):
        old, new = info_of(before), info_of(after)
        kept = {name: value for name, value in old.items() if not name.startswith("DBE_")}
        kept |= {name: old[name] for name in old if re.match("DBE_(CTCF|CLASS|GENE|ANNO|NOTE)", name)}
        assert len(kept) > 12
        assert kept.items() <= new.items()
        assert after[7].count("DBE_PREF=") == 1
        assert new["DBE_GATA1_PREF"] == old["DBE_CTCF_PREF"]
    with pysam.VariantFile(str(tmp_path / "two.vcf.gz")) as file:
        assert {"DBE_CTCF_PREF", "DBE_GENE", "DBE_ANNOTATIONS"} <= set(file.header.info)


HOSTILE = ["a,b", "a=b>c", "<ctg1>", "chr 1", '"q"', "\udcff\udcfe", "\u00fcn", "../../etc", "=x()", "%s{0}"]


def test_hostile_names_and_values_leave_a_file_that_can_be_read(
    run: Run, genome: Path, tmp_path: Path
) -> None:
    infos = ["DBE_PREF=9;X;;;=;Y==", ";", "", "A=%3B%00%n", "DBE_SKIP=,,;\udcff", "X=\u2028\x1b[31m"]
    lines = [f"{name}\t7\t.\tA\tG\t.\t.\t.\n" for name in HOSTILE]
    lines += [snv(500 + number, info=info) for number, info in enumerate(infos)]
    lines += ["HLA-A*01:01:01:01\t7\t.\tA\tG\t.\t.\t.\n"]
    path = tmp_path / "in.vcf"
    path.write_bytes((HEADER + COLUMNS + "\n" + "".join(lines)).encode("utf-8", "surrogateescape"))
    code, said = run("--vcf", path, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    assert "HLA" not in said
    written = gzip.decompress((tmp_path / "out.vcf.gz").read_bytes()).split(b"\n")
    assert [line.split(b"\t")[0] for line in written if line and line[:1] != b"#"] == [
        line.split("\t")[0].encode("utf-8", "surrogateescape") for line in lines
    ]
    contigs = [line for line in written if line.startswith(b"##contig")]
    assert contigs == [
        b"##contig=<ID=chr1,length=3000>",
        b"##contig=<ID=../../etc>",
        b"##contig=<ID=HLA-A*01:01:01:01>",
    ]
    infos_out = [line.split(b"\t")[7] for line in written if line.startswith(b"chr1\t5")]
    assert all(info.count(b"DBE_PREF=") == 1 and b"DBE_SKIP" not in info for info in infos_out)
    assert len(table(tmp_path / "out.tsv.gz")) == len(lines)


@pytest.mark.parametrize("position", [2**29 + 1, 2**31 - 2, 2**31, 2**32 + 1, 10**18 - 1])
def test_positions_beyond_any_contig_are_kept(run: Run, genome: Path, tmp_path: Path, position: int) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", snv(500), f"chr1\t{position}\t.\tA\tG\t.\t.\t.\n")
    code, said = run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")
    assert code == 0
    assert records(tmp_path / "out.vcf.gz")[1][1] == str(position)
    indexes = sorted(path.suffix for path in tmp_path.glob("out.vcf.gz.*"))
    assert indexes == ([] if position >= 2**31 - 1 else [".csi"])
    assert ("no index is written" in said) == (not indexes)


def test_annotation(run: Run, genome: Path, tmp_path: Path) -> None:
    (tmp_path / "genes.bed").write_text("chr1\t100\t200\tleft\t0\t+\nchr1\t600\t900\tright\t0\t-\n")
    (tmp_path / "open.bed").write_text("1\t450\t520\tpeak one\nchr1\t499\t500\n")
    (tmp_path / "only.bed").write_text("chr1\t480\t700\n")
    site = BASES[495:503]
    columns = "\n".join(" ".join("1" if base == letter else "0" for letter in "ACGT") for base in site)
    (tmp_path / "m.meme").write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\n"
        "A 0.25 C 0.25 G 0.25 T 0.25\n\n"
        f"MOTIF SITE\nletter-probability matrix: alength= 4 w= 8 nsites= 100\n{columns}\n"
    )
    vcf = write_vcf(tmp_path / "in.vcf", snv(300), snv(500))
    code, said = run(
        "--vcf", vcf, "--genome", genome, "--genes", tmp_path / "genes.bed",
        "--annotate", f"atac={tmp_path / 'open.bed'}", "--regions", tmp_path / "only.bed",
        "--motifs", tmp_path / "m.meme", "--output-prefix", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, said
    outside, inside = table(tmp_path / "out.tsv.gz")
    assert outside["skipped"] == "outside_regions"
    assert inside["region_coordinates"] == "chr1:480-700"
    # from 499 to the start of transcription of a gene on the minus strand, 899
    assert (inside["gene"], inside["strand"], inside["distance"]) == ("left", "+", "-399")
    assert inside["annotations"] == "atac:peak one,atac:499-500"
    name, ref_strand, _, ref_score, alt_score, change, ref_p, _ = inside["motifs"].split("|")
    assert (name, ref_strand) == ("SITE", "+")
    assert float(ref_score) > float(alt_score)
    assert float(change) == pytest.approx(float(alt_score) - float(ref_score), abs=2e-3)
    assert float(ref_p) == pytest.approx(4**-8, rel=0.05)
    info = info_of(records(tmp_path / "out.vcf.gz")[1])
    assert info["DBE_ANNOTATIONS"] == "atac:peak%20one,atac:499-500"
    assert info["DBE_GENE_DISTANCE"] == "-399"
    assert info["DBE_MOTIFS"].startswith("1|SITE|+|")


VCF_4_5 = """\
##fileformat=VCFv4.5
##contig=<ID=chr1,length=3000>
##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>
##ALT=<ID=CNV:TR,Description="Tandem repeat">
##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Length">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=LAD,Number=LR,Type=Integer,Description="Depth of the local alleles">
##FORMAT=<ID=PSL,Number=P,Type=String,Description="Phase set">
##FORMAT=<ID=M5mC,Number=M,Type=Float,Description="Methylated cytosines">
"""


def test_what_later_versions_of_vcf_added_is_no_fault(run: Run, genome: Path, tmp_path: Path) -> None:
    columns = f"{COLUMNS}\tFORMAT\tNA1"
    lines = [
        snv(500, rest="\tGT:LAD\t|0|1:3,4"),
        snv(505, rest="\tGT\t0|1"),
        f"chr1\t600\t.\t{BASES[599]}\t<CNV:TR>,<*>\t.\t.\tSVLEN=20,.\tGT\t/0/2\n",
    ]
    vcf = write_vcf(tmp_path / "in.vcf", *lines, header=VCF_4_5, columns=columns)
    code, said = run("--vcf", vcf, "--genome", genome, "--phased", "--output-prefix", tmp_path / "out")
    assert code == 0
    assert "WARNING" not in said
    assert json.loads((tmp_path / "out.run.json").read_text())["form"] == {}
    first, second, *others = table(tmp_path / "out.tsv.gz")
    assert first["LogOddRatio"] == second["LogOddRatio"]  # both on the second haplotype
    assert [row["skipped"] for row in others] == ["symbolic", "symbolic"]


def test_alleles_of_a_haplotype_are_applied_together(run: Run, genome: Path, tmp_path: Path) -> None:
    columns = f"{COLUMNS}\tFORMAT\tNA1"
    pair = [snv(500, rest="\tGT\t0|1"), snv(505, rest="\tGT\t0|1"), snv(900, rest="\tGT\t0|1")]
    vcf = write_vcf(tmp_path / "in.vcf", *pair, columns=columns)
    ref = BASES[499:505]
    joined = f"chr1\t500\t.\t{ref}\t{other(ref[0])}{ref[1:5]}{other(ref[5])}\t.\t.\t.\n"
    mnv = write_vcf(tmp_path / "mnv.vcf", joined)
    for name, path, more in (("phased", vcf, ["--phased"]), ("alone", vcf, []), ("mnv", mnv, [])):
        assert run("--vcf", path, "--genome", genome, *more, "--output-prefix", tmp_path / name)[0] == 0
    phased, alone, (together,) = (table(tmp_path / f"{name}.tsv.gz") for name in ("phased", "alone", "mnv"))
    assert phased[0]["LogOddRatio"] == phased[1]["LogOddRatio"] == together["LogOddRatio"]
    assert phased[0]["LogOddRatio"] != alone[0]["LogOddRatio"]
    assert phased[2]["LogOddRatio"] == alone[2]["LogOddRatio"]
    code, said = run("--vcf", mnv, "--genome", genome, "--phased", "--output-prefix", tmp_path / "no")
    assert (code, "there is no sample" in said) == (2, True)


def test_bcftools_and_tabix_read_the_result(run: Run, genome: Path, tmp_path: Path) -> None:
    if not (shutil.which("bcftools") and shutil.which("tabix")):
        pytest.skip("bcftools or tabix is not installed: apt-get install bcftools tabix")
    vcf = write_vcf(tmp_path / "in.vcf", *many(40))
    assert run("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out")[0] == 0
    out = str(tmp_path / "out.vcf.gz")
    viewed = subprocess.run(["bcftools", "view", "-H", out], capture_output=True, text=True, check=True)
    assert len(viewed.stdout.splitlines()) == 40
    assert viewed.stderr == ""
    part = subprocess.run(["tabix", out, "chr1:1-1000"], capture_output=True, text=True, check=True)
    assert part.stdout
    subprocess.run(["bcftools", "norm", "-m-", out, "-o", os.devnull], capture_output=True, check=True)


@pytest.mark.slow
@pytest.mark.data
def test_a_unit_of_a_long_vntr_scores_the_same_wherever_it_is_written(
    run: Run, shared_data: Path, tmp_path: Path
) -> None:
    """A 17-bp unit of the VNTR chr16:186050-187245 deleted and inserted, at its ends and inside."""
    unit = "GGGAACAGCGACACGGG"
    lines = [
        f"chr16\t186050\tdel_left\tA{unit}\tA\t.\t.\t.\n",
        f"chr16\t186050\tins_left\tA\tA{unit}\t.\t.\t.\n",
        f"chr16\t186628\tdel_mid\tG{unit}\tG\t.\t.\t.\n",
        "chr16\t187228\tdel_right\tACAGCGACACGGGGGGAA\tA\t.\t.\t.\n",
        "chr16\t187245\tins_right\tA\tACAGCGACACGGGGGGAA\t.\t.\t.\n",
    ]
    vcf = write_vcf(tmp_path / "in.vcf", *lines, header="##fileformat=VCFv4.2\n")
    reference = shared_data / "reference/hg38_4chr_prefixes.fa.gz"
    assert run("--vcf", vcf, "--genome", reference, "--output-prefix", tmp_path / "out")[0] == 0
    rows = {row["dbsnp_id"]: row for row in table(tmp_path / "out.tsv.gz")}
    names = ("reference_probability", "alternative_probability", "LogitDifference", "MaximumOverOffsets")
    numbers = {name: [row[column] for column in names] for name, row in rows.items()}
    assert numbers["del_left"] == numbers["del_mid"] == numbers["del_right"]
    assert numbers["ins_left"] == numbers["ins_right"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--vcf", "x.vcf"], "variants need --genome"),
        (["--merge", "x", "--genome", "y.fa"], "--genome does not apply to --merge"),
        (["--vcf", "x.vcf", "--genome", "y.fa", "--offsets", "4"], "odd number"),
        (["--vcf", "x.vcf", "--genome", "y.fa", "--offsets", "some"], "'some' is not a whole number above 0"),
        (["--vcf", "x.vcf", "--genome", "y.fa", "--tf", "noname"], "not NAME=PATH"),
        (["--vcf", "no.vcf", "--genome", "no.fa"], "no such file"),
        (["--merge", "nothing"], "no shards are named"),
    ],
)
def test_wrong_arguments_give_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run(*arguments, "--output-prefix", "out", with_model="--merge" not in arguments)
    assert code == 2
    assert problem in said.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_lists_of_other_formats_give_the_scores_of_their_vcf(run: Run, genome: Path, tmp_path: Path) -> None:
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    starts = [500, 900, 1300]
    rows = [(start, BASES[start], other[BASES[start]]) for start in starts]
    # a deletion of two bases, written at the first of its places by choice of a place without a repeat
    cut = next(
        n for n in range(2000, 2900) if len(set(BASES[n - 1 : n + 4])) == 4 and BASES[n - 1] != BASES[n + 1]
    )
    texts = {
        "vcf": [f"chr1\t{n + 1}\tv\t{ref}\t{alt}" for n, ref, alt in rows]
        + [f"chr1\t{cut}\tv\t{BASES[cut - 1 : cut + 2]}\t{BASES[cut - 1]}"],
        "bed": [f"1\t{n}\t{n + 1}\t{ref}\t{alt}\tv" for n, ref, alt in rows]
        + [f"1\t{cut}\t{cut + 2}\t{BASES[cut : cut + 2]}\t-\tv"],
        "chrombpnet": [f"1\t{n + 1}\t{ref}\t{alt}\tv" for n, ref, alt in rows]
        + [f"1\t{cut + 1}\t{BASES[cut : cut + 2]}\t-\tv"],
        "vep": [f"1 {n + 1} {n + 1} {ref}/{alt} + v" for n, ref, alt in rows]
        + [f"1 {cut + 1} {cut + 2} {BASES[cut : cut + 2]}/- + v"],
        "hgvs-g": [f"NC_000001.11:g.{n + 1}{ref}>{alt} v" for n, ref, alt in rows]
        + [f"NC_000001.11:g.{cut + 1}_{cut + 2}del v"],
        "spdi": [f"NC_000001.11:{n}:{ref}:{alt} v" for n, ref, alt in rows] + [f"NC_000001.11:{cut}:2: v"],
    }
    results = {}
    for form, lines in texts.items():
        path = tmp_path / f"in.{form}"
        head = HEADER + COLUMNS + "\n" if form == "vcf" else ""
        path.write_text(head + "\n".join(lines) + "\n")
        prefix = tmp_path / form
        code, said = run("--vcf", path, "--vcf-format", form, "--genome", genome, "--output-prefix", prefix)
        assert code == 0, said
        with pysam.VariantFile(f"{prefix}.vcf.gz") as written:
            assert dict(written.header.contigs.items())["chr1"].length == 3000
            results[form] = [str(record) for record in written.fetch("chr1")]
    assert len(results["vcf"]) == 4
    assert all("DBE_PREF=0." in line for line in results["vcf"])
    for form, lines in results.items():
        assert lines == results["vcf"], form


def test_a_malformed_line_of_a_list_stops_with_its_place(run: Run, genome: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_text("chr1:g.5=\nchr1:c.7A>T\n")
    code, said = run(
        "--vcf", path, "--vcf-format", "hgvs-g", "--genome", genome, "--output-prefix", tmp_path / "out"
    )
    assert code == 2
    assert f"{path}, line 2: 'chr1:c.7A>T' counts along a transcript" in said
    assert not list(tmp_path.glob("out*"))


def wrong(position: int) -> str:
    """Return a record whose REF is another base than the genome's."""
    columns = snv(position).split("\t")
    return "\t".join([*columns[:3], columns[4], columns[3], *columns[5:]])


def test_records_of_another_assembly_stop_the_run(run: Run, genome: Path, tmp_path: Path) -> None:
    good, bad = [snv(place) for place in range(100, 190, 10)], [wrong(place) for place in (200, 210)]
    vcf = write_vcf(tmp_path / "in.vcf", *good, *bad, header="##fileformat=VCFv4.2\n##reference=b37.fa\n")
    to = ("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out" / "x")
    code, said = run(*to)
    assert code == 2
    assert "REF of 2 of 11 records is not what the genome has; the first is chr1:200 " in said
    assert "its header says hg19" in said
    assert not list(tmp_path.glob("out/*"))
    code, said = run(*to, "--allow-mismatches")
    assert code == 0
    assert "2 alleles have no score: ref mismatch" in said
    assert len(records(tmp_path / "out" / "x.vcf.gz")) == 11
    assert run("--vcf", write_vcf(tmp_path / "one.vcf", *good, bad[0]), *to[2:])[0] == 0


@pytest.mark.parametrize("shards", [0, 2])
def test_not_a_single_score_is_an_error(run: Run, genome: Path, tmp_path: Path, shards: int) -> None:
    vcf = write_vcf(tmp_path / "in.vcf", wrong(100), "chr1\t9000\t.\tA\tC\t.\t.\t.\n")
    final = ("--output-prefix", tmp_path / "out" / "x")
    if shards:
        for number in (1, 2):
            shard = ("--shard", f"{number}/2", "--output-prefix", tmp_path / "parts" / "x")
            assert run("--vcf", vcf, "--genome", genome, *shard)[0] == 0
        how: tuple[object, ...] = ("--merge", tmp_path / "parts" / "x", *final)
    else:
        how = ("--vcf", vcf, "--genome", genome, *final)
    code, said = run(*how, with_model=not shards)
    assert code == 2
    assert "in.vcf: not a single allele could be scored: 1 outside_contig, 1 ref_mismatch; give" in said
    assert not list(tmp_path.glob("out/*"))
    assert run(*how, "--allow-empty", with_model=not shards)[0] == 0
    assert [line[7].split(";")[-1] for line in records(tmp_path / "out" / "x.vcf.gz")] != []


@pytest.mark.parametrize("shards", [0, 2])
def test_more_alleles_of_another_genome_than_allowed_are_an_error(
    run: Run, genome: Path, tmp_path: Path, shards: int
) -> None:
    """Two of seven alleles (28.6 %) are on no contig or outside of one; that of <DEL> does not count."""
    good = [snv(place) for place in (100, 110, 120, 130)]
    odd = ["chrNo\t7\t.\tA\tC\t.\t.\t.\n", "chr1\t9000\t.\tA\tC\t.\t.\t.\n"]
    symbolic = "chr1\t140\t.\tA\t<DEL>\t.\t.\t.\n"
    vcf = write_vcf(tmp_path / "in.vcf", *good, symbolic, *odd)
    how: tuple[object, ...] = ("--vcf", vcf, "--genome", genome, "--output-prefix", tmp_path / "out" / "x")
    if shards:
        for number in (1, 2):
            shard = ("--shard", f"{number}/2", "--output-prefix", tmp_path / "parts" / "x")
            assert run(*how[:4], *shard)[0] == 0
        how = ("--merge", tmp_path / "parts" / "x", *how[4:])
    code, said = run(*how, "--max-skipped", "0.28", with_model=not shards)
    assert code == 2
    assert "in.vcf: 2 of 7 alleles (28.6%) are not of this genome: 1 contig not in genome, 1 outside" in said
    assert "--max-skipped allows 28.0%; give the genome that the variants are of" in said
    assert not list(tmp_path.glob("out/*"))
    assert run(*how, "--max-skipped", "0.29", with_model=not shards)[0] == 0


def test_records_that_nobody_asked_for_are_no_error(run: Run, genome: Path, tmp_path: Path) -> None:
    (tmp_path / "r.bed").write_text("chr1\t2000\t2100\n")
    given = ("--genome", genome, "--regions", tmp_path / "r.bed", "--output-prefix", tmp_path / "out")
    assert run("--vcf", write_vcf(tmp_path / "in.vcf", snv(100)), *given)[0] == 0
    assert run("--vcf", write_vcf(tmp_path / "none.vcf"), *given)[0] == 0
