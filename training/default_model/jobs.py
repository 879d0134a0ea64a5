"""Every training of the recipe: what it needs, with which sizes, steps and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Job = dict[str, Any]  # what `train.run` takes, plain JSON
SEED = 1
FIRST, STUDENT = "first", "default"
"""The student after the first part of its training, and the one that is packaged."""
WORKERS = 2
"""Processes of one thread: as many jobs at once, or as many that train the student together."""
TEACHERS: dict[str, Job] = {
    "t1": {"seed": 1, "widths": [256, 128, 160, 192], "mutation": 0.02, "dropout": 0.1, "steps": 1118},
    "t2": {"seed": 2, "widths": [320, 192, 192, 160], "mutation": 0.0, "dropout": 0.15, "steps": 787},
}
"""Convolutional networks that differ in seed, widths, mutation of the windows and dropout."""
TEACHER_FIT = {"learning_rate": 2e-3, "weight_decay": 0.05, "average": 0.998}
PAIRS = 16_000
"""Pairs of windows that the teachers answer, for each worker."""
FIRST_FIT = {"learning_rate": 7e-4, "weight_decay": 0.01, "average": 0.998, "steps": 1480, "stop": 800}
STUDENT_FIT = {"learning_rate": 5e-4, "weight_decay": 0.01, "average": 0.998, "steps": 590}
TRAINED_SHARE = 0.5
"""How much of the packaged student's weights are those after training, and not those that it started with: of
0.3, 0.5 and 0.7 the one that gains most on reporter assays and loses least on the rest of validation."""
START_SHARE = {"lentimpra_hepg2": 0.5}
"""How much the starting model is of the student's teachers in its second part: alleles it ranks better."""
LABEL_PARTS = 2
"""Times 32 labelled windows that a worker reads in each step, beside 16 pairs."""
KEEPING = (0.5, 1.0)
"""How much the answers of the starting model count in the loss of the student's first and second part."""
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
REFIT = {"strength": 1e-3, "kept": ["enhancer"]}
"""Of `heads.refit`; the enhancer row is a stack of all answers already."""


def job_names() -> list[str]:
    """Return the names of all jobs in their order."""
    return [job["name"] for job in jobs(Path(), Path())]


def jobs(work: Path, start: Path) -> list[Job]:
    """Return the jobs, each with the names of those that it ``needs``; all files lie in the work folder.

    Parameters
    ----------
    work : Path
    start : Path
        The model directory whose weights the student starts with.
    """
    models = work / "models"
    common: Job = {"data": str(work / "tasks.npz"), "motifs": str(work / "motifs.npz")}
    pairs = [f"pairs{number}" for number in range(1, WORKERS + 1)]
    student = (
        common
        | {"kind": "student", "seed": SEED, "workers": WORKERS, "label_parts": LABEL_PARTS}
        | {"start": str(start), "answers": str(models / "start.pool.pt")}
        | {"pairs": [str(models / f"{name}.pool.pt") for name in pairs]}
        | {"emphasis": EMPHASIS, "background": BACKGROUND}
    )
    return [
        *(
            common
            | {"name": name, "kind": "teacher", "needs": []}
            | {key: value for key, value in settings.items() if key != "steps"}
            | {"fit": TEACHER_FIT | {"steps": settings["steps"]}}
            for name, settings in TEACHERS.items()
        ),
        common
        | {"name": "start", "kind": "answers", "seed": SEED, "needs": [], "start": str(start)}
        | {"measured": ["validation", "test"]},
        *(
            common
            | {"name": name, "kind": "pairs", "seed": seed, "needs": list(TEACHERS), "count": PAIRS}
            | {"teachers": [str(models / f"{teacher}.pt") for teacher in TEACHERS]}
            for seed, name in enumerate(pairs, SEED)
        ),
        student | {"name": FIRST, "needs": ["start", *pairs], "keeping": KEEPING[0], "fit": FIRST_FIT},
        student
        | {"name": STUDENT, "needs": [FIRST], "continued": str(models / f"{FIRST}.pt")}
        | {
            "keeping": KEEPING[1],
            "start_share": START_SHARE,
            "fit": STUDENT_FIT,
            "share": TRAINED_SHARE,
            "refit": REFIT,
        },
    ]
