"""Where the records of a command's variants come from: a VCF or list, or names that dbSNP resolves."""

from __future__ import annotations

import argparse
import hashlib
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from dnabert_enhancer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dnabert_enhancer.commands.options import Options
    from dnabert_enhancer.commands.run_record import RunRecord
    from dnabert_enhancer.genome import Genome
    from dnabert_enhancer.variants import RecordSource, VariantSettings

    OpenVariants = Callable[[], AbstractContextManager[RecordSource]]

_ROLES = ("vcf", "variant_list", "dbsnp", "genome", "assembly_report")


def add_named_variants(group: argparse._MutuallyExclusiveGroup) -> None:
    """Add ``--variant`` and ``--variant-list``."""
    group.add_argument(
        "--variant",
        nargs="+",
        action="extend",
        metavar="TEXT",
        help="variants by name: chr16:159710:T:C (1-based), or with --dbsnp rs numbers",
    )
    group.add_argument("--variant-list", metavar="FILE", help="the same from a file, one a line")


def add_dbsnp(parser: argparse.ArgumentParser) -> None:
    """Add ``--dbsnp``."""
    parser.add_argument(
        "--dbsnp",
        metavar="VCF",
        help="dbSNP's VCF, which resolves the rs numbers of --variant and --variant-list and names the other "
        "variants",
    )


def opened_variants(
    options: Options, record: RunRecord, settings: VariantSettings, genome: Genome
) -> OpenVariants:
    """Return what opens the records of a run; names are resolved once, those without a place counted."""
    from dnabert_enhancer.api import VariantTable, open_variants, read_names
    from dnabert_enhancer.variants import NamedVariant, RecordPart

    if "part" in options:
        return lambda: RecordPart(options["part"])
    if "vcf" in options:
        refuse_dbsnp(options)
        return lambda: open_variants(options["vcf"], settings.vcf_format, genome)
    options.refuse(("vcf_format",), "--variant and --variant-list")
    if "variant" in options:
        source = "--variant"
        named = [NamedVariant(text, f"number {n}") for n, text in enumerate(options["variant"], start=1)]
    else:
        source, named = options["variant_list"], read_names(options["variant_list"])
    table = VariantTable.of_names(named, genome, options.get("dbsnp"), source)
    if table.missing:
        record.count("not_in_dbsnp", len(table.missing))
    return lambda: nullcontext(table)


def refuse_dbsnp(options: Options) -> None:
    """Refuse ``--dbsnp`` beside a VCF."""
    options.refuse(("dbsnp",), "--vcf, which has places")


def digests_of(options: Options, record: RunRecord) -> dict[str, str]:
    """Return the SHA-256 of the files that every model of a run reads; a part knows them."""
    if "part" in options:
        return _digests_of_part(options, record)
    found = {role: record.add_input(role, options[role]) for role in _ROLES if role in options}
    if "variant" in options:
        found["variant"] = hashlib.sha256("\n".join(options["variant"]).encode()).hexdigest()
    return found


def _digests_of_part(options: Options, record: RunRecord) -> dict[str, str]:
    from dnabert_enhancer.variants import RecordPart

    with RecordPart(options["part"]) as part:
        part.check_genome(options["genome"])
        record.add_known_input("genome", options["genome"], part.digests["genome"])
    record.add_input("part", options["part"])
    if "assembly_report" in options:
        record.add_input("assembly_report", options["assembly_report"])
    return part.digests


def check_named(options: Options) -> None:
    """Raise `InputError` where the genome of variants is missing."""
    if "genome" not in options:
        raise InputError(
            "variants need --genome", remedy="give the FASTA of the reference that the variants are of"
        )
