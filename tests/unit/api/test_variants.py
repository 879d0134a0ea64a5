"""`Model.score_variants` (variant_inputs): the command's numbers from Python, and natural mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dnabert_enhancer as de
from dnabert_enhancer.model import new_model, write_model
from dnabert_enhancer.sequence import encode_bases
from dnabert_enhancer.variants import COLUMNS

ENGINE = de.EngineSettings(backend="onnx", device="cpu", threads=1)
BASES = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))


def other(base: str) -> str:
    return "A" if base != "A" else "C"


def rows(positions: list[int]) -> pd.DataFrame:
    refs = [BASES[position - 1] for position in positions]
    return pd.DataFrame({"chrom": "chr1", "pos": positions, "ref": refs, "alt": [other(ref) for ref in refs]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api")
    (path / "genome.fa").write_text(f">chr1\n{BASES}\n")
    write_model(path / "tiny", new_model("tiny", window_length=60, seed=5))
    write_model(path / "tf", new_model("tiny", window_length=41, seed=6))
    table = rows([300, 500, 700, 701])
    lines = "".join(f"chr1\t{pos}\t.\t{ref}\t{alt}\n" for _, pos, ref, alt in table.itertuples(index=False))
    (path / "in.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n" + lines)
    return path


@pytest.fixture(scope="module")
def model(folder: Path) -> de.Model:
    return de.load_model(folder / "tiny", engine=ENGINE)


@pytest.fixture(scope="module")
def genome(folder: Path) -> de.Genome:
    return de.Genome(folder / "genome.fa")


def test_every_form_of_input_gives_the_same_table(model: de.Model, genome: de.Genome, folder: Path) -> None:
    table = rows([300, 500, 700, 701])
    texts = [f"{chrom}:{pos}:{ref}:{alt}" for chrom, pos, ref, alt in table.itertuples(index=False)]
    expected = model.score_variants(folder / "in.vcf", genome, null_variants=40)
    assert tuple(expected.columns) == COLUMNS
    for given in (table, texts, [de.Variant.parse(text) for text in texts], iter(texts)):
        found = model.score_variants(given, folder / "genome.fa", null_variants=40)
        pd.testing.assert_frame_equal(found, expected)
    one = model.score_variants(texts[0], genome, null_variants=0)
    assert one["LogitDifference"].tolist() == expected["LogitDifference"].tolist()[:1]
    assert np.isnan(one["p_value"][0])


@pytest.mark.slow
def test_the_table_is_the_commands(model: de.Model, genome: de.Genome, folder: Path, tmp_path: Path) -> None:
    tf = {"TF-1": de.load_model(folder / "tf", engine=ENGINE)}
    found = model.score_variants(folder / "in.vcf", genome, tf=tf, null_variants=20, offsets=3)
    command = [sys.executable, "-m", "dnabert_enhancer", "score-variants", "--vcf", folder / "in.vcf",
               "--genome", folder / "genome.fa", "--model", folder / "tiny", "--tf", f"TF-1={folder / 'tf'}",
               "--null-variants", "20", "--offsets", "3", "--backend", "onnx", "--device", "cpu",
               "--threads", "1", "--quiet", "--output-prefix", tmp_path / "out"]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True)
    written = pd.read_csv(tmp_path / "out.tsv.gz", sep="\t")
    for name in COLUMNS:
        if found[name].dtype.kind == "f":
            assert found[name].to_numpy() == pytest.approx(written[name].to_numpy(), nan_ok=True, abs=0), name
        else:
            shown = [
                column.astype(object).where(column.notna(), "NA") for column in (found[name], written[name])
            ]
            assert shown[0].tolist() == shown[1].tolist(), name
    assert found["model"].tolist() == ["enhancer", "TF_1"] * 4
    assert found.attrs["null"] == json.loads((tmp_path / "out.run.json").read_text())["null"]


def test_probabilities_are_those_of_the_centred_window(model: de.Model, genome: de.Genome) -> None:
    found = model.score_variants(rows([1000]), genome, offsets=1, null_variants=0)
    candidates = []
    for start in (969, 970):  # one of the two windows of 60 bp with the place in the middle
        ref = BASES[start : start + 60]
        place = 999 - start
        windows = [encode_bases(ref), encode_bases(ref[:place] + other(BASES[999]) + ref[place + 1 :])]
        candidates.append(model.engine.predict(windows).probability.tolist())
    pair = found[["reference_probability", "alternative_probability"]].to_numpy()[0].tolist()
    assert any(pair == pytest.approx(candidate, abs=1e-6) for candidate in candidates)


@pytest.mark.slow
def test_types_and_alleles_without_a_score(model: de.Model, genome: de.Genome) -> None:
    ref = BASES[499]
    found = model.score_variants(
        [de.Variant("1", 500, ref, other(ref), "rs1"), de.Variant("chr1", 600, BASES[599], "<DEL>")], genome
    )
    assert found["skipped"].isna().tolist() == [True, False]
    assert found["skipped"][1] == "symbolic"
    assert found["chrom"].tolist() == ["1", "chr1"]
    assert found["dbsnp_id"].tolist() == ["rs1", "."]
    assert found["pos"].dtype == np.int64
    assert found["ScoreChange"].dtype == np.float64
    assert np.isnan(found["ScoreChange"][1])


def test_chunks_put_together_are_the_whole_table(model: de.Model, genome: de.Genome) -> None:
    table = rows(list(range(200, 230)))
    whole = model.score_variants(table, genome, null_variants=20, offsets=1)
    parts = list(model.score_variants(table, genome, null_variants=20, offsets=1, chunks=8))
    assert [len(part) for part in parts] == [8, 8, 8, 6]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


@pytest.mark.parametrize(
    ("variants", "keywords", "problem", "remedy"),
    [
        (rows([5, 9]).drop(columns="ref"), {}, "lacks the column ref; it has chrom, pos, alt", "rename"),
        (rows([5, 9]).rename(columns={"pos": "start"}).assign(end=9), {}, "has start and end", "+ 1"),
        (rows([5, 9]).astype({"pos": float}), {}, "pos of the table of variants holds float64", "1-based"),
        (rows([5, 9]).assign(alt=None), {}, "None is not an allele", "letters"),
        (
            rows([50, 60, 70, 80, 90]).assign(pos=[49, 59, 69, 79, 89]),
            {},
            "REF of 5 of 5 records",
            "when 1 is added to them",
        ),
        (["chr1:5"], {}, "'chr1:5' is not a variant", "chr16:159710:T:C"),
        ([("chr1", 5, "A", "C")], {}, "tuple", "DataFrame"),
        (["chr7:5:A:C"], {}, "called 'chr7', in the genome 'chr1'", "rename the contigs"),
        ([b"chr1:5:A:C"], {}, "bytes", "strings"),
        ("nothing.vcf", {}, "no such file", "check the path"),
        (rows([5]), {"offset": 3}, "has no field 'offset'", "offsets"),
        (rows([5]), {"offsets": 2}, "--offsets 2", "odd"),
        (rows([5]), {"tf": {"a b": None}}, "'a b' cannot name a model", "letters"),
        (rows([5]), {"phased": True}, "there is no sample", "leave --phased out"),
    ],
)
def test_natural_mistakes_are_said_in_one_sentence(
    model: de.Model, genome: de.Genome, variants: Any, keywords: dict[str, Any], problem: str, remedy: str
) -> None:
    with pytest.raises(de.InputError) as caught:
        model.score_variants(variants, genome, **keywords)
    assert problem in caught.value.problem
    assert remedy in (caught.value.remedy or "")
