"""Links of the chain with nothing in them: no calls, unknown bases only, no variants, empty shards."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.nextflow, pytest.mark.slow(seconds=30)]

VCF = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=3000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
SHEET = """\
sample,genome,assembly,scan_regions,threshold,vcf,databases
nocalls,g.fa,hg38,r.bed,0.9999999,v.vcf,D=d.bed
gap,g.fa,hg38,n.bed,,,D=d.bed
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def test_what_is_empty_passes_through_the_whole_chain(tmp_path: Path, pipeline: Callable) -> None:
    bases = "".join(np.random.default_rng(0).choice(list("ACGT"), 3000))
    (tmp_path / "g.fa").write_text(f">chr1\n{bases}\n>chr2\n{'N' * 1000}\n")
    (tmp_path / "r.bed").write_text("chr1\t0\t1000\n")
    (tmp_path / "n.bed").write_text("chr2\t0\t220\n")  # one window: the other shards have none
    (tmp_path / "d.bed").write_text("chr1\t100\t400\nchr1\t500\t600\nchr1\t2000\t2100\n")
    (tmp_path / "v.vcf").write_text(VCF)
    (tmp_path / "s.csv").write_text(SHEET)
    done = pipeline("--input", "s.csv", "--shards", "3", "--permutations", "20")
    assert done.returncode == 0, done.said
    results = tmp_path / "results"
    for sample, elements, scanned in (("nocalls", "2", 1000), ("gap", "0", 0)):
        (row,) = rows_of(results / f"compare/{sample}.summary.tsv")
        assert (row["calls"], row["elements"], row["calls_overlapping"]) == ("0", elements, "0")
        assert {row["precision"], row["circular_p"], row["fisher_p"]} == {"NA"}
        places = (results / f"scan/{sample}.scanned.bed").read_text().split()
        assert sum(map(int, places[2::3])) - sum(map(int, places[1::3])) == scanned
        assert rows_of(results / f"compare/{sample}.novel.bed.gz") == []
    assert rows_of(results / "variants/nocalls.tsv.gz") == []
    for kind, samples in (
        ("scan", ["gap", "nocalls"]),
        ("variants", ["nocalls"]),
        ("compare", ["gap", "nocalls"]),
        ("report", ["gap", "nocalls"]),
    ):
        assert [row["sample"] for row in rows_of(results / kind / "index.tsv")] == samples
