"""Figures that others published for the public sets, each with the page where it was read."""

from __future__ import annotations

from .kinds import Published

_COMPARISON = "Table 4 of the iEnhancer-DCSA paper (BMC Genomics 2023), PMC10339552"
_OTHER_COMPARISON = "Table 1 of doi:10.1155/2022/7518779"
IENHANCER = (
    Published("iEnhancer-2L", "accuracy 0.730, AUROC 0.806", _COMPARISON),
    Published("EnhancerPred", "accuracy 0.740, AUROC 0.801", _COMPARISON),
    Published("iEnhancer-EL", "accuracy 0.748, AUROC 0.817", _COMPARISON),
    Published("BERT-Enhancer", "accuracy 0.756", _COMPARISON),
    Published("iEnhancer-ECNN", "accuracy 0.769, AUROC 0.832", _COMPARISON),
    Published("spEnhancer", "accuracy 0.773, AUROC 0.824", _COMPARISON),
    Published("iEnhancer-5Step", "accuracy 0.790", _OTHER_COMPARISON),
    Published("iEnhancer-DCSA", "accuracy 0.825", _COMPARISON),
)
"""On all 400 sequences, duplicates included."""
_FOUNDATION = "doi:10.1038/s41467-025-65823-8, Table 1"
_FROZEN = {
    "DNABERT-2": (0.838, 0.821, 0.790, 0.726, 0.920),
    "Caduceus-Ph": (0.880, 0.869, 0.825, 0.773, 0.929),
}
"""AUROC of a classifier on frozen, mean-pooled embeddings, human TFBS 1 to 5."""


def of_gue(number: int) -> tuple[Published, ...]:
    """Return what was published for one of the five GUE transcription-factor sets (test rows)."""
    return tuple(
        Published(
            f"{model}, frozen embeddings", f"AUROC {values[number]:.3f} on the set's test rows", _FOUNDATION
        )
        for model, values in _FROZEN.items()
    )
