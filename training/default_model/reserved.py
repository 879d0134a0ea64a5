"""What is never trained on: contigs, and whatever shares a 40-mer with a set kept for evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from genome_windows import DEMO_END
from sources import joint_library

from dnabert_enhancer.genome import read_fasta
from dnabert_enhancer.sequence import join_kmers

FORBIDDEN_CONTIGS = frozenset({"chr1", "chr8", "chr9", "chr20", "chr21", "chr22"})
"""Never trained on, in either assembly."""
TEST_CONTIGS = frozenset({"chr11", "chr17"})
"""Held out for the test split, in both assemblies."""
_ADAPTOR = 15


def reserved_sequences(data: Path) -> dict[str, list[str]]:
    """Return by set the sequences with which no training sequence may share a 40-mer.

    Parameters
    ----------
    data : Path
        The folder with the shared data.
    """
    enhancers = data / "enhancers"
    return {
        "hg19 chr20": _known(data / "reference/hg19_chr20_partial_fulllength.fa.gz"),
        "hg38 chr1 and chr20 prefixes": _known(
            data / "reference/hg38_4chr_prefixes.fa.gz", {"chr1", "chr20"}
        ),
        "demo locus": [
            text[:DEMO_END] for text in _known(data / "reference/hg38_4chr_prefixes.fa.gz", {"chr16"})
        ],
        "iEnhancer-2L independent set": [
            record.sequence
            for path in sorted((enhancers / "ienhancer2L").glob("layer*_test_*.fa"))
            for record in read_fasta(path, unique_names=False)
        ],
        "Davuluri dev": [
            join_kmers(text) for text in pd.read_csv(enhancers / "davuluri/dev.tsv", sep="\t").iloc[:, 0]
        ],
        "lentiMPRA oligos of the unseen test set": _foreign_oligos(data),
        "GUE dev sets": [
            text
            for path in sorted((enhancers / "gue").rglob("dev.csv.gz"))
            for text in pd.read_csv(path)["sequence"]
        ],
        "DNase sites of HepG2 and K562 (academic use)": [
            text
            for path in sorted((enhancers / "dhs").glob("*_ENCLB*.tsv.gz"))
            for text in _sequence_column(pd.read_csv(path, sep="\t"))
        ],
        "non-TATA promoters": pd.read_csv(
            enhancers / "genomic_benchmarks_seq/promoters_nontata_test.tsv.gz", sep="\t"
        )["seq"].tolist(),
        "Sharpr-MPRA of the test contigs": _sharpr(enhancers / "sharpr_mpra/sharpr_regions.tsv.gz"),
        "saturation mutagenesis elements": [
            record.sequence for record in read_fasta(data / "variants/satmut_dev.fa")
        ],
    }


def _known(path: Path, names: set[str] | None = None) -> list[str]:
    """Return the records of a FASTA, cut at stretches of N unless places in them matter."""
    records = [record.sequence for record in read_fasta(path) if names is None or record.name in names]
    if names == {"chr16"}:
        return records
    return [part for text in records for part in re.split("[Nn]+", text) if len(part) >= 40]


def _foreign_oligos(data: Path) -> list[str]:
    """Return the oligos of the joint library whose measured activity is not among the sources."""
    folder = data / "enhancers/lentimpra"
    own = set(_both_strands(joint_library(data)["sequence"]))
    for cell in ("HepG2", "WTC11"):
        oligos = pd.read_csv(folder / f"val_{cell}.tsv.gz", sep="\t")["seq"]
        own |= set(_both_strands(oligos.str.slice(_ADAPTOR, -_ADAPTOR)))
    inner = (record.sequence[_ADAPTOR:-_ADAPTOR] for record in read_fasta(folder / "ultra_joint_60k.fa.gz"))
    return [text for text in inner if text.upper() not in own]


def _both_strands(sequences: pd.Series) -> Iterator[str]:
    swap = str.maketrans("ACGT", "TGCA")
    for text in sequences.str.upper():
        yield text
        yield text.translate(swap)[::-1]


def _sequence_column(table: pd.DataFrame) -> list[str]:
    name = next(column for column in table.columns if "sequence" in column.lower())
    return table[name].dropna().tolist()


def _sharpr(path: Path) -> list[str]:
    table = pd.read_csv(path, sep="\t")
    return table.loc[table["chrom"].isin(TEST_CONTIGS), "sequence_295bp"].tolist()
