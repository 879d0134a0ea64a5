#!/usr/bin/env python3
"""Inputs of a small run of the study: `small_inputs.py DATA --output-dir DIR`.

DATA is a folder of public data, of the layout of this project's ../shared/data: the first 1.0 to 2.6 Mb of
four chromosomes of GRCh38 stand for the genome. Written are elements.bed (the proximal enhancer-like elements
within them), variants.vcf (alleles of the paper's portal, and of allele-specific sites in K562),
explained.bed (HS-40, and the elements of the test contigs) and samplesheet.tsv, whose other files are named
where they lie.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

from Bio import SeqIO

GENOME = "reference/hg38_4chr_prefixes.fa.gz"
ELEMENTS = "databases/cCRE_pELS_nearest_gene.bed.gz"
PORTAL = "variants/dnabert_enhancer_portal/Detailed_info_enhancer_GOF.csv.gz"
ALLELE_SPECIFIC = "variants/udacha_K562_atac.tsv.gz"
HS_40 = "chr16\t113380\t113908\tHS-40"
"""The enhancer of the alpha-globin genes, 0-based."""
TEST_CONTIGS = ("chr1", "chr20")
DATABASES = {
    "FANTOM5": "annotation/F5.hg38.enhancers.bed.gz,preset=fantom5",
    "SCREEN": f"{ELEMENTS},preset=screen",
    "EPIraction": "databases/EPIraction_ENCFF712SUP.bed.gz,preset=epiraction,class=enhancer",
    "VISTA": "databases/VISTA_ucsc_hg19.bed.gz,preset=vista-bed",
    "dbSUPER": "databases/dbSUPER_SuperEnhancers_hg19.tsv.gz,preset=dbsuper",
    "EnhancerAtlas": "databases/EnhancerAtlas_consensus_sample.bed.gz,preset=enhanceratlas",
    "A375": "databases/EnhancerAtlas2_A375.bed.gz,preset=enhanceratlas",
    "ENdb": "databases/ENdb_enhancer.tsv.gz,preset=endb",
}
TF_MODELS = (
    "TF0=default:gue_tf0;TF1=default:gue_tf1;TF2=default:gue_tf2;TF3=default:gue_tf3;TF4=default:gue_tf4"
)

Allele = tuple[str, int, str, str, str]  # contig, position (1-based), id, REF, ALT


def main() -> None:
    """Write the inputs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output-dir", type=Path, required=True)
    args = parser.parse_args()
    write_inputs(args.data.resolve(), args.output_dir)


def write_inputs(data: Path, folder: Path) -> None:
    """Write the inputs that are cut from `data`, and a samplesheet that names all, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(data / GENOME, "rt") as letters:
        genome = {record.id: str(record.seq).upper() for record in SeqIO.parse(letters, "fasta")}
    with gzip.open(data / ELEMENTS, "rt") as table:
        rows = [line.rstrip("\n").split("\t")[:4] for line in table if not line.startswith("#")]
    known = ["\t".join(row) for row in rows if int(row[2]) <= len(genome.get(row[0], ""))]
    _write(folder / "elements.bed", "\n".join(known) + "\n")
    alleles = sorted({*portal(data, genome), *allele_specific(data, genome)})
    records = "".join(
        f"{contig}\t{place}\t{name}\t{ref}\t{alt}\t.\t.\t.\n" for contig, place, name, ref, alt in alleles
    )
    titles = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    _write(folder / "variants.vcf", titles + records)
    explained = [row for row in known if row.split("\t")[0] in TEST_CONTIGS]
    _write(folder / "explained.bed", "\n".join([HS_40, *explained]) + "\n")
    near = Path(os.path.relpath(data, folder))
    row = {
        "sample": "dnabert_enhancer",
        "genome": near / GENOME,
        "assembly": "hg38",
        "train_regions": "elements.bed",
        "negatives": "bedtools-shuffle",
        "exclude": near / "annotation/hg38-blacklist.v2.bed.gz",
        "scan_regions": "all",
        "vcf": "variants.vcf",
        "tf_models": TF_MODELS,
        "motifs": near / "motifs/H12CORE_meme_format.meme.gz",
        "genes": near / "annotation/gencode.v29.genes.gtf.bed.gz",
        "interpret_regions": "explained.bed",
        "databases": ";".join(f"{name}={near / file}" for name, file in DATABASES.items()),
        "chains": near / "reference/GRCh37_to_GRCh38.chain.gz",
    }
    matched = {**row, "sample": "dnabert_enhancer_matched", "negatives": "matched"}
    lines = ["\t".join(str(cell) for cell in cells) for cells in (row, row.values(), matched.values())]
    _write(folder / "samplesheet.tsv", "\n".join(lines) + "\n")


def _write(path: Path, text: str) -> None:
    """Write a file, unless it is there as it should be: `-resume` goes by the time of the last change."""
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def portal(data: Path, genome: dict[str, str]) -> Iterator[Allele]:
    """Yield the alleles of the paper's table; a deletion, its ALT ".", with the base before it."""
    with gzip.open(data / PORTAL, "rt") as table:
        for row in csv.DictReader(table):
            contig, start, end = row["chromosome"], int(row["variant_start"]), int(row["variant_end"])
            ref, alt = row["reference_nucleotide"], row["alternative_nucleotide"]
            if end > len(genome.get(contig, "")):
                continue
            if alt == ".":
                before = genome[contig][start - 1]
                yield contig, start, row["dbsnp_id"], before + ref, before
            else:
                yield contig, start + 1, row["dbsnp_id"], ref, alt


def allele_specific(data: Path, genome: dict[str, str]) -> Iterator[Allele]:
    """Yield the alleles whose accessibility in K562 was compared."""
    with gzip.open(data / ALLELE_SPECIFIC, "rt") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if int(row["end"]) <= len(genome.get(row["#chr"], "")):
                yield row["#chr"], int(row["end"]), row["id"], row["ref"], row["alt"]


if __name__ == "__main__":
    main()
