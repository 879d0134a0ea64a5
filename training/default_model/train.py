"""Trains the student: answers of the model that it starts as, then its steps."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import plan
import torch
from fitting import Workers, difference_loss, distilled, fit, known_loss, loss_of
from heads import refit
from judging import measure, outputs_of, summary
from networks import Student
from pools import Pairs, answered_pairs
from rows import REPORTERS, Data, augmented, load, reporter_rows, turned
from start import packaged_student

PART = 32
"""Windows of 200 bp that the student reads at once, of which layers are compiled."""
MEASURED_SPLITS = ("validation", "test")
CORES = 0.1
"""Weight of the cores of promoters, the one task on windows of 70 bp, whose labels are learned again."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
}
"""Threads of one process wait for each other where the machine has other work; big arrays are used again."""


def train(work: Path, start: Path) -> None:
    """Do the steps whose ``models/NAME.json`` is not there yet.

    Parameters
    ----------
    work : Path
        Holds ``tasks.npz``; gets ``models/start.pool.pt`` and ``models/default.bert.pt``, each with a note
        ``NAME.json`` of figures and seconds.
    start : Path
        The model directory whose weights the student starts with.
    """
    models = work / "models"
    models.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    os.environ.update(ONE_THREAD)
    data = load(work / "tasks.npz")
    for name, step in ((plan.START, _answers), (plan.STUDENT, _student)):
        note = models / f"{name}.json"
        if note.is_file():
            continue
        torch.manual_seed(plan.SEED)
        began = time.monotonic()
        found = step(work, start, data)
        found["seconds"] = round(time.monotonic() - began, 1)
        note.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(f"{name} done in {found['seconds']} s: {summary(found['validation'])}", flush=True)


def pool_of(work: Path) -> Path:
    """Return the file of the answered pairs of windows."""
    return work / "models" / f"{plan.START}.pool.pt"


def _answers(work: Path, start: Path, data: Data) -> dict[str, Any]:
    """Write pairs of windows and what the starting model says of them; return its figures."""
    model, answered = packaged_student(start, data)
    pools = {str(n): tuple(pairs) for n, pairs in answered_pairs(data, model, plan.ANSWERED_PAIRS).items()}
    torch.save({"answered": answered, "pools": pools}, pool_of(work))
    return {split: measure(partial(outputs_of, model), data, split) for split in MEASURED_SPLITS}


def _student(work: Path, start: Path, data: Data) -> dict[str, Any]:
    """Train, fit the classifier; write the student and return its figures."""
    checkpoint = work / "models" / f"{plan.STUDENT}.trained.pt"
    if not checkpoint.is_file():  # else the run ended between training and classifier
        with tempfile.TemporaryDirectory() as place:
            arguments = (work, start, f"file://{place}/meeting", checkpoint)
            torch.multiprocessing.spawn(_work, arguments, nprocs=plan.WORKERS)
    student, _ = packaged_student(start, data)
    saved = torch.load(checkpoint, weights_only=True)
    student.load_state_dict(saved["state"])
    refit(student, data, **plan.REFIT)
    torch.save(student.hugging_face_state(), work / "models" / f"{plan.STUDENT}.bert.pt")
    figures = {split: measure(partial(outputs_of, student), data, split) for split in MEASURED_SPLITS}
    return {"steps": saved["steps"], "size": student.size.to_json(), **figures}


def _work(rank: int, work: Path, start: Path, meeting: str, checkpoint: Path) -> None:
    """Train the student as one of several workers; the first writes the averaged weights and the steps."""
    torch.set_num_threads(1)
    torch.manual_seed(plan.SEED + rank)
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=plan.WORKERS)
    data = load(work / "tasks.npz")
    student, _ = packaged_student(start, data)
    student.compile_layers(200)
    steps = fit(
        student,
        student_loss(pool_of(work), data, student),
        plan.FIT,
        Workers(plan.WORKERS),
        checkpoint.with_suffix(".part.pt") if rank == 0 else None,
    )
    if rank == 0:
        torch.save({"state": student.state_dict(), "steps": steps}, checkpoint)
    torch.distributed.destroy_process_group()


def student_loss(pool: Path, data: Data, student: Student) -> Callable[[], torch.Tensor]:
    """Return the loss of the next windows: labels, and answers of the starting model to pairs of windows."""
    saved = torch.load(pool, weights_only=True)
    pools = [Pairs(codes, answers.float()) for codes, answers in saved["pools"].values()]
    reporters = [data.tasks.index(name) for name in REPORTERS]
    emphasis = torch.tensor([plan.EMPHASIS.get(name, plan.BACKGROUND) for name in data.tasks])
    emphasis = emphasis * saved["answered"]
    values = emphasis.clone()
    values[reporters] = 0.0
    emphasis[[n for n in reporters if data.tasks[n] not in plan.ALLELES]] = 0.0
    values, emphasis = values / values.sum(), emphasis / emphasis.sum()
    change = [(answers[:, 1] - answers[:, 0]).square().mean(0).sqrt().clamp(min=1e-3) for _, answers in pools]
    own, labels = reporter_rows(data, "train")
    core = data.groups[70]

    def loss() -> torch.Tensor:
        total = torch.zeros(())
        for _ in range(plan.LABEL_PARTS):
            rows = torch.randint(len(own), (PART,))
            said = student(augmented(own[rows], 0.02, 6))[:, reporters]
            total = total + known_loss(said, labels[rows]) / plan.LABEL_PARTS
        for (codes, answers), own_change in zip(pools, change, strict=True):
            rows = torch.randint(len(codes), (PART // 2,))
            seen = codes[rows].flatten(0, 1)
            seen = turned(seen) if torch.rand(()) < 0.5 else seen
            said, told = student(seen), answers[rows]
            kept = distilled(said, told.flatten(0, 1), data.binary, values)
            kept = kept + difference_loss(said.view_as(told), told, own_change, emphasis)
            total = total + plan.KEEPING * kept / len(pools)
        rows = core.drawn(PART // 2)
        said = student(augmented(core.codes[rows], 0.02, 2))
        return total + CORES * loss_of(said, core.targets[rows], data.binary)

    return loss


def main() -> None:
    """Train the student of a work folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True, help="as build.py --until data leaves it")
    parser.add_argument("--start-from", type=Path, required=True, help="as of build.py")
    args = parser.parse_args()
    train(args.work_dir, args.start_from)


if __name__ == "__main__":
    main()
