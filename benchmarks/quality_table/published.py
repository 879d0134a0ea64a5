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
