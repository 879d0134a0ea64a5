"""The pipeline's interpret_regions and interpret_variants: on a real Nextflow the files of the command."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_page import tables
from run_here import run_here

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "assets" / "demo"
GENOME = DEMO / "alpha-globin.fa.gz"

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=30)]

# the region is in HS-40; the variant makes a site of GATA1 (De Gobbi 2006)
REGIONS = "chr16\t113601\t113621\tHS-40\n"
VARIANTS = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr16\t159710\trs1\tT\tC\n"
CONFIG = """
process {
    withName: 'INTERPRET' { ext.args = '--backend onnx --precision float32 --substitutions' }
    withName: 'INTERPRET_VARIANTS' { ext.args = '--backend onnx --precision float32 --flank 2' }
}
"""


def write_annotation(folder: Path) -> None:
    """Write a gene whose transcription begins 1,290 bp after the variant, and a region around it."""
    (folder / "genes.bed").write_text("chr16\t160999\t162000\tHBA\t0\t+\n")
    (folder / "set.bed").write_text("chr16\t159700\t159720\tsite\n")


SHEET = """\
sample,genome,interpret_regions,model,interpret_variants,vcf,genes,annotate
places,%(genome)s,places.bed,,alleles.vcf,,genes.bed,set=set.bed
open,%(genome)s,places.bed,default:dnase_k562,,,,
both,%(genome)s,,,all,alleles.vcf,,set=set.bed
"""


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    (tmp_path / "places.bed").write_text(REGIONS)
    (tmp_path / "alleles.vcf").write_text(VARIANTS)
    write_annotation(tmp_path)
    (tmp_path / "sheet.csv").write_text(SHEET % {"genome": GENOME})
    (tmp_path / "own.config").write_text(CONFIG)
    return tmp_path


def test_the_pipeline_explains_the_regions_of_a_row_by_its_model(
    sheet: Path, pipeline: Callable[..., Any]
) -> None:
    done = pipeline("--input", "sheet.csv", "--null_variants", "0", "-c", "own.config")
    assert done.returncode == 0, done.said
    results = sheet / "results" / "interpret"
    kept = ("regions.tsv", "attributions.npz", "bw", "run.json")
    more = ("logo-1.png", "logo-1.svg", "substitutions.tsv.gz")
    names = {sample: [f"{sample}.{ending}" for ending in kept] for sample in ("open", "places")}
    others = [f"{sample}.{ending}" for sample in names for ending in more]
    assert sorted(path.name for path in results.iterdir()) == sorted(
        ["index.tsv", *others, *names["open"], *names["places"]]
    )
    assert [line.split("\t") for line in (results / "index.tsv").read_text().splitlines()] == [
        ["sample", "table", "attributions", "track", "record"],
        *([sample, *files] for sample, files in names.items()),
    ]
    for sample, model in (("open", "default:dnase_k562"), ("places", "default")):
        run_here(
            "interpret", "--genome", GENOME, "--regions", sheet / "places.bed", "--model", model,
            "--logos", 0, "--device", "cpu", "--threads", 1, "--output-prefix", sheet / "own" / sample,
        )  # fmt: skip
        for name in names[sample][:3]:
            assert (results / name).read_bytes() == (sheet / "own" / name).read_bytes(), name
    of_variants = sheet / "results" / "interpret_variants"
    endings = ("run.json", "variant-1.png", "variant-1.svg", "variants.tsv")
    assert sorted(path.name for path in of_variants.iterdir()) == sorted(
        ["index.tsv", *(f"{sample}.{ending}" for sample in ("both", "places") for ending in endings)]
    )
    assert (of_variants / "index.tsv").read_text().splitlines() == [
        "sample\ttable\trecord",
        *(f"{sample}\t{sample}.variants.tsv\t{sample}.run.json" for sample in ("both", "places")),
    ]
    titles, *rows = (
        line.split("\t") for line in (of_variants / "places.variants.tsv").read_text().splitlines()
    )
    (found,) = (dict(zip(titles, row, strict=True)) for row in rows)
    assert [found[name] for name in ("gene", "strand", "distance", "annotations")] == [
        "HBA", "+", "1290", "set:site",
    ]  # fmt: skip
    with gzip.open(sheet / "results" / "variants" / "both.tsv.gz", "rt") as table:
        (row,) = csv.DictReader(table, delimiter="\t")
    assert row["annotations"] == "set:site"
    run_here(
        "interpret", "--genome", GENOME, "--vcf", sheet / "alleles.vcf",
        "--annotate", f"set={sheet / 'set.bed'}", "--flank", 2, "--logos", 0,
        "--device", "cpu", "--threads", 1, "--output-prefix", sheet / "own" / "both",
    )  # fmt: skip
    assert (of_variants / "both.variants.tsv").read_bytes() == (sheet / "own/both.variants.tsv").read_bytes()
    said = (sheet / "results" / "pipeline_info" / "methods.md").read_text()
    assert "Regions were explained for places, open: in-silico mutagenesis, the importance of" in said
    assert "Variants were explained for places, both: in-silico mutagenesis" in said


def test_seqlets_and_their_motifs_are_those_of_the_command(sheet: Path, pipeline: Callable[..., Any]) -> None:
    word = "".join(" ".join("0.97" if base == one else "0.01" for base in "ACGT") + "\n" for one in "TGACTCA")
    (sheet / "m.meme").write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF AP1\nletter-probability matrix: alength= 4 w= 7\n" + word
    )
    rows = f"sample,genome,interpret_regions,motifs\nplaces,{GENOME},places.bed,m.meme\n"
    (sheet / "sheet.csv").write_text(rows)
    done = pipeline("--input", "sheet.csv", "--interpret_null", "12", "--interpret_discover")
    assert done.returncode == 0, done.said
    run_here(
        "interpret",
        *("--genome", GENOME, "--regions", sheet / "places.bed", "--motifs", sheet / "m.meme", "--null", 12),
        *(
            "--discover",
            "--logos",
            0,
            "--device",
            "cpu",
            "--threads",
            1,
            "--output-prefix",
            sheet / "own/places",
        ),
    )
    endings = ("seqlets.bed.gz", "motif_enrichment.tsv", "motif_matches.tsv", "motifs.meme", "motifs.tsv")
    for ending in endings:
        own = sheet / "own" / f"places.{ending}"
        assert (sheet / "results" / "interpret" / own.name).read_bytes() == own.read_bytes(), ending
    page = (sheet / "results" / "report" / "places.html").read_text()
    with gzip.open(sheet / "own" / "places.seqlets.bed.gz", "rt") as lines:
        seqlets = [line for line in lines if not line.startswith("#")]
    assert len(tables(page)["places.seqlets.bed.gz"]["rows"]) == len(seqlets) > 0
    said = (sheet / "results" / "pipeline_info" / "methods.md").read_text()
    assert "compared with those of 12 shuffles of the regions" in said
    assert "Benjamini and Hochberg (1995)" in said
