"""Windows of an allele: at several offsets, shared by neighbouring variants, equal on both strands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.sequence import UNKNOWN_BASE
from dnabert_enhancer.variants.alleles import Allele, tie_break
from dnabert_enhancer.variants.reference import GenomeBases, SequenceContext

ADAPTIVE = "adaptive"
"""Word for `VariantSettings.offsets`: as many windows as the default has, where they can matter."""
_TIE_BREAK_BASES = 64


@dataclass(frozen=True)
class WindowPlan:
    """The windows that an allele gets.

    Parameters
    ----------
    length : int
        Of a window in bp, the same for both alleles.
    offsets : int
        How many windows; odd, since the middle one has the variant in its centre.
    adaptive : bool
        Compute the others only where a call may depend on them, see `adaptive_tables`.

    Raises
    ------
    InputError
        An even number of offsets, or none.
    """

    length: int
    offsets: int = 5
    adaptive: bool = False

    @classmethod
    def of_option(cls, length: int, offsets: int | str) -> Self:
        """Return the plan that ``--offsets`` asks for: a number, or `ADAPTIVE`.

        Raises
        ------
        InputError
            Neither of them.
        """
        if offsets == ADAPTIVE:
            return cls(length, adaptive=True)
        if isinstance(offsets, bool) or not isinstance(offsets, int):
            raise InputError(
                f"--offsets {offsets!r} is not understood", remedy=f"give an odd number, or {ADAPTIVE!r}"
            )
        return cls(length, offsets)

    def __post_init__(self) -> None:
        if self.offsets < 1 or self.offsets % 2 == 0:
            raise InputError(
                f"--offsets {self.offsets}: none of them is in the centre",
                remedy="give an odd number, such as 5",
            )

    @property
    def step(self) -> int:
        """Distance between neighbouring windows in bp: odd, about ``length / (offsets + 1)``."""
        return max(0, self.length // (self.offsets + 1) - 1) | 1

    @property
    def reach(self) -> int:
        """How many bp on each side of an allele are enough for all its windows."""
        return 2 * self.length


class AlleleWindows(NamedTuple):
    """The windows of both alleles.

    Attributes
    ----------
    ref, alt : uint8 array, shape (offsets, length)
        Base codes, in the order of the windows on the contig.
    """

    ref: NDArray[np.uint8]
    alt: NDArray[np.uint8]

    @property
    def unknown_share(self) -> float:
        """Share of unknown bases among all bases of all windows."""
        unknown = np.count_nonzero(self.ref >= UNKNOWN_BASE) + np.count_nonzero(self.alt >= UNKNOWN_BASE)
        return unknown / max(1, self.ref.size + self.alt.size)


def context_around(bases: GenomeBases, allele: Allele, plan: WindowPlan) -> SequenceContext:
    """Return the piece of the genome that the windows of an allele can touch."""
    return bases.context(allele.contig, allele.start - plan.reach, allele.end + plan.reach)


def middle_window(context: SequenceContext, allele: Allele, plan: WindowPlan) -> int:
    """Return the start of the REF window in whose centre the allele is, 0-based; 0 on a shorter contig."""
    start = (allele.start + allele.end - plan.length) // 2
    return max(0, min(start, context.contig_length - plan.length))


def allele_windows(context: SequenceContext, allele: Allele, plan: WindowPlan) -> AlleleWindows:
    """Return the windows of an allele.

    Parameters
    ----------
    context : SequenceContext
        At least `WindowPlan.reach` bp on each side of the allele.
    allele : Allele
    plan : WindowPlan

    Notes
    -----
    The middle window has the centre of the allele in its centre; of two places
    that are equally central `tie_break` takes one, the same seen from either strand.

    Alleles of equal length: the other windows lie on a grid over the contig, ``step`` bp apart and symmetric
    to the contig's middle, so that neighbouring variants share them; the nearest ones are taken.
    Alleles of different length: all windows lie ``step`` bp apart around the centre of the allele, the centre
    of REF in the REF windows and the centre of ALT in the ALT windows. An insertion of n bp therefore pushes
    n / 2 bp out of the window on each side, and a deletion pulls them in.

    A window that would leave the contig is moved inside it. A contig shorter than a window lies in the middle
    of the window, with unknown bases on both sides.
    """
    flank = min(_TIE_BREAK_BASES, plan.reach)
    first, last = allele.start - flank, allele.end + flank
    tie = tie_break(context.part(first, allele.start), context.part(allele.end, last), allele)
    middle = plan.offsets // 2
    ref_start = _centred(allele.start + allele.end, plan.length, tie)
    steps = np.arange(-middle, middle + 1, dtype=np.int64) * plan.step
    if allele.length_change == 0:
        grid = _nearest_on_grid(allele.start + allele.end, context.contig_length, plan, tie)
        starts = grid + steps
        starts[middle] = ref_start
        starts = _inside(starts, context.contig_length, plan.length, tie)
        ref = _reference_windows(context, allele, starts, plan.length)
        return AlleleWindows(ref, _replaced(ref, starts, allele))
    changed = haplotype(context, allele)
    alt_start = _centred(2 * allele.start + len(allele.alt), plan.length, tie)
    ref_starts = _inside(ref_start + steps, context.contig_length, plan.length, tie)
    alt_starts = _inside(alt_start + steps, changed.contig_length, plan.length, tie)
    return AlleleWindows(
        _reference_windows(context, allele, ref_starts, plan.length),
        _windows(changed, alt_starts, plan.length),
    )


def _centred(twice_centre: int, length: int, tie: int) -> int:
    """Return the start of a window around a centre, given doubled to be whole."""
    return (twice_centre - length + tie) // 2


def _nearest_on_grid(twice_centre: int, contig_length: int, plan: WindowPlan, tie: int) -> int:
    """Return the start of the grid's window that is nearest to being centred."""
    step, twice_start = plan.step, twice_centre - plan.length
    anchor = contig_length - plan.length  # twice the start of the window in the middle of the contig
    if anchor % 2:
        anchor += step
    number = (twice_start - anchor + step - 1 + tie) // (2 * step)
    return anchor // 2 + number * step


def _inside(starts: NDArray[np.int64], contig_length: int, length: int, tie: int) -> NDArray[np.int64]:
    last = contig_length - length
    if last < 0:
        return np.full_like(starts, (last + tie) // 2)
    return np.clip(starts, 0, last)


def _windows(context: SequenceContext, starts: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    # a view of all windows takes longer to make than these few to copy
    return np.take(context.codes, (starts - context.start)[:, None] + np.arange(length))


def _reference_windows(
    context: SequenceContext, allele: Allele, starts: NDArray[np.int64], length: int
) -> NDArray[np.uint8]:
    """Return windows of the genome, with REF in place where the genome is unknown."""
    windows = _windows(context, starts, length)
    if (context.part(allele.start, allele.end) >= UNKNOWN_BASE).any():
        windows = _put(windows, starts, allele.start, allele.ref)
    return windows


def _replaced(windows: NDArray[np.uint8], starts: NDArray[np.int64], allele: Allele) -> NDArray[np.uint8]:
    return _put(windows, starts, allele.start, allele.alt)


def _put(
    windows: NDArray[np.uint8], starts: NDArray[np.int64], place: int, codes: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Return a copy of windows with codes written at a place of the contig, as far as they reach in."""
    changed, length = windows.copy(), windows.shape[1]
    for row, start in enumerate(starts.tolist()):
        first, last = max(place, start), min(place + len(codes), start + length)
        if first < last:
            changed[row, first - start : last - start] = codes[first - place : last - place]
    return changed


def haplotype(context: SequenceContext, allele: Allele) -> SequenceContext:
    """Return a piece of the contig with the alternative allele in place of the reference."""
    before, after = allele.start - context.start, allele.end - context.start
    codes = np.concatenate([context.codes[:before], allele.alt, context.codes[after:]])
    return SequenceContext(codes, context.start, context.contig_length + allele.length_change)
