"""Conventions: how an allele is placed, which windows it gets, and which settings that decides."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import UNKNOWN_BASE, encode_bases
from dnabert_enhancer.variants.alleles import Allele, SkipReason, place_allele
from dnabert_enhancer.variants.reference import GenomeBases, SequenceContext
from dnabert_enhancer.variants.windows import AlleleWindows, WindowPlan, allele_windows, middle_window
from dnabert_enhancer.vcf import shared_ends

_FLANK = 150


class WindowRules:
    """The suite's own rules; those of another convention override what they do otherwise.

    Attributes
    ----------
    fixed : mapping of str to value
        Settings that the convention decides, by the names of their options.
    checks_reference : bool
        Whether REF must be what the genome has.
    least_probability : float
        Probabilities are kept so far away from 0 and 1.
    """

    fixed: Mapping[str, Any] = MappingProxyType({})
    checks_reference = True
    least_probability = 0.0

    def place(
        self, bases: GenomeBases, contig: str, position: int, ref: bytes, alt: bytes
    ) -> Allele | SkipReason:
        """Return an allele on the genome, or why there is none; see `place_allele`."""
        return place_allele(bases, contig, position, ref, alt)

    def windows(
        self, context: SequenceContext, allele: Allele, plan: WindowPlan
    ) -> AlleleWindows | SkipReason:
        """Return the windows of an allele, or why it has none; see `allele_windows`."""
        if max(len(allele.trimmed_ref), len(allele.trimmed_alt)) > plan.length:
            return SkipReason.LONGER_THAN_WINDOW
        return allele_windows(context, allele, plan)

    def middle(self, context: SequenceContext, allele: Allele, plan: WindowPlan) -> int:
        """Return the start of the middle REF window, 0-based."""
        return middle_window(context, allele, plan)


class DeepVRegulomeRules(WindowRules):
    """Those of the package deepvregulome 0.4.1.

    Notes
    -----
    The REF window is 150 bp, the base at POS, and 150 bp. In the ALT window as many bases as REF has letters,
    from POS on, are replaced by the letters of ALT, whatever they are; what is then longer is cut off at the
    right end, and what is shorter is filled with N there. An allele whose REF window would leave the contig
    has none.
    """

    fixed = MappingProxyType(
        {
            "window_length": 2 * _FLANK + 1,
            "offsets": 1,
            "max_unknown": 1.0,
            "phased": False,
            "strand": "forward",
        }
    )
    checks_reference = False
    least_probability = 1e-6

    def place(
        self, bases: GenomeBases, contig: str, position: int, ref: bytes, alt: bytes
    ) -> Allele | SkipReason:
        """Return an allele as it is written, not compared with the genome."""
        if alt == b".":
            return SkipReason.MISSING_ALT
        start, length = position - 1, bases.contig_length(contig)
        if start < _FLANK or start + _FLANK >= length:
            return SkipReason.OUTSIDE_CONTIG
        end = min(start + len(ref), length)
        here = encode_bases(bases.letters(contig, start, end))
        first, last = (0, 0) if ref == alt else shared_ends(ref, alt)
        trimmed = ref[first : len(ref) - last], alt[first : len(alt) - last]
        return Allele(contig, start, end, encode_bases(alt), here, *trimmed)

    def windows(
        self, context: SequenceContext, allele: Allele, plan: WindowPlan
    ) -> AlleleWindows | SkipReason:
        """Return the one window of each allele."""
        start = self.middle(context, allele, plan)
        ref = context.part(start, start + plan.length)
        before, after = ref[:_FLANK], ref[_FLANK + allele.end - allele.start :]
        alt = np.full(plan.length, UNKNOWN_BASE, dtype=np.uint8)
        joined = np.concatenate([before, allele.alt, after])[: plan.length]
        alt[: len(joined)] = joined
        return AlleleWindows(ref[None], alt[None])

    def middle(self, context: SequenceContext, allele: Allele, plan: WindowPlan) -> int:  # noqa: ARG002
        """Return the start of the window, 0-based."""
        return allele.start - _FLANK


class Convention(StrEnum):
    """Whose rules say how an allele is put into windows."""

    SUITE = "suite"
    """The suite's own: the same windows however an allele is written, and on both strands."""
    DEEPVREGULOME = "deepvregulome"
    """Those of deepvregulome 0.4.1, for its numbers: `DeepVRegulomeRules`."""

    @property
    def rules(self) -> WindowRules:
        """The rules."""
        return _RULES[self]

    def check_given(self, given: Mapping[str, Any]) -> None:
        """Raise `InputError` when a setting was given another value than the convention has for it."""
        for name, value in self.rules.fixed.items():
            if name in given and given[name] not in (None, value):
                option = "--" + name.replace("_", "-")
                shown = "" if isinstance(value, bool) else f" {given[name]}"
                has = f"which has {value}" if shown else "which scores each allele alone"
                raise InputError(
                    f"{option}{shown} does not apply to --convention {self}, {has}",
                    remedy=f"leave {option} out",
                )


_RULES = {Convention.SUITE: WindowRules(), Convention.DEEPVREGULOME: DeepVRegulomeRules()}
