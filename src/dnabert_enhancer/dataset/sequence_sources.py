"""Sequences to tokenize, one by one, from FASTA, BED with a genome, or a data set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dnabert_enhancer.dataset.io import FASTA_ENDINGS, begins_as_fasta
from dnabert_enhancer.dataset.numbered_rows import numbered_rows
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import Genome, read_fasta, read_regions

INPUT_FORMATS = ("auto", "fasta", "bed", "dataset")
_BED_ENDINGS = (".bed", ".narrowpeak", ".broadpeak")


class LabelledSequence(NamedTuple):
    """A sequence in the letter case of its source; the label is a class number or a measured value."""

    name: str
    label: int | float
    sequence: str


@dataclass(frozen=True)
class TokenizeSettings:
    """What the input of tokenize is, and which letters count.

    Parameters
    ----------
    format : {"auto", "fasta", "bed", "dataset"}
        What the input is; ``auto``: by its name, its first letter and `genome`.
    genome : path, optional
        FASTA of the genome of a BED file.
    assembly_report : path, optional
        NCBI's report of its assembly: further names of its contigs.
    negatives : path, optional
        FASTA of negatives (label 0) to a FASTA of positives (label 1).
    split : str, optional
        Split of a data set with several.
    label : int
        Label of all sequences of FASTA and BED.
    sequence_column, label_column : str, optional
        Of a table with unusual column names.
    positive_label : str, optional
        Which of two classes of a data set is the positive one (label 1); default: recognised by their names.
    keep_letters : bool
        Take letters as they are, as DNABERT's own tokenizer does, to which lower case (soft-masked bases) and
        U are unknown; default: upper case, and U as T.
    """

    format: str = "auto"
    genome: str | Path | None = None
    assembly_report: str | Path | None = None
    negatives: str | Path | None = None
    split: str | None = None
    label: int = 0
    sequence_column: str | None = None
    label_column: str | None = None
    positive_label: str | None = None
    keep_letters: bool = False

    def __post_init__(self) -> None:
        if self.format not in INPUT_FORMATS:
            raise InputError(f"format is {self.format!r}; it must be one of {', '.join(INPUT_FORMATS)}")


def sequences_to_tokenize(path: Path | str, settings: TokenizeSettings) -> Iterator[LabelledSequence]:
    """Yield the sequences of a file or folder, by the format that the settings say or imply.

    Raises
    ------
    InputError
        A BED file without a genome, a genome with something else, or what the readers refuse.
    """
    form = _format_of(path, settings) if settings.format == "auto" else settings.format
    if form == "bed":
        if settings.genome is None:
            raise InputError("a BED file has no bases", source=path, remedy="give --genome FASTA")
        return region_sequences(path, Genome(settings.genome, settings.assembly_report), settings.label)
    if settings.genome is not None:
        raise InputError(
            f"--genome goes with BED, and the input is read as {form}",
            source=path,
            remedy="leave --genome out, or give --format bed",
        )
    if form == "fasta":
        return fasta_sequences(path, settings.label)
    return dataset_sequences(
        path,
        negatives=settings.negatives,
        split=settings.split,
        sequence_column=settings.sequence_column,
        label_column=settings.label_column,
        positive_label=settings.positive_label,
    )


def _format_of(path: Path | str, settings: TokenizeSettings) -> str:
    if settings.negatives is not None:
        return "dataset"
    if settings.genome is not None:
        return "bed"
    name = str(path).lower().removesuffix(".gz").removesuffix(".bgz")
    if name.endswith(_BED_ENDINGS):
        return "bed"
    if name.endswith(FASTA_ENDINGS):
        return "fasta"
    return "fasta" if begins_as_fasta(path) else "dataset"


def fasta_sequences(path: Path | str, label: int) -> Iterator[LabelledSequence]:
    """Yield the records of a FASTA file, all with the given label; names may come again."""
    for record in read_fasta(path, unique_names=False):
        yield LabelledSequence(record.name, label, record.sequence)


def region_sequences(path: Path | str, genome: Genome, label: int) -> Iterator[LabelledSequence]:
    """Yield the bases of each region of a BED file, all with the given label.

    Raises
    ------
    InputError
        When a region is not in the genome, with its line.
    """
    with genome:
        frame = read_regions(path, genome.contig_sizes, names=genome.names).frame
        columns = (frame[column].tolist() for column in ("chrom", "start", "end", "name"))
        for chrom, start, end, name in zip(*columns, strict=True):
            sequence = genome.fetch(chrom, start, end).decode("latin-1")
            yield LabelledSequence(f"{chrom}:{start}-{end}" if name == "." else name, label, sequence)


def dataset_sequences(
    path: Path | str,
    *,
    negatives: Path | str | None = None,
    split: str | None = None,
    sequence_column: str | None = None,
    label_column: str | None = None,
    positive_label: str | None = None,
) -> Iterator[LabelledSequence]:
    """Yield the rows of one split of a data set, in their order, as they are read."""
    rows = numbered_rows(
        path,
        negatives=negatives,
        split=split,
        sequence_column=sequence_column,
        label_column=label_column,
        positive_label=positive_label,
    )
    for row, label in rows:
        yield LabelledSequence(row.name, label, row.sequence)
