"""INFO fields of scored variants: their names, and what the header says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dnabert_enhancer.variants.alleles import SkipReason
from dnabert_enhancer.variants.effect import EFFECTS, EffectStatistic
from dnabert_enhancer.variants.motifs import MOTIF_FORMAT, REPORTED_P
from dnabert_enhancer.vcf import InfoField

PREFIX: Final = "DBE_"
"""What the names of all INFO fields begin with."""
_STATISTICS = ("ScoreChange", "LogOddRatio")
"""The portal's statistics stand first, in its order; the others follow."""
STATISTIC_ORDER = sorted(EffectStatistic, key=lambda item: (*_STATISTICS, item.column).index(item.column))


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
    words = ", ".join(effect.in_vcf for effect in EFFECTS)
    fields += [
        InfoField(f"{prefix}P", "A", "Float", f"{what}: p-value of the difference of logits"),
        InfoField(f"{prefix}Q", "A", "Float", f"{what}: Benjamini-Hochberg q-value over the run"),
        InfoField(f"{prefix}EFFECT", "A", "String", f"Effect on {what}: {words}"),
    ]
    return fields


def deviation_field(name: str | None = None) -> InfoField:
    """Return the INFO field of an ensemble's standard deviation; `name` as in `score_fields`."""
    prefix = PREFIX if name is None else f"{PREFIX}{name}_"
    what = "enhancer" if name is None else f"{name} binding"
    return InfoField(
        f"{prefix}DIFF_SD",
        "A",
        "Float",
        f"{what}: standard deviation (n - 1) over the models of the ensemble of p_alt - p_ref",
    )


def offsets_field(name: str | None = None) -> InfoField:
    """Return the INFO field of how many windows there were; `name` as in `score_fields`."""
    prefix = PREFIX if name is None else f"{PREFIX}{name}_"
    what = "enhancer" if name is None else f"{name} binding"
    return InfoField(
        f"{prefix}OFFSETS", "A", "Integer", f"{what}: how many windows of each allele the numbers are of"
    )


REFERENCE_CALLS: Final = ("Non-enhancer", "Enhancer")
"""What the reference is called below the threshold, and from there on."""
CALL_FIELD = InfoField(
    f"{PREFIX}REFERENCE_CALL",
    "A",
    "String",
    f"What the model calls the reference: {REFERENCE_CALLS[1]} from its threshold on, else "
    f"{REFERENCE_CALLS[0]}",
)
CLASS_FIELD = InfoField(
    f"{PREFIX}CLASS",
    ".",
    "String",
    "Annotated class of the region that the record lies in: the sets of --annotate, or without them the name "
    "of the region of --regions",
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
CLINICAL_FIELDS = [
    InfoField(f"{PREFIX}{name}", ".", "String", f"{what}, as number of the ALT|text")
    for name, what in (
        ("ASSOCIATION", "Diseases of ClinVar that are not called benign, and traits of the GWAS catalog"),
        ("GWAS", "GWAS catalog, by rs number or position: strongest allele:p-value"),
        ("CLINVAR", "ClinVar, by allele: ID:significance"),
        ("EQTL", "GTEx, by allele: tissue:gene"),
    )
]
"""In the order of `CLINICAL_COLUMNS`."""
PANEL_FIELD = InfoField(
    f"{PREFIX}TF_TOP",
    ".",
    "String",
    "Models of the panel that see an allele change most, the largest |ScoreChange| first, as number of the "
    "ALT|model|probability with the reference|probability with this allele|effect",
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
        ``genes``, ``classes``, ``tracks``, ``motifs``, ``clinical``, ``panel``, ``deviations``, ``offsets``:
        whether there are such.
    """
    fields = [*score_fields(), CALL_FIELD, SKIP_FIELD]
    for name in tf_names:
        fields += score_fields(name)
    if content.get("deviations"):
        fields += [deviation_field(name) for name in (None, *tf_names)]
    if content.get("offsets"):
        fields += [offsets_field(name) for name in (None, *tf_names)]
    fields += GENE_FIELDS if content["genes"] else []
    fields += [CLASS_FIELD] if content["classes"] else []
    fields += [TRACK_FIELD] if content["tracks"] else []
    fields += [MOTIF_FIELD] if content["motifs"] else []
    fields += CLINICAL_FIELDS if content["clinical"] else []
    fields += [PANEL_FIELD] if content.get("panel") else []
    return fields
