"""Where things are: intervals, variants, contig names, FASTA and BED.

The door of the room: other rooms import the names below and nothing else.
"""

from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.fasta import FastaRecord, read_fasta
from dnabert_enhancer.genome.genome import Genome, open_genome
from dnabert_enhancer.genome.interval import Interval
from dnabert_enhancer.genome.variant import Variant

__all__ = [
    "ContigNames",
    "FastaRecord",
    "Genome",
    "Interval",
    "Variant",
    "open_genome",
    "read_fasta",
]
