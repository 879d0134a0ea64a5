"""Settings of variant scoring: the options of `score-variants` and their only defaults."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Self

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants.conventions import Convention
from dnabert_enhancer.variants.significance import Significance
from dnabert_enhancer.variants.windows import WindowPlan
from dnabert_enhancer.vcf import VariantFormat


@dataclass(frozen=True, slots=True)
class VariantSettings:
    """How variants are scored.

    Parameters
    ----------
    window_length : int, optional
        In bp, the same for both alleles and all models; default: each model's own.
    offsets : int or str
        Windows of an allele, at different offsets; odd. ``"adaptive"``: the one in the centre first, and all
        five only where a gain or loss of function may depend on them.
    max_unknown : float
        Alleles with a larger share of N in their windows are skipped.
    threshold : float, optional
        Of the enhancer model: an enhancer from here on; default: the model card's.
    min_change : float
        Least difference of the probabilities for a gain or loss of function.
    min_lor : float
        Least absolute LogOddRatio for the same.
    null_variants : int
        Least number of null variants, in shuffled sequence, for p- and q-values; 0: none.
    seed : int
        Of the null variants.
    significance : str, optional
        What gains and losses need to be candidates: ``"p:0.05"``, the default with null variants,
        ``"q:0.1"`` or the like, or ``"none"``, the default without.
    phased : bool
        Apply the alleles that a haplotype has within one window together.
    sample : str, optional
        Whose haplotypes `phased` reads; default: the first sample's.
    strict : bool
        The first allele that cannot be scored is an error.
    allow_mismatches : bool
        Go on where REF of more than a tenth of the records is not what the genome has.
    check : bool
        Check all fields of the VCF, not only places and alleles.
    vcf_format : VariantFormat
        How a file or list of variants is written; what is not VCF must be named.
    shard : tuple of (int, int)
        Which part of the records is scored, from 1, of how many.
    convention : Convention
        Whose rules put alleles into windows: the suite's, or ``"deepvregulome"``, which decides
        ``window_length`` (301), ``offsets`` (1) and ``max_unknown`` (1), and reads the forward strand only;
        other values of these are refused with it, the suite's defaults too where they are given.

    Raises
    ------
    InputError
        A value that is out of its range, named by its option.
    """

    window_length: int | None = None
    offsets: int | str = WindowPlan.offsets
    max_unknown: float = 0.1
    threshold: float | None = None
    min_change: float = 0.0
    min_lor: float = 0.0
    null_variants: int = 1000
    seed: int = 0
    significance: str | None = None
    phased: bool = False
    sample: str | None = None
    strict: bool = False
    allow_mismatches: bool = False
    check: bool = False
    vcf_format: VariantFormat = VariantFormat.VCF
    shard: tuple[int, int] = (1, 1)
    convention: Convention = Convention.SUITE

    def __new__(cls, *values: object, **given: object) -> Self:
        """Refuse what was given beside a convention that decides it; all fields are given by a copy."""
        names = [field.name for field in fields(cls)]
        given |= dict(zip(names, values, strict=False))
        if len(given) < len(names) and given.get("convention") in [*Convention]:
            Convention(str(given["convention"])).check_given(given)
        return object.__new__(cls)

    def __post_init__(self) -> None:
        if self.vcf_format not in [*VariantFormat]:
            raise _out_of_range("vcf_format", self.vcf_format, f"one of {', '.join(VariantFormat)}")
        object.__setattr__(self, "vcf_format", VariantFormat(self.vcf_format))
        if self.convention not in [*Convention]:
            raise _out_of_range("convention", self.convention, f"one of {', '.join(Convention)}")
        object.__setattr__(self, "convention", Convention(self.convention))
        self._follow_convention()
        for name in ("max_unknown", "threshold", "min_change"):
            share = getattr(self, name)
            if share is not None and not 0 <= share <= 1:
                raise _out_of_range(name, share, "a number from 0 to 1")
        if not 0 <= self.min_lor < math.inf:
            raise _out_of_range("min_lor", self.min_lor, "a number >= 0")
        for name in ("null_variants", "seed"):
            if getattr(self, name) < 0:
                raise _out_of_range(name, getattr(self, name), "a whole number >= 0")
        if self.window_length is not None and self.window_length < 1:
            raise _out_of_range("window_length", self.window_length, "a whole number > 0")
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise _out_of_range("shard", "{}/{}".format(*self.shard), "I/N with I from 1 to N")
        _ = self.candidate_level
        WindowPlan.of_option(self.window_length or 1, self.offsets)
        if self.sample is not None and not self.phased:
            raise InputError("--sample belongs to --phased", remedy="give --phased too")

    @property
    def candidate_level(self) -> Significance:
        """What gains and losses need to be candidates.

        Raises
        ------
        InputError
            p- or q-values where there are none.
        """
        if self.significance is None:
            return Significance() if self.null_variants else Significance.parse("none")
        chosen = Significance.parse(self.significance)
        if chosen.column is not None and not self.null_variants:
            raise InputError(
                f"--significance {chosen} needs p-values, which --null-variants 0 leaves out",
                remedy="give --null-variants a number above 0, or --significance none",
            )
        return chosen

    def _follow_convention(self) -> None:
        defaults = {field.name: field.default for field in fields(self)}
        chosen = {name: getattr(self, name) for name in defaults}
        self.convention.check_given({name: one for name, one in chosen.items() if one != defaults[name]})
        for name, value in self.convention.rules.fixed.items():
            if name in defaults:
                object.__setattr__(self, name, value)


def _out_of_range(name: str, value: object, allowed: str) -> InputError:
    return InputError(f"--{name.replace('_', '-')} {value} is out of range", remedy=f"give {allowed}")
