"""The study of DNABERT-Enhancer from its files of parameters, on pieces of GRCh38 with a tiny model."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=60), pytest.mark.data]

STUDY = Path(__file__).resolve().parents[2] / "studies" / "dnabert_enhancer"
PREFIXES = {"chr1": 1_000_000, "chr2": 2_333_275, "chr16": 2_648_800, "chr20": 1_000_000}
SMALL = (
    "--base_model", "new:tiny", "--epochs", "1", "--batch_size", "64", "--learning_rate", "0.001",
    "--baselines", "ridge", "--split_by", "block", "--block_size", "100000", "--shards", "1",
    "--permutations", "20", "--offsets", "1", "--null_variants", "20",
)  # fmt: skip


def write_inputs(folder: Path, data: Path) -> None:
    """Write the elements and the portal's variants within the pieces, and the samplesheet."""
    with gzip.open(data / "databases" / "cCRE_pELS_nearest_gene.bed.gz", "rt") as table:
        rows = [line.split("\t")[:4] for line in table if not line.startswith("#")]
    elements = [row for row in rows if int(row[2]) <= PREFIXES.get(row[0], 0)]
    (folder / "elements.bed").write_text("".join("\t".join(row) + "\n" for row in elements))
    portal = data / "variants" / "dnabert_enhancer_portal" / "Detailed_info_enhancer_GOF.csv.gz"
    with gzip.open(portal, "rt") as table:
        variants = [
            (row["chromosome"], row["variant_end"], row["dbsnp_id"], row["reference_nucleotide"], alternative)
            for row in csv.DictReader(table)
            if int(row["variant_end"]) <= PREFIXES.get(row["chromosome"], 0)
            and (alternative := row["alternative_nucleotide"]) != "."
        ]
    assert len(elements) == 1227
    assert [name for _, _, name, _, _ in variants] == ["rs1672769088", "rs1983865108"]
    records = "".join("\t".join((*variant, ".", ".", ".")) + "\n" for variant in variants)
    (folder / "portal.vcf").write_text(
        f"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n{records}"
    )
    (folder / "scan.bed").write_text("chr16\t100000\t160000\n")
    (folder / "explained.bed").write_text("chr16\t113380\t113908\tHS-40\n")
    annotation = data / "annotation"
    databases = {
        "FANTOM5": f"{annotation / 'F5.hg38.enhancers.bed.gz'},preset=fantom5",
        "SCREEN": f"{data / 'databases' / 'cCRE_pELS_nearest_gene.bed.gz'},preset=screen",
    }
    row = {
        "sample": "dnabert_enhancer",
        "genome": data / "reference" / "hg38_4chr_prefixes.fa.gz",
        "assembly": "hg38",
        "train_regions": "elements.bed",
        "exclude": annotation / "hg38-blacklist.v2.bed.gz",
        "scan_regions": "scan.bed",
        "vcf": "portal.vcf",
        "tf_models": "TF=default:gue_tf0",
        "genes": annotation / "gencode.v29.genes.gtf.bed.gz",
        "interpret_regions": "explained.bed",
        "databases": ";".join(f"{name}={file}" for name, file in databases.items()),
    }
    with (folder / "sheet.tsv").open("w", newline="") as sheet:
        writer = csv.DictWriter(sheet, list(row), delimiter="\t")
        writer.writeheader()
        writer.writerow(row)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def test_every_step_and_table_of_the_study(tmp_path: Path, pipeline: Callable, shared_data: Path) -> None:
    write_inputs(tmp_path, shared_data)
    done = pipeline(
        "-params-file", str(STUDY / "350.yml"), "--input", "sheet.tsv", "--outdir", "results", *SMALL
    )
    assert done.returncode == 0, done.said
    made = subprocess.run(
        [sys.executable, STUDY / "tables.py", "results", "--set", "350", "--output-dir", "tables"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "has no such results" not in made.stdout
    tables = {path.stem: read(path) for path in (tmp_path / "tables").iterdir()}
    assert set(tables) == {"performance", "genome", "databases", "variants", "regions"}
    assert [row["method"] for row in tables["performance"]] == [
        "dnabert_enhancer",
        "6-mer ridge",
        "DNABERT-Enhancer",
    ]
    published = tables["performance"][-1]
    assert (published["accuracy"], published["mcc"]) == ("88.0500", "76.2200")  # of the paper
    # 350 bp every 150 bp in 60,000 bp: (60,000 - 350) / 150 + 1, and one more at the end
    assert tables["genome"][0]["windows"] == "399"
    shares = [row["min_fraction"] for row in tables["databases"] if row["database"] == "SCREEN"]
    assert shares == [f"{percent / 100:.4f}" for percent in range(5, 100, 5)]
    alleles = {
        (row["model"], row["predicted_functional_effect"]): int(row["alleles"]) for row in tables["variants"]
    }
    assert sum(count for (model, _), count in alleles.items() if model == "TF") == 2
    # so small a model attends to no region more than to others
    assert (tmp_path / "tables" / "regions.tsv").read_text() == "chrom\tstart\tend\tname\tscore\n"


def test_both_files_differ_in_the_length_alone() -> None:
    long, short = (yaml.safe_load((STUDY / f"{length}.yml").read_text()) for length in (350, 201))
    changed = {name for name in long if long[name] != short[name]}
    assert long.keys() == short.keys()
    assert changed == {"window_length", "outdir", "stride"}
    assert (long["window_length"], short["window_length"], long["stride"]) == (350, 201, 150)
