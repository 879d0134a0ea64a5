"""Every training of the recipe: what it needs, with which sizes, steps and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Job = dict[str, Any]  # what `train.run` takes, plain JSON
SEED = 1
BATCH = 1024
DISTILLED, STUDENT = "distilled", "default"
"""The student that the mixture taught, and the one that is packaged."""
SIZES = {
    "default": {"hidden": 128, "layers": 2, "heads": 4, "intermediate": 512},
    "large": {"hidden": 192, "layers": 3, "heads": 6, "intermediate": 1024},
}
"""Of the packaged student, and of a larger one that is among the teachers."""
POOL = 700_000
"""Windows that the mixture answers for the student; of each length the share that `rows.BATCHES` has."""
TEACHER_FIT = {"learning_rate": 1.5e-3, "weight_decay": 0.05, "recorded": True}
WARM_FIT = {"steps": 1000, "learning_rate": 5e-4, "weight_decay": 0.05, "recorded": True}
DISTIL_FIT = {"steps": 9000, "learning_rate": 7e-4, "weight_decay": 0.02, "recorded": True}
REFIT = {"strength": 1e-3, "kept": ["enhancer"]}
"""Of `heads.refit`; the enhancer row is a stack of all answers already."""
EMPHASIS = {
    "enhancer": 3.0,
    **dict.fromkeys(("lentimpra_hepg2", "lentimpra_wtc11", "sharpr_hepg2", "sharpr_k562"), 1.0),
    **{f"gue_tf{number}": 1.0 for number in range(5)},
    **dict.fromkeys(("accessible", "dnase_site", "distal", "versus_promoter", "versus_cpg_island"), 1.0),
    **dict.fromkeys(("ienhancer", "davuluri", "nhlf"), 1.0),
    **dict.fromkeys(("dnase_gm12878", "dnase_k562"), 1.0),
}
"""Weights of outputs in the student's loss."""
BACKGROUND = 0.3
"""Weight of each other output."""
TEACHERS: dict[str, Job] = {
    "t1": {"steps": 1500, "dropout": 0.3, "mutation": 0.1},
    "t2": {"steps": 1800, "dropout": 0.3, "mutation": 0.1, "channels": 256},
    "t3": {"steps": 2500, "dropout": 0.4, "mutation": 0.2},
    "t4": {"steps": 3500, "dropout": 0.3, "mutation": 0.1},
    "t5": {"steps": 2500, "dropout": 0.4, "mutation": 0.2, "channels": 256},
    "t6": {"steps": 1200, "dropout": 0.2, "mutation": 0.05},
}
"""Convolutional networks that differ in seed, width, dropout, mutation of the windows and steps."""


def jobs(work: Path) -> list[Job]:
    """Return the jobs, each with the names of those that it ``needs``; all files lie in the work folder."""
    models = work / "models"

    def path(name: str) -> str:
        return str(models / f"{name}.pt")

    common: Job = {"data": str(work / "tasks.npz"), "motifs": str(work / "motifs.npz"), "batch": BATCH}
    warm = {name: f"warm_{name}" for name in SIZES}
    members = ["ridges", *TEACHERS, *warm.values()]
    return [
        common | {"name": "ridges", "kind": "ridges", "seed": SEED, "needs": []},
        *(
            common
            | {"name": name, "kind": "teacher", "seed": seed, "needs": []}
            | {"fit": TEACHER_FIT | {"steps": settings["steps"]}}
            | {key: value for key, value in settings.items() if key != "steps"}
            for seed, (name, settings) in enumerate(TEACHERS.items(), SEED)
        ),
        *(
            common
            | {"name": name, "kind": "student", "seed": SEED, "needs": ["ridges"]}
            | {"size": SIZES[size] | {"dropout": 0.1}, "ridges": path("ridges"), "fit": WARM_FIT}
            for size, name in warm.items()
        ),
        common
        | {"name": "mix", "kind": "mix", "seed": SEED, "needs": members}
        | {"members": [path(name) for name in members], "pool": POOL},
        common
        | {"name": DISTILLED, "kind": "student", "seed": SEED, "needs": ["mix"]}
        | {"size": SIZES["default"] | {"dropout": 0.0}, "start": path(warm["default"])}
        | {"pool": str(models / "mix.pool.pt"), "emphasis": EMPHASIS, "background": BACKGROUND}
        | {"distil": DISTIL_FIT},
        common
        | {"name": STUDENT, "kind": "student", "seed": SEED, "needs": [DISTILLED]}
        | {"size": SIZES["default"] | {"dropout": 0.0}, "start": path(DISTILLED), "refit": REFIT},
    ]
