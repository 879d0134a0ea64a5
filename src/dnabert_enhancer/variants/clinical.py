"""What ClinVar, the GWAS catalog and GTEx say of a variant."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import describe_source, read_text_lines
from dnabert_enhancer.genome import Genome, recognised_assembly
from dnabert_enhancer.variants.alleles import Allele
from dnabert_enhancer.variants.known_alleles import KnownAllele, KnownAlleles
from dnabert_enhancer.variants.reference import Letters
from dnabert_enhancer.vcf import VcfRecord, text

CLINICAL_COLUMNS: Final = ("reported_clinical_association", "gwas", "clinvar", "eqtl")
_LOST = "tell nothing"
_NO_DISEASE = {"not_provided", "not_specified", "."}
_GTEX_ID = re.compile(r"(?P<contig>.+)_(?P<position>\d+)_(?P<ref>[ACGTN]+)_(?P<alt>[ACGTN]+)_b(?P<build>\d+)")
_BUILDS = {"37": "hg19", "38": "hg38"}
_RS = re.compile(r"rs\d+")


class Finding(NamedTuple):
    """What a source says of an allele: its own text, and the diseases or traits."""

    text: str
    associations: tuple[str, ...] = ()


class AskedAllele(NamedTuple):
    """One allele of a record.

    Attributes
    ----------
    bases : Letters
        The genome's.
    contig : str, optional
        The genome's name, where it has the contig.
    record : VcfRecord
    allele : Allele, optional
        Where it could be placed.
    """

    bases: Letters
    contig: str | None
    record: VcfRecord
    allele: Allele | None

    def among(self, known: KnownAlleles) -> list[KnownAllele]:
        """Return the entries of a database for it."""
        return [] if self.allele is None else known.of(self.bases, self.allele)


class ClinicalSource(Protocol):
    """A file that says something of variants; `column` is one of `CLINICAL_COLUMNS`."""

    column: str

    def of(self, asked: AskedAllele) -> list[Finding]:
        """Return what is said of one allele of a record."""


class ClinVar:
    """ClinVar's VCF: alleles by what they change.

    Parameters
    ----------
    path : str or path
        With its index beside it, it is read where it is asked; else it is kept in memory.
    genome : Genome
    """

    column = "clinvar"

    def __init__(self, path: str | os.PathLike[str], genome: Genome) -> None:
        self._alleles = KnownAlleles.of_vcf(path, genome, _clinvar_content, _LOST)

    def of(self, asked: AskedAllele) -> list[Finding]:
        """Return ``ID:significance``, and the diseases where that is not benign."""
        return [_clinvar_finding(known) for known in asked.among(self._alleles)]


class GwasCatalog:
    """The GWAS catalog's table of associations: by rs number, or by position, whatever the allele.

    Parameters
    ----------
    path : str or path
        Its positions are of hg38.
    genome : Genome
    """

    column = "gwas"

    def __init__(self, path: str | os.PathLike[str], genome: Genome) -> None:
        self._by_name: dict[str, list[Finding]] = {}
        self._by_place: dict[tuple[str, int], list[Finding]] = {}
        own = recognised_assembly(genome.contig_sizes)
        needed = ("disease/trait", "chr_id", "chr_pos", "snps")
        counts: dict[str, int] = {}
        for row in _table(path, needed, "the GWAS catalog's associations"):
            allele, p = row.get("strongest snp-risk allele") or row["snps"], row.get("p-value", "")
            finding = Finding(f"{allele}:{p}" if p else allele, (row["disease/trait"],))
            for name in _RS.findall(row["snps"]):
                self._by_name.setdefault(name, []).append(finding)
            if row["chr_pos"].isdigit():
                counts[row["chr_id"]] = counts.get(row["chr_id"], 0) + 1
                contig = genome.names.resolve(row["chr_id"])
                if contig is not None and own in (None, "hg38"):
                    self._by_place.setdefault((contig, int(row["chr_pos"])), []).append(finding)
        genome.names.check_shared(counts, describe_source(path), "records", _LOST)

    def of(self, asked: AskedAllele) -> list[Finding]:
        """Return ``rs-allele:p-value`` and the trait of each association."""
        contig, record, allele = asked.contig, asked.record, asked.allele
        found = [one for name in _RS.findall(record.identifier) for one in self._by_name.get(name, ())]
        if contig is not None:
            places = {record.position}
            if allele is not None and len(allele.trimmed_ref) != len(allele.trimmed_alt):
                places.add(record.position + 1)
            found += [one for place in sorted(places) for one in self._by_place.get((contig, place), ())]
        return found


class Eqtl:
    """A table of GTEx's variant and gene pairs: alleles by what they change.

    Parameters
    ----------
    path : str or path
        Text with the columns ``variant_id`` (``chr1_64764_C_T_b38``) and ``gene_id`` or ``gene_name``; the
        tissue is what its name begins with, ``Whole_Blood.v8.signif_variant_gene_pairs.txt.gz``.
    genome : Genome
    """

    column = "eqtl"

    def __init__(self, path: str | os.PathLike[str], genome: Genome) -> None:
        counts: dict[str, int] = {}
        self._alleles = KnownAlleles.of_rows(_eqtl_rows(path, genome, counts))
        genome.names.check_shared(counts, describe_source(path), "records", _LOST)

    def of(self, asked: AskedAllele) -> list[Finding]:
        """Return ``tissue:gene`` of each pair."""
        return [Finding(text(known.content)) for known in asked.among(self._alleles)]


SOURCES: dict[str, type[ClinVar | GwasCatalog | Eqtl]] = {
    source.column: source for source in (ClinVar, GwasCatalog, Eqtl)
}


def open_clinical(
    files: Iterable[tuple[str, str | os.PathLike[str]]], genome: Genome
) -> list[ClinicalSource]:
    """Read files that say something of variants.

    Parameters
    ----------
    files : iterable of (str, path)
        What each is, a name of `SOURCES`, and where.
    genome : Genome

    Raises
    ------
    InputError
        Another name; what is not such a file, or of another assembly.
    """
    found: list[ClinicalSource] = []
    for name, path in files:
        if name not in SOURCES:
            raise InputError(
                f"--clinical {name}= is not known",
                remedy=f"give {', '.join(f'{one}=FILE' for one in SOURCES)}",
            )
        found.append(SOURCES[name](path, genome))
    return found


def clinical_findings(sources: Sequence[ClinicalSource], asked: AskedAllele) -> list[list[str]] | None:
    """Return the texts of each of `CLINICAL_COLUMNS` for an allele, each text once; None without any."""
    found: dict[str, dict[str, None]] = {column: {} for column in CLINICAL_COLUMNS}
    for source in sources:
        for finding in source.of(asked):
            found[source.column][finding.text] = None
            found[CLINICAL_COLUMNS[0]] |= dict.fromkeys(finding.associations)
    return [list(texts) for texts in found.values()] if any(found.values()) else None


def _clinvar_content(record: VcfRecord) -> bytes:
    entries = dict(entry.partition(b"=")[::2] for entry in record.info.split(b";"))
    identifier, significance = record.columns[2], entries.get(b"CLNSIG", b".")
    return identifier + b":" + significance + b"\t" + entries.get(b"CLNDN", b".")


def _clinvar_finding(known: KnownAllele) -> Finding:
    said, diseases = text(known.content).split("\t", 1)
    if said.partition(":")[2].lower().startswith(("benign", "likely_benign")):
        return Finding(said)
    names = [name for name in diseases.split("|") if name not in _NO_DISEASE]
    return Finding(said, tuple(name.replace("_", " ") for name in names))


def _eqtl_rows(
    path: str | os.PathLike[str], genome: Genome, counts: dict[str, int]
) -> Iterator[tuple[str, KnownAllele]]:
    source = describe_source(path)
    tissue = re.sub(r"\.(v\d+\..*|txt|tsv|gz|bgz)$", "", Path(source).name.removesuffix(".gz"))
    own = recognised_assembly(genome.contig_sizes)
    for number, row in enumerate(_table(path, ("variant_id",), "GTEx's pairs"), start=2):
        match = _GTEX_ID.fullmatch(row["variant_id"])
        if match is None:
            raise InputError(
                f"{row['variant_id']!r} is not a variant of GTEx",
                source=source,
                location=f"line {number}",
                remedy="write chr_pos_ref_alt_b38",
            )
        build = _BUILDS.get(match["build"])
        if build is not None and own is not None and build != own:
            raise InputError(
                f"{row['variant_id']} is of {build}, but {genome.path} is {own}",
                source=source,
                location=f"line {number}",
                remedy=f"give the table for {own}",
            )
        counts[match["contig"]] = counts.get(match["contig"], 0) + 1
        contig = genome.names.resolve(match["contig"])
        gene = row.get("gene_name") or row.get("gene_id") or ""
        if contig is not None:
            content = f"{tissue}:{gene}".encode()
            alleles = match["ref"].encode(), match["alt"].encode()
            yield contig, KnownAllele(int(match["position"]), *alleles, content)


def _table(path: str | os.PathLike[str], needed: Sequence[str], what: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table with tabs, by its titles in lower case."""
    lines = read_text_lines(path)
    _, first = next(lines, (0, ""))
    titles = [title.strip().lower() for title in first.split("\t")]
    missing = [name for name in needed if name not in titles]
    if missing:
        raise InputError(
            f"there is no column {missing[0].upper() if missing[0] != 'variant_id' else missing[0]}",
            source=describe_source(path),
            location="line 1",
            remedy=f"give {what}, a table with titles and tabs",
        )
    least = max(titles.index(name) for name in needed) + 1
    for number, line in lines:
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) < least:
            raise InputError(
                f"the line has {len(fields)} columns and needs {least}",
                source=describe_source(path),
                location=f"line {number}",
                remedy="separate the columns by tabs",
            )
        yield dict(zip(titles, fields, strict=False))
