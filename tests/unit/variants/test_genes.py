"""Nearest genes and overlapping regions against brute force, and the files they come from."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.variants import GeneIndex, RegionIndex

NAMES = ContigNames(["chr1", "chr2"])


def test_the_nearest_start_of_transcription_by_brute_force(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    genes = []
    for number in range(200):
        start = int(rng.integers(0, 5000))
        genes.append((start, start + int(rng.integers(1, 500)), f"g{number}", "+-"[int(rng.integers(2))]))
    path = tmp_path / "genes.bed"
    path.write_text(
        "".join(f"1\t{start}\t{end}\t{name}\t0\t{strand}\n" for start, end, name, strand in genes)
    )
    index = GeneIndex(path, NAMES)
    assert index.n_genes == 200
    first = {name: (end - 1 if strand == "-" else start) for start, end, name, strand in genes}
    for _ in range(300):
        start = int(rng.integers(0, 5500))
        end = start + int(rng.integers(1, 8))
        distances = {
            name: 0 if start <= place < end else place - end + 1 if place >= end else place - start
            for name, place in first.items()
        }
        found = index.nearest("chr1", start, end)
        assert found is not None
        assert abs(found.distance) == min(map(abs, distances.values()))
        assert found.distance in (distances[found.name], -distances[found.name])
    assert index.nearest("chr2", 0, 1) is None


def test_gtf_and_gff3_give_their_genes(tmp_path: Path) -> None:
    gtf = tmp_path / "a.gtf"
    gtf.write_text(
        "#!comment\n"
        'chr1\tx\tgene\t101\t200\t.\t-\t.\tgene_id "ENSG1"; gene_name "ABC";\n'
        'chr1\tx\texon\t901\t950\t.\t+\t.\tgene_id "ENSG1"; gene_name "ABC";\n'
    )
    gff = tmp_path / "a.gff3"
    gff.write_text("##gff-version 3\nchr1\tx\tgene\t101\t200\t.\t-\t.\tID=gene:1;Name=ABC\n")
    for path in (gtf, gff):
        found = GeneIndex(path, NAMES).nearest("chr1", 100, 101)
        assert found == ("ABC", "-", 99)


def test_a_file_without_genes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.bed"
    path.write_text("# nothing\n")
    with pytest.raises(InputError, match="no gene was found"):
        GeneIndex(path, NAMES)


def test_overlapping_regions_by_brute_force(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    regions = sorted(
        (int(start), int(start) + int(rng.integers(1, 300)), f"r{number}")
        for number, start in enumerate(rng.integers(0, 3000, 150))
    )
    path = tmp_path / "regions.bed"
    path.write_text("".join(f"chr1\t{start}\t{end}\t{name}\n" for start, end, name in regions))
    index = RegionIndex(path, NAMES)
    for start in range(0, 3400, 7):
        expected = [region for region in regions if region[0] < start + 3 and region[1] > start]
        assert index.overlapping("chr1", start, start + 3) == expected
    assert index.overlapping("chr2", 0, 100) == []


@pytest.mark.slow
@pytest.mark.data
def test_the_portals_distances_are_of_this_kind(shared_data: Path, tmp_path: Path) -> None:
    """Genes of the portal that GENCODE 29 has too, most of them still with the same start."""
    path = shared_data / "variants/dnabert_enhancer_portal/Detailed_info_enhancer_GOF.csv.gz"
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    bed = shared_data / "annotation/gencode.v29.genes.gtf.bed.gz"
    lines = gzip.decompress(bed.read_bytes()).decode().splitlines()
    by_name = {line.split("\t")[3].split(".")[0]: line for line in lines}
    agreeing = known = 0
    for row in rows:
        line = by_name.get(row["gene"])
        if line is None:
            continue
        one = tmp_path / "one.bed"
        one.write_text(line + "\n")
        start, end = map(int, row["region_coordinates"].split("-"))
        found = GeneIndex(one, ContigNames([row["chromosome"]])).nearest(row["chromosome"], start, end)
        known += 1
        agreeing += found is not None and abs(found.distance - int(row["distance"])) <= 1
    assert known == 416
    # the portal counts genes on the plus strand from one base further on
    assert agreeing == 304
