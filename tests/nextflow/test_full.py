"""A scan of hg19 chr20 and 28,998 variants on it over the 8 tasks of test_full give one command's bytes.

Takes half an hour on two quiet processors, so it runs only when DNABERT_ENHANCER_FULL is set: to `whole`, or
to `part` for 1 Mb of the scan and the first 3,000 variants.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow, pytest.mark.data]

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE = ("--backend", "onnx", "--precision", "float32", "--device", "cpu")
PATIENCE_SECONDS = 6 * 3600
"""So that a busy machine does not end a run that goes on."""
VARIANTS = {"whole": 28_998, "part": 3_000}


@pytest.fixture
def extent() -> str:
    """Return how much is asked for."""
    wanted = os.environ.get("DNABERT_ENHANCER_FULL", "")
    if wanted not in VARIANTS:
        pytest.skip("takes half an hour: set DNABERT_ENHANCER_FULL to whole or part")
    return wanted


@pytest.fixture
def row(extent: str, shared_data: Path, tmp_path: Path) -> dict[str, str]:
    """Return the row of the samplesheet: real data from beside the checkout, or a part of them."""
    vcf = shared_data / "variants" / "1000G_b37_chr20_1-2Mb.vcf.gz"
    genome = shared_data / "reference" / "hg19_chr20_partial_fulllength.fa.gz"
    found = {"sample": "chr20", "genome": str(genome), "scan_regions": "all", "vcf": str(vcf)}
    if extent == "part":
        (tmp_path / "part.bed").write_text("chr20\t1000000\t2000000\n")
        with gzip.open(vcf, "rt") as lines, (tmp_path / "part.vcf").open("w") as part:
            header = (line for line in lines)
            for line in header:
                part.write(line)
                if line.startswith("#CHROM"):
                    break
            part.writelines(islice(header, VARIANTS["part"]))
        found |= {"scan_regions": str(tmp_path / "part.bed"), "vcf": str(tmp_path / "part.vcf")}
    return found


def test_eight_tasks_give_the_bytes_of_one_command(
    extent: str, row: dict[str, str], tmp_path: Path, pipeline: Callable
) -> None:
    (tmp_path / "sheet.json").write_text(json.dumps([row]))
    done = pipeline("-profile", "test_full", "--input", "sheet.json", patience=PATIENCE_SECONDS)
    assert done.returncode == 0, done.said
    assert done.said.count("Submitted process > SCAN:PREDICT (") == 8
    assert done.said.count("Submitted process > VARIANTS:SCORE_VARIANTS (") == 8

    regions = [] if row["scan_regions"] == "all" else ["--regions", row["scan_regions"]]
    run("predict", "--genome", row["genome"], *regions, *ENGINE, "--output-prefix", str(tmp_path / "scan"))
    run(
        "score-variants", "--vcf", row["vcf"], "--genome", row["genome"], *ENGINE,
        "--output-prefix", str(tmp_path / "variants"),
    )  # fmt: skip
    for kind, endings in (
        ("scan", ("bw", "calls.bed.gz", "calls.bed.gz.tbi", "scanned.bed")),
        ("variants", ("vcf.gz", "vcf.gz.tbi", "tsv.gz", "candidates.tsv")),
    ):
        for ending in endings:
            made = tmp_path / "results" / kind / f"chr20.{ending}"
            assert made.read_bytes() == (tmp_path / f"{kind}.{ending}").read_bytes(), made.name
    counts = json.loads((tmp_path / "results/variants/chr20.run.json").read_text())["counts"]
    assert counts["records"] == VARIANTS[extent]


def run(name: str, *arguments: str) -> None:
    """Run a command by hand."""
    subprocess.run([sys.executable, str(REPOSITORY / "bin" / name), "--quiet", *arguments], check=True)
