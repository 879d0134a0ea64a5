"""VCF and BCF: reading, checking and writing, whatever their version."""

from dnabert_enhancer.vcf.header import InfoField, VcfHeader
from dnabert_enhancer.vcf.reader import VcfReader
from dnabert_enhancer.vcf.record import VcfRecord, parse_record, raw, shared_ends, text
from dnabert_enhancer.vcf.validate import FormNotes
from dnabert_enhancer.vcf.watch import RecordWatch, declared_lengths_differ

__all__ = [
    "FormNotes",
    "InfoField",
    "RecordWatch",
    "VcfHeader",
    "VcfReader",
    "VcfRecord",
    "declared_lengths_differ",
    "parse_record",
    "raw",
    "shared_ends",
    "text",
]
