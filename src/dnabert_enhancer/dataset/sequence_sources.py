"""Sequences with a name and a label, one by one, from FASTA, BED with a genome, or a data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.dataset.io import read_dataset
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import open_genome, read_bed, read_fasta


class NamedSequence(NamedTuple):
    """A sequence in the letter case of its source; the label is a class number or a measured value."""

    name: str
    label: int | float
    sequence: str


def fasta_sequences(path: Path | str, label: int) -> Iterator[NamedSequence]:
    """Yield the records of a FASTA file, all with the given label; names may come again."""
    for record in read_fasta(path, unique_names=False):
        yield NamedSequence(record.name, label, record.sequence)


def region_sequences(path: Path | str, genome_path: Path | str, label: int) -> Iterator[NamedSequence]:
    """Yield the bases of each region of a BED file, all with the given label.

    Raises
    ------
    InputError
        When a region is not inside a contig of the genome, with its line.
    """
    with open_genome(genome_path) as genome:
        for record in read_bed(path):
            place = record.interval
            contig = genome.names.resolve(place.contig)
            if contig is None or place.end > genome.contig_sizes[contig]:
                size = "" if contig is None else f" of {genome.contig_sizes[contig]} bp"
                raise InputError(
                    f"{place.contig}:{place.start}-{place.end} is not inside a contig{size} of the genome",
                    source=path,
                    location=f"line {record.line}",
                    remedy=f"check that the assembly is the one of {genome.path}",
                )
            sequence = genome.fetch(contig, place.start, place.end).decode("latin-1")
            name = f"{contig}:{place.start}-{place.end}" if record.name == "." else record.name
            yield NamedSequence(name, label, sequence)


def dataset_sequences(
    path: Path | str,
    *,
    negatives: Path | str | None = None,
    split: str | None = None,
    sequence_column: str | None = None,
    label_column: str | None = None,
) -> Iterator[NamedSequence]:
    """Yield the rows of one split of a data set, in their order."""
    dataset = read_dataset(
        path,
        negatives=negatives,
        sequence_column=sequence_column,
        label_column=label_column,
        allow_one_class=True,
    )
    if split is None and len(dataset.splits) > 1:
        raise InputError(
            f"the data set has the splits {', '.join(dataset.splits)}",
            source=path,
            remedy="name one of them with --split",
        )
    frame = dataset.frame(split)
    for name, label, sequence in zip(
        frame["name"].tolist(), frame["label"].tolist(), frame["sequence"].tolist(), strict=True
    ):
        yield NamedSequence(name, label, sequence)
