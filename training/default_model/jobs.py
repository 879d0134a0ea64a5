"""Every training of the recipe, in order: what runs at once, with which sizes, steps and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Job = dict[str, Any]  # what `train.run` takes, plain JSON
SEED = 1
BATCH = 1024
SIZES = {
    "default": {"hidden": 128, "layers": 2, "heads": 4, "intermediate": 512},
    "large": {"hidden": 192, "layers": 3, "heads": 6, "intermediate": 1024},
}
"""Of the packaged student, and of a larger one that is trained beside it to compare."""
POOL = 900_000
"""Windows that the mixture answers for the students; of each length the share that `rows.BATCHES` has."""
WARM_FIT = {"steps": 1000, "learning_rate": 5e-4, "weight_decay": 0.05, "recorded": True}
DISTIL_FIT = {"learning_rate": 7e-4, "weight_decay": 0.02, "recorded": True}
DISTIL_STEPS = {"default": 11_698, "large": 5760}
"""What 235 seconds of an H100 gave, both at once."""
EMPHASIS = {
    "enhancer": 3.0,
    **dict.fromkeys(("lentimpra_hepg2", "lentimpra_wtc11", "sharpr_hepg2", "sharpr_k562"), 1.0),
    **{f"gue_tf{number}": 1.0 for number in range(5)},
    **dict.fromkeys(("accessible", "distal", "ienhancer", "davuluri", "nhlf"), 1.0),
    **dict.fromkeys(("dnase_gm12878", "dnase_k562"), 1.0),
}
"""Weights of outputs in the students' loss."""
BACKGROUND = 0.3
"""Weight of each other output."""
TEACHERS: dict[str, Job] = {
    "t1": {"seed": 1, "steps": 754},
    "t2": {"seed": 2, "steps": 718, "channels": 256, "dropout": 0.3, "mutation": 0.1},
    "t3": {"seed": 3, "steps": 768, "dropout": 0.3},
    "t_a2": {"seed": 16, "steps": 300, "dropout": 0.4, "mutation": 0.15},
    "t_b1": {"seed": 12, "steps": 800},
    "t_b2": {"seed": 17, "steps": 800, "channels": 256, "dropout": 0.3, "mutation": 0.1},
    "t_d": {"seed": 14, "steps": 600, "known_motifs": False, "dropout": 0.3},
    "t_e": {"seed": 15, "steps": 600, "channels": 96, "dropout": 0.4, "mutation": 0.2},
}
"""Convolutional networks that differ in seed, width, dropout, mutation of the windows and steps."""


def stages(work: Path) -> list[list[Job]]:
    """Return the jobs, those of a stage independent of each other; all files lie in the work folder."""
    models = work / "models"

    def path(name: str) -> str:
        return str(models / f"{name}.pt")

    common = {"data": str(work / "tasks.npz"), "motifs": str(work / "motifs.npz"), "batch": BATCH}
    fit = {"learning_rate": 1.5e-3, "weight_decay": 0.05}
    teachers = [
        common
        | {"name": name, "kind": "teacher", "fit": fit | {"steps": settings["steps"]}}
        | {key: value for key, value in settings.items() if key != "steps"}
        for name, settings in TEACHERS.items()
    ]
    warm = [
        common
        | {"name": f"warm_{name}", "kind": "student", "seed": SEED, "size": size | {"dropout": 0.1}}
        | {"ridges": path("ridges"), "fit": WARM_FIT}
        for name, size in SIZES.items()
    ]
    members = [path(name) for name in ("ridges", *TEACHERS, *(f"warm_{name}" for name in SIZES))]
    mix = common | {"name": "mix", "kind": "mix", "seed": SEED, "members": members, "pool": POOL}
    students = [
        common
        | {"name": name, "kind": "student", "seed": SEED, "size": size | {"dropout": 0.0}}
        | {"start": path(f"warm_{name}"), "pool": str(models / "mix.pool.pt")}
        | {"emphasis": EMPHASIS, "background": BACKGROUND}
        | {"distil": DISTIL_FIT | {"steps": DISTIL_STEPS[name]}}
        for name, size in SIZES.items()
    ]
    ridges = common | {"name": "ridges", "kind": "ridges", "seed": SEED}
    return [[ridges], [*teachers, *warm], [mix], students]
