"""Rows of the table and lines of the VCF: what the outputs say of each allele."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.shards import ShardBlock
from dnabert_enhancer.variants.alleles import SkipReason
from dnabert_enhancer.variants.clinical import CLINICAL_COLUMNS
from dnabert_enhancer.variants.effect import EFFECTS, EffectStatistic, FunctionalEffect
from dnabert_enhancer.variants.info_fields import (
    CALL_FIELD,
    CLASS_FIELD,
    CLINICAL_FIELDS,
    GENE_FIELDS,
    MOTIF_FIELD,
    PANEL_FIELD,
    PREFIX,
    REFERENCE_CALLS,
    SKIP_FIELD,
    STATISTIC_ORDER,
    TRACK_FIELD,
    deviation_field,
    info_fields,
    offsets_field,
    score_fields,
)
from dnabert_enhancer.variants.significance import Significance
from dnabert_enhancer.vcf import VcfRecord, line_with_info, parse_record, raw, text

NO_VALUE: Final = "NA"
"""What the table has where there is no value."""

_PLACE = (
    "chrom",
    "pos",
    "variant_start_0based",
    "variant_end_0based",
    "dbsnp_id",
    "reference_nucleotide",
    "alternative_nucleotide",
    "model",
    "region_coordinates",
)
_SCORES = (
    "reference_probability",
    "alternative_probability",
    *(statistic.column for statistic in STATISTIC_ORDER),
    "p_value",
    "q_value",
)
COLUMNS = (
    *_PLACE,
    *_SCORES,
    "predicted_functional_effect",
    "class",
    "reference_call",
    "transcription_factor",
    *(f"tf_{name}" for name in (*_SCORES, "predicted_functional_effect")),
    "gene",
    "strand",
    "distance",
    "annotations",
    *CLINICAL_COLUMNS,
    "motifs",
    "skipped",
)
"""Columns of the table, named as in the portal's where it has them."""
CANDIDATE_COLUMNS = ("rank", *COLUMNS)
DEVIATION_COLUMNS = ("probability_difference_sd", "tf_probability_difference_sd")
"""Columns after these, where a model is an ensemble: over its models, of p_alt - p_ref."""
OFFSET_COLUMNS = ("offsets", "tf_offsets")
"""Columns after these, where offsets are adaptive: how many windows of each allele were computed."""
PLACE_COLUMNS = ("pos", "variant_start_0based", "variant_end_0based")
NUMBER_COLUMNS = (
    *(*_SCORES, *(f"tf_{name}" for name in _SCORES), "distance"),
    *(*DEVIATION_COLUMNS, *OFFSET_COLUMNS),
)
"""Columns that hold numbers; NaN where there is no value."""


_SKIPS = ("", *(reason.value for reason in SkipReason))
"""Texts by `SkipReason.code`."""
_MISSING = "."
_NONE = {"nan": NO_VALUE, "0": NO_VALUE}
"""Texts of numbers after the table's columns that stand for none."""
_SAFE = "!\"#$&'()*+-./<>?@[]^_`{|}~:"
_NUMBERS = ("p_ref", "p_alt", *(statistic.column for statistic in STATISTIC_ORDER), "p_value", "q_value")
"""Fields of `OUTCOMES` as the outputs have them."""
_CANDIDATES_BY = EffectStatistic.SCORE_CHANGE.column


class Place(NamedTuple):
    """Where an allele is, as the tables have it; the position counts from 1."""

    contig: str
    position: int
    identifier: str
    ref: str
    alt: str


def places_of(records: Sequence[VcfRecord]) -> list[Place]:
    """Return the place of each allele of records."""
    found = []
    for record in records:
        start = (_printable(record.contig), record.position, _printable(record.identifier))
        found += [Place(*start, _printable(text(record.ref)), _printable(text(alt))) for alt in record.alts]
    return found


class _Site(NamedTuple):
    """A record with the number of its first allele in the block and its own number."""

    record: VcfRecord
    first: int
    number: int


class BlockRows:
    """Rows and lines of a block.

    Parameters
    ----------
    block : ShardBlock
        As `BlockScorer.score` returns it.
    outcomes : structured array `OUTCOMES`, shape (alleles, models)
        The enhancer model's first.
    tf_names : sequence of str
    window_length : int
        Of the enhancer model in bp.
    source : str
        For messages.
    significance : Significance
        Of candidates.

    Attributes
    ----------
    replaced : set of bytes
        INFO fields of an earlier scoring that `lines` left out.
    panel : list of list of str, optional
        What the VCF says of a panel's models, for each allele.
    """

    panel: list[list[str]] | None = None

    def __init__(
        self,
        block: ShardBlock,
        outcomes: NDArray[np.void],
        tf_names: Sequence[str],
        window_length: int,
        source: str,
        significance: Significance,
    ) -> None:
        self._json, self._tf_names, self._window_length = block.json, tf_names, window_length
        self._skips = [_SKIPS[code] for code in block.arrays["alleles"]["skip"].tolist()]
        self._windows: list[int] = block.arrays["alleles"]["window"].tolist()
        firsts = np.cumsum([0, *block.arrays["alts"].tolist()]).tolist()
        self._sites = [
            _Site(parse_record(line, 0, source), first, number)
            for number, (line, first) in enumerate(
                zip(block.texts["records"].split(b"\n"), firsts, strict=False)
            )
        ]
        content = {name: name in block.json for name in ("genes", "classes", "tracks", "motifs", "clinical")}
        content |= {name: name in block.arrays for name in ("deviations", "offsets")}
        fields = info_fields(tf_names, content)
        self._written = {field.identifier.encode() for field in fields}
        self.replaced: set[bytes] = set()
        self._identifiers = [[field.identifier for field in score_fields(name)] for name in (None, *tf_names)]
        self._further = [
            (
                [field(name).identifier for name in (None, *tf_names)],
                [[_NONE.get(number, number) for number in row] for row in block.arrays[array].astype("U")],
            )
            for array, field in (("deviations", deviation_field), ("offsets", offsets_field))
            if array in block.arrays
        ]
        models = [outcomes[:, model] for model in range(outcomes.shape[1])]
        self._numbers = [_numbers(outcome) for outcome in models]
        self._effects = [[EFFECTS[effect] for effect in outcome["effect"].tolist()] for outcome in models]
        calls = [REFERENCE_CALLS[called] for called in outcomes[:, 0]["is_positive"].tolist()]
        self._calls = [
            None if own is None else call for own, call in zip(self._numbers[0], calls, strict=True)
        ]
        self._sizes = [_candidate_sizes(outcome, significance) for outcome in models]

    def rows(self) -> Iterator[tuple[list[str], float | None]]:
        """Yield the rows of the table, and the size by which a row is a candidate, None where it is not."""
        for site in self._sites:
            place, tail = self._place(site), self._tail(site)
            for number, alt in enumerate(site.record.alts):
                row = site.first + number
                motifs = ",".join(self._motifs(row)) or NO_VALUE
                notes = [*tail, *("|".join(texts) or NO_VALUE for texts in self._clinical(row)), motifs]
                skip = self._skips[row] or NO_VALUE
                own = [*place, _printable(text(alt)), "enhancer", self._region(site, row)]
                enhancer = self._scores(0, row)
                no_tf = [NO_VALUE] * (len(enhancer) + 1)
                enhancer += [",".join(self._classes(site)) or NO_VALUE, self._calls[row] or NO_VALUE]
                last = [text for _, texts in self._further for text in (texts[row][0], NO_VALUE)]
                yield [*own, *enhancer, *no_tf, *notes, skip, *last], self._candidate_size(0, row)
                for model, name in enumerate(self._tf_names, start=1):
                    own[-2] = name
                    tf = [name, *self._scores(model, row)]
                    last = [text for _, texts in self._further for text in (texts[row][0], texts[row][model])]
                    yield [*own, *enhancer, *tf, *notes, skip, *last], self._candidate_size(model, row)

    def places(self) -> list[Place]:
        """Return where each allele is, as the tables have it."""
        return places_of([site.record for site in self._sites])

    def lines(self) -> Iterator[bytes]:
        """Yield the lines of the VCF, without their ends."""
        for site in self._sites:
            info, replaced = site.record.info, set[bytes]()
            if PREFIX.encode() in info:
                written = self._written | (
                    {PANEL_FIELD.identifier.encode()} if self.panel is not None else set()
                )
                replaced = {entry.partition(b"=")[0] for entry in info.split(b";")} & written
                self.replaced |= replaced
            yield line_with_info(site.record, self._info(site), replaced)

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
        regions = self._json.get("regions")
        if regions is not None and regions[site.number] is not None:
            start, end = regions[site.number]
        elif self._windows[row] >= 0:
            start, end = self._windows[row], self._windows[row] + self._window_length
        else:
            return NO_VALUE
        return f"{_printable(site.record.contig)}:{start}-{end}"

    def _scores(self, model: int, row: int) -> list[str]:
        """Return numbers and effect as the table has them."""
        numbers = self._numbers[model][row]
        if numbers is None:
            return [NO_VALUE] * (len(_NUMBERS) + 1)
        shown = [NO_VALUE if number == "nan" else number for number in numbers]
        return [*shown, self._effects[model][row].value]

    def _tail(self, site: _Site) -> list[str]:
        gene = self._gene(site) or [NO_VALUE] * 3
        return [*map(str, gene), ",".join(self._tracks(site)) or NO_VALUE]

    def _gene(self, site: _Site) -> list[Any] | None:  # name, strand, distance
        genes = self._json.get("genes")
        found: list[Any] | None = genes[site.number] if genes is not None else None
        return found

    def _classes(self, site: _Site) -> list[str]:
        classes = self._json.get("classes")
        return classes[site.number] if classes is not None else []

    def _tracks(self, site: _Site) -> list[str]:
        tracks = self._json.get("tracks")
        return tracks[site.number] if tracks is not None else []

    def _motifs(self, row: int) -> list[str]:
        motifs = self._json.get("motifs")
        return motifs[row] if motifs is not None else []

    def _clinical(self, row: int) -> list[list[str]]:
        """Return the texts of each of `CLINICAL_COLUMNS`."""
        clinical = self._json.get("clinical")
        found: list[list[str]] | None = clinical[row] if clinical is not None else None
        return found or [[] for _ in CLINICAL_COLUMNS]

    def _candidate_size(self, model: int, row: int) -> float | None:
        size = self._sizes[model][row]
        return None if math.isnan(size) else size

    def _info(self, site: _Site) -> list[str]:
        """Return our entries of INFO."""
        rows = range(site.first, site.first + len(site.record.alts))
        added: list[str] = []
        for model, identifiers in enumerate(self._identifiers):
            numbers = self._numbers[model][rows.start : rows.stop]
            if not any(numbers):
                continue
            effects = [effect.in_vcf for effect in self._effects[model][rows.start : rows.stop]]
            values = [
                None if own is None else [*own, effect] for own, effect in zip(numbers, effects, strict=True)
            ]
            added += [
                f"{name}={','.join(_value(allele, place) for allele in values)}"
                for place, name in enumerate(identifiers)
            ]
        calls = self._calls[rows.start : rows.stop]
        if any(calls):
            added.append(f"{CALL_FIELD.identifier}={','.join(call or _MISSING for call in calls)}")
        for identifiers, by_row in self._further:
            for model, identifier in enumerate(identifiers):
                texts = [one[model] for one in by_row[rows.start : rows.stop]]
                if any(text != NO_VALUE for text in texts):
                    shown = ",".join(_MISSING if text == NO_VALUE else text for text in texts)
                    added.append(f"{identifier}={shown}")
        skips = self._skips[rows.start : rows.stop]
        if any(skips):
            added.append(f"{SKIP_FIELD.identifier}={','.join(skip or _MISSING for skip in skips)}")
        gene = self._gene(site)
        if gene is not None:
            added += [
                f"{field.identifier}={_plain(value)}" for field, value in zip(GENE_FIELDS, gene, strict=True)
            ]
        classes = self._classes(site)
        if classes:
            added.append(f"{CLASS_FIELD.identifier}={','.join(map(_plain, classes))}")
        tracks = self._tracks(site)
        if tracks:
            added.append(f"{TRACK_FIELD.identifier}={','.join(map(_plain, tracks))}")
        motifs = [
            f"{number + 1}|{_plain(motif)}" for number, row in enumerate(rows) for motif in self._motifs(row)
        ]
        if motifs:
            added.append(f"{MOTIF_FIELD.identifier}={','.join(motifs)}")
        for column, field in enumerate(CLINICAL_FIELDS):
            known = [
                f"{number + 1}|{_plain(said)}"
                for number, row in enumerate(rows)
                for said in self._clinical(row)[column]
            ]
            if known:
                added.append(f"{field.identifier}={','.join(known)}")
        tops = self.panel[rows.start : rows.stop] if self.panel is not None else []
        panel = [f"{number + 1}|{top}" for number, texts in enumerate(tops) for top in texts]
        if panel:
            added.append(f"{PANEL_FIELD.identifier}={','.join(panel)}")
        return added


def _candidate_sizes(outcome: NDArray[np.void], significance: Significance) -> list[float]:
    """Return for each allele the size by which it is a candidate; NaN where it is none."""
    is_candidate = outcome["effect"] != EFFECTS.index(FunctionalEffect.NONE)
    if significance.column is not None:
        is_candidate &= outcome[significance.column] <= significance.level
    sizes: list[float] = np.where(is_candidate, np.abs(outcome[_CANDIDATES_BY]), np.nan).tolist()
    return sizes


def _numbers(outcome: NDArray[np.void]) -> list[list[str] | None]:
    """Return for each allele the texts of its numbers, NaN as ``nan``; None without a score."""
    columns = [outcome[name].astype("U").tolist() for name in _NUMBERS[:-2]]
    columns += [[f"{value:.6g}" for value in outcome[name].tolist()] for name in _NUMBERS[-2:]]
    scored = (~np.isnan(outcome["p_ref"])).tolist()
    return [list(texts) if known else None for known, *texts in zip(scored, *columns, strict=True)]


def _printable(value: str) -> str:
    """Return a text of the input as UTF-8 can hold it."""
    return raw(value).decode("utf-8", errors="replace")


def _value(numbers: list[str] | None, place: int) -> str:
    if numbers is None or numbers[place] == "nan":
        return _MISSING
    return numbers[place]


def _plain(value: object) -> str:
    """Return a text with what has a meaning in INFO, and blanks, percent-encoded."""
    return quote(str(value), safe=_SAFE, errors="surrogateescape")
