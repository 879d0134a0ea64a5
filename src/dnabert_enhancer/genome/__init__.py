"""Where things are: intervals and their algebra, variants, contig names, FASTA, BED.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.genome.algebra import Stretches, merge_intervals, overlaps_any, subtract_intervals
from dnabert_enhancer.genome.bed import BedRecord, read_bed
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.contig_sizes import read_contig_sizes
from dnabert_enhancer.genome.fasta import FastaRecord, read_fasta
from dnabert_enhancer.genome.genome import Genome, open_genome
from dnabert_enhancer.genome.indexed_fasta import IndexedFasta, indexed_fasta
from dnabert_enhancer.genome.interval import Interval
from dnabert_enhancer.genome.interval_reader import read_intervals
from dnabert_enhancer.genome.interval_table import IntervalTable
from dnabert_enhancer.genome.variant import Variant

__all__ = [
    "BedRecord",
    "ContigNames",
    "FastaRecord",
    "Genome",
    "IndexedFasta",
    "Interval",
    "IntervalTable",
    "Stretches",
    "Variant",
    "indexed_fasta",
    "merge_intervals",
    "open_genome",
    "overlaps_any",
    "read_bed",
    "read_contig_sizes",
    "read_fasta",
    "read_intervals",
    "subtract_intervals",
]
