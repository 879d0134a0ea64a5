"""Reads calls and databases and brings both into the part of the calls' genome that counts."""

from __future__ import annotations

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
from dnabert_enhancer.genome import ASSEMBLIES, ContigNames

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
    """

    name: str
    sizes: Mapping[str, int]
    chains: Sequence[Chain] = ()

    @property
    def contig_names(self) -> ContigNames:
        """Finds the contigs under other spellings."""
        return ContigNames(self.sizes)


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
        _log.warning("%s: there are no calls; counts of them are 0, what has no value is NA", source)
        return genome.map(into_genome(elements, assembly.sizes, assembly.contig_names))
    if sign := sign_of_one_base(elements):
        _log.warning("%s may be 1-based: %s; calls are read as BED", source, sign)
    elements = within_assembly(elements, assembly.name, source)
    _warn_of_mixture(elements, assembly, source)
    known = into_genome(elements, assembly.sizes, assembly.contig_names)
    beyond = known.counts["beyond_contig_end"] - elements.counts["beyond_contig_end"]
    if beyond > 0:
        raise InputError(
            f"{beyond} calls end beyond their contig",
            source=source,
            remedy="check that the calls and --genome-sizes are of the same genome",
        )
    if not len(known):
        raise _no_common_contig(elements, assembly, source, "calls")
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
        elements = lift_elements(elements, chain, _target_names(assembly))
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
    _warn_of_mixture(elements, assembly, f"{database.name} ({database.path})")
    known = into_genome(elements, assembly.sizes, assembly.contig_names)
    if not len(known) and _is_foreign(elements, assembly):
        raise _no_common_contig(elements, assembly, database.path, "elements")
    known = known.without_repeats()
    placed = genome.map(known)
    _warn(f"{database.name} ({database.path})", placed.elements.counts)
    if not len(placed):
        _log.warning("%s has no element within what counts as scanned", database.name)
    return placed


def _target_names(assembly: Assembly) -> ContigNames:
    """Return the contigs to which lifting may lead: the genome's, and the chromosomes of its assembly."""
    own = assembly.contig_names
    known = ASSEMBLIES.get(assembly.name, {})
    return ContigNames([*assembly.sizes, *(name for name in known if own.resolve(name) is None)])


def _is_foreign(elements: Elements, assembly: Assembly) -> bool:
    """Return whether the contig names are foreign to the whole assembly, and not only to a part of it."""
    names = _target_names(assembly)
    return all(names.resolve(contig) is None for contig in elements.contigs)


def _warn_of_mixture(elements: Elements, assembly: Assembly, source: str) -> None:
    """Say when a file names one contig in two ways."""
    met: dict[str, str] = {}
    names = assembly.contig_names
    for contig in elements.contigs:
        own = names.resolve(contig)
        if own is not None and met.setdefault(own, contig) != contig:
            _log.warning("%s: contigs are named in several ways (%r and %r)", source, met[own], contig)
            return


def _warn(source: str | os.PathLike[str], counts: Mapping[str, int]) -> None:
    """Say what was renamed or left out."""
    told = {
        "contig_renamed": "elements name their contig in another way than the genome",
        "contig_not_in_genome": "elements lie on contigs that the genome does not have",
        "beyond_contig_end": "elements end beyond their contig",
        "zero_length": "elements have no length",
        "repeated_place": "elements repeat the place of another and count once",
    }
    found = [f"{counts[code]} {text}" for code, text in told.items() if counts.get(code)]
    if found:
        _log.info("%s: %s", source, "; ".join(found))


def _no_common_contig(elements: Elements, assembly: Assembly, source: str, what: str) -> InputError:
    def few(names: Sequence[str]) -> str:
        return ", ".join(names[:3]) + (f" and {len(names) - 3} others" if len(names) > 3 else "")

    return InputError(
        f"none of the {what} lies on a contig of the genome: they are on {few(elements.contigs)}, "
        f"the genome has {few(list(assembly.sizes))}",
        source=source,
        remedy="give the contig lengths of the genome that the file is of",
    )
