"""One block of scored records as rows of the table and as lines of the VCF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.variants.block_file import Block
from dnabert_enhancer.variants.columns import (
    CLASS_FIELD,
    GENE_FIELDS,
    MOTIF_FIELD,
    NO_VALUE,
    SKIP_FIELD,
    STATISTIC_ORDER,
    TRACK_FIELD,
    score_fields,
)
from dnabert_enhancer.variants.effect import EFFECTS, EffectStatistic, FunctionalEffect, functional_effects
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.vcf import VcfRecord, parse_record, raw, text

_REASONS = tuple(SkipReason)
_NUMBER_ORDER = [0, 1, *(2 + tuple(EffectStatistic).index(statistic) for statistic in STATISTIC_ORDER)]
_SCORE_CHANGE = 2 + tuple(EffectStatistic).index(EffectStatistic.SCORE_CHANGE)
_MISSING = "."
_SAFE = "!\"#$&'()*+-./<>?@[]^_`{|}~:"


class ModelOutcome(NamedTuple):
    """What one model says of the alleles of a block.

    Attributes
    ----------
    numbers : list of list of str
        For each allele the probabilities, statistics, p and q; NaN as ``nan``.
    effects : uint8 array, shape (alleles,)
        Index into `EFFECTS`.
    scored : bool array, shape (alleles,)
    sizes : float32 array, shape (alleles,)
        Absolute score changes, by which candidates are ranked.
    reference_is_positive : bool array, shape (alleles,)
        Whether the reference reaches the threshold.
    """

    numbers: list[list[str]]
    effects: NDArray[np.uint8]
    scored: NDArray[np.bool_]
    sizes: NDArray[np.float32]
    reference_is_positive: NDArray[np.bool_]


def model_outcome(
    scores: NDArray[np.float32],
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    threshold: float,
    minimum_change: float,
) -> ModelOutcome:
    """Return what a model says of alleles.

    Parameters
    ----------
    scores : float32 array, shape (alleles, numbers)
        As `AlleleScorer.score` gives them.
    p, q : float64 array, shape (alleles,)
    threshold, minimum_change : float
        See `functional_effects`.
    """
    shown = scores[:, _NUMBER_ORDER].astype("U").tolist()
    for row, p_text, q_text in zip(shown, _short(p), _short(q), strict=True):
        row += [p_text, q_text]
    return ModelOutcome(
        shown,
        functional_effects(scores[:, 0], scores[:, 1], threshold, minimum_change),
        ~np.isnan(scores[:, 0]),
        np.abs(scores[:, _SCORE_CHANGE]),
        scores[:, 0] >= np.float32(threshold),
    )


class _Site(NamedTuple):
    """A record with the number of its first allele in the block and its own number."""

    record: VcfRecord
    first: int
    number: int


class BlockRows:
    """Rows and lines of a block.

    Parameters
    ----------
    block : Block
    outcomes : sequence of ModelOutcome
        The enhancer model's first.
    tf_names : sequence of str
    window_length : int
        Of the enhancer model in bp.
    source : str
        For messages.
    """

    def __init__(
        self,
        block: Block,
        outcomes: Sequence[ModelOutcome],
        tf_names: Sequence[str],
        window_length: int,
        source: str,
    ) -> None:
        self._block, self._outcomes, self._tf_names = block, outcomes, tf_names
        self._window_length = window_length
        self._reasons: list[int] = block.numbers["reasons"].tolist()
        self._windows: list[int] = block.numbers["windows"].tolist()
        counts = block.numbers["alts"].tolist()
        firsts = np.cumsum([0, *counts]).tolist()
        self._sites = [
            _Site(parse_record(line, 0, source), first, number)
            for number, (line, first) in enumerate(zip(block.lines, firsts, strict=False))
        ]
        self._id_prefixes = [[field.identifier for field in score_fields(name)] for name in (None, *tf_names)]

    def rows(self) -> Iterator[tuple[list[str], float | None]]:
        """Yield the rows of the table, and the size by which a row is a candidate, None where it is none."""
        for site in self._sites:
            place, tail = self._place(site), self._tail(site)
            for number, alt in enumerate(site.record.alts):
                row = site.first + number
                motifs = ",".join(self._motifs(row)) or NO_VALUE
                reason = self._reason(row) or NO_VALUE
                own = [*place, _printable(text(alt)), "enhancer", self._region(site, row)]
                enhancer = self._scores(0, row)
                tf_width = len(enhancer) - 1
                yield (
                    [*own, *enhancer, NO_VALUE, *[NO_VALUE] * tf_width, *tail, motifs, reason],
                    self._candidate_size(0, row),
                )
                for model, name in enumerate(self._tf_names, start=1):
                    own[-2] = name
                    yield (
                        [*own, *enhancer, name, *self._scores(model, row)[:-1], *tail, motifs, reason],
                        self._candidate_size(model, row),
                    )

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the VCF, without their ends."""
        for site in self._sites:
            columns = list(site.record.columns)
            columns[7] = self._info(site)
            yield b"\t".join([*columns, site.record.rest] if site.record.rest else columns)

    def _place(self, site: _Site) -> list[str]:
        record = site.record
        start = record.position - 1
        return [
            _printable(record.contig),
            str(record.position),
            str(start),
            str(start + len(record.ref)),
            _printable(record.identifier),
            _printable(text(record.ref)),
        ]

    def _region(self, site: _Site, row: int) -> str:
        regions = self._block.texts.get("regions")
        if regions is not None and regions[site.number] is not None:
            start, end = regions[site.number]
        elif self._windows[row] >= 0:
            start, end = self._windows[row], self._windows[row] + self._window_length
        else:
            return NO_VALUE
        return f"{_printable(site.record.contig)}:{start}-{end}"

    def _scores(self, model: int, row: int) -> list[str]:
        """Return numbers, effect and class as the table has them."""
        outcome = self._outcomes[model]
        if not outcome.scored[row]:
            return [NO_VALUE] * (len(outcome.numbers[row]) + 2)
        numbers = [NO_VALUE if number == "nan" else number for number in outcome.numbers[row]]
        is_enhancer = "Enhancer" if outcome.reference_is_positive[row] else "Non-enhancer"
        return [*numbers, EFFECTS[outcome.effects[row]].text, is_enhancer]

    def _tail(self, site: _Site) -> list[str]:
        gene = self._gene(site) or [NO_VALUE] * 3
        return [*map(str, gene), ",".join(self._tracks(site)) or NO_VALUE]

    def _gene(self, site: _Site) -> list[Any] | None:  # name, strand, distance
        genes = self._block.texts.get("genes")
        found: list[Any] | None = genes[site.number] if genes is not None else None
        return found

    def _tracks(self, site: _Site) -> list[str]:
        tracks = self._block.texts.get("tracks")
        return tracks[site.number] if tracks is not None else []

    def _motifs(self, row: int) -> list[str]:
        motifs = self._block.texts.get("motifs")
        return motifs[row] if motifs is not None else []

    def _reason(self, row: int) -> str:
        return str(_REASONS[self._reasons[row] - 1]) if self._reasons[row] else ""

    def _candidate_size(self, model: int, row: int) -> float | None:
        outcome = self._outcomes[model]
        if not outcome.scored[row] or EFFECTS[outcome.effects[row]] is FunctionalEffect.NONE:
            return None
        return float(outcome.sizes[row])

    def _info(self, site: _Site) -> bytes:
        """Return INFO with our fields at its end; older ones of the same names are replaced."""
        rows = range(site.first, site.first + len(site.record.alts))
        added: list[str] = []
        for model, identifiers in enumerate(self._id_prefixes):
            outcome = self._outcomes[model]
            if not outcome.scored[rows.start : rows.stop].any():
                continue
            values = [
                [*outcome.numbers[row], EFFECTS[outcome.effects[row]].code] if outcome.scored[row] else None
                for row in rows
            ]
            added += [
                f"{name}={','.join(_value(allele, place) for allele in values)}"
                for place, name in enumerate(identifiers)
            ]
            if model == 0:
                classes = [
                    _MISSING
                    if not outcome.scored[row]
                    else "enhancer"
                    if outcome.reference_is_positive[row]
                    else "non_enhancer"
                    for row in rows
                ]
                added.append(f"{CLASS_FIELD.identifier}={','.join(classes)}")
        reasons = [self._reason(row) for row in rows]
        if any(reasons):
            added.append(f"{SKIP_FIELD.identifier}={','.join(reason or _MISSING for reason in reasons)}")
        gene = self._gene(site)
        if gene is not None:
            added += [
                f"{field.identifier}={_plain(value)}" for field, value in zip(GENE_FIELDS, gene, strict=True)
            ]
        tracks = self._tracks(site)
        if tracks:
            added.append(f"{TRACK_FIELD.identifier}={','.join(map(_plain, tracks))}")
        motifs = [
            f"{number + 1}|{_plain(motif)}" for number, row in enumerate(rows) for motif in self._motifs(row)
        ]
        if motifs:
            added.append(f"{MOTIF_FIELD.identifier}={','.join(motifs)}")
        kept = _without_ours(site.record.info)
        return b";".join([*kept, raw(";".join(added))] if added else kept) or b"."


def _without_ours(info: bytes) -> list[bytes]:
    if info in (b".", b""):
        return []
    if b"DBE_" not in info:
        return [info]
    return [part for part in info.split(b";") if not part.startswith(b"DBE_")]


def _printable(value: str) -> str:
    """Return a text of the input as UTF-8 can hold it."""
    return raw(value).decode("utf-8", errors="replace")


def _short(values: NDArray[np.float64]) -> list[str]:
    return [f"{value:.6g}" for value in values.tolist()]


def _value(numbers: list[str] | None, place: int) -> str:
    if numbers is None or numbers[place] == "nan":
        return _MISSING
    return numbers[place]


def _plain(value: object) -> str:
    """Return a text with what has a meaning in INFO, and blanks, percent-encoded."""
    return quote(str(value), safe=_SAFE, errors="surrogateescape")
