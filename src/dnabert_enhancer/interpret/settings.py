"""Settings of interpretation: the options of `interpret` and their only defaults."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.variants import WindowPlan

LONGEST_DELETION = 10
"""In bp, of the deletions of mutagenesis."""


class Method(enum.StrEnum):
    """How the importance of a base is found."""

    ISM = "ism"
    """In-silico mutagenesis: how the model's score changes when the base is replaced by each other one."""
    ATTENTION = "attention"
    """How much the token that the classifier reads attends to the base; of encoders with attention."""
    GRADIENTS = "gradients"
    """Integrated gradients over the embeddings of the tokens, against shuffled sequence; needs torch."""


class Discovery(enum.StrEnum):
    """How motifs are found without a database."""

    KMERS = "kmers"
    """After DNABERT: words of the seqlets that are rarer in shuffles of the regions, merged."""
    MODISCO = "modisco"
    """TF-MoDISco on the importance of all bases; needs modisco-lite, but no shuffles."""

    @classmethod
    def _missing_(cls, value: object) -> Discovery:
        raise _out_of_range("discover", value, " or ".join(cls))


@dataclass(frozen=True, slots=True)
class InterpretSettings:
    """How the bases of sequences and regions are explained.

    Parameters
    ----------
    method : {"ism", "attention", "gradients"}
        How the importance of a base is found.
    layers, heads : tuple of int
        Of attention: which are averaged, from 1; empty: the last layer, all heads.
    rollout : bool
        Of attention: through all layers, the mean of the heads of each (Abnar and Zuidema 2020), in place of
        `layers` and `heads`.
    times_minimum : float
        Of attention: a base of high attention has more than so many times the smallest of the region, and
        more than the mean.
    shortest_run : int
        Of attention: so many such bases next to each other, at least, are a run.
    baselines : int
        Of gradients: dinucleotide shuffles of a window that it is compared with; the mean is taken.
    steps : int
        Of gradients: so many are taken between a window and each baseline.
    completeness_limit : float
        Of gradients: a region is refused where attributions miss the difference of the scores by more than
        this share of their absolute sum.
    window_length : int, optional
        In bp; default: the model's own. A sequence that is not longer is one window.
    offsets : int, optional
        Windows around each substitution, at different offsets, as `score-variants` places them; odd. Default:
        none of its own: all substitutions are made in the windows that tile the region, which costs three
        windows per base.
    ism_deletions : int, optional
        Of mutagenesis: beside the substitutions, deletions of 1 to so many bp (at most 10) from each base
        on, in the windows of `score-variants` (`offsets` of them, default one).
    max_unknown : float
        Windows with a larger share of unknown bases (N and the like) are not scored.
    flank : int
        Of a variant: how many bases on each side of it are explained, in a window that has it in its middle.
    skip_outside : bool
        Leave out (and count) regions outside the genome's contigs instead of stopping.
    null : int
        Shuffles of the regions, in all, that are explained too, for seqlets with p-values; 0: no seqlets.
    seed : int
        Of the shuffles, those of gradients too.
    shard : tuple of (int, int)
        Which part of the regions is explained, from 1, of how many.

    Raises
    ------
    InputError
        A value that is out of its range, named by its option.
    """

    method: Method = Method.ISM
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    rollout: bool = False
    times_minimum: float = 10.0
    shortest_run: int = 5
    baselines: int = 10
    steps: int = 16
    completeness_limit: float = 0.01
    window_length: int | None = None
    offsets: int | None = None
    ism_deletions: int | None = None
    max_unknown: float = 0.1
    flank: int = 50
    skip_outside: bool = False
    null: int = 0
    seed: int = 0
    shard: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "method", Method(self.method))
        except ValueError:
            raise _out_of_range("method", self.method, " or ".join(Method)) from None
        if self.method is not Method.ISM:
            if self.offsets is not None:
                raise InputError(
                    "offsets are of substitutions", remedy=f"leave --offsets out with {self.method}"
                )
            if self.ism_deletions is not None:
                raise InputError(
                    "deletions are of mutagenesis", remedy=f"leave --ism-deletions out with {self.method}"
                )
        if self.method is not Method.ATTENTION and (self.layers or self.heads or self.rollout):
            raise InputError(
                "layers and heads and rollout are of attention", remedy="give --method attention too"
            )
        if self.rollout and (self.layers or self.heads):
            raise InputError(
                "rollout is through all layers and heads",
                remedy="leave --rollout, or --layers and --heads, out",
            )
        for name in ("baselines", "steps"):
            if getattr(self, name) < 1:
                raise _out_of_range(name, getattr(self, name), "a whole number > 0")
        if not self.completeness_limit > 0:
            raise _out_of_range("completeness_limit", self.completeness_limit, "a number > 0")
        if not self.times_minimum >= 0:
            raise _out_of_range("times_minimum", self.times_minimum, "a number >= 0")
        if self.shortest_run < 1:
            raise _out_of_range("shortest_run", self.shortest_run, "a whole number > 0")
        if self.ism_deletions is not None and not 1 <= self.ism_deletions <= LONGEST_DELETION:
            raise _out_of_range(
                "ism_deletions", self.ism_deletions, f"a whole number from 1 to {LONGEST_DELETION}"
            )
        if not 0 <= self.max_unknown <= 1:
            raise _out_of_range("max_unknown", self.max_unknown, "a number from 0 to 1")
        if self.window_length is not None and self.window_length < 1:
            raise _out_of_range("window_length", self.window_length, "a whole number > 0")
        for name in ("flank", "null", "seed"):
            if getattr(self, name) < 0:
                raise _out_of_range(name, getattr(self, name), "a whole number >= 0")
        if not 1 <= self.shard[0] <= self.shard[1]:
            raise _out_of_range("shard", "{}/{}".format(*self.shard), "I/N with I from 1 to N")
        if self.offsets is not None:
            WindowPlan(self.window_length or 1, self.offsets)


def _out_of_range(name: str, value: object, allowed: str) -> InputError:
    return InputError(f"--{name.replace('_', '-')} {value} is out of range", remedy=f"give {allowed}")
