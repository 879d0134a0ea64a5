"""Lifts elements from one assembly to another by a UCSC chain file, and counts what is lost on the way."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dnabert_enhancer.comparison.elements import Elements
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import path_for_others, read_text_lines
from dnabert_enhancer.genome import ASSEMBLIES, ContigNames, recognised_assembly

if TYPE_CHECKING:
    from liftover import ChainFile

MOST_LENGTH_CHANGE = 0.1
"""Elements whose length changes by a larger share are dropped."""


@dataclass(frozen=True)
class Chain:
    """A chain file and where it leads.

    Parameters
    ----------
    path : str
    source, target : str or None
        Assemblies recognised by the lengths in its headers; None when they tell nothing.
    sizes : mapping of str to int
        Contigs of the source assembly and their lengths in bp, by its headers.
    """

    path: str
    source: str | None
    target: str | None
    sizes: Mapping[str, int] = field(default_factory=dict)


def read_chain_header(path: str | os.PathLike[str]) -> Chain:
    """Return where a chain file leads.

    Raises
    ------
    InputError
        The file is not a chain file, or what `files.read_text_lines` refuses.
    """
    lengths: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for number, line in read_text_lines(path):
        if not line.startswith("chain"):
            if not any(lengths) and line.strip() and not line.startswith("#"):
                raise _not_a_chain(path, f"line {number}")
            continue
        fields = line.split()
        if len(fields) < 12 or not all(
            text.isascii() and text.isdecimal() and len(text) <= 18 for text in (fields[3], fields[8])
        ):
            raise _not_a_chain(path, f"line {number}")
        lengths[0][fields[2]] = int(fields[3])
        lengths[1][fields[7]] = int(fields[8])
    if not any(lengths):
        raise _not_a_chain(path, None)
    return Chain(
        os.fspath(path), recognised_assembly(lengths[0]), recognised_assembly(lengths[1]), lengths[0]
    )


def chain_between(
    chains: Sequence[Chain], source: str, target: str, database: str, path: str | os.PathLike[str]
) -> Chain:
    """Return the chain from one assembly to another, or say which is missing."""
    # what an assembly without known lengths is called, a chain file does not tell
    targets = {target} if target in ASSEMBLIES else {target, None}
    for wanted in (source, None):
        for chain in chains:
            if chain.source == wanted and chain.target in targets:
                return chain
    given = ", ".join(f"{chain.path} leads from {chain.source} to {chain.target}" for chain in chains)
    raise InputError(
        f"the database {database} is of {source} and the calls of {target}" + (f"; {given}" if given else ""),
        source=path,
        remedy=f"give a chain file from {source} to {target} with --chain, or say assembly={target}",
    )


def lift_elements(elements: Elements, chain: Chain, names: ContigNames, source: str = "elements") -> Elements:
    """Lift elements over.

    Parameters
    ----------
    elements : Elements
        In the chain's source assembly.
    chain : Chain
        How the assemblies correspond.
    names : ContigNames
        The contigs of the target that count; images elsewhere (patches, alternative contigs) are passed over.
    source : str
        Of the elements, for messages.

    Returns
    -------
    Elements
        Those with one image, in the names of the target. ``counts`` gets ``lift_lost`` (an end without
        image), ``lift_multiple`` (an end with several), ``lift_split`` (ends on different contigs or
        strands), ``lift_length`` (length changed by more than 10 %) and ``lifted``.

    Raises
    ------
    InputError
        No element is on a contig of the chain file.

    Notes
    -----
    The first and the last base of an element are looked up (package liftover); the image reaches from one
    to the other. Kent 2002, Genome Res 12:996 (liftOver and its chains).
    """
    lookup = _open_chain(chain)
    own_name = functools.cache(names.resolve)
    contigs: dict[str, int] = {}
    kept, index, starts, ends = [], [], [], []
    counts: Counter[str] = Counter()
    columns = zip(elements.contig_index.tolist(), elements.start.tolist(), elements.end.tolist(), strict=True)
    chain_names = ContigNames(chain.sizes or dict.fromkeys(lookup.keys(), 0))
    chain_names.check_shared(elements.per_contig(), source, "elements", "are not lifted", holder=chain.path)
    by_contig = [lookup[chain_names.resolve(name) or name] for name in elements.contigs]
    for number, (contig, start, end) in enumerate(columns):
        first = [image for image in by_contig[contig][start] if own_name(image[0])]
        last = [image for image in by_contig[contig][end - 1] if own_name(image[0])]
        if len(first) == 1 and len(last) == 1:
            (name, left, strand), (other, right, other_strand) = first[0], last[0]
            if strand == "-":
                left, right = right, left
            if name != other or strand != other_strand or right < left:
                counts["lift_split"] += 1
            elif abs(right + 1 - left - (end - start)) > MOST_LENGTH_CHANGE * (end - start):
                counts["lift_length"] += 1
            else:
                kept.append(number)
                index.append(contigs.setdefault(own_name(name) or name, len(contigs)))
                starts.append(left)
                ends.append(right + 1)
        else:
            counts["lift_lost" if not first or not last else "lift_multiple"] += 1
    counts["lifted"] = len(kept)
    lifted = elements.take(np.array(kept, dtype=np.intp)).on_contigs(
        list(contigs), np.array(index, dtype=np.int32), start=starts, end=ends
    )
    lifted.counts.update(+counts)
    return lifted


def lift_losses(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the four reasons for which elements were not lifted, with their numbers."""
    return {code: counts.get(f"lift_{code}", 0) for code in ("lost", "multiple", "split", "length")}


def _open_chain(chain: Chain) -> ChainFile:
    from liftover import ChainFile

    try:
        return ChainFile(path_for_others(chain.path))
    except ValueError as error:
        raise InputError(
            f"the chain file cannot be read ({error})", source=chain.path, remedy="download it again"
        ) from None


def _not_a_chain(path: str | os.PathLike[str], location: str | None) -> InputError:
    return InputError(
        "this is not a UCSC chain file",
        source=path,
        location=location,
        remedy="give a .chain or .chain.gz file, such as hg19ToHg38.over.chain.gz",
    )
