"""What the outputs say of an allele: the columns of the table and the INFO fields of the VCF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dnabert_enhancer.variants.effect import EFFECTS, EffectStatistic
from dnabert_enhancer.variants.motifs import MOTIF_FORMAT, REPORTED_P
from dnabert_enhancer.variants.reasons import SkipReason
from dnabert_enhancer.vcf import InfoField

PREFIX: Final = "DBE_"
"""What the names of all INFO fields begin with."""
NO_VALUE: Final = "NA"

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
_STATISTICS = ("ScoreChange", "LogOddRatio")
"""The portal's statistics stand first, in its order; the others follow."""
STATISTIC_ORDER = sorted(EffectStatistic, key=lambda item: (*_STATISTICS, item.column).index(item.column))
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
    "transcription_factor",
    *(f"tf_{name}" for name in (*_SCORES, "predicted_functional_effect")),
    "gene",
    "strand",
    "distance",
    "annotations",
    "motifs",
    "skipped",
)
"""Columns of the table, named as in the portal's where it has them."""
CANDIDATE_COLUMNS = ("rank", *COLUMNS)


def score_fields(name: str | None = None) -> list[InfoField]:
    """Return the INFO fields of one model's numbers, in the order REF, ALT, statistics, p, q, effect.

    Parameters
    ----------
    name : str, optional
        Of a TF; default: the enhancer model.
    """
    prefix = PREFIX if name is None else f"{PREFIX}{name}_"
    what = "enhancer" if name is None else f"{name} binding"
    fields = [
        InfoField(f"{prefix}PREF", "A", "Float", f"Probability of {what} with the reference allele"),
        InfoField(f"{prefix}PALT", "A", "Float", f"Probability of {what} with this allele"),
    ]
    fields += [
        InfoField(f"{prefix}{statistic.info}", "A", "Float", f"{what}: {statistic.formula}")
        for statistic in STATISTIC_ORDER
    ]
    codes = ", ".join(effect.code for effect in EFFECTS)
    fields += [
        InfoField(f"{prefix}P", "A", "Float", f"{what}: p-value of the difference of logits"),
        InfoField(f"{prefix}Q", "A", "Float", f"{what}: Benjamini-Hochberg q-value over the run"),
        InfoField(f"{prefix}EFFECT", "A", "String", f"Effect on {what}: {codes}"),
    ]
    return fields


CLASS_FIELD = InfoField(
    f"{PREFIX}CLASS", "A", "String", "What the reference is by its probability: enhancer or non_enhancer"
)
SKIP_FIELD = InfoField(
    f"{PREFIX}SKIP",
    "A",
    "String",
    f"Why this allele has no score, or . where it has: {', '.join(SkipReason)}",
)
GENE_FIELDS = [
    InfoField(f"{PREFIX}GENE", "1", "String", "Gene whose start of transcription is nearest"),
    InfoField(f"{PREFIX}GENE_STRAND", "1", "String", "Strand of that gene"),
    InfoField(
        f"{PREFIX}GENE_DISTANCE",
        "1",
        "Integer",
        "Distance to that start in bp, positive where it lies at higher coordinates",
    ),
]
TRACK_FIELD = InfoField(
    f"{PREFIX}ANNOTATIONS",
    ".",
    "String",
    "Regions that the record lies in, as set:name or set:start-end (0-based)",
)
MOTIF_FIELD = InfoField(
    f"{PREFIX}MOTIFS",
    ".",
    "String",
    f"Motifs with p < {REPORTED_P:g} on one of the alleles, as number of the ALT|{MOTIF_FORMAT}",
)


def info_fields(tf_names: Sequence[str], content: dict[str, Any]) -> list[InfoField]:
    """Return all INFO fields of a run.

    Parameters
    ----------
    tf_names : sequence of str
    content : dict
        ``genes``, ``tracks``, ``motifs``: whether there are such.
    """
    fields = [*score_fields(), CLASS_FIELD, SKIP_FIELD]
    for name in tf_names:
        fields += score_fields(name)
    fields += GENE_FIELDS if content["genes"] else []
    fields += [TRACK_FIELD] if content["tracks"] else []
    fields += [MOTIF_FIELD] if content["motifs"] else []
    return fields
