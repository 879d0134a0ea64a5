"""VCF and BCF: reading, checking and writing, whatever their version."""

from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.reader import BLOCK_RECORDS, VcfReader, blocks_of
from dnabert_enhancer.vcf.record import VcfRecord, parse_record, raw, shared_ends, text
from dnabert_enhancer.vcf.validate import RecordChecks, VcfFaults, declared_lengths_differ
from dnabert_enhancer.vcf.writer import InfoField, header_with_fields, line_of, line_with_info

__all__ = [
    "BLOCK_RECORDS",
    "InfoField",
    "RecordChecks",
    "VcfFaults",
    "VcfHeader",
    "VcfReader",
    "VcfRecord",
    "blocks_of",
    "declared_lengths_differ",
    "header_with_fields",
    "line_of",
    "line_with_info",
    "parse_record",
    "raw",
    "shared_ends",
    "text",
]
