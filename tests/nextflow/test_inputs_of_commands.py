"""Variants in parts, by name, and of another genome; what columns and parameters hand on to the commands."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_enhancer.model import new_model, write_model

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=120)]

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu", "--threads", "1")
SETTINGS = ("--offsets", "1", "--null-variants", "60")
HEADER = (
    "##fileformat=VCFv4.2\n##contig=<ID=chr16,length=300000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
)
RECORDS = 2100  # three blocks of 1,024 at most


def bases() -> str:
    with gzip.open(DEMO / "alpha-globin.fa.gz", "rt") as genome:
        return "".join(line.strip() for line in genome if not line.startswith(">")).upper()


def record(bases: str, position: int, contig: str = "chr16", identifier: str = ".") -> str:
    ref = bases[position - 1]
    alt = {"A": "C", "C": "G", "G": "T", "T": "A"}[ref]
    return f"{contig}\t{position}\t{identifier}\t{ref}\t{alt}\t.\t.\t."


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    shutil.copyfile(DEMO / "alpha-globin.fa.gz", tmp_path / "g.fa.gz")
    for name in ("ccre-pels.bed", "fantom5-enhancers.bed"):
        shutil.copyfile(DEMO / name, tmp_path / name)
    known = bases()
    sample = ["\tGT", "\t0/1"]
    many = [record(known, 100_000 + 7 * number) + "".join(sample) for number in range(RECORDS)]
    titles = HEADER + "\tFORMAT\tpatient"
    with gzip.open(tmp_path / "many.vcf.gz", "wt") as vcf:
        vcf.write("\n".join([titles, *many]) + "\n")
    # two of three alleles are on a contig that the genome has not
    (tmp_path / "odd.vcf").write_text(
        "\n".join([HEADER, record(known, 110_000), *(record(known, n, "chrNo") for n in (110_005, 110_009))])
        + "\n"
    )
    (tmp_path / "dbsnp.vcf").write_text(f"{HEADER}\n{record(known, 120_000, identifier='rs7')}\n")
    clinvar = record(known, 120_000).removesuffix(".") + "ALLELEID=1;CLNSIG=Pathogenic;CLNDN=thalassaemia"
    (tmp_path / "clinvar.vcf").write_text(f"{HEADER}\n{clinvar}\n")
    (tmp_path / "names.txt").write_text("rs7\n")
    (tmp_path / "region.bed").write_text("chr16\t113000\t114000\n")
    (tmp_path / "genes.bed").write_text("chr16\t172000\t173000\tHBA2\t0\t+\n")
    rows = [
        {"sample": "many", "vcf": "many.vcf.gz"},
        {"sample": "odd", "vcf": "odd.vcf"},
        {
            "sample": "named",
            "vcf": "names.txt",
            "vcf_format": "names",
            "dbsnp": "dbsnp.vcf",
            "clinical": ["clinvar=clinvar.vcf"],
        },
        {
            "sample": "trained",
            "train_regions": "ccre-pels.bed",
            "negatives_from": ["fantom=fantom5-enhancers.bed,share=0.05"],
            "genes": "genes.bed",
            "scan_regions": "region.bed",
            "null_exclude": ["ccre-pels.bed"],
        },
    ]
    (tmp_path / "s.json").write_text(json.dumps([{"genome": "g.fa.gz", **row} for row in rows]))


def rows_of(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    titles, *lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(titles, line, strict=True)) for line in lines]


def test_what_is_given_to_the_commands(tmp_path: Path, pipeline: Callable) -> None:
    given = (
        *("-profile", "test", "--input", "s.json", "--shards", "3", "--null_variants", "60"),
        *("--evaluate_by", "chromosome,gc,tss", "--scan_null", "genome"),
    )
    done = pipeline(*given, "--max_skipped", "0.7")
    assert done.returncode == 0, done.said
    parts = set(re.findall(r"SCORE_VARIANTS \((\w+:\d/\d)\)", done.said))
    assert parts == {"many:1/3", "many:2/3", "many:3/3", "odd:1/1", "named:1/1"}
    _parts_are_one_run(tmp_path)
    results = tmp_path / "results"
    (named,) = rows_of(results / "variants" / "named.tsv.gz")
    assert (named["dbsnp_id"], named["pos"]) == ("rs7", "120000")
    assert "Pathogenic" in named["clinvar"]
    dataset = json.loads((results / "train" / "trained.dataset" / "dataset.json").read_text())
    assert '"fantom"' in json.dumps(dataset)
    strata = {row["by"] for row in rows_of(results / "train" / "trained.strata.tsv")}
    assert strata == {"chromosome", "gc", "tss"}
    scan = json.loads((results / "scan" / "trained.run.json").read_text())
    assert scan["scan"]["null"] == "genome"
    # a share of two thirds is more than the default lets pass
    failed = pipeline(*given, "-resume")
    assert failed.returncode != 0
    assert "2 of 3 alleles (66.7%) are not of this genome: 2 contig not in genome" in failed.said
    assert "Failed: VARIANTS:SCORE_VARIANTS_MERGE, sample odd" in failed.said
    assert "Cached process > VARIANTS:CUT_VARIANTS (many)" in failed.said


def test_a_screened_scan_in_shards_is_one_run(tmp_path: Path, pipeline: Callable) -> None:
    write_model(tmp_path / "model", new_model("tiny", window_length=100, seed=3))
    row = {
        "sample": "whole",
        "genome": "g.fa.gz",
        "scan_regions": "all",
        "model": "model",
        "threshold": "0.0001",
    }
    (tmp_path / "s.json").write_text(json.dumps([row]))
    done = pipeline(
        "-profile", "test", "--screen", "--scan_null", "none", "--stride", "100", "--input", "s.json",
        "--precision", "float32", "--shards", "3", "--skip_report",
    )  # fmt: skip
    assert done.returncode == 0, done.said
    (tmp_path / "alone").mkdir()
    subprocess.run(
        [
            *(
                sys.executable,
                str(REPOSITORY / "bin" / "predict"),
                "--quiet",
                "--screen",
                "--threshold",
                "0.0001",
            ),
            *("--genome", str(tmp_path / "g.fa.gz"), "--model", str(tmp_path / "model"), "--stride", "100"),
            *("--null", "none", *ENGINE, "--output-prefix", str(tmp_path / "alone" / "whole")),
        ],
        check=True,
    )
    screened = (tmp_path / "alone" / "whole.screened.bed").read_text().splitlines()
    assert screened
    for name in ("bw", "calls.bed.gz", "scanned.bed", "screened.bed"):
        made = tmp_path / "results" / "scan" / f"whole.{name}"
        assert made.read_bytes() == (tmp_path / "alone" / f"whole.{name}").read_bytes(), name


def _parts_are_one_run(folder: Path) -> None:
    alone = folder / "alone"
    alone.mkdir()
    subprocess.run(
        [
            *(sys.executable, str(REPOSITORY / "bin" / "score-variants"), "--quiet"),
            *("--vcf", str(folder / "many.vcf.gz"), "--genome", str(folder / "g.fa.gz"), *SETTINGS, *ENGINE),
            *("--output-prefix", str(alone / "many")),
        ],
        check=True,
    )
    for name in ("vcf.gz", "vcf.gz.tbi", "tsv.gz", "candidates.tsv"):
        made = folder / "results" / "variants" / f"many.{name}"
        assert made.read_bytes() == (alone / f"many.{name}").read_bytes(), name
