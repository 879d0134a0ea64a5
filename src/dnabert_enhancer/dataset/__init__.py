"""Labelled windows: read in the forms in which the field keeps them, or made from regions and a genome."""

from dnabert_enhancer.dataset.delimited import read_table
from dnabert_enhancer.dataset.kmer_text import join_kmers, kmer_text
from dnabert_enhancer.dataset.readers import read_dataset
from dnabert_enhancer.dataset.table import ALL_ROWS, COLUMNS, SPLIT_NAMES, Dataset, Task

__all__ = [
    "ALL_ROWS",
    "COLUMNS",
    "SPLIT_NAMES",
    "Dataset",
    "Task",
    "join_kmers",
    "kmer_text",
    "read_dataset",
    "read_table",
]
