"""Settings of scans, scores and embeddings of sequences: the options of `predict`, with the only defaults."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from dnabert_enhancer.engine import Strand
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnhancerModel, Pooling
from dnabert_enhancer.scan.nulls import NullKind, null_kind

STRIDES_IN_A_WINDOW = 4
SKIPPED_UNKNOWN = "too_many_unknown_bases"
"""What tables say of sequences and regions, and counts of windows, with too many unknown bases."""
SHORTER = "shorter_than_window"
"""What tables say of sequences and regions that are shorter than a window."""


@dataclass(frozen=True)
class SequenceSettings:
    """How sequences are cut into windows, and which windows are positive.

    Parameters
    ----------
    threshold : float or str, optional
        Positive from this score on: a number, or the name of one of the thresholds on the model's card, such
        as ``strict``; default: the card's default, none for an output that is a value.
    window_length : int, optional
        In bp; default: the model's own. A sequence that is not longer is one window.
    stride : int, optional
        Step between windows in bp; default: a quarter of a window.
    max_unknown : float
        Windows with a larger share of unknown bases (N and the like) are skipped.
    keep_letters : bool
        Hand the letters to the model's tokenizer as they are, as the original code does, in place of upper
        case, T for U and N for all else. Every letter but upper-case A, C, G and T then counts as an unknown
        base, so that ``max_unknown=1`` is needed for windows of many.

    Raises
    ------
    InputError
        Names the option with a value that cannot be used.
    """

    threshold: float | str | None = None
    window_length: int | None = None
    stride: int | None = None
    max_unknown: float = 0.1
    keep_letters: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.threshold, (int, float)) and not math.isfinite(self.threshold):
            raise InputError(f"--threshold {self.threshold} is not a number")
        for name in ("window_length", "stride"):
            value = getattr(self, name)
            if value is not None:
                check_whole(name, value, 1)
        check_share("max_unknown", self.max_unknown)

    def tiling(self, model: EnhancerModel) -> tuple[int, int]:
        """Return window length and stride in bp for a model.

        Raises
        ------
        InputError
            The model cannot read windows of that length.
        """
        window = self.window_length or model.window_length
        model.check_window(window)
        shortest = shortest_sequence(model)
        if window < shortest:
            raise InputError(
                f"--window-length {window} is shorter than a token of the model",
                remedy=f"give {shortest} bp or more",
            )
        return window, self.stride or max(1, window // STRIDES_IN_A_WINDOW)


@dataclass(frozen=True)
class EmbeddingSettings:
    """How sequences are embedded, each as a whole.

    Parameters
    ----------
    pooling : {"first", "mean"}
        ``first``: the state of the first token, ``[CLS]`` or ``<cls>``, after the last layer (and its
        normalisation, where the architecture has one there) and before the pooler. ``mean``: the mean of the
        states of the sequence's tokens, special tokens and padding left out.
    strand : {"both", "forward"}, optional
        ``both``: the mean of the embeddings of a sequence and of its reverse complement, where the model's
        card has both strands. Default: as predictions are made, by the settings of the engine.
    max_unknown : float
        Sequences with a larger share of unknown bases get no embedding.
    keep_letters : bool
        As in `SequenceSettings`.

    Raises
    ------
    InputError
        Names the option with a value that cannot be used.
    """

    pooling: str = Pooling.FIRST
    strand: str | None = None
    max_unknown: float = SequenceSettings.max_unknown
    keep_letters: bool = SequenceSettings.keep_letters

    def __post_init__(self) -> None:
        for name, value, choices in (("pooling", self.pooling, Pooling), ("strand", self.strand, Strand)):
            if value is not None and value not in tuple(choices):
                raise InputError(f"unknown {name} {value!r}", remedy=f"one of {', '.join(choices)}")
        object.__setattr__(self, "pooling", str(self.pooling))
        check_share("max_unknown", self.max_unknown)


@dataclass(frozen=True)
class ScanSettings(SequenceSettings):
    """How a genome is scanned, and how windows become calls.

    Parameters
    ----------
    threshold, window_length, stride, max_unknown, keep_letters
        See `SequenceSettings`.
    contigs : sequence of str
        Scan these contigs only; empty: all.
    skip_outside : bool
        Leave out (and count) regions outside the genome's contigs instead of raising an error.
    merge_gap : int
        Called windows with at most so many bases between them become one call; 0: those that overlap or
        touch.
    null : bool or str
        Score windows of a null too, for q-values: ``"shuffle"`` (True), shuffled windows; ``"genome"``,
        windows of the genome outside the regions of the scan and `null_exclude`; ``"none"`` (False).
    null_fraction : float, optional
        How many windows the null has, as a share of those scored; default: 1/16, and more where that is less
        than 10,000 windows (shuffled ones: as far as there are so many).
    null_exclude : sequence of path
        BED files of what is marked, which a null of the genome leaves out.
    seed : int
        Of the choice of windows and of the shuffles.
    screen : model, optional
        A cheap model, such as ``"default"``, that tells which windows need not be computed: at most 0.5 % of
        the called windows are expected to be lost.

    Raises
    ------
    InputError
        Names the option with a value that cannot be used.
    """

    contigs: Sequence[str] = ()
    skip_outside: bool = False
    merge_gap: int = 0
    null: bool | str = True
    null_fraction: float | None = None
    null_exclude: Sequence[str | os.PathLike[str]] = ()
    seed: int = 0
    screen: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.contigs, str):
            raise InputError(
                f"contigs={self.contigs!r} is one text", remedy=f"give a list: [{self.contigs!r}]"
            )
        object.__setattr__(self, "contigs", tuple(self.contigs))
        object.__setattr__(self, "null", str(null_kind(self.null)))
        if isinstance(self.null_exclude, (str, os.PathLike)):
            object.__setattr__(self, "null_exclude", (self.null_exclude,))
        if self.null_exclude and self.null != NullKind.GENOME:
            raise InputError("--null-exclude belongs to --null genome", remedy="give --null genome too")
        for name in ("merge_gap", "seed"):
            check_whole(name, getattr(self, name), 0)
        if self.null_fraction is not None:
            check_share("null_fraction", self.null_fraction)

    def check_regions(self, regions: object) -> None:
        """Raise `InputError` where regions are scanned (not None) and the settings are of whole contigs."""
        if self.screen is not None and regions is not None:
            raise InputError(
                "--screen is of scans of whole contigs", remedy="leave --regions out, or --screen"
            )


def shortest_sequence(model: EnhancerModel) -> int:
    """Return the length in bp of the shortest sequence in which the model finds a token."""
    return model.card.k or 1


def check_whole(name: str, value: object, least: int) -> None:
    """Raise `InputError` for an option that is not a whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        raise InputError(f"--{name.replace('_', '-')} {value!r} is not a whole number of {least} or more")


def check_share(name: str, value: object) -> None:
    """Raise `InputError` for an option that is not a number from 0 to 1."""
    if not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise InputError(f"--{name.replace('_', '-')} {value!r} is not a number from 0 to 1")
