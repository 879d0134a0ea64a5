"""Checks of a record's form against VCF and its own header; what is wrong is noted and kept.

The samples of a record are taken apart only where they are few bytes, and fields only in the first records,
so that a wide or long file costs no more for it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import VcfRecord
from dnabert_enhancer.vcf.specification import RESERVED, Definition
from dnabert_enhancer.vcf.validate import FormNotes

_FIELDS_OF_RECORDS = 20_000
_FIELDS_OF_BYTES = 4096
_CONTIG = re.compile(rb"[0-9A-Za-z!#$%&+./;?@^_|~-][0-9A-Za-z!#$%&+./;=?@^_|~-]*")
# GRCh38's, which later texts of VCF 4.3 allow and earlier ones do not
_HLA = re.compile(rb"HLA-[0-9A-Z]+\*[0-9A-Z:]+")
_BRACKETED = re.compile(rb"<[^<>:]+>")
_BASES = re.compile(rb"[ACGTNacgtn]+")
_CODES = re.compile(rb"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv]+")
_ALT = re.compile(
    rb"\.|\*|<[^\s,<>]+>|[ACGTN*]+|\.[ACGTN]+|[ACGTN]+\.|(?:[ACGTN.]+[\[\]][^\s,]+[\[\]])|(?:[\[\]][^\s,]+[\[\]][ACGTN.]+)",
    re.IGNORECASE,
)
_BREAKEND_PLACE = re.compile(rb"[\[\]](?:<[^<>]+>|[^\s\[\]]+?):\d+[\[\]]|[\[\]]<[^<>]+>[\[\]]")
_FIELD_NAME = re.compile(rb"[A-Za-z_][0-9A-Za-z_.]*|1000G")
_PLAIN_NAME = re.compile(rb"[A-Za-z][0-9A-Za-z]*")
_CIGAR = re.compile(rb"(?:\d+[MIDNSHPX=])+")
# VCF 4.4 lets a phase stand before the first allele too
_GENOTYPE = re.compile(rb"[/|]?(?:\d+|\.)(?:[/|](?:\d+|\.))*")
_INTEGER = re.compile(rb"[+-]?\d+")
_NEVER_NEGATIVE = frozenset((b"AC", b"AF", b"AN", b"DP", b"END", b"MQ0", b"NS"))


class RecordForm:
    """Notes the faults of records.

    Parameters
    ----------
    header : VcfHeader
    notes : FormNotes
    """

    def __init__(self, header: VcfHeader, notes: FormNotes) -> None:
        self._notes = notes
        self._n_samples = len(header.samples)
        self._has_format = header.columns.count(b"\t") >= 8
        self._info = _definitions(header, b"INFO")
        self._format = _definitions(header, b"FORMAT")
        self._seen = 0

    def check(self, record: VcfRecord) -> None:
        """Note what is wrong with a record."""
        self._seen += 1
        for fault in self._faults(record):
            self._notes.add(f"{fault}; it is kept as it is", record.line, b" ".join(record.columns[:5]))

    def _faults(self, record: VcfRecord) -> Iterator[str]:
        contig, _, identifier, ref, alts, quality, filters, info = record.columns
        if not any(form.fullmatch(contig) for form in (_CONTIG, _BRACKETED, _HLA)):
            yield "CHROM holds what no name of a contig may"
        if identifier != b"." and _is_bad_list(identifier):
            yield "ID holds a blank, or an empty or a repeated entry"
        if not _BASES.fullmatch(ref):
            yield "REF is not made of A, C, G, T and N" + (
                "" if _CODES.fullmatch(ref) else ", nor of other codes"
            )
        entries = alts.split(b",")
        if any(not _ALT.fullmatch(alt) for alt in entries) or (len(entries) > 1 and b"." in entries):
            yield "ALT is no allele"
        elif any(mark in alts for mark in (b"[", b"]")) and not all(map(_is_breakend_or_other, entries)):
            yield "ALT is no breakend"
        if quality != b"." and not _is_quality(quality):
            yield "QUAL is no number from 0 on"
        parts = filters.split(b";")
        if filters != b"." and (
            _is_bad_list(filters) or b"0" in parts or b"." in parts or (b"PASS" in parts and len(parts) > 1)
        ):
            yield "FILTER holds a blank, 0, or an empty or a repeated entry"
        n_tabs = record.rest.count(b"\t")
        given = n_tabs if record.rest else -1
        expected = self._n_samples if self._has_format else -1
        if given != expected and not (expected <= 0 and given < 0):
            yield "there are more or fewer samples than in the header"
        if self._seen <= _FIELDS_OF_RECORDS:
            if len(info) <= _FIELDS_OF_BYTES:
                yield from self._info_faults(info, len(entries))
            if record.rest and len(record.rest) <= _FIELDS_OF_BYTES:
                yield from self._sample_faults(record.rest, len(entries))

    def _info_faults(self, info: bytes, n_alts: int) -> Iterator[str]:
        if info == b".":
            return
        if not info or re.search(rb"\s", info):
            yield "INFO is empty or holds a blank"
            return
        names = []
        for part in info.split(b";"):
            name, separator, value = part.partition(b"=")
            names.append(name)
            if not _FIELD_NAME.fullmatch(name):
                yield "INFO has a name that is none"
                continue
            definition = self._info.get(name)
            shown = f"INFO {name.decode('latin-1')}"
            if definition is None:
                continue
            if definition.type == b"Flag" or definition.number == b"0":
                if separator and value not in (b"0", b"1", b""):
                    yield f"{shown} is a flag but has a value"
                continue
            values = value.split(b",")
            if not separator or any(not _has_type(one, definition.type) for one in values):
                yield f"{shown} is not of its type"
            elif name in _NEVER_NEGATIVE and any(one.startswith(b"-") for one in values):
                yield f"{shown} is negative"
            elif name == b"CIGAR" and any(not _CIGAR.fullmatch(one) for one in values):
                yield f"{shown} is none"
            if value != b"." and not _has_number(len(values), definition.number, n_alts):
                yield f"{shown} has not as many values as it should"
        if len(set(names)) < len(names):
            yield "INFO has a field twice"

    def _sample_faults(self, rest: bytes, n_alts: int) -> Iterator[str]:
        fields = rest.split(b"\t")
        keys = fields[0].split(b":")
        named = all(key in self._format or _PLAIN_NAME.fullmatch(key) for key in keys)
        if not named or len(set(keys)) < len(keys):
            yield "FORMAT has a name that is none, or one twice"
            return
        if b"GT" in keys[1:]:
            yield "GT is not the first of FORMAT"
        for sample in fields[1:]:
            values = sample.split(b":")
            if len(values) > len(keys):
                yield "a sample has more fields than FORMAT"
                continue
            ploidy = 2
            for key, value in zip(keys, values, strict=False):
                if key == b"GT":
                    if not _GENOTYPE.fullmatch(value):
                        yield "a genotype is none"
                    elif any(int(call) > n_alts for call in re.split(rb"[/|]", value) if call.isdigit()):
                        yield "a genotype names an allele that is not there"
                    ploidy = len(re.split(rb"[/|]", value.lstrip(b"/|")))
                    continue
                definition = self._format.get(key)
                if definition is None or value == b".":
                    continue
                several = value.split(b",")
                shown = f"FORMAT {key.decode('latin-1')}"
                if any(not _has_type(one, definition.type) for one in several):
                    yield f"{shown} of a sample is not of its type"
                elif not _has_number(len(several), definition.number, n_alts, ploidy):
                    yield f"{shown} of a sample has not as many values as it should"


def _definitions(header: VcfHeader, key: bytes) -> Mapping[bytes, Definition]:
    found = dict(RESERVED[key])
    for entries in header.structured(key):
        if b"ID" in entries:
            found[entries[b"ID"]] = Definition(entries.get(b"Number"), entries.get(b"Type"))
    return found


def _is_bad_list(text: bytes) -> bool:
    entries = text.split(b";")
    return b"" in entries or len(set(entries)) < len(entries) or re.search(rb"\s", text) is not None


def _is_breakend_or_other(alt: bytes) -> bool:
    return alt.startswith(b"<") or not (b"[" in alt or b"]" in alt) or _BREAKEND_PLACE.search(alt) is not None


def _is_quality(text: bytes) -> bool:
    return text.lower() == b"nan" or (_is_number(text) and float(text) >= 0)


def _is_number(text: bytes) -> bool:
    try:
        return not math.isnan(float(text))
    except ValueError:
        return False


def _has_type(value: bytes, kind: bytes | None) -> bool:
    if value == b".":
        return True
    if kind == b"Integer":
        return _INTEGER.fullmatch(value) is not None and -(2**31) + 8 <= int(value) < 2**31
    if kind == b"Float":
        return _is_number(value) or value.lower() in (b"nan", b"inf", b"-inf")
    if kind == b"Character":
        return len(value) == 1
    return value != b""


def _has_number(count: int, number: bytes | None, n_alts: int, ploidy: int = 2) -> bool:
    if number is None or number in (b".", b""):
        return True
    if number == b"A":
        return count == n_alts
    if number == b"R":
        return count == n_alts + 1
    if number == b"G":
        return count == math.comb(n_alts + ploidy, ploidy)
    return not number.isdigit() or count == int(number)
