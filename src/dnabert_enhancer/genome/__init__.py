"""Coordinates and reference genomes: intervals, variants, tables of regions, contig names, FASTA, BED.

Other packages import the names below and nothing else.
"""

from dnabert_enhancer.genome.assemblies import (
    ASSEMBLIES,
    assemblies_in,
    assembly_name,
    check_genome_sizes,
    is_assembly_name,
    read_contig_sizes,
    recognised_assembly,
)
from dnabert_enhancer.genome.assembly_report import ReportedSequence, read_assembly_report
from dnabert_enhancer.genome.bed import check_not_vcf
from dnabert_enhancer.genome.bed_reader import LEAVE_OUT
from dnabert_enhancer.genome.contig_names import ContigNames
from dnabert_enhancer.genome.fasta import FastaRecord, foreign_letter_error, foreign_letters, read_fasta
from dnabert_enhancer.genome.fasta_index import IndexedFasta, indexed_fasta
from dnabert_enhancer.genome.gap_check import warn_of_gaps
from dnabert_enhancer.genome.gaps import GAPS_ENDING, Gaps, find_gaps, gaps_beside
from dnabert_enhancer.genome.genes import read_genes, transcription_starts
from dnabert_enhancer.genome.genome import Genome
from dnabert_enhancer.genome.interval import STRANDS, Interval, Variant, locate
from dnabert_enhancer.genome.names import check_name
from dnabert_enhancer.genome.region_operations import (
    Pairs,
    Spans,
    clusters,
    coverage,
    difference_of,
    merge,
    nearest,
    nearest_of,
    overlap,
    overlap_counts,
    overlapping_pairs,
    overlaps,
    sort_regions,
    subtract,
    union_of,
)
from dnabert_enhancer.genome.regions import (
    RegionTable,
    frame_of_intervals,
    place_regions,
    read_regions,
    region_frame,
)

__all__ = [
    "ASSEMBLIES",
    "GAPS_ENDING",
    "LEAVE_OUT",
    "STRANDS",
    "ContigNames",
    "FastaRecord",
    "Gaps",
    "Genome",
    "IndexedFasta",
    "Interval",
    "Pairs",
    "RegionTable",
    "ReportedSequence",
    "Spans",
    "Variant",
    "assemblies_in",
    "assembly_name",
    "check_genome_sizes",
    "check_name",
    "check_not_vcf",
    "clusters",
    "coverage",
    "difference_of",
    "find_gaps",
    "foreign_letter_error",
    "foreign_letters",
    "frame_of_intervals",
    "gaps_beside",
    "indexed_fasta",
    "is_assembly_name",
    "locate",
    "merge",
    "nearest",
    "nearest_of",
    "overlap",
    "overlap_counts",
    "overlapping_pairs",
    "overlaps",
    "place_regions",
    "read_assembly_report",
    "read_contig_sizes",
    "read_fasta",
    "read_genes",
    "read_regions",
    "recognised_assembly",
    "region_frame",
    "sort_regions",
    "subtract",
    "transcription_starts",
    "union_of",
    "warn_of_gaps",
]
