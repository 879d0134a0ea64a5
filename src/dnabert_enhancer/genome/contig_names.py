"""Finds a contig by the name that another file gives it (``chr1`` and ``1``, ``chrM`` and ``MT``)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome.assembly_report import ReportedSequence
from dnabert_enhancer.genome.human import LENGTHS, MITOCHONDRIA, MITOCHONDRION, human_accession

_log = logging.getLogger(__name__)
_PREFIX = re.compile(r"^(?:(?:chromosome|chrom|chr)[_ ]?(?=.)|ch(?=(?:\d+|x|y|mt?)$))")
_ACCESSION = re.compile(r"^(?:\w+?_)?([a-z]{2}\d{6})(?:[v.](\d+))?(?:_(?:alt|random|fix))?$")
_REFSEQ = re.compile(r"^(nc_\d{6})(?:\.(\d+))?$")
_YORUBAN, _REVISED = 16571, 16569
_MOST_KEPT = 1 << 16
RENAME = (
    "rename the contigs (for a VCF: bcftools annotate --rename-chrs), or give NCBI's report of the assembly "
    "with --assembly-report (assembly_report of Genome in Python), or the genome of these"
)
"""What to do about names that do not meet."""


class ContigNames:
    """The contig names of one genome, and how other files may spell them.

    Parameters
    ----------
    names : iterable of str, or mapping of str to int
        The genome's own names; with their lengths in bp, other sequences of equal names are told apart.
    report : sequence of ReportedSequence
        Of the assembly: further names of its contigs.

    Notes
    -----
    A name is found exactly; else by the report; else by its plain form, which ignores case, drops ``chr``
    (also ``chrom``, ``chromosome``, and ``ch`` before a number, X, Y or M), writes the mitochondrion ``M``
    as ``MT``, and takes from the names of unplaced and alternative contigs their accession without
    version, so that UCSC's ``chr1_KI270706v1_random`` or ``chrUn_gl000220`` is Ensembl's ``KI270706.1`` or
    ``GL000220.1``. RefSeq's and GenBank's accessions of the human chromosomes (``NC_000016.10``,
    ``CM000678.2``, T2T's ``NC_060940.1``) are those chromosomes. A plain form that two contigs share finds
    neither of them.

    Not found are other sequences: an accession whose version is of another assembly than the length of the
    genome's contig (``NC_000016.9`` is GRCh37's), two versions of one accession, and the mitochondrion of the
    other kind (hg19's ``chrM`` has 16,571 bp, the ``MT`` of GRCh37 and GRCh38, NC_012920.1, 16,569).
    """

    def __init__(
        self, names: Iterable[str] | Mapping[str, int], report: Sequence[ReportedSequence] = ()
    ) -> None:
        self._names = tuple(names)
        self._sizes = names if isinstance(names, Mapping) else {}
        self._exact = frozenset(self._names)
        self._plain: dict[str, str | None] = {}
        for name in self._names:
            plain = _plain_form(name)
            self._plain[plain] = None if plain in self._plain else name
        self._found: dict[str, str | None] = {}
        self._reported = self._names_of_report(report)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._exact

    @property
    def is_reported(self) -> bool:
        """Whether the report names a contig of the genome."""
        return bool(self._reported)

    def resolve(self, name: str) -> str | None:
        """Return the genome's own name for a contig, or None when it has no such contig."""
        if name in self._exact:
            return name
        if name not in self._found:
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            own = self._of_the_same_name(name)
            self._found[name] = None if own is None or self._difference(name, own) else own
        return self._found[name]

    def why_not(self, name: str) -> str:
        """Return why a name that looks like one of the genome's was not found; empty when it does not."""
        own = self._of_the_same_name(name)
        return "" if own is None or name in self._exact else self._difference(name, own)

    def check_shared(
        self,
        counts: Mapping[str, int],
        source: str,
        what: str,
        lost: str,
        *,
        holder: str = "the genome",
        is_part: bool = False,
    ) -> None:
        """Refuse a file that has no contig of the genome; log a warning where some are missing or meet.

        Parameters
        ----------
        counts : mapping of str to int
            The contigs of the file, in the order of their first use, and how many rows each has.
        source : str
            Name of the file.
        what : str
            What the rows are, such as ``records``.
        lost : str
            What becomes of those on other contigs, such as ``have no score``.
        holder : str
            What the names are of, for messages.
        is_part : bool
            The holder need not have all contigs, such as a data set: nothing is said of those that it lacks,
            but for other sequences of the same names.

        Raises
        ------
        InputError
            Rows, but none on a contig of the genome.
        """
        missing = [name for name in counts if self.resolve(name) is None]
        self.warn_of_mixture(counts, source)
        if not missing:
            return
        own = next(iter(self._names), "")
        # a name that differs in kind says more than one that is simply absent
        first = next((name for name in missing if self.why_not(name)), missing[0])
        why = self.why_not(first)
        if len(missing) == len(counts):
            raise InputError(
                f"none of the {what} is on a contig of {holder}: here a contig is called {first!r}, "
                f"in {holder} {own!r}" + (f" ({why})" if why else ""),
                source=source,
                remedy=RENAME,
            )
        if is_part:
            missing = [name for name in missing if self.why_not(name)]
            if not missing:
                return
        others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        _log.warning(
            "%s: %d of %d %s %s, since %s lacks their contigs: %r%s (%s); %s",
            source,
            sum(counts[name] for name in missing),
            sum(counts.values()),
            what,
            lost,
            holder,
            first,
            others,
            why or f"{holder} has {own!r}",
            RENAME,
        )

    def _of_the_same_name(self, name: str) -> str | None:
        if name in self._exact:
            return name
        return self._reported.get(name) or self._plain.get(_plain_form(name))

    def _names_of_report(self, report: Sequence[ReportedSequence]) -> dict[str, str]:
        """Return the genome's own name by every name that a report has for it."""
        found: dict[str, str] = {}
        for sequence in report:
            own = next((name for name in sequence.names if name in self._exact), None) or next(
                (known for name in sequence.names if (known := self._plain.get(_plain_form(name)))), None
            )
            if own is None:
                continue
            length = self._sizes.get(own)
            if {length, sequence.length} == {_YORUBAN, _REVISED}:
                continue
            for name in sequence.names:
                found.setdefault(name, own)
        return found

    def warn_of_mixture(self, counts: Iterable[str], source: str) -> None:
        """Log a warning when a file names one contig in two ways."""
        met: dict[str, str] = {}
        for name in counts:
            own = self.resolve(name)
            if own is not None and met.setdefault(own, name) != name:
                _log.warning(
                    "%s: a contig is named in several ways: %r and %r are both %r of the genome",
                    source,
                    met[own],
                    name,
                    own,
                )
                return

    def _difference(self, name: str, own: str) -> str:
        """Return why a contig of one plain name is another sequence, or an empty text."""
        length = self._sizes.get(own)
        plain = _plain_form(name)
        if plain == MITOCHONDRION:
            return self._other_mitochondrion(name, own, length)
        here, there = human_accession(_bare(name)), human_accession(_bare(own))
        if here is not None and here.assembly is not None:
            known = {assembly for assembly, sizes in LENGTHS.items() if sizes[plain] == length}
            if there is not None and there.assembly is not None:
                known = {there.assembly}
            if known and here.assembly not in known:
                called = f"of {here.assembly}" if here.assembly in LENGTHS else "of another assembly"
                return f"{name} is {called}, {own} of the genome of {' or '.join(sorted(known))}"
        versions = _version(name), _version(own)
        if plain == _plain_form(own) and None not in versions and versions[0] != versions[1]:
            return f"{name} and {own} are different versions"
        return ""

    def _other_mitochondrion(self, name: str, own: str, length: int | None) -> str:
        kind, bases = MITOCHONDRIA.get(_base(name), ("", 0))
        own_kind, own_bases = MITOCHONDRIA.get(_base(own), ("", length or 0))
        is_mt = _bare(name) == MITOCHONDRION
        if not bases and is_mt and own_bases == _YORUBAN:
            kind, bases = "GRCh37's or GRCh38's", _REVISED
        if bases and own_bases and {bases, own_bases} == {_YORUBAN, _REVISED}:
            return f"{name} ({kind}) has {bases:,} bp, {own} of the genome {own_bases:,}"
        if not own_kind and kind:
            own_kind = "CHM13's" if self._is("T2T-CHM13") else "rCRS" if self._is("hg38") else ""
        if kind and own_kind and kind != own_kind and bases == own_bases:
            return f"{name} ({kind}) is another sequence than {own} of the genome ({own_kind})"
        if not bases and not is_mt and own_bases == _REVISED and self._is("hg19"):
            return f"hg19's {name} has 16,571 bp, {own} of the genome {own_bases:,}"
        return ""

    def _is(self, assembly: str) -> bool:
        """Return whether a chromosome of the genome has its length in this assembly."""
        known = LENGTHS[assembly]
        return any(known.get(_plain_form(name)) == size for name, size in self._sizes.items())


def _bare(name: str) -> str:
    return _PREFIX.sub("", name.casefold())


def _plain_form(name: str) -> str:
    bare = _bare(name)
    if bare in ("m", MITOCHONDRION):
        return MITOCHONDRION
    known = human_accession(bare)
    if known is not None:
        return known.chromosome
    match = _REFSEQ.match(bare) or _ACCESSION.match(bare)
    return match.group(1) if match else bare


def _base(name: str) -> str:
    """Return an accession without its version."""
    return _bare(name).partition(".")[0]


def _version(name: str) -> str | None:
    match = _REFSEQ.match(_bare(name)) or _ACCESSION.match(_bare(name))
    return None if match is None else match.group(2)
