"""Reads one line of the formats of variants that are not VCF: BED-like, VEP's, HGVS, our candidates, ..."""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import reverse_complement_letters

_SHOWN = 60
_LAST_POSITION = 2**31 - 1  # of VCF
_POSITION = re.compile(r"[0-9]{1,18}")
_BASES = re.compile(r"[ACGTNRYSWKMBDHV]+", re.IGNORECASE)
_CERTAIN = "[ACGTNacgtn]"
_STRANDS: Final = {"": False, "+": False, "1": False, "-": True, "-1": True}
_SPDI_DELETED = re.compile(rf"{_CERTAIN}*|[0-9]{{1,18}}")
_SPDI_INSERTED = re.compile(rf"{_CERTAIN}*")
_HGVS = re.compile(r"(?P<contig>[^:\s]+):(?P<kind>[a-z])\.(?P<rest>\S+)")
_HGVS_CHANGE = re.compile(
    rf"(?P<first>[0-9]{{1,18}})(?:_(?P<last>[0-9]{{1,18}}))?"
    rf"(?:(?P<ref>{_CERTAIN})>(?P<alt>{_CERTAIN})|(?P<same>{_CERTAIN}*)=|ins(?P<insertion>{_CERTAIN}+)"
    rf"|del(?P<deleted>{_CERTAIN}*)(?:ins(?P<inserted>{_CERTAIN}+))?"
    rf"|(?P<edit>dup|inv)(?P<edited>{_CERTAIN}*))"
)


class VariantFormat(enum.StrEnum):
    """How a file of variants is written."""

    VCF = "vcf"
    """VCF 4.1 to 4.5 or BCF."""
    BED = "bed"
    """Contig, start (0-based), end, REF, ALT and maybe a name: BED with alleles, variant-scorer's ``bed``."""
    CHROMBPNET = "chrombpnet"
    """Contig, position (1-based), REF, ALT and maybe a name: variant-scorer's ``chrombpnet``."""
    VEP = "vep"
    """Ensembl VEP's default: contig, start, end (1-based), ``A/G``, strand and maybe a name."""
    HGVS_G = "hgvs-g"
    """Genomic HGVS, such as ``NC_000016.10:g.159710T>C``, one a line, maybe with a name behind it."""
    SPDI = "spdi"
    """NCBI's SPDI, such as ``NC_000016.10:159709:T:C`` (0-based), one a line, maybe with a name behind it."""
    CANDIDATES = "candidates"
    """The table of candidates of score-variants; an allele that has several rows is read once."""


class Change(enum.Enum):
    """Where the bases come from that replace those of the reference."""

    WRITTEN = "written"
    """The line gives them."""
    DUPLICATION = "duplication"
    """A copy of the reference bases follows them."""
    INVERSION = "inversion"
    """Their reverse complement replaces them."""


class WrittenVariant(NamedTuple):
    """A variant as a line states it, in coordinates of one kind.

    Attributes
    ----------
    contig : str
    start, end : int
        The reference bases that are replaced, 0-based and half-open; equal for an insertion.
    ref : bytes or None
        These bases, upper case; None when the line does not give them.
    alts : tuple of bytes
        What stands there instead, upper case; b"" for a deletion. Empty unless the change is written.
    identifier : str
        ``.`` when there is none.
    change : Change
    """

    contig: str
    start: int
    end: int
    ref: bytes | None
    alts: tuple[bytes, ...]
    identifier: str = "."
    change: Change = Change.WRITTEN


def parse_written(line: str, form: VariantFormat) -> WrittenVariant | None:
    """Return the variant of a line, or None for a blank line or a comment (``#``).

    Parameters
    ----------
    line : str
        Columns are separated by tabs, or by blanks in a line without tabs.
    form : VariantFormat
        One other than `VariantFormat.VCF`.

    Raises
    ------
    InputError
        What is wrong with the line, its value and what to do; without the file and the line's number.
    """
    if not line.strip() or line.startswith("#"):
        return None
    cells = line.split("\t") if "\t" in line else line.split()
    return _READERS[form]([cell.strip() for cell in cells])


def titles_fault(line: str, form: VariantFormat) -> str | None:
    """Return what is wrong with a line of titles; an empty text when it is right, None when it is none.

    Only BED-like and ChromBPNet's tables, and that of candidates, have such a line.
    """
    columns = _TITLES.get(form, ())
    text = line.lstrip("#")
    cells = [cell.strip().casefold() for cell in (text.split("\t") if "\t" in text else text.split())]
    known = {title for column in columns for title in column}
    if len(cells) < len(columns) - 1 or sum(cell in known for cell in cells) < 3:
        return None
    for cell, allowed in zip(cells, columns, strict=False):
        if cell not in allowed and allowed is not _NAMES:
            return f"the title {cell!r} stands where the format has {allowed[0]}"
    return ""


_HGVS_CHANGES: Final = {"dup": Change.DUPLICATION, "inv": Change.INVERSION}
_CONTIGS = ("chr", "chrom", "chromosome", "contig", "seqnames")
_REFS = ("ref", "reference", "allele1", "a1", "ref_allele", "reference_allele")
_ALTS = ("alt", "alternate", "alternative", "allele2", "a2", "alt_allele", "alternate_allele")
_NAMES = ("id", "variant_id", "rsid", "name", "snp")
_TITLES: Final[dict[VariantFormat, tuple[tuple[str, ...], ...]]] = {
    VariantFormat.BED: (
        _CONTIGS,
        ("start", "pos", "position", "chromstart"),
        ("end", "stop", "chromend"),
        _REFS,
        _ALTS,
        _NAMES,
    ),
    VariantFormat.CHROMBPNET: (_CONTIGS, ("pos", "position"), _REFS, _ALTS, _NAMES),
    VariantFormat.CANDIDATES: (
        ("rank",),
        ("chrom",),
        ("pos",),
        ("variant_start_0based",),
        ("variant_end_0based",),
        ("dbsnp_id",),
        ("reference_nucleotide",),
        ("alternative_nucleotide",),
    ),
}


def _bed(cells: Sequence[str]) -> WrittenVariant:
    contig, start, end, ref, alts, name = _table_cells(cells, 5, "contig, start, end, REF, ALT")
    first, last = _position(start, "the start"), _position(end, "the end")
    bases = _allele(ref, "REF")
    length = last - first
    # some writers give an indel the length of one base; of two bases that would be the end of a 1-based table
    if length != len(bases) and not (length == 1 and len(bases) > 2):
        if not bases:
            problem = f"an insertion from {start} to {end}"
            remedy = "an insertion has its start and end at one place, before the base of that number + 1"
        else:
            problem = f"{start} to {end} are {length} bases, but REF {ref!r} has {len(bases)}"
            remedy = "the start is 0-based, the end is start + the length of REF"
        raise InputError(problem, remedy=remedy)
    return WrittenVariant(contig, first, first + len(bases), bases, _alts(alts.split(",")), name)


def _chrombpnet(cells: Sequence[str]) -> WrittenVariant:
    contig, position, ref, alts, name = _table_cells(cells, 4, "contig, position, REF, ALT")
    first = _one_based(position, "the position")
    bases = _allele(ref, "REF")
    if not bases:
        raise InputError(
            f"REF {ref!r} does not tell on which side of {position} bases are inserted",
            remedy="write the preceding base in REF and ALT, as VCF does",
        )
    return WrittenVariant(contig, first, first + len(bases), bases, _alts(alts.split(",")), name)


def _candidate(cells: Sequence[str]) -> WrittenVariant:
    if len(cells) < len(_TITLES[VariantFormat.CANDIDATES]):
        raise _too_few(
            cells, "the columns of score-variants' candidates, from rank to alternative_nucleotide"
        )
    _, contig, position, _, _, name, ref, alt = cells[:8]
    first, bases = _one_based(position, "the position"), _allele(ref, "REF")
    return WrittenVariant(contig, first, first + len(bases), bases, (_allele(alt, "ALT"),), _name(name))


def _vep(cells: Sequence[str]) -> WrittenVariant:
    given = [cell for cell in cells if cell]
    if len(given) < 4:
        raise _too_few(given, "contig, start, end, alleles such as A/G, strand")
    contig, start, end, alleles, strand, name = [*given, "", ""][:6]
    first, last = _one_based(start, "the start"), _position(end, "the end")
    if strand not in _STRANDS:
        raise InputError(f"the strand {strand!r} is not +, -, 1 or -1", remedy="give it in column 5")
    texts = alleles.split("/")
    if len(texts) < 2:
        raise InputError(
            f"{alleles!r} are not two alleles",
            remedy="write reference/alternative, such as A/G or -/C; types such as DUP are not scored",
        )
    ref, *alts = [_allele(text, "the allele") for text in texts]
    if last - first != len(ref):
        problem = f"{start} to {end} are {last - first} bases, but {alleles!r} begins with {len(ref)}"
        remedy = "positions are 1-based and inclusive; an insertion has start = end + 1 and begins with -"
        raise InputError(problem, remedy=remedy)
    if _STRANDS[strand]:
        ref, *alts = [reverse_complement_letters(text.decode()).encode() for text in (ref, *alts)]
    return WrittenVariant(contig, first, last, ref, tuple(alts), _name(name))


def _spdi(cells: Sequence[str]) -> WrittenVariant:
    text = cells[0]
    parts = text.rsplit(":", 3)
    if len(parts) < 4 or not parts[0]:
        raise InputError(
            f"{_short(text)} is not SPDI", remedy="write SEQUENCE:POSITION:DELETED:INSERTED, 0-based"
        )
    contig, position, deleted, inserted = parts
    start = _position(position, "the position")
    if not _SPDI_DELETED.fullmatch(deleted) or not _SPDI_INSERTED.fullmatch(inserted):
        raise InputError(
            f"the alleles of {_short(text)} are not of the bases A, C, G, T and N",
            remedy="write SEQUENCE:POSITION:DELETED:INSERTED; DELETED may be a number of bases",
        )
    is_length = deleted.isdigit()
    length = _position(deleted, "the number of bases") if is_length else len(deleted)
    if not length and not inserted:
        raise InputError(f"{_short(text)} changes nothing", remedy="leave it out")
    ref = None if is_length and length else b"" if is_length else deleted.upper().encode()
    return WrittenVariant(
        contig, start, start + length, ref, (inserted.upper().encode(),), _name_behind(cells)
    )


def _hgvs(cells: Sequence[str]) -> WrittenVariant:
    text = cells[0]
    whole = _HGVS.fullmatch(text)
    if whole is None:
        raise InputError(
            f"{_short(text)} is not HGVS", remedy="write SEQUENCE:g.CHANGE, such as NC_000016.10:g.159710T>C"
        )
    if whole["kind"] not in "gm":
        raise InputError(
            f"{_short(text)} counts along a transcript or protein, not along the genome",
            remedy="make a VCF of it, such as with vep --format hgvs --vcf",
        )
    found = _HGVS_CHANGE.fullmatch(whole["rest"])
    if found is None:
        raise InputError(
            f"the change of {_short(text)} is not one of A>G, del, dup, ins, delins, inv and =",
            remedy="write it as one of these, at known positions, one variant a line",
        )
    contig, name = whole["contig"], _name_behind(cells)
    first = _one_based(found["first"], "the position")
    last = first + 1 if found["last"] is None else _position(found["last"], "the position")
    if last <= first:
        raise InputError(f"the positions of {_short(text)} do not ascend", remedy="exchange them")
    if found["insertion"] is not None:
        if last - first != 2:
            raise InputError(
                f"{_short(text)} inserts between bases that are not neighbours",
                remedy="write the two positions between which it inserts, such as 100_101insT",
            )
        return WrittenVariant(contig, last - 1, last - 1, b"", (found["insertion"].upper().encode(),), name)
    written = [found[group] for group in ("ref", "same", "deleted", "edited") if found[group]]
    ref = written[0].upper().encode() if written else None
    if ref is not None and len(ref) != last - first:
        raise InputError(
            f"{_short(text)} names {len(ref)} bases at {last - first} positions",
            remedy="leave the bases out or correct the positions",
        )
    change = _HGVS_CHANGES.get(found["edit"] or "", Change.WRITTEN)
    is_written = change is Change.WRITTEN and found["same"] is None
    alts = ((found["alt"] or found["inserted"] or "").upper().encode(),) if is_written else ()
    return WrittenVariant(contig, first, last, ref, alts, name, change)


_READERS: Final[dict[VariantFormat, Callable[[Sequence[str]], WrittenVariant]]] = {
    VariantFormat.BED: _bed,
    VariantFormat.CHROMBPNET: _chrombpnet,
    VariantFormat.VEP: _vep,
    VariantFormat.HGVS_G: _hgvs,
    VariantFormat.SPDI: _spdi,
    VariantFormat.CANDIDATES: _candidate,
}


def _table_cells(cells: Sequence[str], number: int, what: str) -> list[str]:
    if len(cells) < number or not cells[0]:
        raise _too_few(cells, what)
    return [*cells[:number], _name(cells[number] if len(cells) > number else "")]


def _too_few(cells: Sequence[str], what: str) -> InputError:
    counted = "1 column" if len(cells) == 1 else f"{len(cells)} columns"
    shown = _short("\t".join(cells))
    return InputError(f"{counted} ({shown}), or an empty one", remedy=f"give {what}, separated by tabs")


def _position(text: str, what: str) -> int:
    if not _POSITION.fullmatch(text):
        raise InputError(f"{what} {_short(text)} is not a whole number", remedy="write it in digits")
    if int(text) > _LAST_POSITION:
        raise InputError(f"{what} {text} is beyond any contig", remedy="correct it")
    return int(text)


def _one_based(text: str, what: str) -> int:
    """Return the 0-based place of a position that counts from 1."""
    position = _position(text, what)
    if position < 1:
        raise InputError(f"{what} {text} is before the first base", remedy="positions count from 1 here")
    return position - 1


def _allele(text: str, what: str) -> bytes:
    if text == "-":
        return b""
    if not _BASES.fullmatch(text):
        raise InputError(f"{what} {_short(text)} is not of bases", remedy="write bases, or - for none")
    return text.upper().encode()


def _alts(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(_allele(text, "ALT") for text in texts)


def _name(text: str) -> str:
    """Return a name as VCF's ID can hold it."""
    return re.sub(r"\s+", "_", text) or "."


def _name_behind(cells: Sequence[str]) -> str:
    """Return the name behind an expression, else the expression."""
    return _name(next((cell for cell in cells[1:] if cell), cells[0]))


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
