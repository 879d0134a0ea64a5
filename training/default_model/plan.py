"""Sizes, steps, seeds and weights of the student's training."""

from __future__ import annotations

SEED = 1
START, STUDENT = "start", "default"
"""The model that the student starts as, and the student that is packaged: names of their files."""
WORKERS = 2
"""Processes of one thread that train the student together."""
ANSWERED_PAIRS = {200: 48_000, 101: 24_000}
"""Pairs of training windows by length whose answers by the starting model the student keeps."""
FIT = {"learning_rate": 7e-4, "weight_decay": 0.01, "average": 0.998, "steps": 3200}
LABEL_PARTS = 2
"""Times 32 labelled windows that a worker reads in each step, beside 16 pairs of each length."""
KEEPING = 3.0
"""How much the answers of the starting model count in the loss, beside the labels."""
EMPHASIS = {
    **{f"gue_tf{number}": 1.0 for number in range(5)},
    **dict.fromkeys(("enhancer", "accessible", "dnase_site", "distal"), 1.0),
    **dict.fromkeys(("versus_promoter", "versus_cpg_island"), 1.0),
    **dict.fromkeys(("ienhancer", "davuluri", "nhlf"), 1.0),
    **dict.fromkeys(("dnase_gm12878", "dnase_k562"), 2.0),
}
"""Weights of outputs of the starting model in the student's loss."""
BACKGROUND = 0.5
"""Weight of each other output."""
ALLELES = ("lentimpra_hepg2",)
"""Reporter tasks of which the student keeps what the start says of changes; values are the labels'."""
REFIT = {"strength": 1e-3, "kept": ["enhancer"]}
"""Of `heads.refit`; the enhancer row is a stack of all answers already."""
