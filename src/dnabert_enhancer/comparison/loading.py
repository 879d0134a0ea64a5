"""Reads calls and databases and brings both into the part of the calls' genome that counts."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dnabert_enhancer.comparison.database_spec import Database
from dnabert_enhancer.comparison.effective_genome import EffectiveGenome, MappedElements, into_genome
from dnabert_enhancer.comparison.element_reader import read_elements
from dnabert_enhancer.comparison.elements import Elements
from dnabert_enhancer.comparison.lift import Chain, chain_between, lift_elements, lift_losses
from dnabert_enhancer.comparison.offset_checks import sign_of_one_base, within_assembly
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.genome import ASSEMBLIES, ContigNames, ReportedSequence

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembly:
    """The genome of the calls.

    Parameters
    ----------
    name : str
        ``hg38`` or ``hg19``.
    sizes : mapping of str to int
        Contig lengths in base pairs.
    chains : sequence of Chain
        For databases of other assemblies.
    report : sequence of ReportedSequence
        Further names of the contigs.
    """

    name: str
    sizes: Mapping[str, int]
    chains: Sequence[Chain] = ()
    report: Sequence[ReportedSequence] = ()

    @functools.cached_property
    def contig_names(self) -> ContigNames:
        """Finds the contigs under other spellings."""
        return ContigNames(self.sizes, self.report)


def load_calls(
    elements: Elements, source: str, assembly: Assembly, genome: EffectiveGenome
) -> MappedElements:
    """Return the calls within what counts; none where there are none, with a warning.

    Raises
    ------
    InputError
        Calls of another assembly, on no contig of the genome, or none within what was scanned.
    """
    if not len(elements):
        _log.warning("%s: there are no calls; their counts are 0, and what has no value is NA", source)
        return genome.map(into_genome(elements, assembly.sizes, assembly.contig_names))
    if sign := sign_of_one_base(elements):
        _log.warning("%s may be 1-based: %s; calls are read as BED", source, sign)
    elements = within_assembly(elements, assembly.name, source)
    check_contigs(elements, assembly, source, "calls")
    known = into_genome(elements, assembly.sizes, assembly.contig_names)
    beyond = known.counts["beyond_contig_end"] - elements.counts["beyond_contig_end"]
    if beyond > 0:
        raise InputError(
            f"{beyond} calls end beyond their contig",
            source=source,
            remedy="check that the calls and --genome-sizes are of the same genome",
        )
    placed = genome.map(known.without_repeats())
    if not len(placed):
        raise InputError(
            "none of the calls lies within what counts as scanned",
            source=source,
            remedy="check --scanned and --gaps",
        )
    _warn(source, placed.elements.counts)
    touching = int((placed.start[1:] < np.maximum.accumulate(placed.end)[:-1]).sum())
    if touching:
        _log.warning("%s: %d calls overlap an earlier one; bases are counted once", source, touching)
    placed.elements.counts["overlapping"] += touching
    return placed


def load_database(database: Database, assembly: Assembly, genome: EffectiveGenome) -> MappedElements:
    """Read a database, lift it over where needed, and lay out what of it counts.

    Raises
    ------
    InputError
        What `element_reader.read_elements`, `offset_checks.within_assembly` and `lift.chain_between` refuse;
        no element on a contig of the genome.
    """
    elements = database.elements
    if elements is None:
        elements = read_elements(database.path, database.preset, database.selection)
    base = database.preset.base if database.selection.base is None else database.selection.base
    if base == 0 and (sign := sign_of_one_base(elements)):
        _log.warning("%s (%s) may be 1-based: %s; if so, add base=1", database.name, database.path, sign)
    elements = within_assembly(elements, database.assembly, database.path)
    if database.assembly != assembly.name:
        chain = chain_between(assembly.chains, database.assembly, assembly.name, database.name, database.path)
        elements = lift_elements(elements, chain, _target_names(assembly), str(database.path))
        _log.info(
            "%s: %d of %d elements lifted from %s to %s (%s)",
            database.name,
            elements.counts["lifted"],
            elements.counts["lifted"] + sum(lift_losses(elements.counts).values()),
            database.assembly,
            assembly.name,
            ", ".join(f"{code} {count}" for code, count in lift_losses(elements.counts).items()),
        )
        if not len(elements):
            raise InputError(
                f"no element of {database.name} could be lifted",
                source=chain.path,
                remedy="check the chain file and the database's assembly",
            )
    check_contigs(elements, assembly, f"{database.name} ({database.path})", "elements")
    known = into_genome(elements, assembly.sizes, assembly.contig_names).without_repeats()
    placed = genome.map(known)
    _warn(f"{database.name} ({database.path})", placed.elements.counts)
    if not len(placed):
        _log.warning("%s has no element within what counts as scanned", database.name)
    return placed


def _target_names(assembly: Assembly) -> ContigNames:
    """Return the contigs to which lifting may lead: the genome's, and the chromosomes of its assembly."""
    own = assembly.contig_names
    known = ASSEMBLIES.get(assembly.name, {})
    lacking = {name: size for name, size in known.items() if own.resolve(name) is None}
    return ContigNames({**assembly.sizes, **lacking}, assembly.report)


def check_contigs(elements: Elements, assembly: Assembly, source: str, what: str) -> None:
    """Refuse elements on no contig of the genome; log a warning where some are missing or meet.

    Elements on chromosomes of the assembly that this genome, a part of it, lacks are no reason to stop.
    """
    counts = elements.per_contig()
    all_names, own = _target_names(assembly), assembly.contig_names
    if any(own.resolve(name) for name in counts) or not any(map(all_names.resolve, counts)):
        own.check_shared(counts, source, what, "are left out")
    else:
        _log.warning("%s: none of the %s lies on a contig of this part of the genome", source, what)


def _warn(source: str | os.PathLike[str], counts: Mapping[str, int]) -> None:
    """Say what was renamed or left out."""
    told = {
        "contig_renamed": "elements name their contig in another way than the genome",
        "beyond_contig_end": "elements end beyond their contig",
        "zero_length": "elements have no length",
        "repeated_place": "elements repeat the place of another and count once",
    }
    found = [f"{counts[code]} {text}" for code, text in told.items() if counts.get(code)]
    if found:
        _log.info("%s: %s", source, "; ".join(found))
