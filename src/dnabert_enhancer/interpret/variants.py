"""What a variant changes in the importance of bases: reference and alternative side by side."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret.attributions import Explained, explained
from dnabert_enhancer.interpret.mutagenesis import Mutagenesis, Progress
from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import decode_bases
from dnabert_enhancer.variants import Allele, GenomeBases, MotifMatch, NearestGene, SkipReason, haplotype

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

VARIANT_COLUMNS = (
    "chrom",
    "pos",
    "id",
    "ref",
    "alt",
    "reference_score",
    "alternative_score",
    "change",
    "rewiring",
    "strongest_position",
    "strongest_difference",
    "motifs",
    "gene",
    "strand",
    "distance",
    "annotations",
    "skipped",
)
GAP = "-"


class NamedAllele(NamedTuple):
    """An allele as its record has it, and where it lies or why it cannot be placed.

    Attributes
    ----------
    chrom : str
    pos : int
        1-based, as in VCF.
    identifier, ref, alt : str
    placed : Allele or SkipReason
    """

    chrom: str
    pos: int
    identifier: str
    ref: str
    alt: str
    placed: Allele | SkipReason

    @property
    def name(self) -> str:
        """What a picture is called: the ID with the change, or the place with the change."""
        place = f"{self.chrom}:{self.pos:,} {self.ref}>{self.alt}"
        return place if self.identifier == "." else f"{self.identifier}  {place}"


class Landmark(NamedTuple):
    """A gene, or a region of a track, that reaches into what is explained around a variant.

    Attributes
    ----------
    track, name : str
        The track is ``genes`` or the name of the regions' file.
    start, end : int
        0-based, half-open.
    """

    track: str
    name: str
    start: int
    end: int


class Sides(NamedTuple):
    """Both alleles of a variant explained, column by column.

    Attributes
    ----------
    variant : NamedAllele
    ref, alt : Explained
        The allele with as many bases on each side of it.
    change : float
        Logit (of a regression the value) of the alternative less that of the reference, each allele in the
        middle of one window.
    ref_columns, alt_columns : int64 array, shape (columns,)
        For each column of the alignment the base of `ref` and of `alt`; -1: a gap. Bases outside of the
        allele are aligned with themselves; within it the first with the first, and the rest with gaps.
    motifs : sequence of MotifMatch
        The largest change first; empty where no motifs were given.
    gene : NearestGene, optional
        With the nearest start of transcription, where genes were given.
    annotations : tuple of str
        Regions that the variant lies in, as ``TRACK:NAME``.
    landmarks : tuple of Landmark
        By track.
    """

    variant: NamedAllele
    ref: Explained
    alt: Explained
    change: float
    ref_columns: NDArray[np.int64]
    alt_columns: NDArray[np.int64]
    motifs: tuple[MotifMatch, ...] = ()
    gene: NearestGene | None = None
    annotations: tuple[str, ...] = ()
    landmarks: tuple[Landmark, ...] = ()

    @property
    def difference(self) -> NDArray[np.float32]:
        """Importance of the alternative less that of the reference in each column; a gap counts as 0."""
        sides = [
            np.where(columns >= 0, np.nan_to_num(side.importance)[columns], 0)
            for side, columns in ((self.ref, self.ref_columns), (self.alt, self.alt_columns))
        ]
        return np.asarray(sides[1] - sides[0], dtype=np.float32)

    @property
    def positions(self) -> NDArray[np.int64]:
        """0-based place in the genome of each column; of inserted bases that of the base before."""
        steps = np.where(self.ref_columns >= 0, 1, 0)
        return np.asarray(self.ref.start - 1 + np.cumsum(steps), dtype=np.int64)

    def row(self) -> tuple[Any, ...]:  # of `VARIANT_COLUMNS`
        """Return the values of `VARIANT_COLUMNS`."""
        difference = self.difference
        strongest = int(np.abs(difference).argmax())
        return (
            *self.variant[:5],
            self.ref.score,
            self.alt.score,
            self.change,
            float(np.abs(difference).sum(dtype=np.float64)),
            int(self.positions[strongest]) + 1,
            float(difference[strongest]),
            ",".join(match.text() for match in self.motifs),
            *(self.gene or ("", "", None)),
            ",".join(self.annotations),
            "",
        )


def skipped_row(variant: NamedAllele, reason: SkipReason) -> tuple[Any, ...]:  # of `VARIANT_COLUMNS`
    """Return the values of `VARIANT_COLUMNS` of an allele without scores."""
    nothing = float("nan")
    return (*variant[:5], *[nothing] * 4, None, nothing, "", "", "", None, "", str(reason))


def explain_variants(
    mutagenesis: Mutagenesis,
    variants: Iterable[NamedAllele],
    bases: GenomeBases,
    flank: int,
    progress: Progress | None = None,
) -> Iterator[tuple[NamedAllele, Sides | SkipReason]]:
    """Yield each variant with both its sides explained, in order; or why it is not.

    Parameters
    ----------
    mutagenesis : Mutagenesis
    variants : iterable of NamedAllele
    bases : GenomeBases
    flank : int
        How many bases on each side of the allele are explained; with the allele they fit in one window.
    progress : callable, optional
        Called with the number of variants done since its last call.
    """
    waiting: list[NamedAllele] = []
    pairs = _pairs(mutagenesis, variants, bases, flank, waiting)
    found = mutagenesis.effects(pairs)
    for first in found:
        second = next(found)
        while (variant := waiting.pop(0)) and isinstance(variant.placed, SkipReason):
            yield variant, variant.placed
        sides = [explained(effects.stretch, effects.change, effects.score) for effects in (first, second)]
        if np.isnan(sides[0].score) or np.isnan(sides[1].score):
            yield variant, SkipReason.TOO_MANY_UNKNOWN
        else:
            left = variant.placed.start - first.stretch.start
            columns = aligned(left, len(variant.placed.ref), len(variant.placed.alt), sides[0].codes)
            yield variant, Sides(variant, sides[0], sides[1], second.rank - first.rank, *columns)
        if progress is not None:
            progress(1)
    for variant in waiting:
        assert isinstance(variant.placed, SkipReason)
        yield variant, variant.placed


def aligned(
    left: int, n_ref: int, n_alt: int, ref: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which base of each side stands in each column of the alignment, -1 for a gap.

    Parameters
    ----------
    left : int
        Bases before the allele, the same on both sides.
    n_ref, n_alt : int
        Bases of the alleles.
    ref : uint8 array
        All codes of the reference side.
    """
    right = len(ref) - left - n_ref
    middle = np.arange(max(n_ref, n_alt))
    columns = []
    for length in (n_ref, n_alt):
        inside = np.where(middle < length, left + middle, -1)
        after = left + length + np.arange(right)
        columns.append(np.concatenate([np.arange(left), inside, after]).astype(np.int64))
    return columns[0], columns[1]


def letters_of(side: Explained, columns: NDArray[np.int64]) -> str:
    """Return the letters of one side in the columns of the alignment, ``-`` for a gap."""
    letters = decode_bases(side.codes)
    return "".join(letters[place] if place >= 0 else GAP for place in columns.tolist())


def _pairs(
    mutagenesis: Mutagenesis,
    variants: Iterable[NamedAllele],
    bases: GenomeBases,
    flank: int,
    waiting: list[NamedAllele],
) -> Iterator[Stretch]:
    """Yield the reference and the alternative of each variant that is placed; note all in `waiting`."""
    for variant in variants:
        allele = variant.placed
        if isinstance(allele, Allele) and max(len(allele.ref), len(allele.alt)) > mutagenesis.window_length:
            allele = SkipReason.LONGER_THAN_WINDOW
        waiting.append(variant._replace(placed=allele))
        if isinstance(allele, SkipReason):
            continue
        longest = max(len(allele.ref), len(allele.alt))
        around = max(0, min(flank, (mutagenesis.window_length - longest) // 2))
        length = bases.contig_length(allele.contig)
        start, end = max(0, allele.start - around), min(length, allele.end + around)
        context = bases.context(allele.contig, start - mutagenesis.reach, end + mutagenesis.reach)
        yield Stretch(variant.name, allele.contig, start, end, context)
        changed = haplotype(context, allele)
        yield Stretch(variant.name, allele.contig, start, end + allele.length_change, changed)


class ExplainedVariants:
    """Variants with both alleles explained, in memory; made by `Model.interpret_variants`.

    Parameters
    ----------
    found : sequence of (NamedAllele, Sides or SkipReason)
    unit : str
        Of the importance.
    """

    def __init__(self, found: Sequence[tuple[NamedAllele, Sides | SkipReason]], unit: str) -> None:
        self._found = list(found)
        self._unit = unit

    def __len__(self) -> int:
        return len(self._found)

    @property
    def table(self) -> pd.DataFrame:
        """One row per allele: `VARIANT_COLUMNS`.

        ``pos`` (1-based) and the alleles as in the VCF, the scores of both, ``change`` of the logit with each
        allele in the middle of a window, ``rewiring`` (sum of the absolute differences of importance), the
        1-based ``strongest_position`` with its ``strongest_difference``, motifs, and why an allele was
        ``skipped``.
        """
        import pandas as pd

        rows = [
            skipped_row(variant, sides) if isinstance(sides, SkipReason) else sides.row()
            for variant, sides in self._found
        ]
        return pd.DataFrame(rows, columns=list(VARIANT_COLUMNS)).astype(
            {"strongest_position": "Int64", "distance": "Int64"}
        )

    def __getitem__(self, number: int) -> Sides:
        """Return both sides of a variant by its number from 0; `InputError` for one that was skipped."""
        variant, sides = self._found[number]
        if isinstance(sides, SkipReason):
            raise InputError(f"{variant.name} was not explained: {sides}", remedy="see `table['skipped']`")
        return sides

    def plot(self, number: int = 0, *, title: str | None = None) -> Figure:
        """Return the logos of both alleles of a variant, and their difference.

        Parameters
        ----------
        number : int
            Which variant, from 0.
        title : str, optional
            Default: the name of the variant, the change, and the motifs whose match changes most.
        """
        from dnabert_enhancer.interpret.logos import variant_figure

        return variant_figure(self[number], title=title, unit=self._unit)

    def write(self, prefix: str | os.PathLike[str], *, logos: int = 10) -> None:
        """Write the files of ``interpret --vcf`` but its ``run.json``, whole or not at all.

        Parameters
        ----------
        prefix : str or path
            What all names begin with.
        logos : int
            How many variants are drawn, those that change most first.
        """
        from dnabert_enhancer.interpret.result_files import VariantFiles

        with OutputSet() as out:
            VariantFiles(out, os.fspath(prefix), logos=logos).write(self._found, self._unit)
