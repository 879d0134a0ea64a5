"""Checks every field of VCF records against VCF and the file's header: ID, QUAL, FILTER, INFO, samples."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from dnabert_enhancer.vcf.header import VcfHeader
from dnabert_enhancer.vcf.record import VcfRecord
from dnabert_enhancer.vcf.specification import RESERVED, Definition

_FIELD_NAME = re.compile(rb"[A-Za-z_][0-9A-Za-z_.]*|1000G")
_PLAIN_NAME = re.compile(rb"[A-Za-z][0-9A-Za-z]*")
_CIGAR = re.compile(rb"(?:\d+[MIDNSHPX=])+")
# VCF 4.4 lets a phase stand before the first allele too
_GENOTYPE = re.compile(rb"[/|]?(?:\d+|\.)(?:[/|](?:\d+|\.))*")
_INTEGER = re.compile(rb"[+-]?\d+")
_NEVER_NEGATIVE = frozenset((b"AC", b"AF", b"AN", b"DP", b"END", b"MQ0", b"NS"))


class FieldChecks:
    """Finds the faults of a record's fields.

    Parameters
    ----------
    header : VcfHeader
        Its ##INFO and ##FORMAT lines say what values fields have; VCF's own where it has none.
    """

    def __init__(self, header: VcfHeader) -> None:
        self._info = _definitions(header, b"INFO")
        self._format = _definitions(header, b"FORMAT")

    def faults(self, record: VcfRecord) -> Iterator[str]:
        """Yield what is wrong with a record, but for its place and alleles."""
        _, _, identifier, _, alts, quality, filters, info = record.columns
        n_alts = alts.count(b",") + 1
        if identifier != b"." and _is_bad_list(identifier):
            yield "ID has a space, or an empty or repeated entry"
        if quality != b"." and not _is_quality(quality):
            yield "QUAL is not a number >= 0"
        parts = filters.split(b";")
        if filters != b"." and (
            _is_bad_list(filters) or b"0" in parts or b"." in parts or (b"PASS" in parts and len(parts) > 1)
        ):
            yield "FILTER has a space, 0, or an empty or repeated entry"
        yield from self._info_faults(info, n_alts)
        if record.rest:
            yield from self._sample_faults(record.rest, n_alts)

    def _info_faults(self, info: bytes, n_alts: int) -> Iterator[str]:
        if info == b".":
            return
        if not info or re.search(rb"\s", info):
            yield "INFO is empty or has a space"
            return
        names = []
        for part in info.split(b";"):
            name, separator, value = part.partition(b"=")
            names.append(name)
            if not _FIELD_NAME.fullmatch(name):
                yield "invalid field name in INFO" if part else "empty entry in INFO"
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
                yield f"{shown} is not of type {_shown(definition.type)}"
            elif name in _NEVER_NEGATIVE and any(one.startswith(b"-") for one in values):
                yield f"{shown} is negative"
            elif name == b"CIGAR" and any(not _CIGAR.fullmatch(one) for one in values):
                yield f"{shown} is not a CIGAR string"
            if value != b"." and not _has_number(len(values), definition.number, n_alts):
                yield f"{shown} has the wrong number of values"
        if len(set(names)) < len(names):
            yield "a field is in INFO twice"

    def _sample_faults(self, rest: bytes, n_alts: int) -> Iterator[str]:
        fields = rest.split(b"\t")
        keys = fields[0].split(b":")
        named = all(key in self._format or _PLAIN_NAME.fullmatch(key) for key in keys)
        if not named or len(set(keys)) < len(keys):
            yield "invalid or repeated field name in FORMAT"
            return
        if b"GT" in keys[1:]:
            yield "GT is not the first field of FORMAT"
        for sample in fields[1:]:
            values = sample.split(b":")
            if len(values) > len(keys):
                yield "a sample has more fields than FORMAT"
                continue
            ploidy = 2
            for key, value in zip(keys, values, strict=False):
                if key == b"GT":
                    if not _GENOTYPE.fullmatch(value):
                        yield "invalid genotype"
                    elif any(int(call[:18]) > n_alts for call in re.split(rb"[/|]", value) if call.isdigit()):
                        yield "a genotype has the number of an allele that ALT lacks"
                    ploidy = len(re.split(rb"[/|]", value.lstrip(b"/|")))
                    continue
                definition = self._format.get(key)
                if definition is None or value == b".":
                    continue
                several = value.split(b",")
                shown = f"FORMAT {key.decode('latin-1')}"
                if any(not _has_type(one, definition.type) for one in several):
                    yield f"{shown} of a sample is not of type {_shown(definition.type)}"
                elif not _has_number(len(several), definition.number, n_alts, ploidy):
                    yield f"{shown} of a sample has the wrong number of values"


def _definitions(header: VcfHeader, key: bytes) -> Mapping[bytes, Definition]:
    found = dict(RESERVED[key])
    for entries in header.structured(key):
        if b"ID" in entries:
            found[entries[b"ID"]] = Definition(entries.get(b"Number"), entries.get(b"Type"))
    return found


def _is_bad_list(text: bytes) -> bool:
    entries = text.split(b";")
    return b"" in entries or len(set(entries)) < len(entries) or re.search(rb"\s", text) is not None


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
    return not number.isdigit() or len(number) > 18 or count == int(number)


def _shown(kind: bytes | None) -> str:
    return "String" if kind is None else kind.decode("latin-1")
