"""Whether the records are of the genome's assembly, told by their REF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ASSEMBLIES, assemblies_in, recognised_assembly
from dnabert_enhancer.variants.alleles import letters_agree
from dnabert_enhancer.variants.reference import SequenceSource
from dnabert_enhancer.vcf import VcfHeader, VcfRecord

LARGEST_SHARE = 0.1
"""Of records whose REF differs from the genome; of another assembly about three of four do."""
_EARLY, _EARLY_SHARE = 1000, 0.5
_KEPT, _TELLING = 100, 5


class ReferenceCheck:
    """Counts the records whose REF is one base, and those of them where the genome has another.

    Parameters
    ----------
    genome : SequenceSource

    Attributes
    ----------
    checked, differing : int
        Records.
    """

    def __init__(self, genome: SequenceSource) -> None:
        self.checked = self.differing = 0
        self._genome = genome
        self._kept: list[tuple[str, VcfRecord]] = []

    def add(self, contig: str, record: VcfRecord, *, agrees: bool) -> None:
        """Count a record on a contig of the genome; one with a longer REF is left out."""
        if len(record.ref) != 1:
            return
        self.checked += 1
        if not agrees:
            self.differing += 1
            if len(self._kept) < _KEPT:
                self._kept.append((contig, record))

    def stop_early(self, header: VcfHeader, source: str) -> None:
        """Raise `InputError` where more than half of at least 1,000 records differ."""
        if self.checked >= _EARLY:
            refuse_other_assembly([self.tally(header)], source, _EARLY_SHARE)

    def tally(self, header: VcfHeader) -> dict[str, Any]:
        """Return ``checked``, ``differing``, and texts for the message: ``first`` record, ``remedy``.

        Parameters
        ----------
        header : VcfHeader
            Tells the assembly of the records, maybe.
        """
        tally = {"checked": self.checked, "differing": self.differing, "first": "", "remedy": ""}
        if self._kept:
            contig, record = self._kept[0]
            found = self._letter(contig, record, 0).decode()
            given = f"{record.contig}:{record.position} {record.ref.decode('latin-1')}"
            tally |= {"first": f"{given}, where the genome has {found}", "remedy": self._remedy(header)}
        return tally

    def _remedy(self, header: VcfHeader) -> str:
        for shift, change in ((1, "added to"), (-1, "subtracted from")):
            fits = (
                letters_agree(record.ref, self._letter(contig, record, shift))
                for contig, record in self._kept
            )
            if self.differing == self.checked and len(self._kept) >= _TELLING and all(fits):
                return f"positions are 1-based, as in VCF; these fit when 1 is {change} them"
        genome = recognised_assembly(self._genome.contig_sizes)
        lengths = {name: size for name, size in header.contig_lengths().items() if size is not None}
        named = [name for text in header.assemblies() for name in assemblies_in(text)]
        likely = recognised_assembly(lengths) or next(iter(named), None)
        if likely not in (None, genome):
            return f"its header says {likely}: give the genome of {likely}"
        if genome is None:
            return "give the genome of the assembly that the variants are of"
        others = " or ".join(name for name in ASSEMBLIES if name != genome)
        return f"the genome is {genome}: if the variants are of {others}, give that genome"

    def _letter(self, contig: str, record: VcfRecord, shift: int) -> bytes:
        start = record.position - 1 + shift
        inside = 0 <= start < self._genome.contig_sizes[contig]
        return self._genome.fetch(contig, start, start + 1).upper() if inside else b"-"


def refuse_other_assembly(
    tallies: Sequence[Mapping[str, Any]], source: str, share: float = LARGEST_SHARE
) -> None:
    """Raise `InputError` where two or more records differ, and more than a share of all.

    Parameters
    ----------
    tallies : sequence of mapping
        Those of all shards, see `ReferenceCheck.tally`.
    source : str
        For the message.
    share : float
        The largest that is let pass.
    """
    checked, differing = (sum(tally[name] for tally in tallies) for name in ("checked", "differing"))
    if differing < 2 or differing <= share * checked:
        return
    told = next(tally for tally in tallies if tally["differing"])
    raise InputError(
        f"REF of {differing:,} of {checked:,} records is not what the genome has; the first is "
        f"{told['first']}",
        source=source,
        remedy=f"{told['remedy']}, or go on without these records by --allow-mismatches "
        "(allow_mismatches=True in Python)",
    )
