"""VCF and BCF: reading, checking and writing, whatever their version."""

from dnabert_enhancer.vcf.header import InfoField, VcfHeader, header_with_fields
from dnabert_enhancer.vcf.reader import BLOCK_RECORDS, VcfReader, blocks_of
from dnabert_enhancer.vcf.record import (
    VcfRecord,
    line_of,
    line_with_info,
    parse_record,
    raw,
    shared_ends,
    text,
)
from dnabert_enhancer.vcf.validate import RecordChecks, VcfFaults, declared_lengths_differ
from dnabert_enhancer.vcf.variant_formats import (
    Change,
    VariantFormat,
    WrittenVariant,
    parse_written,
    titles_fault,
)

__all__ = [
    "BLOCK_RECORDS",
    "Change",
    "InfoField",
    "RecordChecks",
    "VariantFormat",
    "VcfFaults",
    "VcfHeader",
    "VcfReader",
    "VcfRecord",
    "WrittenVariant",
    "blocks_of",
    "declared_lengths_differ",
    "header_with_fields",
    "line_of",
    "line_with_info",
    "parse_record",
    "parse_written",
    "raw",
    "shared_ends",
    "text",
    "titles_fault",
]
