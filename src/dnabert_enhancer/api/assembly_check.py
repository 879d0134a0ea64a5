"""Warns when the models, the VCF and the genome are not of one assembly."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence

from dnabert_enhancer.genome import ASSEMBLIES, Genome, assembly_name, recognised_assembly
from dnabert_enhancer.model import ModelCard
from dnabert_enhancer.vcf import VcfHeader, declared_lengths_differ

_log = logging.getLogger(__name__)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def warn_of_other_lengths(header: VcfHeader, source: str, genome: Genome) -> None:
    """Log a warning when the VCF's header declares other lengths of contigs than the genome's."""
    differing = declared_lengths_differ(header, genome.contig_sizes, genome.names)
    if differing:
        name, (declared, own) = next(iter(differing.items()))
        more = f" (and {len(differing) - 1} more contigs)" if len(differing) > 1 else ""
        _log.warning(
            "%s: the header says that %s has %d bp, but it has %d in %s%s; is it of this assembly?",
            source,
            name,
            declared,
            own,
            genome.path,
            more,
        )


def warn_of_other_assembly(
    card: ModelCard, sizes: Mapping[str, int], declared: Sequence[str], genome: str
) -> None:
    """Log a warning when the card names assemblies (``training.assembly``) and the genome is none of them.

    Parameters
    ----------
    card : ModelCard
        The entry is a text, such as ``hg38`` or ``GRCh37, GRCh38``, or a list of them.
    sizes : mapping of str to int
        Lengths of the genome's contigs; they decide where they tell.
    declared : sequence of str
        What the VCF's header says about the assembly: names, or paths that hold one.
    genome : str
        For the message.
    """
    named = card.training.get("assembly")
    texts = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    of_model = [name for text in map(str, texts) for name in _assemblies_in(text) or [text] if name]
    of_genome = recognised_assembly(sizes) or next(
        (name for text in declared for name in _assemblies_in(text)), None
    )
    if of_model and of_genome is not None and of_genome not in of_model:
        _log.warning(
            "the model %s is of %s, but %s is %s: probabilities may be a little off",
            card.name,
            " and ".join(of_model),
            genome,
            of_genome,
        )


def _assemblies_in(text: str) -> list[str]:
    """Return the known assemblies that a text names, by our names: ``/data/GRCh38.p14.fa`` has hg38."""
    names = (assembly_name(word) for word in _WORD.findall(text))
    return list(dict.fromkeys(name for name in names if name in ASSEMBLIES))
