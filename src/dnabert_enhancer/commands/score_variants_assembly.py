"""Notices that a model was made for another assembly than the one that is scored."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from dnabert_enhancer.compare import ASSEMBLIES, assembly_name
from dnabert_enhancer.genome import ContigNames
from dnabert_enhancer.model import ModelCard

_log = logging.getLogger(__name__)


def warn_of_other_assembly(
    card: ModelCard, sizes: Mapping[str, int], declared: Sequence[str], genome: str
) -> None:
    """Log a warning when the card names an assembly (``training.assembly``) that the genome is not.

    Parameters
    ----------
    card : ModelCard
    sizes : mapping of str to int
        Lengths of the genome's contigs.
    declared : sequence of str
        What the VCF's header says about the assembly.
    genome : str
        For the message.
    """
    of_model = card.training.get("assembly")
    if not isinstance(of_model, str) or not of_model:
        return
    of_genome = _assembly_of(sizes) or next(
        (name for text in declared if (name := assembly_name(text)) in ASSEMBLIES), None
    )
    if of_genome is not None and assembly_name(of_model) != of_genome:
        _log.warning(
            "the model %s is of %s, but %s is %s: probabilities may be a little off",
            card.name,
            of_model,
            genome,
            of_genome,
        )


def _assembly_of(sizes: Mapping[str, int]) -> str | None:
    """Return the assembly whose lengths most contigs have, or None when none or two fit as well."""
    votes = {
        name: sum(
            known.get(ContigNames(known).resolve(contig) or "") == size for contig, size in sizes.items()
        )
        for name, known in ASSEMBLIES.items()
    }
    best = max(votes, key=lambda name: votes[name])
    others = [count for name, count in votes.items() if name != best]
    return best if votes[best] > max(others, default=0) else None
